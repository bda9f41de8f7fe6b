// SPDX-License-Identifier: Apache-2.0
/*
 * Shows a request before it is sent: in a few words, and folded below them its exact body and the exact value that opens the case later.
 *
 * The text on the page is the bytes of the request and nothing else; tests compare it with what was sent.
 */

import { paddingOf } from "../wire/padding";
import type { PreparedRequest } from "../wire/requests";
import { whatIsSent } from "./what_is_sent";
import { useWords } from "./words";

/** The kinds that this device makes. */
const KINDS = ["pdq", "regions", "vpdq", "chromaprint", "md5", "sha256"] as const;

export function ExactBytes({ request }: { readonly request: PreparedRequest }) {
  const words = useWords();
  const { t } = words;
  const body = request.body ?? new Uint8Array();
  return (
    <>
      <ul data-what-is-sent>
        {whatIsSent(body, words).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p>
        <strong>{t("protect.send.nothing_else")}</strong>
      </p>
      <p class="small soft">{t("protect.send.connection")}</p>
      <details>
        <summary>{t("protect.send.exact")}</summary>
        <Bytes body={body} authorization={request.authorization} />
        <h2 class="small-heading">{t("protect.send.meaning")}</h2>
        <Meaning />
      </details>
    </>
  );
}

function Bytes({ body, authorization }: { readonly body: Uint8Array; readonly authorization: string }) {
  const { t } = useWords();
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
        {t("protect.send.header", { count: authorization.length })}
      </h2>
      <pre class="bytes" aria-labelledby="exact-authorization" data-exact-authorization>
        {authorization}
      </pre>
    </>
  );
}

function Meaning() {
  const { t } = useWords();
  return (
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
  );
}
