# SPDX-License-Identifier: Apache-2.0
"""A StopNCII v1 server as a source: its list is fetched into a store of its own and matched here, and it is told what became of matches.

This shape knows fingerprints by value only, so an entry's id is made of its value. It has no acknowledgement. What is not `Active` must
not be matched, whatever word the server has for that.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from stillmine.client.errors import ExchangeAnswerError
from stillmine.partner.sources.stopncii_client import FetchedPage, FetchedRecord
from stillmine.partner.store.place import PageChanges, StoredEntry
from stillmine.partner.store.store import Store
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import KindNotAcceptedError, StillmineError
from stillmine.wire.feedback import Feedback, FeedbackReceipt, Outcome
from stillmine.wire.kinds import FULL_QUALITY, MINIMUM_QUALITY, Kind, require_value, value_bytes
from stillmine.wire.stopncii import MAXIMUM_SUBMITTED_RECORDS, FeedbackValue, HashFeedback, HashStatus, signal_kind
from stillmine.wire.vote import Vote

log = logging.getLogger("stillmine.partner")

ID_BYTES = 16
_ID_LABEL = b"stillmine/stopncii-id/v1"

_SAID = {
    Outcome.FOUND: FeedbackValue.PENDING_REVIEW,
    Outcome.REMOVED: FeedbackValue.BLOCKED,
    Outcome.NOT_REMOVED: FeedbackValue.NOT_BLOCKED,
}


class Server(Protocol):
    """The part of a server's client that is used here."""

    def fetch(self, start: int, page: str | None) -> FetchedPage: ...

    def submit_feedback(self, feedback: Sequence[HashFeedback]) -> None: ...


class Entries(NamedTuple):
    """What of a page is kept, and how many records were of types that are not matched here, or no value."""

    kept: list[StoredEntry]
    left_out: int


class StopNciiSync:
    """Keeps one store, and an index over it, in step with one server. One thread uses it."""

    def __init__(
        self,
        server: Server,
        store: Store,
        update_index: Callable[[PageChanges], None],
        clock: Callable[[], datetime],
        *,
        must_stop: Callable[[], bool] = lambda: False,
        note_synced: Callable[[], None] = lambda: None,
    ) -> None:
        """As that of a feed."""
        self._server = server
        self._store = store
        self._update_index = update_index
        self._clock = clock
        self._must_stop = must_stop
        self._note_synced = note_synced

    def follow(self) -> None:
        """Fetch all that changed since the last time; raises the StillmineError of what failed. What is cut off begins there again."""
        begun = self._store.place().cursor
        start = int(begun) if begun else 0
        page_name: str | None = None
        left_out = 0
        while not self._must_stop():
            page = self._server.fetch(start, page_name)
            if page.has_more and page.next_page in (None, page_name):
                raise ExchangeAnswerError("the list does not advance")
            entries = entries_of(page.records)
            left_out += entries.left_out
            self._apply(entries.kept, page, start)
            if not page.has_more:
                self._note_synced()
                break
            page_name = page.next_page
        if left_out:
            log.warning("%d hashes are of types that are not matched here, or no values of their type", left_out)
        self._store.forget_erased()

    def _apply(self, entries: list[StoredEntry], page: FetchedPage, start: int) -> None:
        """Apply a page; the list counts as synced only after what the page brings is searched for."""
        is_last = not page.has_more
        cursor = str(max(start, page.next_start) if is_last else start)
        if entries or not is_last:
            self._update_index(self._store.apply_page(entries, cursor, None))
        if is_last:
            self._update_index(self._store.apply_page([], cursor, int(self._clock().timestamp())))


class ByValue:
    """Hands reports to a server that knows values alone. One thread uses it."""

    def __init__(self, server: Server, store: Store) -> None:
        self._server = server
        self._store = store

    def submit_feedback(self, feedback: list[Feedback]) -> FeedbackReceipt:
        """Hand over reports of what is active here; the ids of all others are unknown."""
        named = [(bytes.fromhex(id), report.outcome) for report in feedback for id in (report.fingerprint_id, *report.near)]
        values = self._store.values_of([id for id, _ in named])
        said = [HashFeedback(values[id].hex(), _SAID[outcome]) for id, outcome in named if id in values]
        for start in range(0, len(said), MAXIMUM_SUBMITTED_RECORDS):
            self._server.submit_feedback(said[start : start + MAXIMUM_SUBMITTED_RECORDS])
        unknown = [report.fingerprint_id for report in feedback if bytes.fromhex(report.fingerprint_id) not in values]
        return FeedbackReceipt(len(feedback) - len(unknown), 0, unknown)

    def submit_votes(self, votes: list[Vote]) -> FeedbackReceipt:
        """Drop them: this shape has no word for what a reviewer thinks of a fingerprint."""
        return FeedbackReceipt(0, len(votes), [])


def entries_of(records: Sequence[FetchedRecord]) -> Entries:
    """Return records as entries of a list; what is no value of its type is left out."""
    kept: list[StoredEntry] = []
    for record in records:
        entry = _entry(record)
        if entry is not None:
            kept.append(entry)
    return Entries(kept, len(records) - len(kept))


def _entry(record: FetchedRecord) -> StoredEntry | None:
    value = (record.value or "").strip().lower()
    try:
        kind = signal_kind(record.signal_type)
        quality = MINIMUM_QUALITY if kind is Kind.PDQ else FULL_QUALITY
        require_value(kind, value, quality)
        compact = value_bytes(kind, value)
    except (KindNotAcceptedError, StillmineError):
        return None
    id = hashlib.sha256(b"\0".join((_ID_LABEL, kind.encode(), compact))).digest()[:ID_BYTES]
    if record.status != HashStatus.ACTIVE:
        return StoredEntry(id, kind, FingerprintState.WITHDRAWN, value=None, quality=None)
    return StoredEntry(id, kind, FingerprintState.ACTIVE, compact, quality)
