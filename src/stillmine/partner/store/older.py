# SPDX-License-Identifier: Apache-2.0
"""What the store knows of uploads that are remembered: which fingerprints are still to be looked for, what was deleted, when was asked.

Over a connection of its own, so that looking holds up no upload. Nothing of an upload stands here but a keyed mark of a deleted one.
"""

from dataclasses import dataclass
from pathlib import Path

from stillmine.partner.store.own_connection import OwnConnection
from stillmine.wire.kinds import Kind

LOOKED_FOR_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class NewFingerprints:
    """Some that are to be looked for, (kind, value) each, and the place in the queue of the last."""

    values: list[tuple[Kind, bytes]]
    last_place: int


@dataclass(frozen=True, slots=True)
class AskedHour:
    """When asking about an hour began last, in Unix seconds, and how many of its uploads that has reached, None: all."""

    began_at: int
    reached: int | None


class OlderNotes:
    """The notes of one home folder. Safe to use from several threads; each method raises StoreUnreadableError."""

    def __init__(self, folder: Path) -> None:
        """Open the store that is there, or make it."""
        self._connection = OwnConnection(folder)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def want(self, *, is_wanted: bool) -> None:
        """Say whether uploads are remembered from now on; where not, everything that was noted is forgotten."""
        with self._connection.transaction() as db:
            db.execute("UPDATE older SET is_wanted = ?", (is_wanted,))
            if not is_wanted:
                for table in ("older_newcomers", "older_deleted", "older_asked"):
                    db.execute(f"DELETE FROM {table}")  # noqa: S608 (no value)

    def newest_place(self) -> int:
        """Return the place in the queue of the last fingerprint that is to be looked for, 0 where there is none."""
        with self._connection.reading() as db:
            return int(db.execute("SELECT coalesce(max(place), 0) FROM older_newcomers").fetchone()[0])

    def waiting(self) -> int:
        """Return how many fingerprints are to be looked for."""
        with self._connection.reading() as db:
            return int(db.execute("SELECT count(*) FROM older_newcomers").fetchone()[0])

    def new_fingerprints(self, last_place: int) -> NewFingerprints | None:
        """Return those to be looked for first, up to this place; None if nothing waits. What is active no more is not among them."""
        query = """SELECT place, kind, value FROM older_newcomers LEFT JOIN fingerprints ON id = fingerprint_id AND state = 'active'
            WHERE place <= ? ORDER BY place LIMIT ?"""
        with self._connection.reading() as db:
            rows = db.execute(query, (last_place, LOOKED_FOR_AT_ONCE)).fetchall()
        return NewFingerprints([(Kind(kind), value) for _, kind, value in rows if kind is not None], rows[-1][0]) if rows else None

    def looked_for(self, last_place: int) -> None:
        """Note that everything up to this place was looked for."""
        with self._connection.transaction() as db:
            db.execute("DELETE FROM older_newcomers WHERE place <= ?", (last_place,))

    def delete(self, mark: bytes, second: int) -> None:
        """Note that what was remembered under this mark until this second is deleted."""
        with self._connection.transaction() as db:
            statement = "INSERT INTO older_deleted VALUES (?, ?) ON CONFLICT (mark) DO UPDATE SET second = max(second, excluded.second)"
            db.execute(statement, (mark, second))

    def deleted(self) -> dict[bytes, int]:
        """Return what was deleted, and until when."""
        with self._connection.reading() as db:
            return dict(db.execute("SELECT mark, second FROM older_deleted").fetchall())

    def swept_day(self) -> int | None:
        """Return on which day what was deleted left the files last."""
        with self._connection.reading() as db:
            day: int | None = db.execute("SELECT swept_day FROM older").fetchone()[0]
        return day

    def swept(self, day: int, before_second: int) -> None:
        """Note that what was deleted before that second is in no file any more."""
        with self._connection.transaction() as db:
            db.execute("DELETE FROM older_deleted WHERE second < ?", (before_second,))
            db.execute("UPDATE older SET swept_day = ?", (day,))

    def asked(self) -> dict[int, AskedHour]:
        """Return what is known of each hour that was asked about."""
        with self._connection.reading() as db:
            rows = db.execute("SELECT hour, began_at, reached FROM older_asked").fetchall()
        return {hour: AskedHour(began_at, reached) for hour, began_at, reached in rows}

    def note_asked(self, hour: int, asked: AskedHour) -> None:
        """Note how far asking about an hour has come."""
        with self._connection.transaction() as db:
            db.execute("INSERT OR REPLACE INTO older_asked VALUES (?, ?, ?)", (hour, asked.began_at, asked.reached))

    def forget_hours(self, before: int) -> None:
        """Forget what is known of hours that are remembered no longer."""
        with self._connection.transaction() as db:
            db.execute("DELETE FROM older_asked WHERE hour < ?", (before,))

    def needs_no_look(self, upload_id: bytes) -> bool:
        """Return whether this upload has a match that is open, or that a reviewer removed it for."""
        query = "SELECT EXISTS (SELECT 1 FROM matches WHERE upload_id = ? AND decision IS NOT 'not_removed')"
        with self._connection.reading() as db:
            return bool(db.execute(query, (upload_id,)).fetchone()[0])
