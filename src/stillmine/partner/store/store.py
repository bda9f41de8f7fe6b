# SPDX-License-Identifier: Apache-2.0
"""What a partner keeps: the synced fingerprints, its place in the feed, matches, and feedback not sent yet.

The store is the truth and the index in memory only a way to search it: a match is recorded only while its
fingerprint is active here, so nothing withdrawn is ever answered. Each public method is one transaction.
Must never hold a byte of an upload or the value of a fingerprint that is not active.
"""

import sqlite3
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from stillmine.partner.ground.errors import HomeOfAnotherExchangeError
from stillmine.partner.store.damage import PUT, has_other_rows, next_damage, remove_damaged, sum_anew
from stillmine.partner.store.leftovers import Leftovers, StoreFile, empty_log, write_anew
from stillmine.partner.store.list_mark import Rows, all_rows, mark_of, renew_mark
from stillmine.partner.store.listed import active_among, fetch_again, sweep, values_in
from stillmine.partner.store.matches import (
    FoundMatch,
    FoundUpload,
    Wanted,
    fingerprints_of,
    forget_old,
    is_kept,
    listed,
    note_gone,
    note_not_listed,
    one_listed,
    record,
    still_matching,
)
from stillmine.partner.store.own_connection import OwnConnection
from stillmine.partner.store.place import Counts, PageChanges, Place, StoredEntry
from stillmine.partner.store.reports import votes_that_wait, waiting_reports
from stillmine.partner.store.reviews import record_review
from stillmine.partner.store.schema import FILE_NAME, holds_anything, open_database
from stillmine.partner.store.transactions import Transactions
from stillmine.partner.store.webhooks import queue_withdrawn
from stillmine.wire.feedback import Feedback
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import FIRST_SOURCE, KeptMatch, MatchPage, Review, WayName
from stillmine.wire.vote import Vote


