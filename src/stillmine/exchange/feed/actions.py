# SPDX-License-Identifier: Apache-2.0
"""Hand out pages, with a record written before anything leaves, and take acknowledgements.

A page is made under the same lock as changes are, so that what the record says was in it, was in it.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Exists, F, OuterRef

from stillmine.exchange.log.actions import _mention, _record
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.protection.drill_secrecy import cases_hidden_from
from stillmine.exchange.protection.sequence import _confirm, _lock_head
from stillmine.exchange.protection.ticks import show_if_due
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Change, Disclosure, Head, PendingTombstone, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import EventName
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import FeedCursorInvalidError
from stillmine.wire.feed import MAXIMUM_PAGE_VALUE_BYTES
from stillmine.wire.kinds import ACCEPTED_KINDS, Kind
from stillmine.wire.partner_errors import ListStillGivenError
from stillmine.wire.stopncii import SIGNAL_TYPES
from stillmine.wire.storage_errors import StorageFullError

PENDING_TOMBSTONE_TERM = timedelta(days=30)

NEWEST_CHANGES = 1_000
"""A partner so near the newest change is told of withdrawals on a full disk too: what is recorded of it is small."""

KINDS: dict[Shape, Collection[Kind]] = {Shape.NATIVE: ACCEPTED_KINDS, Shape.SNAPSHOT: ACCEPTED_KINDS, Shape.STOPNCII: SIGNAL_TYPES}
"""What each shape lists."""

Encoded = TypeVar("Encoded")


@dataclass(frozen=True)
class Page:
    """The shown changes after one number up to `to_sequence`, with their fingerprints; `newest_shown` is the newest number of all."""

    changes: list[Change]
    to_sequence: int
    newest_shown: int

    @property
    def active(self) -> list[str]:
        """The fingerprints that the page shows as active."""
        return [change.fingerprint_id for change in self.changes if change.state == FingerprintState.ACTIVE]

    @property
    def tombstones(self) -> list[str]:
        """The fingerprints that the page tells to stop."""
        return [change.fingerprint_id for change in self.changes if change.state != FingerprintState.ACTIVE]

    @property
    def has_more(self) -> bool:
        """False where the page reaches the newest change."""
        return self.to_sequence < self.newest_shown


@dataclass(frozen=True)
class HandedOut(Generic[Encoded]):
    """A page as it leaves, and what it tells: the fingerprints given, those to stop, and those given beside the page's own changes."""

    message: Encoded
    given: list[str]
    retracted: list[str]
    given_beside: list[str] = field(default_factory=list)


def hand_out(
    exchange: Context, partner: Partner, *, after: int, limit: int, shape: Shape, encode: Callable[[Page], HandedOut[Encoded]]
) -> Encoded:
    """Return the page after number `after` as `encode` makes it, inside the transaction that records it.

    Raises FeedCursorInvalidError for a number that was never given, which happens after a restored backup.
    """
    shown = _shown_head(exchange).shown_sequence
    if after > shown:
        raise FeedCursorInvalidError
    if after == shown:  # nothing new: nothing to record, and no lock to wait for
        return encode(Page([], shown, shown)).message
    with tx("feed.hand_out_newest" if shown - after <= NEWEST_CHANGES else "feed.hand_out", exchange.clock) as now:
        head = _lock_head()
        page = _read_page(partner, after, limit, head.shown_sequence, KINDS[shape])
        handed = encode(page)
        _record_page(exchange, partner, handed, now, shape=shape, bounds=(after, page.to_sequence, head.sequence))
        return handed.message


def record_snapshot(exchange: Context, partner: Partner) -> tuple[int, int]:
    """Record that everything active is handed out, as one page of all; returns the newest shown number and how many are active.

    Changes wait meanwhile: what the log says was given must be what is active at that number.
    """
    _shown_head(exchange)
    with tx("feed.record_snapshot", exchange.clock) as now:
        head = _lock_head()
        newest = head.shown_sequence
        hidden = cases_hidden_from(partner)
        newest_active = Change.objects.filter(superseded_by=None, is_shown=True, state=FingerprintState.ACTIVE)
        count = newest_active.count() - newest_active.filter(fingerprint__case_id__in=hidden).count()
        bounds = {"shape": Shape.SNAPSHOT, "from_sequence": 0, "to_sequence": newest, "head_sequence": head.sequence}
        if count:
            _note_given(partner)
        if count and not Disclosure.objects.filter(partner=partner, **bounds).update(last_at=now, pages=F("pages") + 1):
            active = newest_active.exclude(fingerprint__case_id__in=hidden).values_list("fingerprint__ledger_commitment", flat=True)
            commitments = {bytes(stored) for stored in active.iterator() if stored is not None}
            details = {"shape": Shape.SNAPSHOT.value}
            entry = _record(exchange, EventName.DISCLOSED, now, partner=partner, commitments=commitments, details=details)
            Disclosure.objects.create(partner=partner, first_at=now, last_at=now, disclosed_entry_id=entry, **bounds)
        return newest, count


def acknowledge(exchange: Context, partner: Partner, sequence: int) -> None:
    """Record that everything up to `sequence` is applied; an older number changes nothing. Raises FeedCursorInvalidError."""
    with tx("feed.acknowledge", exchange.clock) as now:
        Partner.objects.select_for_update(no_key=True).get(id=partner.id)  # a page handed out refers to the partner and must not wait
        if sequence > Head.objects.get().shown_sequence:
            raise FeedCursorInvalidError
        _acknowledge(exchange, partner, sequence, now)


