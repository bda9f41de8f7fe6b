# SPDX-License-Identifier: Apache-2.0
"""What was found, one line each."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """`warn`: it works, and something will not; `fail`: uploads are not screened, or not safely."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; of `warn` and `fail` the words say what to do, and `code` is an error code where there is one.

    `source`: which of several sources it is about, null for the exchange.
    """

    part: str
    words: str
    code: str | None = None
    level: Level = Level.OK
    source: str | None = None


def warned(part: str, words: str, code: str | None = None) -> Finding:
    """Return what will not work."""
    return Finding(part, words, code, Level.WARN)


def failed(part: str, words: str, code: str | None = None) -> Finding:
    """Return what does not work."""
    return Finding(part, words, code, Level.FAIL)


def is_right(findings: Iterable[Finding]) -> bool:
    """Whether nothing failed."""
    return all(finding.level is not Level.FAIL for finding in findings)
