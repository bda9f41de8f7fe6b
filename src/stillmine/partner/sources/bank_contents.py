# SPDX-License-Identifier: Apache-2.0
"""What HMA's clients call the content of a bank: a number for the fingerprints of one file, or for values that were sent together.

All such banks share one store, and `holder` says whose a content is. A fingerprint that several contents have is one entry, and must match
for as long as one of them is there.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stillmine.partner.ground.errors import HmaBankFullError, HmaContentNotFoundError
from stillmine.partner.sources.bank_entries import Entry
from stillmine.partner.sources.bank_store import BankStore, put_entries
from stillmine.wire.kinds import Kind

MAXIMUM_CONTENTS = 100_000
"""In all such banks together."""

MAXIMUM_TOLD = 20
"""Contents that have one fingerprint, of which a lookup tells."""


@dataclass(frozen=True, slots=True)
class HeldContent:
    """Which content of which bank has a fingerprint."""

    holder: str
    number: int


@dataclass(frozen=True, slots=True)
class Content:
    """One content; `about` is JSON."""

    number: int
    note: str
    about: str
    entries: Sequence[Entry]


class BankContents:
    """The contents of one store. Safe to use from several threads; each method raises StoreUnreadableError."""

    def __init__(self, bank: BankStore) -> None:
        self._bank = bank

    def add(self, holder: str, entries: Sequence[Entry], note: str, about: str, minute: int) -> int:
        """Add a content; return its number. Raises HmaBankFullError."""
        with self._bank.transaction() as db:
            (count,) = db.execute("SELECT count(*) FROM contents").fetchone()
            if count >= MAXIMUM_CONTENTS:
                raise HmaBankFullError(f"at most {MAXIMUM_CONTENTS}")
            number = db.execute(
                "INSERT INTO contents (holder, note, about, added_minute) VALUES (?, ?, ?, ?)", (holder, note, about, minute)
            ).lastrowid
            ids = dict.fromkeys(put_entries(db, entries, "", minute))
            db.executemany("INSERT INTO content_entries (number, entry_id) VALUES (?, ?)", [(number, id) for id in ids])
        return int(number or 0)

    def get(self, holder: str, number: int) -> Content:
        """Return one; raises HmaContentNotFoundError."""
        with self._bank.reading() as db:
            row = db.execute("SELECT note, about FROM contents WHERE number = ? AND holder = ?", (number, holder)).fetchone()
            rows = db.execute(
                "SELECT kind, value FROM content_entries JOIN entries ON entries.id = entry_id WHERE number = ? ORDER BY place", (number,)
            ).fetchall()
        if row is None:
            raise HmaContentNotFoundError
        return Content(number, row[0], row[1], [(Kind(kind), value) for kind, value in rows])

    def change_note(self, holder: str, number: int, note: str) -> None:
        """Give it another note; raises HmaContentNotFoundError."""
        with self._bank.transaction() as db:
            changed = db.execute("UPDATE contents SET note = ? WHERE number = ? AND holder = ?", (note, number, holder)).rowcount
        if not changed:
            raise HmaContentNotFoundError

    def remove(self, holder: str, number: int) -> int:
        """Remove one: what no other content has matches nothing from then on. Return how many were there."""
        with self._bank.transaction() as db:
            numbers = db.execute("SELECT number FROM contents WHERE number = ? AND holder = ?", (number, holder)).fetchall()
            _remove(db, [one for (one,) in numbers])
        self._bank.empty_log()
        return len(numbers)

    def remove_all(self, holder: str) -> None:
        """Remove all content of one bank."""
        with self._bank.transaction() as db:
            _remove(db, [number for (number,) in db.execute("SELECT number FROM contents WHERE holder = ?", (holder,)).fetchall()])
        self._bank.empty_log()

    def having(self, entry_id: bytes) -> list[HeldContent]:
        """Return the contents that have a fingerprint, oldest first, of too many the oldest."""
        with self._bank.reading() as db:
            rows = db.execute(
                "SELECT holder, contents.number FROM content_entries JOIN contents ON contents.number = content_entries.number "
                "WHERE entry_id = ? ORDER BY contents.number LIMIT ?",
                (entry_id, MAXIMUM_TOLD),
            ).fetchall()
        return [HeldContent(holder, number) for holder, number in rows]


def _remove(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    for number in numbers:
        ids = db.execute("SELECT entry_id FROM content_entries WHERE number = ?", (number,)).fetchall()
        db.execute("DELETE FROM content_entries WHERE number = ?", (number,))
        db.execute("DELETE FROM contents WHERE number = ?", (number,))
        db.executemany("DELETE FROM entries WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM content_entries WHERE entry_id = ?1)", ids)
