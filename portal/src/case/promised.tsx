// SPDX-License-Identifier: Apache-2.0
/* What is written down and not in the public log yet: why, by when, and the signed promises to save. Nothing is kept unasked. */

import { useWords } from "../island/words";
import { download } from "../island/download";
import { utf8 } from "../bytes/bytes";
import type { Promised } from "../ledger/promise";

export function PromisedPart({ promised }: { readonly promised: readonly Promised[] }) {
  const { t } = useWords();
  if (promised.length === 0) return null;
  return (
    <section data-promised={promised.length}>
      <h2>{t("case.ledger.promised.title")}</h2>
      <p>{t("case.ledger.promised.why")}</p>
      <div class="key-actions">
        <SavePromises promised={promised} />
      </div>
      <p class="small soft">{t("case.ledger.promised.save.what")}</p>
    </section>
  );
}

/** One note after another, as `stillmine ledger audit --promise` reads them, in a file whose name says nothing. */
export function SavePromises({ promised }: { readonly promised: readonly Promised[] }) {
  const { t } = useWords();
  const save = (): void => download(utf8(promised.map(({ note }) => note).join("")), "promises.txt", "text/plain");
  return (
    <button type="button" class="button second" onClick={save}>
      {t("case.ledger.promised.save")}
    </button>
  );
}
