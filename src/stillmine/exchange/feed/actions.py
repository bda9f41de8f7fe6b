# SPDX-License-Identifier: Apache-2.0
"""Hand out pages, with a record written before anything leaves, and take acknowledgements.

A page is read under the same lock as changes are made, so that what the record says was in it, was in it. It is encoded after that: nothing
here knows how a page looks on its way.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from django.db.models import Exists, F, OuterRef, QuerySet

from stillmine.exchange.feed.pages import Page, read_page, shown, shown_of
from stillmine.exchange.log.actions import record
from stillmine.exchange.log.mentions import note_mentions
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.protection.drill_secrecy import cases_hidden_from
from stillmine.exchange.protection.entries import record_of
from stillmine.exchange.protection.given import KINDS
from stillmine.exchange.protection.sequence import confirm, lock_head
from stillmine.exchange.protection.ticks import show_if_due
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Change, Disclosure, Head, PendingTombstone, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import FeedCursorInvalidError
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import ListStillGivenError
from stillmine.wire.stopncii import SIGNAL_TYPES
from stillmine.wire.storage_errors import StorageFullError

PENDING_TOMBSTONE_TERM = timedelta(days=30)

NEWEST_CHANGES = 1_000
"""A partner so near the newest change is told of withdrawals on a full disk too: what is recorded of it is small."""


@dataclass(frozen=True)
class Told:
    """What a page tells: the fingerprints given, those to stop, and those given beside the page's own changes."""

    given: list[str]
    retracted: list[str]
    given_beside: list[str] = field(default_factory=list)


class Content(Protocol):
    """All that a page says in its shape: whoever encodes it reads nothing more."""

    @property
    def told(self) -> Told: ...


ContentT = TypeVar("ContentT", bound=Content)


def hand_out(exchange: Context, partner: Partner, *, after: int, limit: int, shape: Shape, read: Callable[[Page], ContentT]) -> ContentT:
    """Return what the page after number `after` says, once it is on record; what `read` can't read is not.

    Raises FeedCursorInvalidError for a number that was never given, which happens after a restored backup.
    """
    shown = _shown_head(exchange).shown_sequence
    if after > shown:
        raise FeedCursorInvalidError
    if after == shown:  # nothing new: nothing to record, and no lock to wait for
        return read(Page([], shown, shown))
    with tx("feed.hand_out_newest" if shown - after <= NEWEST_CHANGES else "feed.hand_out", exchange.clock) as transaction:
        head = lock_head(transaction)
        page = read_page(transaction, partner, after=after, limit=limit, newest=head.shown_sequence, kinds=KINDS[shape])
        content = read(page)
        _record_page(exchange, transaction, partner, content.told, shape=shape, bounds=(after, page.to_sequence, head.sequence))
    return content


def record_snapshot(exchange: Context, partner: Partner) -> tuple[int, int]:
    """Record that everything active of its kinds is handed out, as one page of all; returns the newest shown number and how many there are.

    Changes wait meanwhile: what the log says was given must be what is active at that number.
    """
    _shown_head(exchange)
    with tx("feed.record_snapshot", exchange.clock) as transaction:
        head = lock_head(transaction)
        newest = head.shown_sequence
        kinds, hidden = KINDS[Shape.SNAPSHOT], cases_hidden_from(partner)
        bounds = {"shape": Shape.SNAPSHOT, "from_sequence": 0, "to_sequence": newest, "head_sequence": head.sequence}
        recorded = Disclosure.objects.filter(partner=partner, **bounds)
        # One reading of a million rows, which takes seconds: what is counted is what is recorded.
        given = None if recorded.exists() else list(_commitments(kinds, hidden))
        count = _active(shown_of(kinds), hidden).count() if given is None else len(given)
        if count:
            _note_given(partner)
        if count and given is None:
            recorded.update(last_at=transaction.now, pages=F("pages") + 1)
        elif given:
            commitments = {bytes(stored) for stored in given if stored is not None}
            details = {"shape": Shape.SNAPSHOT.value}
            entry = record(exchange, transaction, EventName.DISCLOSED, partner=partner.name, commitments=commitments, details=details)
            Disclosure.objects.create(
                partner=partner, first_at=transaction.now, last_at=transaction.now, disclosed_entry_id=entry, **bounds
            )
        return newest, count


def _active(changes: QuerySet[Change], hidden: Collection[int]) -> QuerySet[Change]:
    active = changes.filter(state=FingerprintState.ACTIVE)
    return active.exclude(fingerprint__case_id__in=hidden) if hidden else active


