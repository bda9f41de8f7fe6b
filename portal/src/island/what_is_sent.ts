// SPDX-License-Identifier: Apache-2.0
/*
 * What a message that opens a case, or adds to one, says, in a few words. Read from the very bytes that will be sent, so that the words
 * can't say anything else. Pure.
 */

import type { MessageKey } from "../messages/keys";
import type { Translator } from "../messages/translator";
import type { AddFingerprints, OpenCase, Role } from "../wire/types";

const SAYS: { readonly [Says in Role]: MessageKey } = {
  person: "protect.send.says.person",
  asked_by_person: "protect.send.says.asked_by_person",
};

/** Return what the message holds, one thing per line. A field of it that has no line here fails `what_is_sent.test.ts`. */
export function whatIsSent(body: Uint8Array, { t, plural }: Translator): readonly string[] {
  const message = JSON.parse(new TextDecoder().decode(body)) as AddFingerprints & Partial<OpenCase>;
  const { fingerprints, statement, term_months: months, delays_withdrawal: isDelayed } = message;
  const files = new Set(fingerprints.map((one) => one.file_number ?? 1));
  const synthetic = new Set(fingerprints.filter((one) => one.is_synthetic).map((one) => one.file_number ?? 1));
  const from = plural("protect.send.from", files.size);
  return [
    plural("protect.send.codes", fingerprints.length, { from }),
    ...(statement === undefined ? [] : [t(SAYS[statement.role])]),
    ...(synthetic.size === 0 ? [] : [plural("protect.send.synthetic", synthetic.size)]),
    ...(months === undefined ? [] : [t("protect.send.term", { count: months })]),
    ...(isDelayed ? [t("protect.send.delayed")] : []),
    t("protect.send.opens"),
  ];
}
