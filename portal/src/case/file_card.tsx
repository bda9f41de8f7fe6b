// SPDX-License-Identifier: Apache-2.0
/* One file of a case: its fingerprints, what each partner did about it, and the way to withdraw it. */

import { useWords } from "../island/words";
import { fileName, firstSigns } from "../protect/file_words";
import type { CaseFingerprint } from "../wire/types";
import type { CaseFile } from "./case_files";
import { partnerRecords } from "./partner_record";
import { isFound, partnerLines, stateWords } from "./partner_words";

interface Props {
  readonly file: CaseFile;
  readonly canWithdraw: boolean;
  readonly onWithdraw: () => void;
}

export function FileCard({ file, canWithdraw, onWithdraw }: Props) {
  const words = useWords();
  const { t } = words;
  const name = fileName(file, words);
  const now = new Date();
  const isWithdrawn = file.state === "withdrawn";
  return (
    <li class="card" data-state={file.state} data-file={file.number}>
      <h2>{name}</h2>
      <ul class="fingerprints">
        {file.fingerprints.map((fingerprint) => (
          <FingerprintLine key={fingerprint.id} fingerprint={fingerprint} now={now} />
        ))}
      </ul>
      {stateWords(file, words).map((line) => (
        <p key={line}>{isWithdrawn ? <strong>{line}</strong> : line}</p>
      ))}
      <ul class="partners">
        {partnerRecords(file.fingerprints).map((record) => (
          <li key={record.partner} data-partner={record.partner}>
            {partnerLines(record, file, words, now).map((line) => (
              <p key={line}>{line}</p>
            ))}
          </li>
        ))}
      </ul>
      {file.state === "active" && !isFound(file) && <p>{t("case.nothing")}</p>}
      {canWithdraw && !isWithdrawn && (
        <button type="button" class="button plain" onClick={onWithdraw}>
          {t("case.withdraw.one", { name })}
        </button>
      )}
    </li>
  );
}

function FingerprintLine({ fingerprint, now }: { readonly fingerprint: CaseFingerprint; readonly now: Date }) {
  const { t, date } = useWords();
  const { kind, value } = fingerprint;
  const added = { kind: t(`case.kind.${kind}`), date: date(new Date(fingerprint.added_at), now) };
  return (
    <li data-fingerprint={fingerprint.id}>
      {value === null ? t("case.fingerprint.erased", added) : t("case.fingerprint", { ...added, start: firstSigns({ kind, value }) })}
    </li>
  );
}
