# SPDX-License-Identifier: Apache-2.0
"""Uploads that were accepted and are answered later: which they are, and what became of them. Contract: spec/screen.md, "An answer later".

Must never keep anything of an upload, nor lose one that was accepted without saying so.
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from stillmine.partner.ground.errors import ScreeningInterruptedError, ScreeningNotFoundError
from stillmine.partner.store.own_connection import OwnConnection
from stillmine.wire.codec import decode, encode
from stillmine.wire.screen import KeptScreening, ScreeningStatus, ScreenOutcome, ScreenResult

KEPT_MINUTES = 7 * 24 * 60
"""After it was answered."""

MAXIMUM_KEPT = 100_000

_ROW = "SELECT screening_id, content_id, accepted_minute, result FROM screenings"


def one_screening(db: sqlite3.Connection, screening_id: bytes) -> KeptScreening:
    """Return how it stands; raises ScreeningNotFoundError."""
    row = db.execute(f"{_ROW} WHERE screening_id = ?", (screening_id,)).fetchone()
    if row is None:
        raise ScreeningNotFoundError
    number, content_id, minute, result = row
    return KeptScreening(
        screening_id=number.hex(),
        status=ScreeningStatus.ACCEPTED if result is None else ScreeningStatus.FINISHED,
        accepted_at=datetime.fromtimestamp(minute * 60, UTC),
        content_id=content_id,
        result=None if result is None else decode(result.encode(), ScreenResult),
    )


def not_screened(code: str, content_id: str | None, retry_after_seconds: int | None = None) -> ScreenResult:
    """Return the answer for an upload that nothing is known about, with the error code of why."""
    return ScreenResult(
        ScreenOutcome.NOT_SCREENED, [], None, code, left_out=[code], content_id=content_id, retry_after_seconds=retry_after_seconds
    )


class KeptScreenings:
    """The screenings of one home folder. Safe to use from several threads; each method raises StoreUnreadableError."""

    def __init__(self, folder: Path) -> None:
        """Open the store that is there, or make it."""
        self._connection = OwnConnection(folder)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def accept(self, screening_id: bytes, content_id: str | None, minute: int) -> KeptScreening:
        """Keep that an answer is owed; the oldest answers are forgotten for it where there are too many."""
        with self._connection.transaction() as db:
            row = (screening_id, content_id, minute)
            place = db.execute("INSERT INTO screenings (screening_id, content_id, accepted_minute) VALUES (?, ?, ?)", row).lastrowid
            db.execute("DELETE FROM screenings WHERE place <= ? AND result IS NOT NULL", ((place or 0) - MAXIMUM_KEPT,))
            return one_screening(db, screening_id)

    def finish(self, screening_id: bytes, result: ScreenResult, minute: int) -> None:
        """Keep the answer, which is told from now on; the first one counts."""
        with self._connection.transaction() as db:
            db.execute(
                "UPDATE screenings SET result = ?, finished_minute = ? WHERE screening_id = ? AND result IS NULL",
                (encode(result).decode(), minute, screening_id),
            )

    def interrupt(self, minute: int) -> int:
        """Answer all that was owed when the service stopped: its uploads are gone. Returns how many."""
        with self._connection.transaction() as db:
            owed = db.execute("SELECT screening_id, content_id FROM screenings WHERE result IS NULL").fetchall()
            code = ScreeningInterruptedError.code
            db.executemany(
                "UPDATE screenings SET result = ?, finished_minute = ? WHERE screening_id = ?",
                [(encode(not_screened(code, content_id)).decode(), minute, screening_id) for screening_id, content_id in owed],
            )
        return len(owed)

    def forget(self, minute: int) -> None:
        """Forget what was answered long enough before this minute."""
        with self._connection.transaction() as db:
            db.execute("DELETE FROM screenings WHERE finished_minute < ?", (minute - KEPT_MINUTES,))

    def one(self, screening_id: bytes) -> KeptScreening:
        """Return how one stands; raises ScreeningNotFoundError."""
        with self._connection.reading() as db:
            return one_screening(db, screening_id)
