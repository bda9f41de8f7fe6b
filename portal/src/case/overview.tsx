// SPDX-License-Identifier: Apache-2.0
/* A case as it stands: its state, and its files. */

import { ActionButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { pageAddress } from "../island/page_address";
import type { CaseKey } from "../wire/case_key";
import type { CaseView } from "../wire/types";
import { askedOf, isDelayed, withdrawable } from "./asked";
import { filesOf, leftOf } from "../files/case_files";
import { AskedNotice, CancelFile, DelaySetting } from "./delay";
import { FileCard } from "./file_card";
import { NamingSwitch } from "./naming";
import type { OwnNames } from "./own_names";
import { summaryLines } from "./partner_words";
import { Reminding } from "./reminding";
import { Renewal } from "./renewal";
import { isKept, keptUntil } from "./term";
import type { Watch } from "./watch";
import type { Target } from "./withdrawal";

interface Props {
  readonly caseKey: CaseKey;
  readonly watch: Watch;
  readonly names: OwnNames;
  /** What was just done, in words. */
  readonly news: string | null;
  readonly onWithdraw: (target: Target) => void;
  readonly onAdd: () => void;
  readonly onRenewed: (view: CaseView) => void;
  readonly onReceipt: () => void;
  readonly onLedger: () => void;
  readonly onWhich: () => void;
  readonly onDelay: () => void;
  /** The case changed, and what is to be said of it. */
  readonly onChanged: (view: CaseView, sentence: string | null) => void;
  readonly onClose: () => void;
}

export function Overview(props: Props) {
  const { caseKey, watch, names, news, onRenewed, onDelay, onChanged, onClose } = props;
  const { t } = useWords();
  const { view } = watch;
  if (view === null) return <Missing watch={watch} onClose={onClose} />;
  const onCancelled = (changed: CaseView): void => onChanged(changed, t("case.asked.cancelled"));
  const delaySetting = (
    <DelaySetting caseKey={caseKey} view={view} onChanged={(changed) => onChanged(changed, null)} onExplain={onDelay} />
  );
  return (
    <>
      <Heading>{t(`case.state.${view.state}`)}</Heading>
      {news !== null && (
        <p class="notice" role="status">
          {news}
        </p>
      )}
      <Summary view={view} />
      {view.delay === "ending" && delaySetting}
      <AskedNotice caseKey={caseKey} view={view} onChanged={onCancelled} />
      <Renewal caseKey={caseKey} view={view} onRenewed={onRenewed} />
      <LookAgain watch={watch} />
      <FileCards caseKey={caseKey} view={view} names={names} onWithdraw={props.onWithdraw} onCancelled={onCancelled} />
      <Actions {...props} view={view} />
      {view.delay !== "ending" && delaySetting}
      {leftOf(view.fingerprints).length > 0 && <NamingSwitch names={names} />}
      <Reminding view={view} />
    </>
  );
}

interface CardsProps {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
  readonly names: OwnNames;
  readonly onWithdraw: (target: Target) => void;
  readonly onCancelled: (view: CaseView) => void;
}

function FileCards({ caseKey, view, names, onWithdraw, onCancelled }: CardsProps) {
  const isOpen = view.state === "open";
  return (
    <ol class="cards">
      {filesOf(view.fingerprints).map((file) => (
        <FileCard
          key={file.number}
          file={file}
          names={names}
          canWithdraw={isOpen && withdrawable(view, file.fingerprints).length > 0}
          onWithdraw={() => onWithdraw(file.number)}
          cancel={isOpen && <CancelFile caseKey={caseKey} file={file} onChanged={onCancelled} />}
        />
      ))}
    </ol>
  );
}

type ActionsProps = Pick<Props, "onWithdraw" | "onAdd" | "onReceipt" | "onLedger" | "onWhich" | "onClose"> & {
  readonly view: CaseView;
};

/** What can be done with a case as it stands. */
function Actions({ view, onWithdraw, onAdd, onReceipt, onLedger, onWhich, onClose }: ActionsProps) {
  const { t } = useWords();
  const isErased = view.fingerprints.some((one) => one.state === "withdrawn" && !isKept(one));
  const hasReceipt = leftOf(view.fingerprints).length < view.fingerprints.length || askedOf(view.fingerprints) !== null;
  return (
    <div class="actions">
      {view.state === "open" ? (
        <OpenActions view={view} onWithdraw={onWithdraw} onAdd={onAdd} />
      ) : (
        <EndedActions view={view} onWithdraw={onWithdraw} />
      )}
      {hasReceipt && (
        <button type="button" class="button second" onClick={onReceipt}>
          {t(isErased ? "case.receipt.show" : "case.receipt.show_so_far")}
        </button>
      )}
      {view.fingerprints.some(({ value }) => value !== null) && (
        <button type="button" class="button second" onClick={onWhich}>
          {t("case.which.title")}
        </button>
      )}
      <button type="button" class="button second" onClick={onLedger}>
        {t("case.ledger.show")}
      </button>
      <button type="button" class="button plain" onClick={onClose}>
        {t("case.close")}
      </button>
    </div>
  );
}

function OpenActions({ view, onWithdraw, onAdd }: Pick<ActionsProps, "view" | "onWithdraw" | "onAdd">) {
  const { t } = useWords();
  return (
    <>
      <button type="button" class="button second" onClick={onAdd}>
        {t("case.add")}
      </button>
      {withdrawable(view, view.fingerprints).length > 0 && (
        <button type="button" class="button second" onClick={() => onWithdraw(null)}>
          {t("case.withdraw.all")}
        </button>
      )}
    </>
  );
}

function EndedActions({ view, onWithdraw }: Pick<ActionsProps, "view" | "onWithdraw">) {
  const { t } = useWords();
  return (
    <>
      {keptUntil(view) !== null && !isDelayed(view) && (
        <button type="button" class="button second" onClick={() => onWithdraw(null)}>
          {t("case.expired.erase")}
        </button>
      )}
      <a class="button second" href={pageAddress("/protect/")}>
        {t("case.new")}
      </a>
    </>
  );
}

function Summary({ view }: { readonly view: CaseView }) {
  const words = useWords();
  const [first, ...others] = summaryLines(view, words, new Date());
  return (
    <>
      <p class="lead" role="status" data-summary>
        {first}
      </p>
      {others.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </>
  );
}

function LookAgain({ watch }: { readonly watch: Watch }) {
  const { t, time } = useWords();
  const at = time(watch.lookedAt);
  return (
    <div class="look-again">
      <p class="small soft" data-error={watch.problem ?? undefined} role={watch.problem === null ? undefined : "alert"}>
        {watch.problem === null
          ? t("case.looked", { time: at })
          : t("case.stale", { problem: t(`error.${watch.problem}`), time: at })}
      </p>
      <button type="button" class="button plain" onClick={watch.look}>
        {t("case.look")}
      </button>
    </div>
  );
}

/** The first look did not work, so there is nothing to show yet. */
function Missing({ watch, onClose }: { readonly watch: Watch; readonly onClose: () => void }) {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("case.title")}</Heading>
      {watch.problem === null ? (
        <p role="status">{t("case.entry.looking")}</p>
      ) : (
        <ExchangeProblem code={watch.problem} />
      )}
      <div class="actions">
        <ActionButton label={t("case.look")} onPress={watch.look} />
        <button type="button" class="button plain" onClick={onClose}>
          {t("case.close")}
        </button>
      </div>
    </>
  );
}
