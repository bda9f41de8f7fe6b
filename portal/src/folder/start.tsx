// SPDX-License-Identifier: Apache-2.0
/* Opening the folder, or beginning one: who is in the pictures, where it is kept, the passphrase. Nothing is kept before that. */

import { useEffect, useState } from "preact/hooks";
import { Field } from "../island/field";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { MINIMUM_PASSPHRASE_CHARACTERS } from "../vault/key";
import { keptFolders, StoreError, type Numbered } from "../vault/store";
import { Choice } from "../island/choice";
import { Slip, Tick } from "./fields";
import { FolderTrouble } from "./problem";
import { emptyFolder, type FolderState } from "./state";
import { Wipe } from "./wipe";

interface Props {
  readonly state: FolderState;
  readonly title: string;
  readonly lead: string;
  readonly onOpen: () => void;
  readonly onImport: () => void;
}

/** Which of the kept folders is to be opened; `new` begins another one. */
type Wanted = Numbered | "new" | null;

/** Why there may be folders that can't be shown; in the first two cases nothing can be kept either until that has ended. */
type Unseen = "blocked" | "newer" | "unreadable";

function unseenFor(error: unknown): Unseen {
  if (!(error instanceof StoreError)) return "unreadable";
  return error.problem === "blocked" || error.problem === "newer" ? error.problem : "unreadable";
}

export function Start(props: Props) {
  const [kept, setKept] = useState<readonly Numbered[] | Unseen | null>(null);
  const [chosen, setChosen] = useState<Wanted>(null);
  const look = (): void => void keptFolders().then(setKept, (error: unknown) => setKept(unseenFor(error)));
  useEffect(look, []);
  if (kept === null) return <h1>{props.title}</h1>;
  if (kept === "blocked" || kept === "newer") {
    const again = (): void => {
      setKept(null);
      look();
    };
    return <Held title={props.title} problem={kept} onAgain={again} />;
  }
  const folders = kept === "unreadable" ? [] : kept;
  const choose = (wanted: Wanted): void => {
    props.state.clearProblem();
    setChosen(wanted);
  };
  const wiped = (): void => {
    setChosen(null);
    look();
  };
  const back = folders.length > 0 ? () => choose(null) : null;
  const wanted = chosen ?? (folders.length === 1 ? (folders[0] ?? null) : null);
  if (folders.length === 0 || wanted === "new") {
    return <Begin {...props} isUnreadable={kept === "unreadable"} onBack={back} />;
  }
  if (wanted === null) return <Several {...props} folders={folders} onChoose={choose} onWiped={wiped} />;
  const isOnly = folders.length === 1;
  return (
    <Unlock
      key={`${wanted.number} ${wanted.salt}`}
      {...props}
      folder={wanted}
      isOnly={isOnly}
      onChoose={choose}
      onWiped={wiped}
    />
  );
}

interface HeldProps extends Pick<Props, "title"> {
  readonly problem: "blocked" | "newer";
  readonly onAgain: () => void;
}

/** There are notes, and another window or a newer version holds them: beginning others would not help. */
function Held({ title, problem, onAgain }: HeldProps) {
  const { t } = useWords();
  return (
    <>
      <Heading>{title}</Heading>
      <FolderTrouble problem={problem} />
      <div class="actions">
        <ActionButton label={t("folder.held.again")} onPress={onAgain} />
      </div>
    </>
  );
}

interface ChoosingProps extends Props {
  readonly onChoose: (wanted: Wanted) => void;
  readonly onWiped: () => void;
}

/** The kept folders by their numbers: what is in them nobody can tell without the passphrase, not even their owner. */
function Several({
  state,
  title,
  folders,
  onChoose,
  onWiped,
}: ChoosingProps & { readonly folders: readonly Numbered[] }) {
  const { t } = useWords();
  const [isWiping, setWiping] = useState(false);
  const keep = (): void => setWiping(false);
  if (isWiping) {
    return <Wipe state={state} number={null} erase={() => state.wipe(null)} onWiped={onWiped} onKeep={keep} />;
  }
  const answers = folders.map((folder) => ({
    label: t("folder.number", { number: folder.number }),
    onChoose: () => onChoose(folder),
  }));
  return (
    <>
      <Heading>{title}</Heading>
      <OneWiped state={state} />
      <Choice question={t("folder.several.title")} note={t("folder.several.note")} answers={answers} isPart />
      <div class="actions">
        <ActionButton kind="second" label={t("folder.several.new")} onPress={() => onChoose("new")} />
        <button type="button" class="button plain" onClick={() => setWiping(true)}>
          {t("folder.several.wipe")}
        </button>
      </div>
    </>
  );
}

/** One folder was just erased, and others are left. */
function OneWiped({ state }: Pick<Props, "state">) {
  const { t } = useWords();
  return state.isWiped ? (
    <p class="slip" role="status">
      {t("folder.wiped.one")}
    </p>
  ) : null;
}

interface UnlockProps extends ChoosingProps {
  readonly folder: Numbered;
  readonly isOnly: boolean;
}

