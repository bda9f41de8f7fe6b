# SPDX-License-Identifier: Apache-2.0
"""One word for each part of the exchange: what `GET /readyz`, the doctor, the console and the metrics say alike.

The words must never say a count, a name or a time, because anybody may be told them, and looking must cost little.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from stillmine.exchange.ask.client import service_status
from stillmine.exchange.ask.protocol import ServiceStatus
from stillmine.exchange.ask.service import MAXIMUM_BEHIND_SECONDS
from stillmine.exchange.erasure.copies import is_late
from stillmine.exchange.ground.reserve import has_room
from stillmine.exchange.log import publishing
from stillmine.exchange.protection import ticks
from stillmine.exchange.protection.data_keys import are_keys_at_hand
from stillmine.exchange.rows.clock import ClockState
from stillmine.exchange.transaction.context import Context
from stillmine.wire.readiness import OK, UNKNOWN

LATE = timedelta(minutes=5)
"""Upkeep runs every minute, and makes ticks and publications where nobody else did."""

_OF_DATABASE = ("migrations", "upkeep", "clock", "erasing", "ledger", "feed", "keys")


@dataclass(frozen=True)
class Look:
    """The word of each part, and for an operator alone when upkeep last ran and how far the index has come."""

    words: dict[str, str] = field(default_factory=dict)
    upkeep_at: datetime | None = None
    index: ServiceStatus | None = None

    def is_ok(self, part: str) -> bool:
        """Return whether nothing is wrong with a part."""
        return self.words[part] == OK

    @property
    def is_readable(self) -> bool:
        """True where the database answers and has every table and column that this version reads."""
        return self.is_ok("database") and self.words["migrations"] != "missing"


def look(exchange: Context) -> Look:
    """Look at every part."""
    words, upkeep_at = _of_database(exchange)
    index = service_status(exchange.home)
    words["index"] = _index(index)
    words["disk"] = OK if has_room(exchange.home) else "full"
    return Look(words, upkeep_at, index)


def _of_database(exchange: Context) -> tuple[dict[str, str], datetime | None]:
    words = {"database": OK, **dict.fromkeys(_OF_DATABASE, UNKNOWN)}
    upkeep_at: datetime | None = None
    try:
        applied = frozenset(MigrationRecorder(connection).applied_migrations())
        words["migrations"] = _migrations(applied)
        if words["migrations"] != "missing":
            state = ClockState.objects.first()
            upkeep_at = None if state is None else state.seen_at
            words["upkeep"] = "never" if state is None else _upkeep(exchange, state)
            words["erasing"] = "late" if is_late(exchange) else OK
            words["keys"] = OK if are_keys_at_hand(exchange) else "missing"
            words["ledger"] = "late" if publishing.is_overdue(exchange, LATE) else OK
            words["feed"] = "late" if ticks.is_overdue(exchange, LATE) else OK
            words["clock"] = UNKNOWN if state is None else (OK if state.broken_at is None else "doubted")
    except Error:
        words["database"] = "down"
    return words, upkeep_at


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


def _index(service: ServiceStatus | None) -> str:
    behind = service.behind_seconds if service else None
    return OK if behind is not None and behind <= MAXIMUM_BEHIND_SECONDS else "loading"
