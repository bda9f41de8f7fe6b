// SPDX-License-Identifier: Apache-2.0
/* How long an addressee still has. Works for the person: it says when to go on to the next step, and never hurries them. */

import type { Notice } from "./notice";
import type { Regime } from "./regime";

export type Clock =
  | { readonly state: "not_sent" | "removed" | "waiting_for_regulator" | "no_day" }
  | { readonly state: "running" | "over"; readonly until: Date; readonly hoursLeft: number };

/** Return where a notice stands at a time. A refusal ends the clock as its end would: the next step is there. */
export function clockOf(notice: Notice, regime: Regime, now: Date): Clock {
  if (notice.outcome === "removed") return { state: "removed" };
  if (notice.sent_at === "") return { state: "not_sent" };
  const until = deadline(notice, regime);
  if (until === null)
    return notice.outcome === "refused"
      ? { state: "over", until: now, hoursLeft: 0 }
      : { state: regime.clock ? "waiting_for_regulator" : "no_day" };
  const hoursLeft = Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 3_600_000));
  return { state: notice.outcome === "refused" || now >= until ? "over" : "running", until, hoursLeft };
}

function deadline(notice: Notice, regime: Regime): Date | null {
  if (regime.clock === null) return notice.look_again === "" ? null : new Date(`${notice.look_again}T09:00:00`);
  const from = regime.clock.starts === "sent" ? notice.sent_at : notice.regulator_at;
  return from === "" ? null : new Date(Date.parse(from) + regime.clock.hours * 3_600_000);
}