function Unlock({ state, title, folder, isOnly, onOpen, onChoose, onWiped }: UnlockProps) {
  const { t } = useWords();
  const [passphrase, setPassphrase] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [isWiping, setWiping] = useState(false);
  const open = async (): Promise<void> => {
    setBusy(true);
    const isOpen = await state.unlock(folder.number, passphrase);
    setBusy(false);
    if (isOpen) onOpen();
  };
  const askToErase = (): void => {
    state.clearProblem();
    setWiping(true);
  };
  const keep = (): void => setWiping(false);
  const erase = (): Promise<boolean> => state.wipe(folder);
  if (isWiping) {
    return <Wipe state={state} number={folder.number} erase={erase} onWiped={onWiped} onKeep={keep} />;
  }
  return (
    <>
      <Heading>{title}</Heading>
      <OneWiped state={state} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void open();
        }}
      >
        <h2>{isOnly ? t("folder.pass.open.title") : t("folder.number", { number: folder.number })}</h2>
        <PassphraseField label={t("folder.pass.label")} value={passphrase} onChange={setPassphrase} />
        <FolderTrouble problem={state.problem} />
        {!isOnly && state.problem === "passphrase" && <p>{t("folder.pass.of_others")}</p>}
        <p role="status">{isBusy ? t("folder.pass.working") : ""}</p>
        <div class="actions">
          <button type="submit" class="button" aria-disabled={isBusy ? "true" : undefined}>
            {t("folder.pass.open")}
          </button>
          <button type="button" class="button plain" onClick={askToErase}>
            {t("folder.log.wipe")}
          </button>
          {isOnly ? (
            <ActionButton kind="second" label={t("folder.several.new")} onPress={() => onChoose("new")} />
          ) : (
            <BackButton onBack={() => onChoose(null)} />
          )}
        </div>
      </form>
    </>
  );
}

interface BeginProps extends Props {
  readonly isUnreadable: boolean;
  /** To the folders that are kept; null where there is none. */
  readonly onBack: (() => void) | null;
}

function Begin({ state, title, lead, onOpen, onImport, isUnreadable, onBack }: BeginProps) {
  const { t } = useWords();
  const [isTextOnly, setTextOnly] = useState<boolean | null>(null);
  const [isLocking, setLocking] = useState(false);
  const begin = async (passphrase: string | null): Promise<void> => {
    if (await state.begin(emptyFolder(isTextOnly ?? true), passphrase, new Map())) onOpen();
  };
  if (isTextOnly === null) {
    const answers = [
      { label: t("folder.age.adults"), onChoose: () => setTextOnly(false) },
      { label: t("folder.age.minor"), onChoose: () => setTextOnly(true) },
    ];
    return (
      <>
        <p class="visually-hidden" role="status">
          {state.isWiped ? t("folder.wiped") : ""}
        </p>
        <Heading>{title}</Heading>
        {state.isWiped && <p class="slip">{t("folder.wiped")}</p>}
        {isUnreadable && <Slip>{t("folder.unreadable")}</Slip>}
        <p class="lead">{lead}</p>
        <p>{t("folder.apart")}</p>
        <Choice question={t("folder.age.title")} note={t("folder.age.why")} answers={answers} isPart />
        <p>
          <button type="button" class="button plain" onClick={onImport}>
            {t("folder.where.import")}
          </button>
        </p>
        {onBack !== null && <BackButton onBack={onBack} />}
      </>
    );
  }
  if (isLocking) return <NewPassphrase state={state} onBegin={begin} />;
  const places = [
    { label: t("folder.where.device"), onChoose: () => setLocking(true) },
    { label: t("folder.where.window"), onChoose: () => void begin(null) },
  ];
  return (
    <>
      <Choice question={t("folder.where.title")} note={t("folder.where.note")} answers={places} />
      <FolderTrouble problem={state.problem} />
    </>
  );
}

/** Two fields that have to agree; says what is wrong only when asked to go on. */
export function NewPassphrase({
  state,
  onBegin,
}: {
  readonly state: FolderState;
  readonly onBegin: (passphrase: string) => Promise<void>;
}) {
  const { t } = useWords();
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [hasPressed, setPressed] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const isShort = [...passphrase].length < MINIMUM_PASSPHRASE_CHARACTERS;
  const slip = isShort
    ? t("folder.pass.short", { count: MINIMUM_PASSPHRASE_CHARACTERS })
    : passphrase === again
      ? null
      : t("folder.pass.differ");
  const go = async (): Promise<void> => {
    setPressed(true);
    if (slip !== null) return;
    setBusy(true);
    await onBegin(passphrase);
    setBusy(false);
  };
  return (
    <>
      <Heading>{t("folder.pass.new.title")}</Heading>
      <p class="lead">{t("folder.pass.new.text")}</p>
      <PassphraseField label={t("folder.pass.label")} value={passphrase} onChange={setPassphrase} />
      <PassphraseField label={t("folder.pass.again")} value={again} onChange={setAgain} />
      {hasPressed && slip !== null && <Slip>{slip}</Slip>}
      <FolderTrouble problem={state.problem} />
      <p role="status">{isBusy ? t("folder.pass.working") : ""}</p>
      <div class="actions">
        <ActionButton label={t("folder.pass.create")} isBusy={isBusy} onPress={() => void go()} />
      </div>
    </>
  );
}

function PassphraseField({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useWords();
  const [isShown, setShown] = useState(false);
  return (
    <>
      <Field label={label} type={isShown ? "text" : "password"} value={value} onChange={onChange} />
      <Tick label={t("folder.pass.show")} checked={isShown} onChange={setShown} />
    </>
  );
}
