# SPDX-License-Identifier: Apache-2.0
"""Numbers of a month for a trust report, none of which tells anything of one person: no crossed counts, steps of ten, none under ten.

The rule and what it can't keep: spec/statements.md, "Report".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from stillmine.partner.store.records import MatchRecord
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass

STEP = 10
UNDER_STEP = f"under {STEP}"
COLUMNS = ("month", "of", "value", "uploads")
_OPEN = "open"


class Of(StrEnum):
    """What a number counts by."""

    ALL = "all"
    CLASS = "class"
    KIND = "kind"
    DECISION = "decision"
    REASON = "reason"
    WITHDRAWN = "withdrawn"


_LINES: tuple[tuple[Of, str], ...] = (
    (Of.ALL, "all"),
    *((Of.CLASS, name.value) for name in MatchClass),
    *((Of.KIND, name.value) for name in Kind),
    *((Of.DECISION, name) for name in (Decision.REMOVED.value, _OPEN, Decision.NOT_REMOVED.value)),
    *((Of.REASON, name.value) for name in NotRemovedReason),
    (Of.WITHDRAWN, "yes"),
)
"""Every line of a report: a value without an upload has one too."""


@dataclass(slots=True)
class _Counted:
    """Uploads behind a number, and fingerprints of each kind behind them."""

    uploads: int = 0
    fingerprints: dict[Kind, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def shown(self) -> str:
        different = max(map(len, self.fingerprints.values()), default=0)
        return UNDER_STEP if min(self.uploads, different) < STEP else str(self.uploads // STEP * STEP)


def report_lines(records: Iterable[MatchRecord], month: str) -> list[tuple[str, str, str, str]]:
    """Return the lines of a report, without the names of columns; `records` hold those of one upload together."""
    counted: dict[tuple[Of, str], _Counted] = {line: _Counted() for line in _LINES}
    for _, group in groupby(records, key=lambda record: record.upload_id):
        own: dict[tuple[Of, str], list[MatchRecord]] = defaultdict(list)
        for line, record in _lines_of(list(group)):
            own[line].append(record)
        for line, behind in own.items():
            counted[line].uploads += 1
            for record in behind:
                counted[line].fingerprints[record.kind].add(record.fingerprint_id)
    return [(month, of.value, value, count.shown()) for (of, value), count in counted.items()]


def _lines_of(own: Sequence[MatchRecord]) -> Iterator[tuple[tuple[Of, str], MatchRecord]]:
    """Return the lines in which an upload counts, each with the matches that make it so."""
    decision = _decision(own)
    for record in own:
        yield (Of.ALL, "all"), record
        yield (Of.CLASS, record.match_class.value), record
        yield (Of.KIND, record.kind.value), record
        yield (Of.DECISION, decision), record
        if decision == Decision.NOT_REMOVED and record.reason is not None:
            yield (Of.REASON, record.reason.value), record
        if record.is_withdrawn:
            yield (Of.WITHDRAWN, "yes"), record


def _decision(own: Sequence[MatchRecord]) -> str:
    if any(record.decision is Decision.REMOVED for record in own):
        return Decision.REMOVED.value
    return _OPEN if any(record.decision is None for record in own) else Decision.NOT_REMOVED.value
