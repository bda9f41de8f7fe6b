# SPDX-License-Identifier: Apache-2.0
"""Rows of the list that the disk did not give back as they were written: SQLite checks its pages' structure, not what stands in them.

Each row holds a CRC-32 of itself. A value with one bit wrong would match something else, or nothing; a state with one would hide it. A page
that the disk did not write is as it was before, right in itself: rows are lost, or what was withdrawn is back. So the sum of all checks is
kept too. Each function needs the store's lock, and those that write its transaction. Must never touch what is not of the list.
"""

import sqlite3
import zlib

SUM = """
ALTER TABLE place ADD COLUMN list_sum INTEGER;                      -- of all check sums of the list
UPDATE place SET list_sum = (SELECT coalesce(sum(check_sum), 0) FROM fingerprints);
CREATE TRIGGER list_row_added AFTER INSERT ON fingerprints BEGIN UPDATE place SET list_sum = list_sum + NEW.check_sum; END;
CREATE TRIGGER list_row_changed AFTER UPDATE ON fingerprints BEGIN
    UPDATE place SET list_sum = list_sum + NEW.check_sum - OLD.check_sum;
END;
CREATE TRIGGER list_row_removed AFTER DELETE ON fingerprints BEGIN UPDATE place SET list_sum = list_sum - OLD.check_sum; END;
"""
"""A step of the schema: version 16 noticed no row that was gone."""

PUT = """INSERT INTO fingerprints (id, kind, state, value, quality, generation, check_sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_check(?1, ?2, ?3, ?4, ?5))
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, state = excluded.state, value = excluded.value,
    quality = excluded.quality, generation = excluded.generation, check_sum = excluded.check_sum"""
"""Put a row of the list: id, kind, state, value, quality, generation."""

ROWS_AT_ONCE = 10_000
"""Looked through while the lock is held: some 20 ms."""


def know_checks(db: sqlite3.Connection) -> None:
    """Teach a connection the function that the statements of the list use."""
    db.create_function("row_check", 5, _row_check, deterministic=True)


def next_damage(db: sqlite3.Connection, after: bytes) -> tuple[bytes | None, bool]:
    """Look through the next rows; return the last id, None at the end, and whether one of them is damaged."""
    rows = db.execute(
        f"SELECT id, check_sum IS NOT {_CHECK} FROM fingerprints WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 (no value)
        (after, ROWS_AT_ONCE),
    ).fetchall()
    return (rows[-1][0] if len(rows) == ROWS_AT_ONCE else None), any(is_damaged for _, is_damaged in rows)


def has_other_rows(db: sqlite3.Connection) -> bool:
    """Return whether there are other rows than were written; reads all of the list."""
    query = "SELECT list_sum IS NOT (SELECT coalesce(sum(check_sum), 0) FROM fingerprints) FROM place"
    return bool(db.execute(query).fetchone()[0])


def sum_anew(db: sqlite3.Connection) -> None:
    """Take the rows that are there for those that were written."""
    db.execute("UPDATE place SET list_sum = (SELECT coalesce(sum(check_sum), 0) FROM fingerprints)")


def remove_damaged(db: sqlite3.Connection) -> int:
    """Remove every row that is damaged, all of the list where that does not work; return how many were damaged."""
    damaged = f"FROM fingerprints WHERE check_sum IS NOT {_CHECK}"
    (count,) = db.execute(f"SELECT count(*) {damaged}").fetchone()
    if not count:
        return 0
    db.execute(f"DELETE {damaged}")
    (left,) = db.execute(f"SELECT count(*) {damaged}").fetchone()
    if left:  # an id that is damaged stands at a wrong place and is not found by it
        db.execute("DELETE FROM fingerprints")
    return int(count)


_CHECK = "row_check(id, CAST(kind AS BLOB), CAST(state AS BLOB), CAST(value AS BLOB), quality)"
"""As blobs: damaged text may be no text."""


def _row_check(
    own: bytes, kind: bytes | str | None, state: bytes | str | None, value: bytes | str | None, quality: bytes | str | float | None
) -> int:
    """Of one row; written out, because it is asked a million times at a start."""
    kind = kind.encode() if isinstance(kind, str) else kind
    state = state.encode() if isinstance(state, str) else state
    value = value.encode() if isinstance(value, str) else value
    quality = quality.encode() if isinstance(quality, str) else quality
    return zlib.crc32(f"[{own!r}, {kind!r}, {state!r}, {value!r}, {quality!r}]".encode())
