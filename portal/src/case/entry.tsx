// SPDX-License-Identifier: Apache-2.0
/*
 * Where a case key is typed. It stays in the field and in memory: the field has no name, no completion and no
 * spell-checking, so that no browser keeps or sends it.
 */

import { useRef, useState } from "preact/hooks";
import { ActionButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { Translator } from "../messages/translator";
import { pageAddress } from "../island/page_address";
import { CaseKeyError, readCaseKey, type CaseKey } from "../wire/case_key";
import { codeOf, send, showCase, type ErrorCode } from "../wire/requests";
import type { CaseView } from "../wire/types";

interface Props {
  readonly onOpen: (caseKey: CaseKey, view: CaseView) => void;
}

export function EntryStep({ onOpen }: Props) {
  const { t } = useWords();
  const { submit, slip, problem, isLooking, field } = useEntry(onOpen);
  return (
    <>
      <Heading>{t("case.title")}</Heading>
      <p class="lead">{t("case.entry.lead")}</p>
      <form
        autocomplete="off"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="field-label" for="case-key">
          {t("case.entry.label")}
        </label>
        <p class="soft" id="case-key-hint">
          {t("case.entry.hint")}
        </p>
        {slip !== null && (
          <p class="slip" id="case-key-slip" role="alert">
            {slip}
          </p>
        )}
        <input
          ref={(input) => {
            field.current = input;
            // As a property, which is what Preact sets, the word "off" would turn it on.
            input?.setAttribute("autocorrect", "off");
          }}
          class="field key-field"
          id="case-key"
          type="text"
          dir="ltr"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          enterkeyhint="go"
          maxLength={60}
          aria-invalid={slip === null ? undefined : "true"}
          aria-describedby={slip === null ? "case-key-hint" : "case-key-hint case-key-slip"}
        />
        {problem !== null && <ExchangeProblem code={problem} />}
        <div class="actions">
          <ActionButton
            label={t(isLooking ? "case.entry.looking" : "case.entry.button")}
            isBusy={isLooking}
            onPress={() => void submit()}
          />
          <a class="button plain" href={pageAddress("/protect/")}>
            {t("case.entry.none")}
          </a>
        </div>
      </form>
    </>
  );
}

function useEntry(onOpen: Props["onOpen"]) {
  const words = useWords();
  const field = useRef<HTMLInputElement>(null);
  const [slip, setSlip] = useState<string | null>(null);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const [isLooking, setLooking] = useState(false);
  const submit = async (): Promise<void> => {
    if (isLooking) return;
    setSlip(null);
    setProblem(null);
    setLooking(true);
    try {
      const caseKey = await readCaseKey(field.current?.value ?? "");
      onOpen(caseKey, await send(showCase(caseKey.authorization)));
    } catch (error) {
      setLooking(false);
      if (error instanceof CaseKeyError) setSlip(slipWords(error, words));
      else setProblem(codeOf(error));
      field.current?.focus();
    }
  };
  return { submit, slip, problem, isLooking, field };
}

/** Return what is wrong with a key as it was typed, and what to look at. */
export function slipWords(error: CaseKeyError, words: Translator): string {
  if (error.signs === 0) return words.t("case.entry.empty");
  if (error.problem === "length") return words.plural("case.entry.length", error.signs);
  return words.t(error.problem === "sign" ? "case.entry.sign" : "case.entry.check");
}
