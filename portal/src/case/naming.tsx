// SPDX-License-Identifier: Apache-2.0
/* Names of one's own: the switch, and the place for a name on the card of a file. */

import { useState } from "preact/hooks";
import { plainName } from "../bytes/plain_name";
import type { CaseFile } from "../files/case_files";
import { fileName } from "../files/file_words";
import { Field } from "../island/field";
import { useWords } from "../island/words";
import { MOST_CHARACTERS } from "../labels/labels";
import type { OwnNames } from "./own_names";

export function NamingSwitch({ names }: { readonly names: OwnNames }) {
  const { t } = useWords();
  const { isOn, isRefused, switchTo } = names;
  return (
    <section data-naming={isOn ? "on" : "off"}>
      <h2>{t("case.names.title")}</h2>
      <label class="check">
        <input type="checkbox" checked={isOn} onChange={(event) => switchTo(event.currentTarget.checked)} />
        <span>{t("case.names.switch")}</span>
      </label>
      <p class="small soft">{t("case.names.what")}</p>
      <p class="small" role="status">
        {isOn ? t("case.names.on") : ""}
      </p>
      {isRefused && (
        <p class="small" role="alert">
          {t("case.names.refused")}
        </p>
      )}
    </section>
  );
}

type Said = "kept" | "long" | "refused" | null;

export function NameField({ file, names }: { readonly file: CaseFile; readonly names: OwnNames }) {
  const words = useWords();
  const { t } = words;
  const [own, setOwn] = useState(() => names.labels.get(file.number) ?? "");
  const [said, setSaid] = useState<Said>(null);
  const keep = async (): Promise<void> => {
    setSaid(null);
    if ([...plainName(own)].length > MOST_CHARACTERS) setSaid("long");
    else setSaid((await names.name(file.number, own)) ? "kept" : "refused");
  };
  return (
    <form
      data-own-name
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <Field
        label={t("case.names.label", { name: fileName(file, words) })}
        value={own}
        onChange={(typed) => {
          setOwn(typed);
          setSaid(null);
        }}
      />
      <p class="small" role="status">
        {said === "kept" ? t("case.names.kept") : ""}
      </p>
      {(said === "long" || said === "refused") && (
        <p class="small" role="alert">
          {said === "long" ? t("case.names.long", { most: MOST_CHARACTERS }) : t("case.names.refused")}
        </p>
      )}
      <button type="submit" class="button plain">
        {t("case.names.keep")}
        <span class="visually-hidden"> ({fileName(file, words)})</span>
      </button>
    </form>
  );
}
