# SPDX-License-Identifier: Apache-2.0
"""Hand out pages, with a record written before anything leaves, and take acknowledgements.

A page is made under the same lock as changes are, so that what the record says was in it, was in it.
"""

from collections.abc import Callable
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

PENDING_TOMBSTONE_TERM = timedelta(days=30)

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
        page = _read_page(after, limit, _lock_head().sequence)
        _record(partner, shape, after, page, now)
        return encode(page)


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
    same_value_is_active = Fingerprint.objects.filter(value=OuterRef("value"), state=FingerprintState.ACTIVE)
    told = PendingTombstone.objects.filter(~Exists(same_value_is_active), partner=partner, changed_at__lt=asked_from)
    if told.exists():
        with tx("feed.forget_told_values", exchange.clock):
            told.delete()


def forget_old_values(exchange: Context) -> int:
    """Delete values kept longer than any client waits before it fetches everything anew; returns how many."""
    with tx("feed.forget_old_values", exchange.clock) as now:
        deleted, _ = PendingTombstone.objects.filter(changed_at__lte=now - PENDING_TOMBSTONE_TERM).delete()
    return deleted


def _read_page(after: int, limit: int, newest: int) -> Page:
    rows = Change.objects.filter(sequence__gt=after, superseded_by=None).select_related("fingerprint")
    changes = list(rows.order_by("sequence")[: limit + 1])
    is_last = len(changes) <= limit
    changes = changes[:limit]
    return Page(changes, newest if is_last else changes[-1].sequence, newest)


def _record(partner: Partner, shape: Shape, after: int, page: Page, now: datetime) -> None:
    bounds = {"from_sequence": after, "to_sequence": page.to_sequence, "head_sequence": page.newest}
    same = Disclosure.objects.filter(partner=partner, shape=shape, **bounds)
    if not same.update(last_at=now, pages=F("pages") + 1):
        Disclosure.objects.create(partner=partner, shape=shape, first_at=now, last_at=now, **bounds)
