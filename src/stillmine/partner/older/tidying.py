# SPDX-License-Identifier: Apache-2.0
"""Keep what is remembered as short and as small as was said: days that are over are destroyed, deleted uploads leave the files."""

from collections.abc import Callable
from datetime import datetime

from stillmine.partner.older.days import Days, Hour
from stillmine.partner.older.looking import Kept
from stillmine.partner.older.remembered import Remembered
from stillmine.partner.older.waiting import MAXIMUM_SECONDS
from stillmine.partner.store.older import AskedHour


class Tidying:
    """Tidies the days of one service. The thread that looks uses it."""

    def __init__(self, kept: Kept, clock: Callable[[], datetime]) -> None:
        """`clock` returns UTC."""
        self._days: Days = kept.days
        self._notes = kept.notes
        self._deletions = kept.deletions
        self._clock = clock

    def tidy(self) -> None:
        """Do what is due; raises OSError and StoreUnreadableError, and then the rest of it is done the next time.

        What was deleted is known for as long as a follower may hand it over.
        """
        now = Hour.of(self._clock().timestamp())
        if self._days.drop_old():
            self._notes.forget_hours(min([now, *self._days.hours()]).number)
        over = [hour for hour in self._days.hours() if hour < now]
        begun = {number for number, asked in self._notes.asked().items() if asked.reached is not None}
        for hour in over:
            if self._days.is_scattered(hour) and hour.number not in begun:
                self._days.pack(hour, self._stays)
        if self._notes.swept_day() != now.day.toordinal():
            self._sweep(over)
            self._deletions.swept(now.day.toordinal(), int(now.moment.timestamp()) - MAXIMUM_SECONDS)

    def _sweep(self, over: list[Hour]) -> None:
        """Write hours that hold anything deleted anew; where asking had begun about one, it begins again."""
        for hour in over if len(self._deletions) else ():
            if any(self._deletions.is_deleted(row.remembered()) for block in self._days.blocks(hour) for row in block):
                self._days.pack(hour, self._stays)
                begun = self._notes.asked().get(hour.number)
                if begun is not None and begun.reached is not None:
                    self._notes.note_asked(hour.number, AskedHour(begun.began_at, 0))

    def _stays(self, remembered: Remembered) -> bool:
        return not self._deletions.is_deleted(remembered)
