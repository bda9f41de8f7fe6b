// SPDX-License-Identifier: Apache-2.0
/*
 * The receipt of what was erased: in plain words to read and print, with the signed text to save. It is fetched when
 * it is opened, and never kept by the page; saving and printing happen only when pressed.
 */

import { useEffect, useState } from "preact/hooks";
import { BackButton, ExchangeProblem, Heading } from "../island/parts";
import { Sheet } from "../island/sheet";
import { useWords } from "../island/words";
import type { CaseKey } from "../wire/case_key";
import { codeOf, fetchReceipt, type ErrorCode } from "../wire/requests";
import type { SignedReceipt } from "../wire/types";
import { receiptLines, receiptParts } from "./receipt_words";

interface Props {
  readonly caseKey: CaseKey;
  readonly onBack: () => void;
}

export function ReceiptStep({ caseKey, onBack }: Props) {
  const { t } = useWords();
  const { signed, problem } = useReceipt(caseKey);
  return (
    <>
      <Heading>{t("case.receipt.title")}</Heading>
      <p class="lead">{t("case.receipt.lead")}</p>
      {problem !== null && <ExchangeProblem code={problem} />}
      {signed === null && problem === null && <p role="status">{t("case.entry.looking")}</p>}
      {signed !== null && <Shown signed={signed} />}
      <div class="actions">
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

function useReceipt(caseKey: CaseKey): { readonly signed: SignedReceipt | null; readonly problem: ErrorCode | null } {
  const [signed, setSigned] = useState<SignedReceipt | null>(null);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  useEffect(() => {
    let isShown = true;
    fetchReceipt(caseKey.authorization).then(
      (found) => isShown && setSigned(found),
      (error: unknown) => isShown && setProblem(codeOf(error)),
    );
    return () => {
      isShown = false;
    };
  }, [caseKey]);
  return { signed, problem };
}

function Shown({ signed }: { readonly signed: SignedReceipt }) {
  const { t } = useWords();
  return (
    <>
      <Facts signed={signed} />
      <p>{t("case.receipt.limit")}</p>
      <div class="key-actions">
        <button type="button" class="button second" onClick={() => save(signed.note)}>
          {t("case.receipt.save")}
        </button>
        <button type="button" class="button second" onClick={() => window.print()}>
          {t("case.receipt.print")}
        </button>
      </div>
      <details>
        <summary>{t("case.receipt.signed")}</summary>
        <p>{t("case.receipt.signed.text")}</p>
        <pre class="bytes" role="region" tabIndex={0} aria-label={t("case.receipt.signed")} data-note>
          {signed.note}
        </pre>
      </details>
      <Sheet>
        <h2>{t("case.receipt.title")}</h2>
        <Facts signed={signed} />
        <p>{t("case.receipt.limit")}</p>
        <p>{t("case.receipt.signed.text")}</p>
        <pre>{signed.note}</pre>
      </Sheet>
    </>
  );
}

function Facts({ signed }: { readonly signed: SignedReceipt }) {
  const words = useWords();
  const now = new Date();
  return (
    <>
      {receiptLines(signed.receipt, words, now).map((line) => (
        <p key={line}>{line}</p>
      ))}
      <ol class="cards">
        {receiptParts(signed.receipt, words, now).map(({ name, lines }, place) => (
          <li key={place} class="card" data-erased={name}>
            <h2>{name}</h2>
            {lines.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </li>
        ))}
      </ol>
    </>
  );
}

/** Give the signed text to the browser as a file with a name that says nothing. */
function save(note: string): void {
  const address = URL.createObjectURL(new Blob([note], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "receipt.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
