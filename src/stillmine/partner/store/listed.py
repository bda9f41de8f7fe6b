# SPDX-License-Identifier: Apache-2.0
"""Rows of a list: which are active, what their values are, and what a fetch from the start leaves behind.

Each function needs the store's lock, and those that write its transaction.
"""

import sqlite3
from collections.abc import Iterator, Sequence

_MARKS_AT_ONCE = 1000
"""SQLite allows so many in one statement, and more."""


def active_among(db: sqlite3.Connection, ids: Sequence[bytes]) -> dict[bytes, bool]:
    """Return which of these are active in the list, and whether they are flagged."""
    found: dict[bytes, bool] = {}
    for part, marks in in_parts(ids):
        is_flagged = "EXISTS (SELECT 1 FROM flagged WHERE flagged.id = fingerprints.id)"
        query = f"SELECT id, {is_flagged} FROM fingerprints WHERE state = 'active' AND id IN ({marks})"  # noqa: S608 (only marks)
        found |= {fingerprint_id: bool(flag) for fingerprint_id, flag in db.execute(query, part)}
    return found


def values_in(db: sqlite3.Connection, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the values of those of these that are active, by their ids."""
    found: dict[bytes, bytes] = {}
    for part, marks in in_parts(ids):
        query = f"SELECT id, value FROM fingerprints WHERE state = 'active' AND id IN ({marks})"  # noqa: S608 (only marks)
        found |= dict(db.execute(query, part).fetchall())
    return found


def sweep(db: sqlite3.Connection, generation: int) -> dict[bytes, bytes]:
    """Remove what fetches since this one did not see; return the values of what was active of it, by their ids."""
    rows = db.execute("SELECT id, value FROM fingerprints WHERE generation < ? AND state = 'active'", (generation,)).fetchall()
    db.execute("DELETE FROM fingerprints WHERE generation < ?", (generation,))
    return dict(rows)


def fetch_again(db: sqlite3.Connection) -> None:
    """Have the feed fetched from its start."""
    db.execute("UPDATE place SET cursor = NULL, acknowledged_cursor = NULL, generation = generation + 1, is_refetching = 1")


def in_parts(ids: Sequence[bytes]) -> Iterator[tuple[Sequence[bytes], str]]:
    """Return as many as one statement may hold, each time with their marks."""
    for start in range(0, len(ids), _MARKS_AT_ONCE):
        part = ids[start : start + _MARKS_AT_ONCE]
        yield part, ", ".join("?" * len(part))
