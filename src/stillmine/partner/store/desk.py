# SPDX-License-Identifier: Apache-2.0
"""The reviewers' desk, over a connection of its own: who may sit at it, who looks at what, and what was decided within the last minute.

A decision is held until it can't be undone any more, and recorded only then. Must never keep who decided longer than that, nor a key or
a session's token themselves.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stillmine.partner.ground.errors import (
    MatchDecidedMeanwhileError,
    ReviewerExistsError,
    ReviewerNotFoundError,
    ReviewSignedOutError,
    StoreUnreadableError,
)
from stillmine.partner.store.matches import IS_WITHDRAWN, one_listed
from stillmine.partner.store.reviews import record_review, record_review_of_content
from stillmine.partner.store.schema import open_database
from stillmine.wire.codec import decode, encode
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import KeptMatch, Review

CLAIM_SECONDS = 300
"""For which an upload is shown to nobody else, after the last request of whoever looks at it."""

UNDO_SECONDS = 60
REST_SECONDS = 30
RESTED_MINUTES = 60
"""Without a decision: then a break is due no sooner than for somebody who begins."""

MAXIMUM_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Looked:
    """What a reviewer looks at. `together`: how many open matches a decision is about. `is_by_sound_alone`: all of them are sounds."""

    match: KeptMatch
    together: int
    is_by_sound_alone: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """How it stands for one reviewer. `undo_seconds` is 0 if there is nothing to undo; `rest_seconds` is None where no break is due."""

    waiting: int
    decided: int
    undo_seconds: int
    rest_seconds: int | None


class Desk:
    """The desk of one home folder. Safe to use from several threads and processes; each method raises StoreUnreadableError.

    Times are Unix seconds.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store that is there, or make it."""
        self._db = open_database(folder)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add_reviewer(self, name: str, key_hash: bytes) -> None:
        """Let somebody in who shows this key; raises ReviewerExistsError."""
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM reviewers WHERE name = ?", (name,)).fetchone():
                raise ReviewerExistsError
            db.execute("INSERT INTO reviewers (name, key_hash) VALUES (?, ?)", (name, key_hash))

    def reviewers(self) -> list[str]:
        """Return all names."""
        with self._transaction() as db:
            return [name for (name,) in db.execute("SELECT name FROM reviewers ORDER BY name")]

    def remove_reviewer(self, name: str) -> None:
        """Let them in no more, from now on; what they decided stays decided. Raises ReviewerNotFoundError."""
        with self._transaction() as db:
            if not db.execute("DELETE FROM reviewers WHERE name = ?", (name,)).rowcount:
                raise ReviewerNotFoundError
            db.execute("DELETE FROM review_sessions WHERE name = ?", (name,))
            _release(db, name)

    def begin_session(self, key_hash: bytes, token_hash: bytes, now: int, until: int) -> bool:
        """Begin a session of whoever this key belongs to; False if it belongs to nobody."""
        with self._transaction() as db:
            db.execute("DELETE FROM review_sessions WHERE until <= ?", (now,))
            row = db.execute("SELECT name FROM reviewers WHERE key_hash = ?", (key_hash,)).fetchone()
            if row is not None:
                db.execute("INSERT INTO review_sessions (token_hash, name, until) VALUES (?, ?, ?)", (token_hash, row[0], until))
        return row is not None

    def name_of(self, token_hash: bytes, now: int) -> str | None:
        """Return whose session this is, None if there is none."""
        query = "SELECT name FROM review_sessions JOIN reviewers USING (name) WHERE token_hash = ? AND until > ?"
        with self._transaction() as db:
            row = db.execute(query, (token_hash, now)).fetchone()
        return None if row is None else str(row[0])

    def end_session(self, token_hash: bytes) -> None:
        """End a session, and give back what its reviewer looks at."""
        with self._transaction() as db:
            for (name,) in db.execute("SELECT name FROM review_sessions WHERE token_hash = ?", (token_hash,)).fetchall():
                _release(db, name)
            db.execute("DELETE FROM review_sessions WHERE token_hash = ?", (token_hash,))

    def look(self, name: str, now: int) -> Looked | None:
        """Return what this reviewer looks at, from now on for the time of a claim; None if nothing waits."""
        with self._transaction() as db:
            db.execute("DELETE FROM review_holds WHERE review IS NULL AND until <= ?", (now,))
            claimed = _claimed(db, name) or _oldest_open(db)
            if claimed is None:
                return None
            upload_id, match_id = claimed[0], _shown_of(db, claimed[0])
            db.execute(
                "INSERT INTO review_holds (upload_id, match_id, name, until) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (upload_id) DO UPDATE SET match_id = excluded.match_id, until = excluded.until",
                (upload_id, match_id, name, now + CLAIM_SECONDS),
            )
            kinds = db.execute(_KINDS, (upload_id,)).fetchall()
            return Looked(one_listed(db, match_id), len(kinds), all(kind == Kind.CHROMAPRINT for (kind,) in kinds))

    def release(self, name: str) -> None:
        """Give back what this reviewer looks at."""
        with self._transaction() as db:
            _release(db, name)

    def hold(self, name: str, match_id: bytes, review: Review, now: int) -> None:
        """Hold a decision about what this reviewer looks at; raises MatchDecidedMeanwhileError if they don't, or somebody decided."""
        with self._transaction() as db:
            claimed = _claimed(db, name)
            if claimed is None or claimed[1] != match_id:
                raise MatchDecidedMeanwhileError
            values = (encode(review).decode(), now + UNDO_SECONDS, claimed[0])
            db.execute("UPDATE review_holds SET review = ?, until = ? WHERE upload_id = ?", values)
            db.execute(
                "UPDATE reviewers SET decided = CASE WHEN decided_minute < ? THEN 1 ELSE decided + 1 END, decided_minute = ? "
                "WHERE name = ?",
                (now // 60 - RESTED_MINUTES, now // 60, name),
            )

    def undo(self, name: str, now: int) -> bool:
        """Take back this reviewer's last decision, so that they look at it again; False if it is too late, or there is none."""
        with self._transaction() as db:
            row = db.execute(f"{_HELD} ORDER BY until DESC, rowid DESC LIMIT 1", (name, now)).fetchone()
            if row is None:
                return False
            _release(db, name)
            db.execute("UPDATE review_holds SET review = NULL, until = ? WHERE upload_id = ?", (now + CLAIM_SECONDS, row[0]))
            db.execute("UPDATE reviewers SET decided = max(decided - 1, 0), rest_until = NULL WHERE name = ?", (name,))
        return True

    def seat(self, name: str, now: int, break_after: int) -> Seat:
        """Return how it stands for this reviewer; a break that is due begins. Raises ReviewSignedOutError if they were removed."""
        with self._transaction() as db:
            (waiting,) = db.execute(_COUNT_OPEN).fetchone()
            held = db.execute(f"{_HELD} ORDER BY until DESC LIMIT 1", (name, now)).fetchone()
            row = db.execute(_REVIEWER, (name,)).fetchone()
            if row is None:
                raise ReviewSignedOutError
            decided, minute, rest_until = row
            is_rested = minute < now // 60 - RESTED_MINUTES
            if decided < break_after or is_rested:
                return Seat(waiting, 0 if is_rested else decided, 0 if held is None else held[1] - now, None)
            if rest_until is None:
                rest_until = now + REST_SECONDS
                db.execute("UPDATE reviewers SET rest_until = ? WHERE name = ?", (rest_until, name))
                _release(db, name)
        return Seat(waiting, decided, 0 if held is None else held[1] - now, max(rest_until - now, 0))

    def go_on(self, name: str, now: int) -> None:
        """End a break that was long enough."""
        with self._transaction() as db:
            db.execute("UPDATE reviewers SET decided = 0, rest_until = NULL WHERE name = ? AND rest_until <= ?", (name, now))

    def record_due(self, now: int) -> int:
        """Record the decisions that can't be undone any more; those that were decided elsewhere meanwhile are dropped. Return how many."""
        query = "SELECT upload_id, match_id, review, report_id FROM review_holds WHERE review IS NOT NULL AND until <= ?"
        with self._transaction(is_writing=False) as db:
            if db.execute(f"{query} LIMIT 1", (now,)).fetchone() is None:
                return 0
        with self._transaction() as db:
            due = db.execute(f"{query} ORDER BY until", (now,)).fetchall()
            recorded = sum(_record(db, match_id, review, report_id, now // 60) for _, match_id, review, report_id in due)
            db.executemany("DELETE FROM review_holds WHERE upload_id = ?", [(upload_id,) for upload_id, *_ in due])
        return recorded

    def record_of_content(self, content_id: str, review: Review, report_id: bytes, now: int) -> int:
        """Decide about every upload with this content id at once; return how many it was new for."""
        with self._transaction() as db:
            return record_review_of_content(db, content_id, review, report_id, now // 60)

    @contextmanager
    def _transaction(self, *, is_writing: bool = True) -> Iterator[sqlite3.Connection]:
        """Hold the lock and a transaction; roll back on any error."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE" if is_writing else "BEGIN")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreUnreadableError(type(error).__name__) from error
            finally:
                with suppress(sqlite3.Error):
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")


_REVIEWER = "SELECT decided, decided_minute, rest_until FROM reviewers WHERE name = ?"
_KINDS = "SELECT kind FROM matches WHERE decision IS NULL AND coalesce(upload_id, match_id) = ?"
_OPEN = """SELECT coalesce(upload_id, match_id) AS upload, match_id FROM matches
    WHERE decision IS NULL AND coalesce(upload_id, match_id) NOT IN (SELECT upload_id FROM review_holds)"""
_COUNT_OPEN = f"SELECT count(DISTINCT upload) FROM ({_OPEN} LIMIT {MAXIMUM_COUNTED})"  # noqa: S608 (no value)
_SHOWN = f"""SELECT match_id FROM matches WHERE decision IS NULL AND coalesce(upload_id, match_id) = ?
    ORDER BY {IS_WITHDRAWN} IS 1, place LIMIT 1"""  # noqa: S608 (no value)
_HELD = "SELECT upload_id, until FROM review_holds WHERE review IS NOT NULL AND name = ? AND until > ?"


def _claimed(db: sqlite3.Connection, name: str) -> tuple[bytes, bytes] | None:
    """Return the upload that this reviewer looks at and its match; one that was decided elsewhere is looked at no more."""
    query = "SELECT upload_id, match_id FROM review_holds WHERE review IS NULL AND name = ?"
    for upload_id, match_id in db.execute(query, (name,)).fetchall():
        if _is_open(db, match_id):
            return upload_id, match_id
        _release(db, name)
    return None


def _oldest_open(db: sqlite3.Connection) -> tuple[bytes, bytes] | None:
    row = db.execute(f"{_OPEN} ORDER BY place LIMIT 1").fetchone()
    return None if row is None else (row[0], row[1])


def _shown_of(db: sqlite3.Connection, upload_id: bytes) -> bytes:
    """Return the nearest open match of an upload; one that was taken back only where nothing else is open."""
    (match_id,) = db.execute(_SHOWN, (upload_id,)).fetchone()
    return bytes(match_id)


def _is_open(db: sqlite3.Connection, match_id: bytes) -> bool:
    return db.execute("SELECT 1 FROM matches WHERE match_id = ? AND decision IS NULL", (match_id,)).fetchone() is not None


def _release(db: sqlite3.Connection, name: str) -> None:
    db.execute("DELETE FROM review_holds WHERE review IS NULL AND name = ?", (name,))


def _record(db: sqlite3.Connection, match_id: bytes, review: str, report_id: bytes, minute: int) -> bool:
    if not _is_open(db, match_id):
        return False
    record_review(db, match_id, decode(review.encode(), Review), report_id, minute)
    return True
