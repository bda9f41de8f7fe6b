# SPDX-License-Identifier: Apache-2.0
"""Look one item up, and again where that failed for a reason that passes.

What fails because the exchange is away, or the store takes nothing, is no answer and is never written down as one; what fails by itself
while others are answered is. Must never say of an item what was not looked at.
"""

import threading

from stillmine.client.http import KEY_REFUSED
from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.local import Engine
from stillmine.partner.backfill.pace import Pace
from stillmine.partner.ground.errors import DeadlineError, ListTooOldError, NeverSyncedError
from stillmine.partner.screening.screening import Screening, error_of
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import StillmineError
from stillmine.wire.partner_errors import ListNotGivenError, ScopeMissingError
from stillmine.wire.screen import ScreenOutcome, ScreenResult

ENDS_RUN = frozenset(error.code for error in (*KEY_REFUSED, NeverSyncedError, ListTooOldError, ListNotGivenError, ScopeMissingError))
"""Nothing more can be looked up before somebody does something."""

PAUSES = (2.0, 5.0, 15.0, 60.0)
"""From one try at an item to the next; the last one again and again."""

TRIES = len(PAUSES) + 1
"""Then it is the item that fails, if others were answered meanwhile."""

BUSY_SECONDS = 0.2


class Looking:
    """Looks items up for one run. Safe to use from several threads."""

    def __init__(self, screening: Screening, engine: Engine, pace: Pace) -> None:
        self._screening = screening
        self._engine = engine
        self._pace = pace
        self._lock = threading.Lock()
        self._answered = 0

    def look(self, item: Item) -> ScreenResult:
        """Return the answer, with its matches recorded; raises StoppedError, and the StillmineError of what ends the run."""
        answered_before, tries = self._answered, 0
        while True:
            self._pace.wait_turn()
            result = self._once(item)
            code = None if result is None else passing(result)
            if result is not None and (code is None or (result.not_recorded is None and self._is_its_own(code, tries, answered_before))):
                with self._lock:
                    self._answered += 1
                return result
            if code is None:
                self._pace.pause(BusyError.code, BUSY_SECONDS)
                continue
            self._pace.pause(code, PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def _is_its_own(self, code: str, tries: int, answered_before: int) -> bool:
        """Whether it is the item that fails: a deadline says so soon, anything else if others are answered meanwhile."""
        if code == DeadlineError.code:
            return tries > 0
        return tries + 1 >= TRIES and self._answered > answered_before

    def _once(self, item: Item) -> ScreenResult | None:
        """Return the answer of one try, None where there was no room for it."""
        try:
            with self._engine.opened(item) as file:
                result = self._screening.screen_upload(file, item.uploader, item.content_id)
        except BusyError:
            return None
        except StillmineError as error:
            return self._screening.not_screened(error.code, item.content_id)
        for code in result.left_out:
            if code in ENDS_RUN and result.outcome is ScreenOutcome.NOT_SCREENED:
                raise error_of(code)
        return result


def passing(result: ScreenResult) -> str | None:
    """Return the code of why this is no answer yet, None where it is one."""
    if result.not_recorded is not None:
        return result.not_recorded
    if result.outcome is not ScreenOutcome.NOT_SCREENED:
        return None
    if result.retry_after_seconds is not None or DeadlineError.code in result.left_out:
        return next((code for code in result.left_out if code == DeadlineError.code), result.left_out[0])
    return None
