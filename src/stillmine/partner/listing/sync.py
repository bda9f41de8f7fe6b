# SPDX-License-Identifier: Apache-2.0
"""One sync: fetch what changed, apply it, say so to the exchange.

Order is the promise: a page is applied with its cursor or not at all, the index follows the store, erased values
leave SQLite's log, and only then is the page acknowledged. So "no longer matched here" is never said too early, and
whatever is cut off in between is repeated without harm. The list counts as synced only once its index is: until then
an upload that is not found is answered as of the sync before.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from stillmine.client.errors import ExchangeAnswerError
from stillmine.client.exchange import Exchange
from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.listing.snapshot_steps import ROWS_AT_ONCE, joined
from stillmine.partner.store.place import PageChanges, StoredEntry
from stillmine.partner.store.store import Store
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import FeedCursorForeignError, FeedCursorInvalidError, StillmineError
from stillmine.wire.feed import FeedEntry, FeedPage
from stillmine.wire.kinds import FULL_QUALITY, KIND_RULES, LISTED_KINDS, require_value, value_bytes, value_text
from stillmine.wire.screen import WayName
from stillmine.wire.snapshot import SnapshotBlock

log = logging.getLogger("stillmine.partner")


class SyncReport(msgspec.Struct, frozen=True):
    """What one sync did, as counts, and in which way uploads are looked up."""

    pages: int = 0
    added: int = 0
    erased: int = 0
    of_other_kinds: int = 0
    feedback_sent: int = 0
    feedback_unknown: int = 0
    started_again: bool = False
    way: WayName | None = WayName.LIST

    def with_feedback(self, taken: int, unknown: int) -> "SyncReport":
        """Return it with how much feedback the exchange took, and how much named no fingerprint that it knows."""
        return msgspec.structs.replace(self, feedback_sent=taken, feedback_unknown=unknown)


class Sync:
    """Keeps one store, and an index over it, in step with one exchange. One thread uses it."""

    def __init__(
        self,
        client: Exchange,
        store: Store,
        update_index: Callable[[PageChanges], None],
        clock: Callable[[], datetime],
        *,
        must_stop: Callable[[], bool] = lambda: False,
        note_synced: Callable[[], None] = lambda: None,
        have_let_go: Callable[[], bool] = lambda: True,
    ) -> None:
        """`clock` returns UTC; `must_stop` is asked between requests, so that a stop does not wait for a long feed.

        `note_synced` is called when the end of the feed is applied. `have_let_go` says whether no copy of the list holds what was erased.
        """
        self._client = client
        self._store = store
        self._update_index = update_index
        self._clock = clock
        self._must_stop = must_stop
        self._note_synced = note_synced
        self._have_let_go = have_let_go

    def follow(self) -> SyncReport:
        """Fetch to the end of the feed and acknowledge it; raises the StillmineError of what failed."""
        report = SyncReport()
        has_more = True
        while has_more and not self._must_stop():
            cursor = self._store.place().cursor
            if cursor is None:
                report, is_begun = self._begin(report)
                if not is_begun:
                    break
                cursor = self._store.place().cursor
            try:
                page = self._client.feed_page(cursor)
            except (FeedCursorInvalidError, FeedCursorForeignError) as error:
                # Once is a restored or exchanged exchange; twice would fetch from the start for ever.
                if cursor is None or report.started_again:
                    raise ExchangeAnswerError("a cursor that it made itself was refused") from None
                log.warning("%s: fetching the feed from the start", error.code)
                self._store.start_again()
                report = msgspec.structs.replace(report, started_again=True)
                continue
            if page.has_more and page.cursor == cursor:
                raise ExchangeAnswerError("the feed does not advance")
            report = self._apply(page, report)
            has_more = page.has_more
        if not has_more:
            self._acknowledge()
        return report

    def _begin(self, report: SyncReport) -> tuple[SyncReport, bool]:
        """Start from a snapshot of everything, where the exchange gives one; the feed goes on from its cursor, or from its beginning.

        Returns also whether to go on: not where a stop came in the middle.
        """
        with self._client.snapshot() as snapshot:
            if snapshot is None:
                return report, True
            self._store.begin_snapshot()
            added = left_out = 0
            for block in joined(snapshot.blocks(), ROWS_AT_ONCE if self._store.is_filling else 1):
                if self._must_stop():
                    return report, False
                if block.kind in LISTED_KINDS:
                    added += self._apply_block(block)
                else:
                    left_out += len(block.values)
            self._store.end_snapshot(snapshot.head.cursor)
        return msgspec.structs.replace(report, added=report.added + added, of_other_kinds=report.of_other_kinds + left_out), True

    def _apply_block(self, block: SnapshotBlock) -> int:
        """Check a block as strictly as entries of a page are, then put it into store and index."""
        ids = [block.ids[start : start + 16] for start in range(0, len(block.ids), 16)]
        if not KIND_RULES[block.kind].is_picture:
            _require_block(block)
        elif max(block.qualities) > FULL_QUALITY:
            raise ExchangeAnswerError("snapshot: quality")
        added = self._store.apply_snapshot(block.kind, list(zip(ids, block.values, block.qualities, strict=True)))
        self._update_index(PageChanges([(own, block.kind, value) for own, value in zip(ids, block.values, strict=True)], [], added))
        return added

    def _apply(self, page: FeedPage, report: SyncReport) -> SyncReport:
        entries = [_checked(entry, place) for place, entry in enumerate(page.entries) if entry.kind in LISTED_KINDS]
        left_out = len(page.entries) - len(entries)
        if left_out:
            log.warning("%d feed entries are of kinds that this version can't match", left_out)
        added = erased = 0
        for changes in self._changes_of(entries, page):
            self._update_index(changes)
            added, erased = added + changes.added, erased + len(changes.erased)
        if not page.has_more:
            self._note_synced()
        return msgspec.structs.replace(
            report,
            pages=report.pages + 1,
            added=report.added + added,
            erased=report.erased + erased,
            of_other_kinds=report.of_other_kinds + left_out,
        )

    def _changes_of(self, entries: list[StoredEntry], page: FeedPage) -> Iterator[PageChanges]:
        """Apply a page; the list counts as synced only after what this yields first is searched for."""
        if entries or page.has_more:
            yield self._applied(entries, page.cursor, None)
        if not page.has_more:
            yield self._applied([], page.cursor, int(self._clock().timestamp()))

    def _applied(self, entries: list[StoredEntry], cursor: str, synced_at: int | None) -> PageChanges:
        """Apply a page. Where the disk is full, what is withdrawn is matched no longer all the same, and not acknowledged."""
        try:
            return self._store.apply_page(entries, cursor, synced_at)
        except StoreUnreadableError:
            newest = {entry.id: entry for entry in entries}
            self._update_index(PageChanges([], [entry.id for entry in newest.values() if entry.value is None], 0))
            raise

    def _acknowledge(self) -> None:
        if not self._store.forget_erased():
            log.info("another program reads the store; erased values leave its log at a later sync")
        place = self._store.place()
        if place.is_acknowledged or place.cursor is None or not self._have_let_go():
            return
        self._client.acknowledge(place.cursor)
        self._store.mark_acknowledged(place.cursor)


def _require_block(block: SnapshotBlock) -> None:
    try:
        for value, quality in zip(block.values, block.qualities, strict=True):
            require_value(block.kind, value_text(block.kind, value), quality)
    except StillmineError as error:
        raise ExchangeAnswerError(f"snapshot: {error.detail}") from None


def _checked(entry: FeedEntry, place: int) -> StoredEntry:
    """Return the entry in the store's form; a tombstone never keeps a value, even if one was sent along."""
    fingerprint_id = bytes.fromhex(entry.id)
    if entry.state is not FingerprintState.ACTIVE:
        return StoredEntry(fingerprint_id, entry.kind, entry.state, value=None, quality=None)
    if entry.value is None or entry.quality is None:
        raise ExchangeAnswerError(f"at entries[{place}]: active without value or quality")
    try:
        require_value(entry.kind, entry.value, entry.quality)
        value = value_bytes(entry.kind, entry.value)
    except StillmineError as error:
        raise ExchangeAnswerError(f"at entries[{place}]: {error.detail}") from None
    return StoredEntry(fingerprint_id, entry.kind, entry.state, value, entry.quality, entry.is_flagged)