class Store(Transactions):
    """The SQLite store of one home folder. Safe to use from several threads and, beside a service, from another process."""

    def __init__(self, folder: Path) -> None:
        """Open or make the store; raises StoreUnreadableError."""
        super().__init__(open_database(folder))
        self.folder = folder
        # A process that died may have left erased values in the log.
        self._is_checkpoint_due = True
        self._file = StoreFile(folder / FILE_NAME)
        (has_leftovers,) = self._db.execute("SELECT has_leftovers FROM place").fetchone()
        self._leftovers = Leftovers(is_unknown=bool(has_leftovers))
        self.is_filling = False
        """Whether a snapshot is being taken into an empty list."""
        (self._active_count,) = self._db.execute("SELECT count(*) FROM fingerprints WHERE state = 'active'").fetchone()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
            self._file.close()

    def bind_exchange(self, url: str) -> None:
        """Tie this store to one exchange; raises HomeOfAnotherExchangeError for another one once anything of the first is held."""
        with self._transaction() as db:
            (bound,) = db.execute("SELECT exchange_url FROM place").fetchone()
            if bound not in (None, url) and holds_anything(db):
                raise HomeOfAnotherExchangeError
            if bound != url:
                db.execute("UPDATE place SET way = CASE WHEN exchange_url IS NULL THEN way END, exchange_url = ?", (url,))

    def place(self) -> Place:
        """Return the place in the feed."""
        with self._reading() as db:
            cursor, acknowledged, synced_at = db.execute("SELECT cursor, acknowledged_cursor, synced_at FROM place").fetchone()
        return Place(cursor, cursor == acknowledged, synced_at)

    def synced_at(self) -> datetime | None:
        """Return when the list was synced to its end, None if never."""
        with self._reading() as db:
            return _synced_at(db)

    def synced_at_once(self) -> datetime | None:
        """Return the same, None too where another thread would have to be waited for."""
        with self._reading_at_once() as db:
            return None if db is None else _synced_at(db)

    def way(self) -> WayName | None:
        """Return in which way uploads were looked up last, None where nobody knows yet."""
        with self._reading() as db:
            (way,) = db.execute("SELECT way FROM place").fetchone()
        return None if way is None else WayName(way)

    def remember_way(self, way: WayName) -> None:
        """Remember in which way uploads are looked up."""
        with self._transaction() as db:
            db.execute("UPDATE place SET way = ?", (way,))

    def holds_list(self) -> bool:
        """Return whether there is anything of a list."""
        with self._reading() as db:
            (holds,) = db.execute("SELECT cursor IS NOT NULL OR EXISTS (SELECT 1 FROM fingerprints) FROM place").fetchone()
        return bool(holds)

    def erase_list(self) -> None:
        """Erase everything that the exchange gave, and the place in its feed; `forget_erased` then leaves nothing of it in the file."""
        with self._transaction() as db:
            db.execute("DELETE FROM fingerprints")
            db.execute("DELETE FROM flagged")
            renew_mark(db)
            db.execute(
                "UPDATE place SET cursor = NULL, acknowledged_cursor = '', synced_at = NULL, generation = generation + 1, "
                "is_refetching = 0, has_leftovers = 1"
            )
            self._active_count = 0
            self._is_checkpoint_due = True
            self._leftovers = Leftovers(is_unknown=True)

    def list_mark(self) -> bytes:
        """Return which list is held: 16 bytes, others after each change."""
        with self._reading() as db:
            return mark_of(db)

    def counts(self) -> Counts:
        """Return how many fingerprints are active and how much feedback waits, votes included."""
        with self._reading() as db:
            (waiting,) = db.execute("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM vote_outbox)").fetchone()
            return Counts(fingerprints=self._active_count, waiting_feedback=waiting)

    def open_matches(self) -> int:
        """Return how many matches have no decision."""
        with self._reading() as db:
            (count,) = db.execute("SELECT count(*) FROM matches WHERE decision IS NULL").fetchone()
        return int(count)

    def waiting_for(self, source: str) -> int:
        """Return how much feedback waits for a source, votes included."""
        query = "SELECT (SELECT count(*) FROM outbox WHERE source = ?) + (SELECT count(*) FROM vote_outbox WHERE source = ?)"
        with self._reading() as db:
            (waiting,) = db.execute(query, (source, source)).fetchone()
        return int(waiting)

    def match_kinds(self, kinds: Iterable[Kind]) -> bool:
        """Say which kinds this program matches; return whether the list has to be fetched again, because it was fetched without some.

        Until then nothing counts as synced: `no_match` would be said of uploads whose kind was never fetched.
        """
        names = {kind.value for kind in kinds}
        with self._transaction() as db:
            (known, cursor) = db.execute("SELECT kinds, cursor FROM place").fetchone()
            is_missing_some = cursor is not None and not names <= set((known or "").split(","))
            if is_missing_some:
                fetch_again(db)
                db.execute("UPDATE place SET synced_at = NULL")
            db.execute("UPDATE place SET kinds = ?", (",".join(sorted(names)),))
        return is_missing_some

    def active(self) -> list[tuple[bytes, Kind, bytes]]:
        """Return (id, kind, value) of every active fingerprint."""
        return [(own, rows.kind, value) for rows in self.rows() for own, value in zip(rows.ids, rows.values, strict=True)]

    def rows(self) -> list[Rows]:
        """Return the same kind by kind, some rows at a time, which is much faster."""
        with self._reading() as db:
            return list(all_rows(db))

    def apply_page(self, entries: Sequence[StoredEntry], cursor: str, synced_at: int | None) -> PageChanges:
        """Apply one feed page together with its cursor, or nothing of it.

        `synced_at` is given with the last page. It ends a fetch from the start, and what that fetch did not see is erased.
        """
        newest = {entry.id: entry for entry in entries}
        with self._transaction() as db:
            was_active = active_among(db, list(newest))
            erased = [entry.id for entry in newest.values() if entry.value is None and entry.id in was_active]
            gone = list(values_in(db, erased).values())
            (generation, is_refetching) = db.execute("SELECT generation, is_refetching FROM place").fetchone()
            db.executemany(
                PUT,
                [(entry.id, entry.kind, entry.state, entry.value, entry.quality, generation) for entry in newest.values()],
            )
            db.executemany("DELETE FROM flagged WHERE id = ?", [(entry.id,) for entry in newest.values()])
            db.executemany("INSERT INTO flagged (id) VALUES (?)", [(entry.id,) for entry in newest.values() if entry.is_flagged])
            active = [(entry.id, entry.kind, entry.value) for entry in newest.values() if entry.value is not None]
            if synced_at is not None:
                if is_refetching:
                    swept = sweep(db, generation)
                    erased += swept
                    gone += swept.values()
                db.execute("UPDATE place SET synced_at = ?, is_refetching = 0", (synced_at,))
            db.execute("UPDATE place SET cursor = ?, has_leftovers = has_leftovers OR ?", (cursor, bool(erased)))
            queue_withdrawn(db, erased)
            if newest or erased:
                renew_mark(db)
        added = sum(fingerprint_id not in was_active for fingerprint_id, _, _ in active)
        changes = PageChanges(active, erased, added, [entry.id for entry in newest.values() if entry.is_flagged])
        with self._lock:
            self._active_count += changes.added - len(erased)
            self._is_checkpoint_due = self._is_checkpoint_due or bool(erased)
            self._leftovers.add(gone)
        return changes

    def is_damaged(self) -> bool:
        """Look the list through, some rows at a time, for one that is not as it was written, or is another one."""
        found: tuple[bytes | None, bool] = (b"", False)
        while found[0] is not None and not found[1]:
            with self._reading() as db:
                found = next_damage(db, found[0])
        if found[1]:
            return True
        with closing(OwnConnection(self.folder)) as own, own.reading() as db:  # nobody waits while all of it is read
            return has_other_rows(db)

    def mend(self) -> int:
        """Remove damaged rows of the list, which then has to be fetched from its start, and counts as never synced.

        Returns how many are known; a row that is lost, or back, is known by the sum of all alone, and counts as one.
        """
        with self._transaction() as db:
            has_others = has_other_rows(db)
            count = remove_damaged(db) or int(has_others)
            if count:
                sum_anew(db)
                fetch_again(db)
                renew_mark(db)
                db.execute("UPDATE place SET synced_at = NULL, has_leftovers = 1")
                (self._active_count,) = db.execute("SELECT count(*) FROM fingerprints WHERE state = 'active'").fetchone()
                self._is_checkpoint_due, self._leftovers = True, Leftovers(is_unknown=True)
        return count

    def begin_snapshot(self) -> None:
        """Say that everything comes again; what is there goes on being matched until the end of the feed shows what is gone."""
        with self._transaction() as db:
            fetch_again(db)
            (has_some,) = db.execute("SELECT EXISTS (SELECT 1 FROM fingerprints)").fetchone()
        self.is_filling = not has_some

    def apply_snapshot(self, kind: Kind, rows: Sequence[tuple[bytes, bytes, int]]) -> int:
        """Apply active fingerprints of one kind, each (id, value, quality), or none of them; returns how many were not active before."""
        with self._transaction() as db:
            (generation,) = db.execute("SELECT generation FROM place").fetchone()
            was_active = {} if self.is_filling else active_among(db, [row[0] for row in rows])
            db.executemany(
                PUT,
                # In the order of the table: the ids of a snapshot are in no order, and each would need another page.
                sorted((own, kind.value, "active", value, quality, generation) for own, value, quality in rows),
            )
            renew_mark(db)
        with self._lock:
            self._active_count += len(rows) - len(was_active)
        return len(rows) - len(was_active)

    def end_snapshot(self, cursor: str) -> None:
        """Go on with the feed from this cursor."""
        with self._transaction() as db:
            db.execute("UPDATE place SET cursor = ?", (cursor,))
        self.is_filling = False

    def start_again(self) -> None:
        """Forget the cursor, so that the feed is fetched from the start; matching goes on with what is there until then."""
        with self._transaction() as db:
            fetch_again(db)

    def mark_acknowledged(self, cursor: str | None) -> None:
        """Remember that the exchange took the acknowledgement up to `cursor`; None: that the list is erased."""
        with self._transaction() as db:
            db.execute("UPDATE place SET acknowledged_cursor = ?", (cursor,))

    def forget_erased(self) -> bool:
        """Empty SQLite's log, which may still hold erased values, and rewrite the file where it holds any that SQLite has left there.

        False if a reader is in the way, or the disk has no room for that (then repeat later).
        """
        with self._reading() as db:
            if not self._is_checkpoint_due:
                return True
            if not empty_log(db):
                return False
            looked_for = self._leftovers
            self._leftovers = Leftovers(is_unknown=False)
        is_clean = not looked_for.may_be_in(self._file)  # while others go on: what is erased meanwhile is looked for next time
        with self._reading() as db:
            if not is_clean and not write_anew(db):
                self._leftovers = Leftovers(is_unknown=True)
                return False
            self._is_checkpoint_due = False
            db.execute("UPDATE place SET has_leftovers = 0")
            return True

    def record_upload(self, upload: FoundUpload, kept: int, minute: int) -> list[FoundMatch]:
        """Keep what an upload matched, the nearest as matches, at most `kept`; queue `found` for what is new of it. Returns all of it.

        What is not active in the list any more is dropped. The same upload again changes nothing and is answered with what was decided.
        """
        with self._transaction() as db:
            found = still_matching(db, upload)
            if found:
                record(db, upload, found, kept, minute)
        return found

    def note_no_match(self, upload_id: bytes) -> None:
        """Note that an upload was looked up whole and matches nothing: if it matched earlier, it does so no longer."""
        with self._reading() as db:
            if not is_kept(db, upload_id):
                return
        with self._transaction() as db:
            note_gone(db, upload_id)

    def note_no_match_at_once(self, upload_id: bytes) -> bool:
        """Return whether there is nothing to note, False too where another thread would have to be waited for to know it."""
        with self._reading_at_once() as db:
            return db is not None and not is_kept(db, upload_id)

    def recurring(self) -> bytes | None:
        """Return the counters of regions that recur, None before there were any."""
        with self._reading() as db:
            row = db.execute("SELECT counters FROM recurring").fetchone()
        return None if row is None else row[0]

    def keep_recurring(self, counters: bytes) -> None:
        """Keep the counters of regions that recur."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO recurring (only_row, counters) VALUES (1, ?)", (counters,))

    def forget_matches(self, before_minute: int) -> int:
        """Forget some of the uploads whose matches were all decided before that minute, or withdrawn since; return how many."""
        with self._transaction() as db:
            return forget_old(db, before_minute)

    def still_active(self, upload: FoundUpload) -> list[FoundMatch]:
        """Return what `record_upload` would, and keep nothing: for a store that can be read and not written."""
        with self._reading() as db:
            return still_matching(db, upload)

    @contextmanager
    def held_still(self) -> Iterator[Callable[[Sequence[bytes]], dict[bytes, bool]]]:
        """Hold the list as it is; yields what returns which of some ids are active, and whether they are flagged."""
        with self._transaction() as db:
            yield lambda ids: active_among(db, ids)

    def values_of(self, ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of active fingerprints by their ids."""
        with self._reading() as db:
            return values_in(db, ids)

    def note_not_listed(self, source: str, is_active: Callable[[Sequence[bytes]], Container[bytes]]) -> int:
        """Note which matches in the list of a further source are in it no more; return how many are noted anew."""
        with self._transaction() as db:
            return note_not_listed(db, source, is_active)

    def matches(self, wanted: Wanted) -> MatchPage:
        """Return a page of the matches that are kept, oldest first; raises MalformedMessageError for what is not a cursor."""
        with self._reading() as db:
            return listed(db, wanted)

    def match(self, match_id: bytes) -> KeptMatch:
        """Return one match; raises MatchNotFoundError."""
        with self._reading() as db:
            return one_listed(db, match_id)

    def fingerprints_of(self, match_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the fingerprint ids of matches that are kept, by match id."""
        with self._reading() as db:
            return fingerprints_of(db, match_ids)

    def record_review(self, match_id: bytes, review: Review, report_id: bytes, minute: int) -> None:
        """Keep a reviewer's decision and queue it as feedback, and their vote if there is one; raises MatchNotFoundError."""
        with self._transaction() as db:
            record_review(db, match_id, review, report_id, minute)

    def waiting_feedback(self, maximum: int, source: str = FIRST_SOURCE) -> list[Feedback]:
        """Return the oldest feedback that waits for a source: at most `maximum` reports, and no more than one message holds."""
        with self._reading() as db:
            return waiting_reports(db, maximum, source)

    def remove_feedback(self, sent: Sequence[Feedback]) -> None:
        """Take feedback out of the queue after the exchange has taken it."""
        with self._transaction() as db:
            db.executemany("DELETE FROM outbox WHERE feedback_id = ?", [(bytes.fromhex(report.feedback_id),) for report in sent])

    def waiting_votes(self, maximum: int, source: str = FIRST_SOURCE) -> list[Vote]:
        """Return the oldest votes that wait for a source, at most `maximum`."""
        with self._reading() as db:
            return votes_that_wait(db, maximum, source)

    def remove_votes(self, sent: Sequence[Vote]) -> None:
        """Take votes out of the queue after the exchange has taken them."""
        with self._transaction() as db:
            db.executemany("DELETE FROM vote_outbox WHERE vote_id = ?", [(bytes.fromhex(vote.vote_id),) for vote in sent])


def _synced_at(db: sqlite3.Connection) -> datetime | None:
    (seconds,) = db.execute("SELECT synced_at FROM place").fetchone()
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
