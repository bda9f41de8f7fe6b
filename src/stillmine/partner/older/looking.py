# SPDX-License-Identifier: Apache-2.0
"""Look remembered uploads up again: in the list for what is new there, at the exchange once a day.

What could not be looked up is tried again, the same in the same order, so that nothing is passed over; an upload that fails each time is,
after some tries, and said. Must never take more of the machine, or of the day's queries, than is left beside new uploads.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from stillmine.partner.ground.errors import DeadlineError, NeverSyncedError
from stillmine.partner.older.block import Row
from stillmine.partner.older.days import Days, Hour
from stillmine.partner.older.deletions import Deletions
from stillmine.partner.older.newcomers import Newcomers
from stillmine.partner.older.quota import Quota
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import NOT_LOOKED_UP, Sources
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way_in_use import Use
from stillmine.partner.store.older import AskedHour, OlderNotes
from stillmine.wire.door_errors import BusyError

DAY_SECONDS = 86_400
AT_WORK = 0.1
"""The part of the time in which remembered uploads are searched."""

WORK_SECONDS = 0.02
"""At a stretch."""

TURN_SECONDS = 2.0
"""Of asking, until something else has its turn."""

SAYS_NOTHING = {NeverSyncedError.code, *NOT_LOOKED_UP}
"""What is not looked up for these reasons is looked up later, or not wanted."""

MOST_TRIES = 3
PAUSE_SECONDS = 1.0
AGAIN_SECONDS = 15.0

log = logging.getLogger("stillmine.partner")


class StopsHereError(Exception):
    """What is left has to wait: the service stops, or an upload could not be looked up."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in which uploads are looked up, and which of them are in use; `count_queries` says what asking about one costs."""

    use: Callable[[], Use]
    listing: Sources
    asking: Sources
    asking_problem: Callable[[], str | None]
    count_queries: Callable[[Made], int]


class Kept(NamedTuple):
    """What is kept of uploads, and of looking at them."""

    days: Days
    notes: OlderNotes
    deletions: Deletions
    tokens: UploadTokens


@dataclass(slots=True)
class _Turn:
    """How many uploads of an hour were asked about."""

    reached: int


