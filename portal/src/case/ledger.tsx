// SPDX-License-Identifier: Apache-2.0
/*
 * The public log, read and checked on this device: who was given what on which day. The checks are loaded when they are asked for.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { ActionButton, BackButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { CheckedLedger, LedgerProblem } from "../ledger/case_ledger";
import type { Promised } from "../ledger/promise";
import { forget, recall, remember, type Seen } from "../ledger/remembered";
import type { CaseKey } from "../wire/case_key";
import {
  codeOf,
  ExchangeError,
  fetchCaseLedger,
  fetchConsistency,
  fetchLedgerKey,
  send,
  showCase,
  type ErrorCode,
} from "../wire/requests";
import type { CaseFingerprint, CaseLedger } from "../wire/types";
import { dayWords, ledgerParts, summary } from "./ledger_words";
import { PromisedPart, SavePromises } from "./promised";
import { Remembering } from "./remembering";

const SHOWN_AT_FIRST = 10;

interface Props {
  readonly caseKey: CaseKey;
  readonly fingerprints: readonly CaseFingerprint[];
  readonly onBack: () => void;
}

type Outcome =
  | { readonly is: "checking" }
  | { readonly is: "unreached"; readonly code: ErrorCode }
  | {
      readonly is: "wrong";
      readonly problem: LedgerProblem;
      readonly before: Seen | null;
      readonly checkpoint: string;
      readonly promised: readonly Promised[];
    }
  | { readonly is: "right"; readonly checked: CheckedLedger; readonly before: Seen | null };

export function LedgerStep({ caseKey, fingerprints, onBack }: Props) {
  const { t } = useWords();
  const { outcome, check } = useCheck(caseKey, fingerprints);
  return (
    <>
      <Heading>{t("case.ledger.title")}</Heading>
      <p class="lead">{t("case.ledger.lead")}</p>
      <div data-ledger={outcome.is}>
        {outcome.is === "checking" && <p role="status">{t("case.ledger.checking")}</p>}
        {outcome.is === "unreached" && <ExchangeProblem code={outcome.code} />}
        {outcome.is === "wrong" && <Wrong {...outcome} onForget={check} />}
        {outcome.is === "right" && <Right {...outcome} fingerprints={fingerprints} />}
      </div>
      <div class="actions">
        {outcome.is !== "checking" && <ActionButton kind="second" label={t("case.ledger.again")} onPress={check} />}
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

function useCheck(
  caseKey: CaseKey,
  fingerprints: readonly CaseFingerprint[],
): { readonly outcome: Outcome; readonly check: () => void } {
  const [turn, setTurn] = useState(0);
  const [outcome, setOutcome] = useState<Outcome>({ is: "checking" });
  const seen = useRef<readonly Promised[]>([]);
  useEffect(() => {
    let isShown = true;
    setOutcome({ is: "checking" });
    void checked(caseKey.authorization, fingerprints, seen.current).then((found) => {
      if (found.is === "right") seen.current = found.checked.promised;
      if (isShown) setOutcome(found);
    });
    return () => {
      isShown = false;
    };
  }, [caseKey, turn]);
  return { outcome, check: () => setTurn(turn + 1) };
}

/** What does not add up is looked at once more before it is said: something may have happened between two requests. */
async function checked(
  authorization: string,
  shown: readonly CaseFingerprint[],
  seen: readonly Promised[],
): Promise<Outcome> {
  const first = await checkedOnce(authorization, shown, seen);
  if (first.is !== "wrong") return first;
  try {
    return await checkedOnce(authorization, (await send(showCase(authorization))).fingerprints, seen);
  } catch (error) {
    return { is: "unreached", code: codeOf(error) };
  }
}

async function loadChecks(): Promise<typeof import("../ledger/case_ledger")> {
  try {
    return await import("../ledger/case_ledger");
  } catch {
    throw new ExchangeError("unreachable");
  }
}

