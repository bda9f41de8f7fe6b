// SPDX-License-Identifier: Apache-2.0
/* One file of a case: its fingerprints, what each partner did about it, and the way to withdraw it. */

import type { ComponentChildren } from "preact";
import { useWords } from "../island/words";
import { firstSigns } from "../files/file_words";
import type { CaseFingerprint } from "../wire/types";
import { askedOf } from "./asked";
import type { CaseFile } from "../files/case_files";
import { NameField } from "./naming";
import { ownName, type OwnNames } from "./own_names";
import { partnerRecords } from "./partner_record";
import { isKept } from "./term";
import { isFound, partnerLines, stateWords } from "./partner_words";

interface Props {
  readonly file: CaseFile;
  readonly names: OwnNames;
  readonly canWithdraw: boolean;
  readonly onWithdraw: () => void;
  /** Takes back a withdrawal of this file that was asked for. */
  readonly cancel: ComponentChildren;
}

export function FileCard({ file, names, canWithdraw, onWithdraw, cancel }: Props) {
  const words = useWords();
  const { t, plural, date, time } = words;
  const name = ownName(file, names, words);
  const now = new Date();
  const [first] = file.fingerprints;
  const asked = askedOf(file.fingerprints);
  const isWithdrawn = file.state === "withdrawn";
  return (
    <li class="card" data-state={file.state} data-file={file.number}>
      <h2>{name}</h2>
      {first && <p class="soft">{t("case.added_on", { date: date(new Date(first.added_at), now) })}</p>}
      {file.fingerprints.some((fingerprint) => fingerprint.is_synthetic) && <p>{t("case.synthetic")}</p>}
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
      {asked !== null && (
        <div data-file-asked>
          <p>
            <strong>{t("case.asked.file", { date: date(asked.dueAt, now), time: time(asked.dueAt) })}</strong>
          </p>
          {cancel}
        </div>
      )}
      <details>
        <summary>
          {plural("case.fingerprints", file.fingerprints.length)}
          <span class="visually-hidden"> ({name})</span>
        </summary>
        <ul class="fingerprints">
          {file.fingerprints.map((fingerprint) => (
            <FingerprintLine key={fingerprint.id} fingerprint={fingerprint} />
          ))}
        </ul>
      </details>
      {names.isOn && !isWithdrawn && <NameField file={file} names={names} />}
      {canWithdraw && !isWithdrawn && (
        <button type="button" class="button plain" onClick={onWithdraw}>
          {t("case.withdraw.one", { name })}
        </button>
      )}
    </li>
  );
}

function FingerprintLine({ fingerprint }: { readonly fingerprint: CaseFingerprint }) {
  const { t } = useWords();
  const { id, kind, value } = fingerprint;
  const of = t(`case.kind.${kind}`);
  if (value !== null)
    return <li data-fingerprint={id}>{t("case.fingerprint", { kind: of, start: firstSigns({ kind, value }) })}</li>;
  return (
    <li data-fingerprint={id}>
      {t(isKept(fingerprint) ? "case.fingerprint.kept" : "case.fingerprint.erased", { kind: of })}
    </li>
  );
}
