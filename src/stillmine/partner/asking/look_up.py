# SPDX-License-Identifier: Apache-2.0
"""Look an upload up at the exchange: what is not known to be clear is asked about, in time, and all of it under one upload token.

What was not answered is named with the code of why, and with when to send the upload again. Must never take a missing answer for `clear`.
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime

from stillmine.client.weight import packed, weight_of
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.lane import Answered, Lane
from stillmine.partner.asking.queries import Asked, queries_of
from stillmine.partner.ground.errors import DeadlineError, DecoderStoppedError
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import Candidate, Heard, LookedUp
from stillmine.wire.ask import MAXIMUM_QUERIES, Outcome
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import FingerprintMalformedError, StillmineError

PICTURE_SECONDS = 5.0
MOVING_SECONDS = 30.0
"""For the queries of one upload, waiting for a turn included."""

DEADLINE_RETRY_SECONDS = 5
"""After a deadline: whoever was too slow is given a moment."""


@dataclass(frozen=True, slots=True)
class Route:
    """A lane, and how long an upload may take there."""

    lane: Lane
    seconds: float


class AskWay:
    """One exchange, asked over a lane for pictures and one for what moves. Safe to use from several threads."""

    def __init__(self, pictures: Route, moving: Route, memory: ClearMemory) -> None:
        self._pictures = pictures
        self._moving = moving
        self._memory = memory

    def start(self) -> None:
        """Start to answer."""
        self._pictures.lane.start()
        self._moving.lane.start()

    def close(self) -> None:
        """Take no more uploads; a request under way is left to end by itself."""
        self._pictures.lane.close()
        self._moving.lane.close()

    def try_soon(self) -> None:
        """Say that the exchange may answer again."""
        self._pictures.lane.try_soon()
        self._moving.lane.try_soon()

    @property
    def problem(self) -> str | None:
        """The error code of why asks are not answered, of pictures first; None while they are."""
        return self._pictures.lane.problem or self._moving.lane.problem

    def require_use(self) -> None:
        """An upload is read even while the exchange is away: what was clear a moment ago may be all of it."""

    def as_of(self) -> datetime | None:
        """Return when the exchange answered an ask last."""
        heard = self.heard
        return None if heard is None else heard.moment

    @property
    def heard(self) -> Heard | None:
        """That the exchange answered an ask last; the clock may have been set back since an earlier one."""
        return max((heard for heard in (self._pictures.lane.heard, self._moving.lane.heard) if heard), default=None)

    def look_up(self, made: Made, token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Ask about what was made of one upload; the exchange knows by itself what is withdrawn."""
        try:
            asked = queries_of(made)
        except FingerprintMalformedError:
            # Only a worker that a stranger took over makes such values.
            return LookedUp([], [DecoderStoppedError.code], self.as_of())
        known = [(one, self._memory.cleared_at(one)) for one in asked]
        moments = [at for _, at in known if at is not None]
        unknown = [one for one, at in known if at is None]
        if not unknown:
            return LookedUp([], [], min(moments, default=self.as_of()))
        route = self._moving if _takes_long(made, unknown) else self._pictures
        return self._asked(route, unknown, token.hex(), moments)

    def _asked(self, route: Route, asked: Sequence[Asked], token: str, moments: Sequence[datetime]) -> LookedUp:
        parts = packed((one, weight_of(one.kind, one.value)) for one in asked)
        handed = [
            (part, route.lane.hand_over([one.query(token) for one in part], weight, turn)) for turn, (part, weight) in enumerate(parts)
        ]
        _, late = wait([answered for _, answered in handed], timeout=route.seconds)
        for answered in late:
            answered.cancel()
        candidates: list[Candidate] = []
        answered_at = list(moments)
        errors: list[StillmineError] = []
        for part, answered in handed:
            error = _error_of(answered, late, is_stopping=route.lane.is_closed)
            if error is None:
                found = answered.result()
                candidates += self._taken(part, found)
                answered_at.append(found.moment)
            else:
                errors.append(error)
        left_out = list(dict.fromkeys(error.code for error in errors))
        return LookedUp(candidates, left_out, min(answered_at, default=self.as_of()), self._retry_after(route, errors))

    def _taken(self, part: Sequence[Asked], answered: Answered) -> Iterator[Candidate]:
        rows = list(zip(part, answered.answers, strict=True))
        self._memory.keep((asked for asked, answer in rows if answer.outcome is Outcome.CLEAR), answered.second, answered.moment)
        return (asked.candidate(answer) for asked, answer in rows if answer.outcome is Outcome.MATCH)

    @staticmethod
    def _retry_after(route: Route, errors: Sequence[StillmineError]) -> int | None:
        if not errors:
            return None
        if isinstance(errors[0], DeadlineError):
            return DEADLINE_RETRY_SECONDS
        is_of_this_day = isinstance(errors[0], QuotaUsedUpError)
        return (errors[0].retry_after_seconds if is_of_this_day else None) or route.lane.seconds_left()


def _error_of(answered: "Future[Answered]", late: "set[Future[Answered]]", *, is_stopping: bool) -> StillmineError | None:
    """Return why there is no answer; raises BusyError while the service stops, for an exchange may say that word too."""
    if answered in late:
        return DeadlineError()
    error = answered.exception()
    if isinstance(error, BusyError) and is_stopping:
        raise error
    return error if error is None or isinstance(error, StillmineError) else StillmineError()


def _takes_long(made: Made, asked: Sequence[Asked]) -> bool:
    return made.is_moving or len(asked) > MAXIMUM_QUERIES
