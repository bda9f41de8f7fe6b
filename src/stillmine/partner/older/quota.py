# SPDX-License-Identifier: Apache-2.0
"""How much of a day's queries may be asked of older content: only what lies beyond a reserve for new uploads."""

from collections.abc import Callable

from stillmine.wire.ask import ExchangeStatus

RESERVE_PERCENT = 50
"""Of a day's queries, unless the operator of the service says otherwise."""

DAY_SECONDS = 86_400
QUERIES_OF_AN_UPLOAD = 3.0
"""Until it is known: of a picture its hash and two digests."""


class Quota:
    """The quota of one key at one exchange. One thread uses it, and any may ask how long."""

    def __init__(self, status: Callable[[], ExchangeStatus | None], reserve_percent: int = RESERVE_PERCENT) -> None:
        """`status` returns what the exchange said last, None before it has."""
        self._status = status
        self._reserve_percent = reserve_percent
        self._seen: ExchangeStatus | None = None
        self._spent = 0
        self._uploads = 0
        self._queries = 0

    def take(self, queries: int) -> bool:
        """Take so many, and return whether they may be asked now."""
        status = self._status()
        if status is None:
            return False
        if status is not self._seen:
            self._seen, self._spent = status, 0
        reserve = status.queries_a_day * self._reserve_percent // 100
        if status.queries_left - self._spent - queries < reserve:
            return False
        self._spent += queries
        self._uploads += 1
        self._queries += queries
        return True

    def seconds_for(self, uploads: int) -> int:
        """Return how long asking about so many uploads takes at most, by what they needed so far."""
        status = self._status()
        of_one = self._queries / self._uploads if self._uploads else QUERIES_OF_AN_UPLOAD
        a_day = 0 if status is None else status.queries_a_day * (100 - self._reserve_percent) // 100
        return 0 if not a_day else int(uploads * of_one / a_day * DAY_SECONDS)
