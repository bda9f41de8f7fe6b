# SPDX-License-Identifier: Apache-2.0
"""The public statistics in words, for the console: the same numbers that anybody may read, and nothing finer."""

from dataclasses import dataclass
from datetime import date

from stillmine.exchange.statistics.queries import published
from stillmine.wire.statistics import Counts

TOO_FEW = "fewer than ten"

Line = tuple[str, str]
"""What is counted, and how many."""


@dataclass(frozen=True)
class Numbers:
    """What was published last; `day` None where nothing was yet."""

    day: date | None
    totals: list[Line]
    times: list[Line]
    months: list[tuple[str, list[Line]]]


def numbers() -> Numbers:
    """Return what was published last."""
    said = published()
    times = [
        ("From a partner’s report to its decision, median", _minutes(said.minutes_to_decision.median)),
        ("From a withdrawal to its confirmation, median", _minutes(said.minutes_to_confirmation.median)),
        ("From a withdrawal to its confirmation, 95 of 100 within", _minutes(said.minutes_to_confirmation.percentile_95)),
    ]
    months = [(each.month, [line for line in _lines(each.counts) if line[1] != TOO_FEW]) for each in reversed(said.months)]
    return Numbers(said.day, [("Cases open", _count(said.cases_open)), *_lines(said.totals)], times, months)


def _lines(counts: Counts) -> list[Line]:
    return [
        ("Cases opened", _count(counts.cases_opened)),
        ("Cases withdrawn", _count(counts.cases_withdrawn)),
        ("Cases expired", _count(counts.cases_expired)),
        *((f"Fingerprints added, {kind}", _count(count)) for kind, count in counts.fingerprints.items()),
        ("Fingerprints erased", _count(counts.fingerprints_withdrawn)),
        ("Matches reported", _count(counts.matches_reported)),
        ("Matches removed", _count(counts.matches_removed)),
        *((f"Not removed, {reason.replace('_', ' ')}", _count(count)) for reason, count in counts.matches_not_removed.items()),
    ]


def _count(number: int | None) -> str:
    return TOO_FEW if number is None else f"{number:,}"


def _minutes(number: int | None) -> str:
    return "too few to say" if number is None else f"{number:,} minutes"
