# SPDX-License-Identifier: Apache-2.0
"""What `GET /metrics` of an exchange says. Contract: spec/exchange-metrics.md.

Whoever may use this machine may read it, so numbers that stand for persons come in tens, and nothing has a name or an id.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db import Error, connection
from django.db.models import Sum

from stillmine.exchange.backup.folders import last_backup
from stillmine.exchange.console.queries import Overview, overview
from stillmine.exchange.gate.work import is_under_attack
from stillmine.exchange.ground.reserve import free_bytes
from stillmine.exchange.health.findings import Level
from stillmine.exchange.health.parts import Look, look
from stillmine.exchange.quarantine.queries import flagged, suspended
from stillmine.exchange.rows.asks import AskCount
from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.running.counted import Counted
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.serving.exposition import Family, Labels, Sample, exposition
from stillmine.serving.process_gauges import of_process
from stillmine.wire.readiness import OK

PREFIX = "stillmine_exchange_"

STEP = 10
"""Of numbers that stand for persons, and of what some of them have."""


def metrics_text(exchange: Context, counted: Counted) -> str:
    """Return all of it; what can't be read now is left out."""
    seen = look(exchange)
    try:
        of_rows = list(_of_rows(exchange)) if seen.is_readable else []
    except Error:  # the part `database` says so the next time
        of_rows = []
    finally:
        connection.close()
    return exposition([*counted.families(PREFIX), *_of_look(exchange, seen), *of_rows, *of_process(PREFIX)])


def _of_look(exchange: Context, seen: Look) -> Iterator[Family]:
    parts: dict[Labels, float] = {(("part", part),): float(word == OK) for part, word in seen.words.items()}
    yield _gauge("part_is_ok", "1 where GET /readyz says ok of this part.", parts)
    if seen.upkeep_at is not None:
        yield _one("upkeep_age_seconds", "Since upkeep last ran.", _age(exchange, seen.upkeep_at))
    if seen.index is not None and seen.index.behind_seconds is not None:
        yield _one("index_behind_seconds", "How far the index is behind the database.", seen.index.behind_seconds)
    yield _one("disk_free_bytes", "Free where the home folder is.", free_bytes(exchange.home))


def _of_rows(exchange: Context) -> Iterator[Family]:
    shown = overview(exchange, to_minute(exchange.clock()))
    wrong: dict[Labels, float] = {(("part", part),): float(level is Level.WRONG) for part, level in shown.levels.items()}
    yield _gauge("part_is_wrong", "1 where the doctor says wrong of this part.", wrong)
    at = last_backup()
    if at is not None:
        yield _one("backup_age_seconds", "Since data were last backed up.", _age(exchange, at))
    yield _one("needs_work", "1 while opening a case and adding to one need proof of work.", is_under_attack(exchange))
    yield from _of_cases(exchange, shown)
    yield from _of_partners(shown)
    yield _oldest(
        exchange, "quarantine_oldest_seconds", "Since what waits longest in quarantine.", (row.suspended_at for row in suspended())
    )
    yield _oldest(exchange, "flags_oldest_seconds", "Since what was flagged first and waits.", (row.flagged_at for row in flagged()))


def _of_cases(exchange: Context, shown: Overview) -> Iterator[Family]:
    yield _one("open_cases", "Open cases, in tens.", _tens(shown.open_cases))
    states = {"active": shown.active_fingerprints, "suspended": shown.suspended_fingerprints}
    yield _gauge(
        "fingerprints", "Fingerprints by state, in tens.", {(("state", state),): _tens(number) for state, number in states.items()}
    )
    today = AskCount.objects.filter(day=exchange.clock().date()).aggregate(queries=Sum("queries"), matches=Sum("matches"))
    yield _one("queries_today", "Queries of all partners since midnight UTC.", today["queries"] or 0)
    yield _one("matched_queries_today", "Of them, those that matched, in tens.", _tens(today["matches"] or 0))


def _of_partners(shown: Overview) -> Iterator[Family]:
    ways = [partner.way for partner in shown.partners if partner.revoked_at is None]
    yield _gauge("partners", "Partners in service, by way.", {(("way", way.value),): ways.count(way) for way in Way})
    yield _one("partners_late", "Partners that are behind, or have no key that works.", len(shown.late))
    yield _one("partners_probing", "Partners that may be working out fingerprints.", len(shown.probing))
    yield _one("partners_not_looking", "Partners that did not find pictures where they were told.", len(shown.not_looking))
    yield _one("withdrawals_not_confirmed", "Withdrawals that a partner has not confirmed, in tens.", _tens(shown.unconfirmed_withdrawals))


def _oldest(exchange: Context, name: str, words: str, times: Iterable[datetime]) -> Family:
    return _one(name, words, max((_age(exchange, at) for at in times), default=0.0))


def _age(exchange: Context, at: datetime) -> float:
    return max(0.0, (exchange.clock() - at) / timedelta(seconds=1))


def _tens(number: int) -> int:
    return number // STEP * STEP


def _one(name: str, words: str, value: float) -> Family:
    return _gauge(name, words, {(): value})


def _gauge(name: str, words: str, values: Mapping[Labels, float]) -> Family:
    return Family(f"{PREFIX}{name}", "gauge", words, [Sample(value, labels) for labels, value in values.items()])
