# SPDX-License-Identifier: Apache-2.0
"""Hand out pages, with a record written before anything leaves, and take acknowledgements.

A page is made under the same lock as changes are, so that what the record says was in it, was in it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Exists, F, OuterRef

from stillmine.exchange.cases.models import Fingerprint
from stillmine.exchange.context import Context
from stillmine.exchange.feed.models import Acknowledgement, Change, Disclosure, PendingTombstone, Shape
from stillmine.exchange.feed.queries import head_sequence
from stillmine.exchange.feed.sequence import _lock_head
from stillmine.exchange.partners.models import Partner
from stillmine.exchange.tx import tx
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import FeedCursorInvalidError
from stillmine.wire.feed import MAXIMUM_PAGE_VALUE_BYTES
from stillmine.wire.fingerprint import ACCEPTED_KINDS, Kind
from stillmine.wire.stopncii import SIGNAL_TYPES

PENDING_TOMBSTONE_TERM = timedelta(days=30)

KINDS: dict[Shape, Collection[Kind]] = {Shape.NATIVE: ACCEPTED_KINDS, Shape.STOPNCII: SIGNAL_TYPES}
"""What each shape lists."""

Encoded = TypeVar("Encoded")


@dataclass(frozen=True)
class Page:
    """The newest changes after one number up to `to_sequence`, with their fingerprints; `newest` is the newest of all."""

    changes: list[Change]
    to_sequence: int
    newest: int

    @property
    def has_more(self) -> bool:
        """False where the page reaches the newest change."""
        return self.to_sequence < self.newest


def hand_out(exchange: Context, partner: Partner, *, after: int, limit: int, shape: Shape, encode: Callable[[Page], Encoded]) -> Encoded:
    """Return the page after number `after` as `encode` makes it, inside the transaction that records it.

    Raises FeedCursorInvalidError for a number that was never given, which happens after a restored backup.
    """
    newest = head_sequence()
    if after > newest:
        raise FeedCursorInvalidError
    if after == newest:  # nothing new: nothing to record, and no lock to wait for
        return encode(Page([], newest, newest))
    with tx("feed.hand_out", exchange.clock) as now:
        page = _read_page(after, limit, _lock_head().sequence, KINDS[shape])
        _record(partner, shape, after, page, now)
        return encode(page)


def record_snapshot(exchange: Context, partner: Partner) -> tuple[int, int]:
    """Record that everything active is handed out, as one page of all; returns the newest number and how many are active."""
    with tx("feed.record_snapshot", exchange.clock) as now:
        newest = _lock_head().sequence
        count = Change.objects.filter(superseded_by=None, state=FingerprintState.ACTIVE).count()
        if count:
            _record(partner, Shape.NATIVE, 0, Page([], newest, newest), now)
        return newest, count


def acknowledge(exchange: Context, partner: Partner, sequence: int) -> None:
    """Record that everything up to `sequence` is applied; an older number changes nothing. Raises FeedCursorInvalidError."""
    with tx("feed.acknowledge", exchange.clock) as now:
        Partner.objects.select_for_update().get(id=partner.id)
        if sequence > head_sequence():
            raise FeedCursorInvalidError
        latest = Acknowledgement.objects.filter(partner=partner).order_by("-sequence").first()
        if latest is None:
            Acknowledgement.objects.create(partner=partner, sequence=sequence, minute=now)
        elif sequence <= latest.sequence:
            return
        elif latest.minute >= now:
            Acknowledgement.objects.filter(id=latest.id).update(sequence=sequence)
        else:
            Acknowledgement.objects.create(partner=partner, sequence=sequence, minute=now)


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


def _read_page(after: int, limit: int, newest: int, kinds: Collection[Kind]) -> Page:
    """Choose by size first: values may be large, and only those of this page may be read."""
    # Kinds are asked about row by row: as a condition of a join they made SQLite read and sort every fingerprint for each page.
    is_listed = Exists(Fingerprint.objects.filter(id=OuterRef("fingerprint_id"), kind__in=list(kinds)))
    rows = Change.objects.filter(is_listed, sequence__gt=after, superseded_by=None).order_by("sequence")
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


def _record(partner: Partner, shape: Shape, after: int, page: Page, now: datetime) -> None:
    bounds = {"from_sequence": after, "to_sequence": page.to_sequence, "head_sequence": page.newest}
    same = Disclosure.objects.filter(partner=partner, shape=shape, **bounds)
    if not same.update(last_at=now, pages=F("pages") + 1):
        Disclosure.objects.create(partner=partner, shape=shape, first_at=now, last_at=now, **bounds)