async function checkedOnce(
  authorization: string,
  fingerprints: readonly CaseFingerprint[],
  seen: readonly Promised[],
): Promise<Outcome> {
  let ledger: CaseLedger, key: string, checks: typeof import("../ledger/case_ledger");
  try {
    [{ key }, ledger, checks] = await Promise.all([fetchLedgerKey(), fetchCaseLedger(authorization), loadChecks()]);
  } catch (error) {
    return { is: "unreached", code: codeOf(error) };
  }
  const before = recall();
  const { checkCaseLedger, checkContinues, LedgerError } = checks;
  try {
    // A key that this person alone is given would be one for a log that this person alone is shown.
    if (key !== ledger.key) throw new LedgerError("checkpoint");
    const found = await checkCaseLedger(ledger, { authorization, fingerprints, now: new Date(), seen });
    if (before !== null) {
      await checkContinues(
        before.checkpoint,
        found.checkpoint,
        async (from, to) => (await fetchConsistency(from, to)).proof,
      );
      remember(found.checkpoint, new Date());
    }
    return { is: "right", checked: found, before };
  } catch (error) {
    if (error instanceof LedgerError)
      return { is: "wrong", problem: error.problem, before, checkpoint: ledger.checkpoint, promised: error.promised };
    return { is: "unreached", code: codeOf(error) };
  }
}

function Right({
  checked: { checkedEntries, checkpoint, promised },
  before,
  fingerprints,
}: {
  readonly checked: CheckedLedger;
  readonly before: Seen | null;
  readonly fingerprints: readonly CaseFingerprint[];
}) {
  const words = useWords();
  const { t } = words;
  const now = new Date();
  return (
    <>
      <p class="notice" role="status">
        {summary(checkedEntries, words, now)}
        {before !== null && ` ${t("case.ledger.continues", { date: dayWords(before.day, words, now) })}`}
      </p>
      <ol class="cards">
        {ledgerParts(checkedEntries, fingerprints, words, now).map(({ name, lines }) => (
          <li key={name} class="card" data-told={name}>
            <h2>{name}</h2>
            <Lines lines={lines} />
          </li>
        ))}
      </ol>
      <PromisedPart promised={promised} />
      <p>{t("case.ledger.limit")}</p>
      <Remembering checkpoint={checkpoint} />
    </>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  const { t } = useWords();
  const [isWhole, setWhole] = useState(lines.length <= SHOWN_AT_FIRST);
  return (
    <>
      <ul class="told">
        {lines.slice(0, isWhole ? lines.length : SHOWN_AT_FIRST).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {!isWhole && (
        <button type="button" class="button plain" onClick={() => setWhole(true)}>
          {t("case.ledger.all", { count: lines.length })}
        </button>
      )}
    </>
  );
}

/** Said calmly: it does not change the case, and there is something to do. */
function Wrong({
  problem,
  before,
  checkpoint,
  promised,
  onForget,
}: {
  readonly problem: LedgerProblem;
  readonly before: Seen | null;
  readonly checkpoint: string;
  readonly promised: readonly Promised[];
  readonly onForget: () => void;
}) {
  const words = useWords();
  const { t } = words;
  const now = new Date();
  const isOfLastVisit = problem === "other_log" || problem === "shrunk" || problem === "rewritten";
  const forgetAndCheck = (): void => {
    forget();
    onForget();
  };
  return (
    <>
      <div class="notice problem" role="alert" data-problem={problem}>
        <h2>{t("case.ledger.wrong.title")}</h2>
        <p>{t(`case.ledger.wrong.${problem}`, { date: before === null ? "" : dayWords(before.day, words, now) })}</p>
        <p>{t("case.ledger.wrong.meaning")}</p>
        <p>{t("case.ledger.wrong.do")}</p>
      </div>
      {promised.length > 0 && (
        <>
          <p>{t("case.ledger.wrong.promised")}</p>
          <SavePromises promised={promised} />
        </>
      )}
      <details>
        <summary>{t("case.ledger.wrong.signed")}</summary>
        <pre class="bytes" role="region" tabIndex={0} aria-label={t("case.ledger.wrong.signed")}>
          {checkpoint}
        </pre>
      </details>
      {isOfLastVisit && (
        <button type="button" class="button second" onClick={forgetAndCheck}>
          {t("case.ledger.forget")}
        </button>
      )}
    </>
  );
}
