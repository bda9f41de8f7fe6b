// SPDX-License-Identifier: Apache-2.0
/* What is on this device: each thing that may be, whether it is, and ways to switch it on or erase it. */

import { useEffect, useState } from "preact/hooks";
import { mount } from "../island/mount";
import { ActionButton, Heading, Problem } from "../island/parts";
import { useWords } from "../island/words";
import { KEPT, type Kept } from "./kept";
import { canKeepPages, keepPages } from "./pages_kept";

/** `unknown`: the browser does not let us look. */
type Seen = "yes" | "no" | "unknown";
type Known = ReadonlyMap<Kept["name"], Seen>;

const SAID = { yes: "device.there", no: "device.not_there", unknown: "device.unreadable" } as const;

async function look(): Promise<Known> {
  return new Map(await Promise.all(KEPT.map(async (kept) => [kept.name, await seen(kept)] as const)));
}

async function seen(kept: Kept): Promise<Seen> {
  try {
    return (await kept.isStored()) ? "yes" : "no";
  } catch {
    return "unknown";
  }
}

/** What is kept, what was just done about it, and the ways to do it. */
function useKept() {
  const { t } = useWords();
  const [known, setKnown] = useState<Known>(new Map());
  const [announcement, setAnnouncement] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => void look().then(setKnown), []);
  const keep = async (work: Promise<void>): Promise<void> => {
    setAnnouncement("");
    const hasSucceeded = await work.then(
      () => true,
      () => false,
    );
    setProblem(hasSucceeded ? null : t("device.failed"));
    setKnown(await look());
    if (hasSucceeded) setAnnouncement(t("device.pages.kept"));
  };
  const erase = async (wanted: readonly Kept[], done: string): Promise<void> => {
    setAnnouncement("");
    const ends = await Promise.allSettled(wanted.map((kept) => kept.erase()));
    const now = await look();
    const isLeft = ({ name }: Kept, place: number): boolean =>
      now.get(name) === "yes" || (now.get(name) === "unknown" && ends[place]?.status === "rejected");
    const left = wanted.filter(isLeft).map((kept) => t(`device.${kept.name}.title`));
    setKnown(now);
    setProblem(left.length === 0 ? null : t("device.left", { names: left.join("; ") }));
    if (left.length === 0) setAnnouncement(done);
  };
  return { known, announcement, problem, keep, erase };
}

function DevicePage() {
  const { t } = useWords();
  const { known, announcement, problem, keep, erase } = useKept();
  const [isAsking, setAsking] = useState(false);
  const clearAll = (): void => {
    setAsking(false);
    void erase(KEPT, t("device.cleared"));
  };
  if (isAsking) return <ClearQuestion onClear={clearAll} onStay={() => setAsking(false)} />;
  return (
    <>
      <Heading>{t("device.title")}</Heading>
      <p class="lead">{t("device.lead")}</p>
      <p role="status" data-said>
        {announcement}
      </p>
      {problem !== null && <Problem>{problem}</Problem>}
      <ul class="cards">
        {KEPT.map((kept) => (
          <KeptCard
            key={kept.name}
            kept={kept}
            stored={known.get(kept.name)}
            onKeep={keep}
            onErase={(done) => erase([kept], done)}
          />
        ))}
      </ul>
      <div class="actions">
        <ActionButton label={t("device.clear")} onPress={() => setAsking(true)} />
      </div>
      <p class="small soft">{t("device.history")}</p>
    </>
  );
}

function ClearQuestion({ onClear, onStay }: { readonly onClear: () => void; readonly onStay: () => void }) {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("device.clear.title")}</Heading>
      <p>{t("device.clear.text")}</p>
      <div class="actions">
        <ActionButton label={t("device.clear.yes")} onPress={onClear} />
        <ActionButton label={t("device.clear.no")} kind="second" onPress={onStay} />
      </div>
    </>
  );
}

interface CardProps {
  readonly kept: Kept;
  /** Undefined until we have looked. */
  readonly stored: Seen | undefined;
  readonly onKeep: (work: Promise<void>) => Promise<void>;
  readonly onErase: (done: string) => Promise<void>;
}

function KeptCard({ kept, stored, onKeep, onErase }: CardProps) {
  const { t } = useWords();
  const [isBusy, setBusy] = useState(false);
  const act = async (work: Promise<void>): Promise<void> => {
    setBusy(true);
    await work;
    setBusy(false);
  };
  const name = t(`device.${kept.name}.title`);
  return (
    <li class="card" data-kept={kept.name} data-is-there={stored}>
      <h2>{name}</h2>
      <p>{t(`device.${kept.name}.what`)}</p>
      <p>
        <strong>{stored !== undefined && t(SAID[stored])}</strong>
      </p>
      {stored === "yes" && kept.name !== "log" && (
        <ActionButton
          label={`${t("device.erase")}: ${name}`}
          kind="second"
          isBusy={isBusy}
          onPress={() => void act(onErase(t("device.erased", { name })))}
        />
      )}
      {kept.name === "pages" && (stored === "no" || stored === "unknown") && canKeepPages() && (
        <ActionButton
          label={t("device.pages.keep")}
          kind="second"
          isBusy={isBusy}
          onPress={() => void act(onKeep(keepPages()))}
        />
      )}
      {kept.name === "pages" && !canKeepPages() && <p class="small">{t("device.pages.cant")}</p>}
      {isBusy && <p role="status">{t("site.script.waiting")}</p>}
    </li>
  );
}

mount(DevicePage);
