# SPDX-License-Identifier: Apache-2.0
"""What has to happen every minute though nobody asks: cases end, counts and kept values are forgotten.

One place for all of it. Each step stands alone, so that one that fails does not keep the others from running. What can't be taken back
must never happen by a clock that may have jumped: it stands in `_steps_by_clock`.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import connection

from stillmine.exchange.ask.places import forget_old_unconfirmed, settle_places
from stillmine.exchange.ask.probing import forget_old_variety
from stillmine.exchange.ask.recording import forget_old_beside
from stillmine.exchange.backup.dump import renew_backups
from stillmine.exchange.clock.actions import look_at_clock, may_complain
from stillmine.exchange.clock.judgement import Known
from stillmine.exchange.console.sessions import forget_ended_sessions
from stillmine.exchange.erasure.day_turn import keep_day_keys
from stillmine.exchange.erasure.letting_go import let_go
from stillmine.exchange.feed.actions import forget_old_values
from stillmine.exchange.gate.limits import forget_old_counts
from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.reserve import is_given_up, keep_reserve, with_reserve
from stillmine.exchange.ground.storage_log import say_storage
from stillmine.exchange.log.publishing import publish_due
from stillmine.exchange.protection.expiry import count_overdue, erase_expired, expire_cases
from stillmine.exchange.protection.ticks import make_due_tick
from stillmine.exchange.protection.withdrawal import begin_anew, end_due_delays, make_due_withdrawals
from stillmine.exchange.quarantine.weighing import end_doubts, forget_old_match_counts
from stillmine.exchange.statistics.actions import count_yesterday
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import StillmineError

INTERVAL_SECONDS = 60

_log = logging.getLogger(__name__)

Step = Callable[[Context], int]

Result = TypeVar("Result")


Tell = Callable[[str, str], None]
"""Told of each step that failed, and why: never a value."""


def run_upkeep(exchange: Context, *, is_clock_confirmed: bool = False, tell: Tell = lambda *_: None) -> dict[str, int]:
    """Do everything that is due; returns how many rows each step changed. A step that fails is logged, told and left out.

    Where the clock may have jumped, what can't be taken back is left out too, unless an operator confirmed the clock.
    """
    known = _try("clock", partial(look_at_clock, is_confirmed=is_clock_confirmed), exchange, tell)
    is_believed = known is not None and known.broken_at is None
    steps = {**(_steps_by_clock(is_clock_confirmed) if is_believed else _STEPS_WITHOUT_CLOCK), **_STEPS_BY_ANY_CLOCK}
    found = {name: _try(name, step, exchange, tell) for name, step in steps.items()}
    _try("complaints", partial(_complain, known), exchange, tell)
    return {name: rows for name, rows in found.items() if rows is not None}


def keep_up(exchange: Context, stopped: threading.Event, tell: Tell = lambda *_: None) -> None:
    """Run upkeep now and every minute until `stopped` is set."""
    while True:
        run_upkeep(exchange, tell=tell)
        connection.close()
        if stopped.wait(INTERVAL_SECONDS):
            return


def _steps_by_clock(is_confirmed: bool) -> dict[str, Step]:
    """Return what is done only by a clock that is believed."""
    delayed = _STEPS_WITHOUT_CLOCK if is_confirmed else {"delayed withdrawals made": _make_due_withdrawals, "delays ended": end_due_delays}
    return {
        **delayed,
        "cases expired": partial(expire_cases, is_confirmed=is_confirmed),
        "expired cases erased": erase_expired,
        "old match counts deleted": forget_old_match_counts,
        "old pairs of matches deleted": forget_old_beside,
        "old marks of asks deleted": forget_old_variety,
        "old numbers of places deleted": forget_old_unconfirmed,
        "old values deleted": forget_old_values,
        "days counted": count_yesterday,
    }


def _make_due_withdrawals(exchange: Context) -> int:
    """What was asked for is withdrawn on a full disk too."""
    return with_reserve(exchange.home, partial(make_due_withdrawals, exchange))


def _keep_reserve(exchange: Context) -> int:
    """Make the room for withdrawals again where it was given up and the disk has room."""
    return int(is_given_up(exchange.home) and keep_reserve(exchange.home))


_STEPS_WITHOUT_CLOCK: dict[str, Step] = {"delays restarted": begin_anew}
"""While nobody can say how much time passed, or could have cancelled in it, none counts; an operator's word on the clock is no other."""

_STEPS_BY_ANY_CLOCK: dict[str, Step] = {
    "ticks of the feed": make_due_tick,  # by any clock: what was added must not wait for one that is set
    "doubts ended": end_doubts,  # a clock that is wrong may at worst protect something sooner
    "places told settled": settle_places,  # the same clock ends the tokens of its looks
    "old counts deleted": forget_old_counts,
    "old sessions deleted": forget_ended_sessions,
    "leaves of the ledger published": publish_due,  # whatever the clock says, somebody was promised it
    "data keys rewrapped": keep_day_keys,  # loses nothing that lives; a day begins by a clock that is believed
    "backups of data keys renewed": renew_backups,
    "logs emptied or tables vacuumed": let_go,
    "reserves of room made": _keep_reserve,
}


def step_names() -> frozenset[str]:
    """Return every step there is, by whatever clock."""
    return frozenset({"clock", "complaints", *_steps_by_clock(is_confirmed=False), *_STEPS_WITHOUT_CLOCK, *_STEPS_BY_ANY_CLOCK})


def _try(name: str, step: Callable[[Context], Result], exchange: Context, tell: Tell) -> Result | None:
    try:
        return step(exchange)
    except Exception as error:
        refusal = error if isinstance(error, StillmineError) else refusal_of(error)
        why = (refusal.detail or refusal.sentence) if refusal else type(error).__name__
        if refusal is None or not say_storage(refusal):
            _log.error("upkeep failed: %s (%s)", name, why)
        tell(name, why)
        return None


def _complain(known: Known | None, exchange: Context) -> None:
    """Say once an hour what an operator has to look at."""
    if known is None:
        return
    complaint = _complaint(known)
    if complaint and may_complain(exchange):
        _log.error("%s", complaint)


def _complaint(known: Known) -> str:
    confirm = "If it is right, run: stillmine exchange expire --confirm-clock (every case that is due by this clock ends)"
    if known.needs_confirmation:
        says, believed = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (known.seen_at, known.believed_at))
        return (
            f"the clock says {says} and was last believed at {believed}: no case ends and nothing is deleted by it. "
            f"Compare it with a watch. If it is wrong, set it right: nothing is lost. {confirm}"
        )
    if known.broken_at is not None:
        return "the clock jumped, or this machine was off: no case ends and nothing is deleted until it has run steadily for 3 hours"
    overdue = count_overdue(known.seen_at)
    return f"{overdue} case(s) should have ended 7 days ago or more. Compare the clock with a watch. {confirm}" if overdue else ""
