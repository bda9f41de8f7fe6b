// SPDX-License-Identifier: Apache-2.0
/*
 * Shows a request before it is sent: its exact body and the exact value that opens the case later.
 *
 * The text on the page is the bytes of the request and nothing else; tests compare it with what was sent.
 */

import { paddingOf } from "../wire/padding";
import type { PreparedRequest } from "../wire/requests";
import { useWords } from "./words";

/** The kinds that this device makes. */
const KINDS = ["pdq", "regions", "vpdq", "chromaprint", "md5", "sha256"] as const;

export function ExactBytes({ request }: { readonly request: PreparedRequest }) {
  const { t } = useWords();
  const body = request.body ?? new Uint8Array();
  return (
    <>
      <h2 class="small-heading" id="exact-body">
        {t("protect.send.body", { count: body.length })}
      </h2>
      <pre class="bytes" role="region" tabIndex={0} aria-labelledby="exact-body" data-exact-body>
        {new TextDecoder().decode(body)}
      </pre>
      <p class="small soft">{t("protect.send.padding", { count: paddingOf(body) })}</p>
      <h2 class="small-heading" id="exact-authorization">
        {t("protect.send.header", { count: request.authorization.length })}
      </h2>
      <pre class="bytes" aria-labelledby="exact-authorization" data-exact-authorization>
        {request.authorization}
      </pre>
      <details>
        <summary>{t("protect.send.meaning")}</summary>
        <ul>
          <li>{t("protect.send.meaning.statement")}</li>
          <li>{t("protect.send.meaning.fingerprints")}</li>
          <li>
            {t("protect.send.meaning.kinds")}
            <ul>
              {KINDS.map((kind) => (
                <li key={kind}>{t(`protect.send.kind.${kind}`)}</li>
              ))}
            </ul>
          </li>
          <li>{t("protect.send.meaning.file_number")}</li>
          <li>{t("protect.send.meaning.is_synthetic")}</li>
          <li>{t("protect.send.meaning.term")}</li>
          <li>{t("protect.send.meaning.delay")}</li>
          <li>{t("protect.send.meaning.authorization")}</li>
        </ul>
      </details>
      <p class="small soft">{t("protect.send.connection")}</p>
    </>
  );
}
