// SPDX-License-Identifier: Apache-2.0
/* A case as it stands: its state, and per picture what each partner did. */

import { ActionButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { pageAddress } from "../protect/addresses";
import { firstSigns } from "../protect/picture_row";
import type { CaseFingerprint, CaseView } from "../wire/types";
import { isFound, partnerLines, summaryLines } from "./partner_words";
import type { Watch } from "./watch";

interface Props {
  readonly watch: Watch;
  /** What was just done, in words. */
  readonly news: string | null;
  readonly onWithdraw: (fingerprintId: string | null) => void;
  readonly onAdd: () => void;
  readonly onClose: () => void;
}

export function Overview({ watch, news, onWithdraw, onAdd, onClose }: Props) {
  const words = useWords();
  const { t } = words;
  const { view } = watch;
  if (view === null) return <Missing watch={watch} onClose={onClose} />;
  const isOpen = view.state === "open";
  return (
    <>
      <Heading>{t(`case.state.${view.state}`)}</Heading>
      {news !== null && (
        <p class="notice" role="status">
          {news}
        </p>
      )}
      <Summary view={view} />
      <LookAgain watch={watch} />
      <ol class="cards">
        {view.fingerprints.map((fingerprint) => (
          <PictureCard key={fingerprint.id} fingerprint={fingerprint} canWithdraw={isOpen} onWithdraw={() => onWithdraw(fingerprint.id)} />
        ))}
      </ol>
      <div class="actions">
        {isOpen ? (
          <>
            <button type="button" class="button second" onClick={onAdd}>
              {t("case.add")}
            </button>
            <button type="button" class="button second" onClick={() => onWithdraw(null)}>
              {t("case.withdraw.all")}
            </button>
          </>
        ) : (
          <a class="button second" href={pageAddress("/protect/")}>
            {t("case.new")}
          </a>
        )}
        <button type="button" class="button plain" onClick={onClose}>
          {t("case.close")}
        </button>
      </div>
    </>
  );
}

function Summary({ view }: { readonly view: CaseView }) {
  const words = useWords();
  const [first, ...others] = summaryLines(view, words, new Date());
  return (
    <>
      <p class="lead" role="status" data-summary>
        {first}
      </p>
      {others.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </>
  );
}

function LookAgain({ watch }: { readonly watch: Watch }) {
  const { t, time } = useWords();
  const at = time(watch.lookedAt);
  return (
    <div class="look-again">
      <p class="small soft" data-error={watch.problem ?? undefined} role={watch.problem === null ? undefined : "alert"}>
        {watch.problem === null ? t("case.looked", { time: at }) : t("case.stale", { problem: t(`error.${watch.problem}`), time: at })}
      </p>
      <button type="button" class="button plain" onClick={watch.look}>
        {t("case.look")}
      </button>
    </div>
  );
}

/** The first look did not work, so there is nothing to show yet. */
function Missing({ watch, onClose }: { readonly watch: Watch; readonly onClose: () => void }) {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("case.title")}</Heading>
      {watch.problem === null ? <p role="status">{t("case.entry.looking")}</p> : <ExchangeProblem code={watch.problem} />}
      <div class="actions">
        <ActionButton label={t("case.look")} onPress={watch.look} />
        <button type="button" class="button plain" onClick={onClose}>
          {t("case.close")}
        </button>
      </div>
    </>
  );
}

interface CardProps {
  readonly fingerprint: CaseFingerprint;
  readonly canWithdraw: boolean;
  readonly onWithdraw: () => void;
}

function PictureCard({ fingerprint, canWithdraw, onWithdraw }: CardProps) {
  const words = useWords();
  const { t, date } = words;
  const number = fingerprint.file_number;
  const now = new Date();
  const added = date(new Date(fingerprint.added_at), now);
  const isWithdrawn = fingerprint.state === "withdrawn";
  return (
    <li class="card" data-state={fingerprint.state} data-fingerprint={fingerprint.id}>
      <h2>{t("case.picture", { number })}</h2>
      <p class="small soft">
        {fingerprint.value === null
          ? t("case.fingerprint.erased", { date: added })
          : t("case.fingerprint", { start: firstSigns(fingerprint.value), date: added })}
      </p>
      {isWithdrawn && (
        <p>
          <strong>{t("case.withdrawal.withdrawn")}</strong>
        </p>
      )}
      {fingerprint.state === "suspended" && <p>{t("case.suspended")}</p>}
      <ul class="partners">
        {fingerprint.partners.map((status) => (
          <li key={status.partner} data-partner={status.partner}>
            {partnerLines(status, fingerprint, words, now).map((line) => (
              <p key={line}>{line}</p>
            ))}
          </li>
        ))}
      </ul>
      {fingerprint.state === "active" && !isFound(fingerprint) && <p>{t("case.nothing")}</p>}
      {canWithdraw && !isWithdrawn && (
        <button type="button" class="button plain" onClick={onWithdraw}>
          {t("case.withdraw.one", { number })}
        </button>
      )}
    </li>
  );
}
