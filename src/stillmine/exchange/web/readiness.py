# SPDX-License-Identifier: Apache-2.0
"""`GET /livez` and `GET /readyz`: whether this process answers, and whether the exchange can do its work. Contract: spec/readiness.md.

Anybody may ask, under any host name, because what asks is a machine beside this one. So it must never say a count, a name or a time, and
must cost little.
"""

from datetime import timedelta
from functools import lru_cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ask.client import service_status
from stillmine.exchange.ask.service import MAXIMUM_BEHIND_SECONDS
from stillmine.exchange.erasure.copies import is_late
from stillmine.exchange.ground.edge import answer
from stillmine.exchange.ground.headers import ALIVE
from stillmine.exchange.ground.reserve import has_room
from stillmine.exchange.log import publishing
from stillmine.exchange.protection import ticks
from stillmine.exchange.protection.data_keys import are_keys_at_hand
from stillmine.exchange.rows.clock import ClockState
from stillmine.exchange.transaction.context import Context, context
from stillmine.wire.readiness import OK, UNKNOWN, readiness

LATE = timedelta(minutes=5)
"""Upkeep runs every minute, and makes ticks and publications where nobody else did."""


def livez(_request: HttpRequest) -> HttpResponse:
    """GET /livez: asks nothing of anything else. Where it is served, `doors.py` answers before it comes here."""
    return HttpResponse(ALIVE, content_type="text/plain")


def readyz(_request: HttpRequest) -> HttpResponse:
    """GET /readyz."""
    state = readiness(parts_of(context()))
    response = answer(state, 200 if state.is_ready else 503)
    if not state.is_ready:
        response.headers["Retry-After"] = "10"
    return response


def parts_of(exchange: Context) -> dict[str, str]:
    """Return the word of each part."""
    return {
        **_parts_of_database(exchange),
        "index": _index(exchange),
        "disk": OK if has_room(exchange.home) else "full",
    }


def _parts_of_database(exchange: Context) -> dict[str, str]:
    words = {"database": OK, **dict.fromkeys(("migrations", "upkeep", "clock", "erasing", "ledger", "feed", "keys"), UNKNOWN)}
    try:
        applied = frozenset(MigrationRecorder(connection).applied_migrations())
        words["migrations"] = _migrations(applied)
        if words["migrations"] != "missing":
            state = ClockState.objects.first()
            words["upkeep"] = "never" if state is None else _upkeep(exchange, state)
            words["erasing"] = "late" if is_late(exchange) else OK
            words["keys"] = OK if are_keys_at_hand(exchange) else "missing"
            words["ledger"] = "late" if publishing.is_overdue(exchange, LATE) else OK
            words["feed"] = "late" if ticks.is_overdue(exchange, LATE) else OK
            words["clock"] = UNKNOWN if state is None else (OK if state.broken_at is None else "doubted")
    except Error:
        words["database"] = "down"
    return words


def _migrations(applied: frozenset[tuple[str, str]]) -> str:
    wanted = known_migrations()
    if not wanted <= applied:
        return "missing"
    return OK if applied <= wanted else "newer"


@lru_cache(maxsize=1)
def known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset((app, name) for app, name in MigrationLoader(None).disk_migrations)


def _upkeep(exchange: Context, state: ClockState) -> str:
    return "late" if abs(exchange.clock() - state.seen_at) > LATE else OK


def _index(exchange: Context) -> str:
    service = service_status(exchange.home)
    behind = service.behind_seconds if service else None
    return OK if behind is not None and behind <= MAXIMUM_BEHIND_SECONDS else "loading"