class Looking:
    """Looks the uploads of one service up again. One thread uses it, except for `list_changed` and `waiting`."""

    def __init__(
        self,
        kept: Kept,
        screening: Screening,
        ways: Ways,
        quota: Quota,
        clock: Callable[[], datetime],
        *,
        stopping: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` returns UTC, `monotonic` counts seconds."""
        self._days, self._notes, self._deletions, self._tokens = kept
        self._screening = screening
        self._ways = ways
        self._quota = quota
        self._clock = clock
        self._stopping = stopping
        self._monotonic = monotonic
        self._worked = 0.0
        self._tries: dict[bytes, int] = {}
        self._last_place = self._notes.newest_place()

    def list_changed(self) -> None:
        """Say that what the list brought is searched for in uploads that come from now on; what is new is looked for in older ones."""
        self._last_place = self._notes.newest_place()

    def look(self) -> float:
        """Do what is due; return in how many seconds to come again. Raises StillmineError for a store that can't be read."""
        use = self._ways.use()
        waits = [self._seconds_after(work) for work, is_used in ((self._look_for_new, use.lists), (self._ask_again, use.asks)) if is_used]
        return min(waits, default=PAUSE_SECONDS)

    @staticmethod
    def _seconds_after(work: Callable[[], bool]) -> float:
        try:
            return 0.0 if work() else PAUSE_SECONDS
        except StopsHereError:
            return AGAIN_SECONDS

    def _look_for_new(self) -> bool:
        """Look for some fingerprints in all that is remembered; returns whether there may be more of them."""
        new = self._notes.new_fingerprints(self._last_place)
        if new is None:
            return False
        if new.values:
            newcomers = Newcomers(new.values)
            for hour in self._days.hours():
                self._look_in(hour, newcomers)
        self._notes.looked_for(new.last_place)
        return True

    def _look_in(self, hour: Hour, newcomers: Newcomers) -> None:
        began = self._monotonic()
        for block in self._days.blocks(hour):
            for place in newcomers.possible(block):
                self._look_up(block[place], self._ways.listing)
            began = self._rested(began)

    def _rested(self, began: float) -> float:
        """Rest for as long as the work since then asks for; returns when work goes on."""
        self._worked += self._monotonic() - began
        if self._worked >= WORK_SECONDS:
            self._stopping.wait(self._worked * (1 / AT_WORK - 1))
            self._worked = 0.0
        if self._stopping.is_set():
            raise StopsHereError
        return self._monotonic()

    def _look_up(self, row: Row, sources: Sources) -> None:
        """Look one upload up and keep what it matches; raises StopsHereError where that is to be tried again."""
        one = row.remembered()
        if self._deletions.is_deleted(one):
            return
        identity = self._tokens.identify(one.upload, None, one.content_id)
        made = one.made(row.hashes, is_turned_by_exchange=sources is self._ways.asking)
        try:
            found = sources.look_up(made, identity, self._tokens)
        except BusyError:  # the service stops
            raise StopsHereError from None
        is_reported = bool(found.candidates) and not self._deletions.is_deleted(one)
        if is_reported and self._screening.keep_older(identity, found.candidates).not_recorded is not None:
            raise StopsHereError
        missing = set(found.left_out) - SAYS_NOTHING
        if missing:
            is_of_upload = self._ways.asking_problem() is None if sources is self._ways.asking else missing == {DeadlineError.code}
            self._try_again(identity.upload_id, is_of_upload=is_of_upload)
        self._tries.pop(identity.upload_id, None)

    def _try_again(self, upload_id: bytes, *, is_of_upload: bool) -> None:
        """Stop here; after some tries that failed with this upload alone go on without it."""
        self._tries[upload_id] = self._tries.get(upload_id, 0) + is_of_upload
        if self._tries[upload_id] < MOST_TRIES:
            raise StopsHereError
        log.error("a remembered upload could not be looked up again, and is passed over")

    def _ask_again(self) -> bool:
        """Ask about some uploads of the hour that was not asked about for longest; returns whether to go on at once."""
        now = int(self._clock().timestamp())
        asked = self._notes.asked()
        due = self._due(asked, now)
        if due is None:
            return False
        before = asked.get(due.number)
        began_at, reached = (now, 0) if before is None or before.reached is None else (before.began_at, before.reached)
        turn = _Turn(reached)
        try:
            is_whole = self._ask_turn(due, turn)
        finally:
            self._notes.note_asked(due.number, AskedHour(began_at, turn.reached))
        if is_whole:
            self._notes.note_asked(due.number, AskedHour(began_at, None))
        return True

    def _ask_turn(self, hour: Hour, turn: "_Turn") -> bool:
        """Ask about uploads of an hour for some seconds; returns whether that was the last of it."""
        until = self._monotonic() + TURN_SECONDS
        for row in self._rows(hour, turn.reached):
            if self._monotonic() >= until or self._stopping.is_set():
                return False
            if not self._asked(row):
                raise StopsHereError
            turn.reached += 1
        return True

    def _asked(self, row: Row) -> bool:
        """Ask about one upload; returns False where the day's queries, or the exchange, don't allow that now."""
        one = row.remembered()
        identity = self._tokens.identify(one.upload, None, one.content_id)
        if self._deletions.is_deleted(one) or self._notes.needs_no_look(identity.upload_id):
            return True
        queries = self._ways.count_queries(one.made(row.hashes, is_turned_by_exchange=True))
        if self._ways.asking_problem() is not None or not self._quota.take(queries):
            return False
        self._look_up(row, self._ways.asking)
        return True

    def _rows(self, hour: Hour, start: int) -> Iterator[Row]:
        passed = 0
        for block in self._days.blocks(hour):
            first = max(0, start - passed)
            yield from (block[place] for place in range(first, len(block)))
            passed += len(block)

    def _due(self, asked: dict[int, AskedHour], now: int) -> Hour | None:
        """Return the hour to ask about now: one that was begun, otherwise what was not asked about for longest, if for a day."""
        hours = self._days.hours()
        begun = [hour for hour in hours if hour.number in asked and asked[hour.number].reached is not None]
        if begun:
            return begun[0]
        since = {hour: last_asked(hour, asked) for hour in hours}
        oldest = min(hours, key=lambda hour: since[hour], default=None)
        return oldest if oldest is not None and since[oldest] + DAY_SECONDS <= now else None

    def delay_hours(self) -> int | None:
        """Return after how many hours at most a case finds a remembered upload by asking, None where nothing is asked."""
        if not self._ways.use().asks:
            return None
        now = int(self._clock().timestamp())
        asked = self._notes.asked()
        waits = max((now - last_asked(hour, asked) for hour in self._days.hours()), default=0)
        round_seconds = max(DAY_SECONDS, self._quota.seconds_for(self._days.uploads()))
        return 1 + -(-max(waits, round_seconds) // 3600)


def last_asked(hour: Hour, asked: dict[int, AskedHour]) -> int:
    """Return when the uploads of an hour were looked up last, in Unix seconds: when asking began, or they came."""
    known = asked.get(hour.number)
    return known.began_at if known is not None else int(hour.moment.timestamp()) + 3600
