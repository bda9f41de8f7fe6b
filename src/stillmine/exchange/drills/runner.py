# SPDX-License-Identifier: Apache-2.0
"""One drill from planting to its verdict, every step said with its time. It waits for the partner and never speaks to it.

What is known stands in the database, so that a drill that is started again goes on with the step it had reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar

from stillmine.exchange.drills.actions import finish, note_confirmation, plant, withdraw_planted
from stillmine.exchange.drills.kind import DrillKind
from stillmine.exchange.drills.picture import drill_picture
from stillmine.exchange.drills.queries import acknowledged_at, found_reports, given_at
from stillmine.exchange.rows.drills import Drill
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context

POLL_SECONDS = 2.0
LATE = timedelta(minutes=2)
"""A match reported this long after the withdrawal can't be from before the next sync: times are whole minutes, a sync is due in one."""

Found = TypeVar("Found")


class Verdict(Enum):
    """How a drill went; the first two leave it unfinished, to go on later."""

    NOT_GIVEN = "The partner has not fetched the fingerprint. Run the same command again to go on waiting."
    NOT_FOUND = "The partner has reported no match. Run the same command again to go on waiting."
    STOPPED = "The partner acknowledged the withdrawal and reported no match after that."
    STILL_MATCHED = "The partner still reported a match after the withdrawal."
    NOT_CONFIRMED = "The partner has not acknowledged the withdrawal."

    @property
    def is_final(self) -> bool:
        """Whether the drill is over."""
        return self not in {Verdict.NOT_GIVEN, Verdict.NOT_FOUND}


@dataclass(frozen=True)
class Drilling:
    """One run: how long each step waits, how long matches are watched for afterwards, and how it waits and speaks."""

    exchange: Context
    wait: timedelta
    watch: timedelta
    sleep: Callable[[float], None]
    write: Callable[[str], None]

    def run(self, partner: Partner, kind: DrillKind, picture: Path) -> Verdict:
        """Go through a drill, from where it stands; raises NotConfiguredError for a partner without a list."""
        drill, is_new = plant(self.exchange, partner, kind)
        self._say_start(drill, is_new, picture)
        verdict = self._until_withdrawn(drill) if drill.withdrawn_at is None else None
        verdict = verdict or self._after_withdrawal(drill)
        if verdict.is_final:
            finish(self.exchange, drill)
        self._say(verdict.value)
        return verdict

    def _say_start(self, drill: Drill, is_new: bool, picture: Path) -> None:
        picture.write_bytes(drill_picture(bytes.fromhex(drill.seed)))
        began = "planted now" if is_new else f"goes on: planted {drill.planted_at:%Y-%m-%dT%H:%MZ}"
        self._say(f"Drill of {drill.partner.name}: {began}; nobody else is given this fingerprint, and it belongs to no person.")
        self._say(f"Picture: {picture}  Fingerprint: {drill.kind} {drill.value}")

    def _until_withdrawn(self, drill: Drill) -> Verdict | None:
        """Wait until the partner has it and has found it, then withdraw; returns a verdict where it does not come to that."""
        self._say("Waiting for the partner to fetch it.")
        given = self._until(lambda: given_at(drill))
        if given is None:
            return Verdict.NOT_GIVEN
        self._say(f"Given to the partner at {given:%H:%MZ}.")
        self._say("The partner's turn: upload the picture, or look up the fingerprint, and report the match as feedback `found`.")
        if not self._until(lambda: found_reports(drill)):
            return Verdict.NOT_FOUND
        self._say("The partner reported a match.")
        withdraw_planted(self.exchange, drill)
        self._say("Withdrawn. The partner's turn: sync, acknowledge, then try the same picture again; report a match if there is one.")
        return None

    def _after_withdrawal(self, drill: Drill) -> Verdict:
        """Wait for the acknowledgement, then watch for matches that should not come any more."""
        if drill.confirmed_at is None:
            confirmed = self._until(lambda: acknowledged_at(drill) or self._late_reports(drill))
            if acknowledged_at(drill) is None:
                return self._say_matches(drill) if confirmed else self._unconfirmed(drill)
            note_confirmation(self.exchange, drill)
            between = len(found_reports(drill, drill.reports_when_withdrawn)) - len(found_reports(drill, drill.reports_when_confirmed))
            self._say(f"Acknowledged at {acknowledged_at(drill):%H:%MZ}; matches reported since the withdrawal and before that: {between}.")
        self._say("Watching for matches. No match means something only if the same picture is tried again now.")
        if self._until(lambda: found_reports(drill, drill.reports_when_confirmed), self.watch):
            return self._say_matches(drill)
        return Verdict.STOPPED

    def _unconfirmed(self, drill: Drill) -> Verdict:
        reports = len(found_reports(drill, drill.reports_when_withdrawn))
        self._say(f"Matches reported since the withdrawal: {reports}. A client of the StopNCII shape can't acknowledge in that shape.")
        return Verdict.NOT_CONFIRMED

    def _say_matches(self, drill: Drill) -> Verdict:
        times = ", ".join(f"{report.received_at:%H:%MZ}" for report in found_reports(drill, drill.reports_when_withdrawn))
        self._say(f"Matches reported since the withdrawal: {times}.")
        return Verdict.STILL_MATCHED

    def _late_reports(self, drill: Drill) -> bool:
        late = drill.withdrawn_at + LATE if drill.withdrawn_at else None
        return late is not None and any(report.received_at >= late for report in found_reports(drill, drill.reports_when_withdrawn))

    def _until(self, look: Callable[[], Found], span: timedelta | None = None) -> Found | None:
        """Look until there is something, at most for `span`."""
        give_up_at = self.exchange.clock() + (self.wait if span is None else span)
        while True:
            if found := look():
                return found
            if self.exchange.clock() >= give_up_at:
                return None
            self.sleep(POLL_SECONDS)

    def _say(self, words: str) -> None:
        self.write(f"{self.exchange.clock():%H:%M:%SZ}  {words}")