def acknowledge_erased(exchange: Context, partner: Partner) -> None:
    """Record that a partner that asks has nothing left of the list: every withdrawal is confirmed, also those to come.

    No value is kept any longer to tell it to stop.
    Changes nothing for a partner that was never given a page. Raises ListStillGivenError where it is given the list now.
    """
    with tx("feed.acknowledge_erased", exchange.clock) as now:
        head = _lock_head()  # a withdrawal meanwhile would else wait for a word that was given
        own = Partner.objects.select_for_update(no_key=True).get(id=partner.id)
        if own.way == Way.LIST:
            raise ListStillGivenError
        if own.erased_list_at is None and Disclosure.objects.filter(partner=own).exists():
            Partner.objects.filter(id=own.id).update(erased_list_at=now)
            PendingTombstone.objects.filter(partner=own).delete()
            _acknowledge(exchange, own, head.shown_sequence, now)


def _acknowledge(exchange: Context, partner: Partner, sequence: int, now: datetime) -> None:
    if _confirm(partner, sequence, now):
        cursor = partner_ids(exchange.secret, partner.random_id).cursor(sequence)
        _record(exchange, EventName.ACKNOWLEDGED, now, partner=partner, details={"cursor": cursor})


def _note_given(partner: Partner) -> None:
    """Who is given anything has something of the list again, also where the page was under way while it said that all is erased."""
    Partner.objects.filter(id=partner.id).exclude(erased_list_at=None).update(erased_list_at=None)


def forget_told_values(exchange: Context, partner: Partner, asked_from: datetime) -> None:
    """Delete values kept for a partner that now asks from a later time than their withdrawal.

    Not while another case has the same value: the partner was told `Active`, and is to be told when that ends.
    """
    same_value_is_active = Fingerprint.objects.filter(
        kind__in=list(SIGNAL_TYPES), blind_index=OuterRef("blind_index"), state=FingerprintState.ACTIVE
    )
    told = PendingTombstone.objects.filter(~Exists(same_value_is_active), partner=partner, changed_at__lt=asked_from)
    if told.exists():
        with tx("feed.forget_told_values", exchange.clock):
            told.delete()


def forget_old_values(exchange: Context) -> int:
    """Delete values kept longer than any client waits before it fetches everything anew; returns how many."""
    with tx("feed.forget_old_values", exchange.clock) as now:
        _, deleted = PendingTombstone.objects.filter(changed_at__lte=now - PENDING_TOMBSTONE_TERM).delete()
    return deleted.get("feed.PendingTombstone", 0)


def _shown_head(exchange: Context) -> Head:
    """Return the head as it is once the tick was made that is due. A full disk makes no tick: tombstones must go out all the same."""
    head = Head.objects.get()
    with suppress(StorageFullError):
        if show_if_due(exchange, head):
            return Head.objects.get()
    return head


def _read_page(partner: Partner, after: int, limit: int, newest: int, kinds: Collection[Kind]) -> Page:
    """Choose by size first: values may be large, and only those of this page may be read."""
    # Kinds are asked about row by row: as a condition of a join they made SQLite read and sort every fingerprint for each page.
    is_listed = Exists(Fingerprint.objects.filter(id=OuterRef("fingerprint_id"), kind__in=list(kinds)))
    rows = Change.objects.filter(is_listed, sequence__gt=after, superseded_by=None, is_shown=True).order_by("sequence")
    if hidden := cases_hidden_from(partner):
        rows = rows.exclude(fingerprint__case_id__in=hidden)
    waiting = list(rows.values_list("sequence", "fingerprint__value_bytes")[: limit + 1])
    fitting = _fitting([value_bytes for _, value_bytes in waiting[:limit]])
    if not fitting:
        return Page([], newest, newest)
    last = waiting[fitting - 1][0]
    changes = list(rows.filter(sequence__lte=last).select_related("fingerprint"))
    return Page(changes, newest if fitting == len(waiting) else last, newest)


def _fitting(sizes: list[int]) -> int:
    """Return how many of these values go into one page: at least the first."""
    total = 0
    for place, size in enumerate(sizes):
        total += size
        if place and total > MAXIMUM_PAGE_VALUE_BYTES:
            return place
    return len(sizes)


def _record_page(
    exchange: Context, partner: Partner, handed: HandedOut[Encoded], now: datetime, *, shape: Shape, bounds: tuple[int, int, int]
) -> None:
    """Record a page from one number to another, made while the third was the newest of all.

    The same page again is the same disclosure: it is counted, and has its entries in the log already.
    """
    if handed.given or handed.given_beside:
        _note_given(partner)
    numbers = dict(zip(("from_sequence", "to_sequence", "head_sequence"), bounds, strict=True))
    if Disclosure.objects.filter(partner=partner, shape=shape, **numbers).update(last_at=now, pages=F("pages") + 1):
        return
    entries: dict[EventName, int] = {}
    for event, ids in (
        (EventName.DISCLOSED, [*handed.given, *handed.given_beside]),
        (EventName.RETRACTED, handed.retracted),
    ):
        if ids:
            entries[event] = _record(exchange, event, now, partner=partner, fingerprint_ids=ids, details={"shape": shape.value})
    if handed.given_beside:
        _mention(entries[EventName.DISCLOSED], EventName.DISCLOSED, partner, handed.given_beside)
    Disclosure.objects.create(
        partner=partner,
        shape=shape,
        first_at=now,
        last_at=now,
        disclosed_entry_id=entries.get(EventName.DISCLOSED),
        retracted_entry_id=entries.get(EventName.RETRACTED),
        **numbers,
    )
