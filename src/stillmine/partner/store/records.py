# SPDX-License-Identifier: Apache-2.0
"""Kept matches as statements and reports count them: with the ids of upload and fingerprint, which no answer shows.

Reads through a connection of its own, whole and at once: a reader that stayed would keep erased values in SQLite's log.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.matches import IS_WITHDRAWN
from stillmine.partner.store.schema import open_database
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """One kept match. `upload_id` is 16 bytes: of a match without an upload its own id. Minutes are Unix minutes."""

    upload_id: bytes
    match_id: bytes
    fingerprint_id: bytes
    kind: Kind
    match_class: MatchClass
    has_spans: bool
    is_synthetic: bool | None
    content_id: str | None
    matched_minute: int
    decision: Decision | None
    reason: NotRemovedReason | None
    decided_minute: int | None
    is_withdrawn: bool


_UPLOAD = "coalesce(matches.upload_id, match_id)"
_RECORDS = f"""SELECT {_UPLOAD}, match_id, fingerprint_id, kind, class, spans <> '[]', is_synthetic, uploads.content_id, matched_minute,
    decision, reason, decided_minute, {IS_WITHDRAWN}
    FROM matches LEFT JOIN uploads ON uploads.upload_id = matches.upload_id"""  # noqa: S608 (no value)
_IN_ORDER = "ORDER BY 1, matches.place"


def removed_records(home: Path) -> list[MatchRecord]:
    """Return every match that was decided `removed`, those of one upload together, oldest first; raises StoreUnreadableError."""
    return _read(home, f"{_RECORDS} WHERE decision = 'removed' {_IN_ORDER}", ())


def records_matched_in(home: Path, first_minute: int, end_minute: int) -> list[MatchRecord]:
    """Return all matches of the uploads that matched first in these minutes, the end excluded; raises StoreUnreadableError."""
    of_then = f"SELECT {_UPLOAD} FROM matches GROUP BY 1 HAVING min(matched_minute) >= ? AND min(matched_minute) < ?"  # noqa: S608 (no value)
    return _read(home, f"{_RECORDS} WHERE {_UPLOAD} IN ({of_then}) {_IN_ORDER}", (first_minute, end_minute))


def _read(home: Path, query: str, values: tuple[int, ...]) -> list[MatchRecord]:
    try:
        with closing(open_database(home)) as db:
            return [_record(row) for row in db.execute(query, values).fetchall()]
    except sqlite3.Error as error:
        raise StoreUnreadableError(type(error).__name__) from error


def _record(row: tuple[Any, ...]) -> MatchRecord:
    (upload_id, match_id, fingerprint_id, kind, match_class, has_spans, is_synthetic, content_id, matched, *decided) = row
    (decision, reason, decided_minute, is_withdrawn) = decided
    return MatchRecord(
        upload_id=upload_id,
        match_id=match_id,
        fingerprint_id=fingerprint_id,
        kind=Kind(kind),
        match_class=MatchClass(match_class),
        has_spans=bool(has_spans),
        is_synthetic=None if is_synthetic is None else bool(is_synthetic),
        content_id=content_id,
        matched_minute=matched,
        decision=None if decision is None else Decision(decision),
        reason=None if reason is None else NotRemovedReason(reason),
        decided_minute=decided_minute,
        is_withdrawn=bool(is_withdrawn),
    )
