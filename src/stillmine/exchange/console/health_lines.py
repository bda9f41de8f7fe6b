# SPDX-License-Identifier: Apache-2.0
"""What the doctor says, as the page "Health" shows it: the worst first, commands and files set apart."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from stillmine.exchange.alerts.telling import words_of
from stillmine.exchange.health.alert_state import read_state
from stillmine.exchange.health.findings import Finding, Level, span
from stillmine.exchange.health.report import report_of
from stillmine.exchange.transaction.context import Context

_WORST_FIRST = (Level.WRONG, Level.WARNING, Level.OK)


@dataclass(frozen=True)
class Piece:
    """A piece of a line; what `is_typed` is a command or the like."""

    text: str
    is_typed: bool


@dataclass(frozen=True)
class HealthLine:
    """One part, with a name that people read."""

    name: str
    level: str
    pieces: list[Piece]


@dataclass(frozen=True)
class AlertLine:
    """What somebody was told, or will be, and whether anybody takes care of it."""

    part: str
    words: str
    time: str
    is_taken: bool


@dataclass(frozen=True)
class HealthPage:
    """All lines, what people are told, how many lines are wrong or warnings, and when that was."""

    lines: list[HealthLine]
    alerts: list[AlertLine]
    wrong: int
    warnings: int
    at: datetime


def health_page(exchange: Context) -> HealthPage:
    """Look at everything now."""
    found = sorted(report_of(exchange, exchange.public_address).findings, key=lambda finding: _WORST_FIRST.index(finding.level))
    levels = [finding.level for finding in found]
    alerts = _alerts(exchange) if exchange.alerts.is_on else []
    return HealthPage(
        [_line(finding) for finding in found], alerts, levels.count(Level.WRONG), levels.count(Level.WARNING), exchange.clock()
    )


def _alerts(exchange: Context) -> list[AlertLine]:
    now = exchange.clock().timestamp()
    found = sorted(read_state(exchange.home).alerts.values(), key=lambda alert: (not alert.is_urgent, alert.since))
    times = [span(timedelta(seconds=max(0.0, now - alert.since))) for alert in found]
    return [
        AlertLine(alert.part, words_of(alert.part), time, alert.acknowledged_at is not None)
        for alert, time in zip(found, times, strict=True)
    ]


def _line(finding: Finding) -> HealthLine:
    pieces = [Piece(text, is_typed=bool(number % 2)) for number, text in enumerate(finding.words.split("`")) if text]
    return HealthLine(finding.part.replace("_", " ").capitalize(), finding.level, pieces)
