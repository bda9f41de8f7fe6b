// SPDX-License-Identifier: Apache-2.0
/* The notices, each with its clock and, when the time is over, whom to turn to next. */

import { useEffect, useState } from "preact/hooks";
import { Field } from "../island/field";
import { ActionButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { withNotice } from "../log/folder";
import { clockOf, type Clock } from "../notice/clock";
import type { Notice } from "../notice/notice";
import type { Regime } from "../notice/regime";
import { Escalation } from "./escalation";
import { Slip } from "./fields";
import { FolderTrouble } from "./problem";
import type { FolderState, OpenFolder } from "./state";

interface Props {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly regimes: readonly Regime[];
  readonly onNew: () => void;
  readonly onOpen: (notice: Notice) => void;
  readonly onLog: () => void;
}

/** The page shows the time left in hours; looking twice a minute is enough. */
const LOOK_MILLISECONDS = 30_000;

export function Notices({ state, open, regimes, onNew, onOpen, onLog }: Props) {
  const { t } = useWords();
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), LOOK_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  const { folder, vault } = open;
  const change = (notice: Notice): void => void state.change((now) => withNotice(now, notice));
  const erase = ({ id }: Notice): void =>
    void state.change((now) => ({ ...now, notices: now.notices.filter((one) => one.id !== id) }));
  return (
    <>
      <Heading>{t("notice.list.title")}</Heading>
      {vault.number === null && <p class="slip">{t("folder.window_only")}</p>}
      {folder.notices.length === 0 && <p class="lead">{t("notice.list.empty")}</p>}
      <div class="actions">
        <ActionButton label={t("notice.list.new")} onPress={onNew} />
        <ActionButton label={t("notice.list.to_log")} kind="second" onPress={onLog} />
      </div>
      <FolderTrouble problem={state.problem} />
      <ul class="cards">
        {[...folder.notices].reverse().map((notice) => {
          const regime = regimes.find((one) => one.id === notice.regime);
          return (
            regime && (
              <NoticeCard
                key={notice.id}
                notice={notice}
                regime={regime}
                now={now}
                onOpen={() => onOpen(notice)}
                onChange={change}
                onErase={() => erase(notice)}
              />
            )
          );
        })}
      </ul>
    </>
  );
}

interface CardProps {
  readonly notice: Notice;
  readonly regime: Regime;
  readonly now: Date;
  readonly onOpen: () => void;
  readonly onChange: (notice: Notice) => void;
  readonly onErase: () => void;
}

function NoticeCard({ notice, regime, now, onOpen, onChange, onErase }: CardProps) {
  const { t, date, time } = useWords();
  const clock = clockOf(notice, regime, now);
  const sent = new Date(notice.sent_at);
  const isSent = notice.sent_at !== "";
  return (
    <li class="card" data-notice={regime.id} data-clock={clock.state}>
      <h2>{notice.platform_name}</h2>
      <p class="small soft">{t(`notice.law.${regime.id}`)}</p>
      <p>{isSent ? t("notice.card.sent", { date: date(sent, now), time: time(sent) }) : t("notice.card.draft")}</p>
      {isSent && sent.getTime() > now.getTime() + 60_000 && <Slip>{t("notice.clock.wrong")}</Slip>}
      <ClockWords clock={clock} now={now} isRefused={notice.outcome === "refused"} regime={regime} />
      {clock.state === "no_day" && (
        <StartClock
          label={t("notice.clock.day")}
          type="date"
          onStart={(day) => onChange({ ...notice, look_again: day })}
        />
      )}
      {clock.state === "waiting_for_regulator" && (
        <StartClock
          label={t("notice.clock.regulator.at")}
          type="datetime-local"
          onStart={(moment) => onChange({ ...notice, regulator_at: new Date(moment).toISOString() })}
        />
      )}
      <div class="actions">
        <ActionButton label={t("notice.card.open")} kind="second" onPress={onOpen} />
        {isSent && notice.outcome !== "removed" && (
          <ActionButton
            label={t("notice.card.removed")}
            kind="second"
            onPress={() => onChange({ ...notice, outcome: "removed" })}
          />
        )}
        {isSent && notice.outcome === "" && (
          <ActionButton
            label={t("notice.card.refused")}
            kind="second"
            onPress={() => onChange({ ...notice, outcome: "refused" })}
          />
        )}
      </div>
      {clock.state === "over" && <Escalation notice={notice} regime={regime} onChange={onChange} />}
      <button type="button" class="button plain" onClick={onErase}>
        {t("notice.card.erase")}
        <span class="visually-hidden"> ({notice.platform_name})</span>
      </button>
    </li>
  );
}

interface StartProps {
  readonly label: string;
  readonly type: "date" | "datetime-local";
  readonly onStart: (value: string) => void;
}

/** Taken when the button is pressed: while a date is typed, what is there may be a date already, in the year 2. */
function StartClock({ label, type, onStart }: StartProps) {
  const { t } = useWords();
  const [value, setValue] = useState("");
  const [hasPressed, setPressed] = useState(false);
  const start = (): void => {
    setPressed(true);
    if (value !== "") onStart(value);
  };
  return (
    <>
      <Field label={label} type={type} value={value} onChange={setValue} />
      {hasPressed && value === "" && <Slip>{t("notice.clock.incomplete")}</Slip>}
      <ActionButton label={t("notice.clock.start")} kind="second" onPress={start} />
    </>
  );
}

interface ClockProps {
  readonly clock: Clock;
  readonly now: Date;
  readonly isRefused: boolean;
  readonly regime: Regime;
}

function ClockWords({ clock, now, isRefused, regime }: ClockProps) {
  const { t, date, time } = useWords();
  const isPassingOn = regime.clock?.for === "passing_on";
  const then = isPassingOn && !isRefused && <p class="small">{t(`notice.then.${regime.id}`)}</p>;
  switch (clock.state) {
    case "running":
      return (
        <>
          <p class="slip">
            {t(isPassingOn ? "notice.clock.running.passing_on" : "notice.clock.running", {
              hours: clock.hoursLeft,
              date: date(clock.until, now),
              time: time(clock.until),
            })}
          </p>
          {then}
        </>
      );
    case "over":
      return (
        <>
          <Slip>
            {t(isRefused ? "notice.clock.refused" : isPassingOn ? "notice.clock.over.passing_on" : "notice.clock.over")}
          </Slip>
          {then}
        </>
      );
    case "removed":
      return <p class="slip">{t("notice.clock.removed")}</p>;
    case "no_day":
      return <p>{t("notice.clock.no_day")}</p>;
    case "waiting_for_regulator":
      return <p>{t("notice.clock.regulator")}</p>;
    case "not_sent":
      return null;
  }
}