def _commitments(kinds: Collection[Kind], hidden: Collection[int]) -> Iterator[bytes | memoryview | None]:
    """Yield the commitment of each active fingerprint of these kinds; as a condition, the kinds of a million rows take two seconds more."""
    rows = _active(shown(), hidden).values_list("fingerprint__kind", "fingerprint__ledger_commitment")
    return (commitment for kind, commitment in rows.iterator() if kind in kinds)


def acknowledge(exchange: Context, partner: Partner, sequence: int) -> None:
    """Record that everything up to `sequence` is applied; an older number changes nothing. Raises FeedCursorInvalidError."""
    with tx("feed.acknowledge", exchange.clock) as transaction:
        Partner.objects.select_for_update(no_key=True).get(id=partner.id)  # a page handed out refers to the partner and must not wait
        if sequence > Head.objects.get().shown_sequence:
            raise FeedCursorInvalidError
        _acknowledge(exchange, transaction, partner, sequence)


def acknowledge_erased(exchange: Context, partner: Partner) -> None:
    """Record that a partner that asks has nothing left of the list: every withdrawal is confirmed, also those to come.

    No value is kept any longer to tell it to stop.
    Changes nothing for a partner that was never given a page. Raises ListStillGivenError where it is given the list now.
    """
    with tx("feed.acknowledge_erased", exchange.clock) as transaction:
        head = lock_head(transaction)  # a withdrawal meanwhile would else wait for a word that was given
        locked = Partner.objects.select_for_update(no_key=True).get(id=partner.id)
        if locked.way == Way.LIST:
            raise ListStillGivenError
        if locked.erased_list_at is None and Disclosure.objects.filter(partner=locked).exists():
            Partner.objects.filter(id=locked.id).update(erased_list_at=transaction.now)
            PendingTombstone.objects.filter(partner=locked).delete()
            _acknowledge(exchange, transaction, locked, head.shown_sequence)


def _acknowledge(exchange: Context, transaction: Transaction, partner: Partner, sequence: int) -> None:
    if confirm(transaction, partner, sequence):
        cursor = partner_ids(exchange.secret, partner.random_id).cursor(sequence)
        record(exchange, transaction, EventName.ACKNOWLEDGED, partner=partner.name, details={"cursor": cursor})


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
    told_values = PendingTombstone.objects.filter(~Exists(same_value_is_active), partner=partner, changed_at__lt=asked_from)
    if told_values.exists():
        with tx("feed.forget_told_values", exchange.clock):
            told_values.delete()


def forget_old_values(exchange: Context) -> int:
    """Delete values kept longer than any client waits before it fetches everything again; returns how many."""
    with tx("feed.forget_old_values", exchange.clock) as transaction:
        _, deleted = PendingTombstone.objects.filter(changed_at__lte=transaction.now - PENDING_TOMBSTONE_TERM).delete()
    return deleted.get(PendingTombstone._meta.label, 0)


def _shown_head(exchange: Context) -> Head:
    """Return the head as it is once the tick was made that is due. A full disk makes no tick: tombstones must go out all the same."""
    head = Head.objects.get()
    with suppress(StorageFullError):
        if show_if_due(exchange, head):
            return Head.objects.get()
    return head


def _record_page(
    exchange: Context, transaction: Transaction, partner: Partner, told: Told, *, shape: Shape, bounds: tuple[int, int, int]
) -> None:
    """Record a page from one number to another, made while the third was the newest of all.

    The same page again is the same disclosure: it is counted, and has its entries in the log already.
    """
    if told.given or told.given_beside:
        _note_given(partner)
    numbers = dict(zip(("from_sequence", "to_sequence", "head_sequence"), bounds, strict=True))
    if Disclosure.objects.filter(partner=partner, shape=shape, **numbers).update(last_at=transaction.now, pages=F("pages") + 1):
        return
    entries: dict[EventName, int] = {}
    for event, ids in (
        (EventName.DISCLOSED, [*told.given, *told.given_beside]),
        (EventName.RETRACTED, told.retracted),
    ):
        if ids:
            entries[event] = record_of(exchange, transaction, event, ids, partner=partner, details={"shape": shape.value})
    if told.given_beside:
        note_mentions(transaction, entries[EventName.DISCLOSED], EventName.DISCLOSED, told.given_beside, partner.id)
    Disclosure.objects.create(
        partner=partner,
        shape=shape,
        first_at=transaction.now,
        last_at=transaction.now,
        disclosed_entry_id=entries.get(EventName.DISCLOSED),
        retracted_entry_id=entries.get(EventName.RETRACTED),
        **numbers,
    )
