# SPDX-License-Identifier: Apache-2.0
"""What was found, one line for each part. No line may hold a path, a fingerprint or anything of a case: reviewers read them too."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """`warning`: it works, and soon it may not; `wrong`: people or partners are not served as they were promised."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


class Finding(msgspec.Struct, frozen=True):
    """One part that was looked at; where it is not ok, the words say what to do. `since`: where the database itself says since when."""

    part: str
    level: Level
    words: str
    since: datetime | None = None


class Report(msgspec.Struct, frozen=True):
    """What `exchange doctor --json` prints."""

    is_well: bool
    findings: list[Finding]


def report(findings: Iterable[Finding]) -> Report:
    """Put together what was found."""
    found = list(findings)
    return Report(all(finding.level is not Level.WRONG for finding in found), found)


def fine(part: str, words: str) -> Finding:
    """Return that all is well with a part."""
    return Finding(part, Level.OK, words)


def warned(part: str, words: str, since: datetime | None = None) -> Finding:
    """Return that somebody should look at a part when there is time."""
    return Finding(part, Level.WARNING, words, since)


def wrong(part: str, words: str, since: datetime | None = None) -> Finding:
    """Return that somebody has to act."""
    return Finding(part, Level.WRONG, words, since)


def span(time: timedelta) -> str:
    """Say how long, in one unit."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
