// SPDX-License-Identifier: Apache-2.0
/*
 * Asks, once the case is open, whether the key is really kept: its last four signs, from the person's own copy. It can be left out; nothing
 * waits for it, and what is typed goes nowhere.
 */

import { useId, useState } from "preact/hooks";
import { useWords } from "../island/words";
import { isEndOf, type CaseKey } from "../wire/case_key";
import { KeyGroups } from "./key_groups";

type Answer = "none" | "right" | "wrong";

export function KeyAsk({ caseKey }: { readonly caseKey: CaseKey }) {
  const { t } = useWords();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [answer, setAnswer] = useState<Answer>("none");
  const [isShown, setShown] = useState(false);
  const check = (): void => setAnswer(isEndOf(caseKey, typed) ? "right" : "wrong");
  const change = (value: string): void => {
    setTyped(value);
    setAnswer("none");
  };
  return (
    <section class="notice" data-key-ask={answer}>
      <h2>{t("protect.ask.title")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          check();
        }}
      >
        <label class="field-label" for={id}>
          {t("protect.ask.label")}
        </label>
        <input
          class="field"
          id={id}
          dir="ltr"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          value={typed}
          onInput={(event) => change(event.currentTarget.value)}
        />
        <div class="actions">
          <button type="submit" class="button second">
            {t("protect.ask.button")}
          </button>
        </div>
      </form>
      <p role="status">
        {answer === "right" && t("protect.ask.right")}
        {answer === "wrong" && t("protect.ask.wrong")}
      </p>
      {isShown ? (
        <KeyGroups text={caseKey.text} />
      ) : (
        <button type="button" class="button plain" onClick={() => setShown(true)}>
          {t("protect.ask.show")}
        </button>
      )}
      <p>{t("protect.ask.why")}</p>
    </section>
  );
}
