# SPDX-License-Identifier: Apache-2.0
"""Numbers for changes: one after the other, without gaps, visible in order.

A database's own sequence would not do: its numbers become visible out of order, and a partner that has seen the
later one would never fetch the earlier. So one row is locked, from the first number taken to the commit.

Not all are shown in the feed, spec/feed.md says which. Must never number what came together in its order: list partners see the order.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import count
from typing import NamedTuple

from django.db.models import Case, When

from stillmine.exchange.protection.given import first_given
from stillmine.exchange.protection.kept_values import keep_values, withdrawable_values
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Acknowledgement, Change, Head, PendingTombstone, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind
from stillmine.wire.stopncii import SIGNAL_TYPES

HEAD_ID = 1

BATCH_CHANGES = 10_000
BATCH_VALUE_BYTES = 32 * 1024 * 1024
"""Values may be large: what is read at once is bounded in bytes too."""
_COLUMNS = (
    "fingerprint_id",
    "fingerprint__case_id",
    "fingerprint__kind",
    "fingerprint__quality",
    "state",
    "fingerprint__data_key__wrapped_by_id",
    "fingerprint__data_key__wrapped_key",
)
"""Of a ChangedFingerprint, but for its last."""


class ChangedFingerprint(NamedTuple):
    """A fingerprint, its state after a change, and its data key; a plain tuple, because whoever reads very many has no time for more."""

    id: str
    case_id: int
    kind: str
    quality: int | None
    state: str
    wrapped_by: str | None
    wrapped_key: bytes | memoryview | None
    sealed_value: bytes | memoryview | None


class Batch(NamedTuple):
    """Fingerprints whose newest change is after one number and up to `end`, in the order of those changes."""

    end: int
    changed: list[ChangedFingerprint]


def next_batch(
    after: int, up_to: int, to: FingerprintState | None = None, *, kinds: Collection[str] = tuple(Kind), only_shown: bool = False
) -> Batch:
    """Return the first fingerprints of these kinds whose newest change is after one number and up to another (and to one state, and shown).

    As many as are read at once; the last batch ends with `up_to`. Small values come with their rows, because each table stands in another
    order and is read in one go so; large ones come once it is known how many may.
    """
    changes = Change.objects.filter(sequence__gt=after, sequence__lte=up_to, superseded_by=None)
    changes = changes.filter(state=to.value) if to else changes
    changes = changes.filter(is_shown=True) if only_shown else changes
    small = BATCH_VALUE_BYTES // BATCH_CHANGES
    # No kind among the conditions: SQLite would go through the fingerprints by kind, all of them for each batch.
    small_value = Case(When(fingerprint__value_bytes__lte=small, fingerprint__kind__in=kinds, then="fingerprint__sealed_value"))
    rows = changes.order_by("sequence").values_list("sequence", "fingerprint__value_bytes", *_COLUMNS, small_value)
    read: list[ChangedFingerprint] = []
    end = total = 0
    has_large = False
    for place, (sequence, value_bytes, *row) in enumerate(rows[: BATCH_CHANGES + 1]):
        total += value_bytes
        if place and (place == BATCH_CHANGES or total > BATCH_VALUE_BYTES):
            break
        end = sequence
        has_large = has_large or value_bytes > small
        read.append(ChangedFingerprint._make(row))
    else:
        end = up_to
    of_kinds = [row for row in read if row.kind in kinds]
    if has_large:
        large = changes.filter(sequence__lte=end, fingerprint__value_bytes__gt=small)
        values = dict(large.values_list("fingerprint_id", Case(When(fingerprint__kind__in=kinds, then="fingerprint__sealed_value"))))
        of_kinds = [row._replace(sealed_value=values.get(row.id, row.sealed_value)) for row in of_kinds]
    return Batch(end, of_kinds)


def lock_head(transaction: Transaction) -> Head:
    """Return the head, held by this transaction until it ends (SQLite: the transaction holds the whole database)."""
    transaction.require_open()
    return Head.objects.select_for_update().get(id=HEAD_ID)


def tick_number(exchange: Context) -> int:
    """Return the number of the present interval between two ticks."""
    return int(exchange.clock().timestamp()) // exchange.feed.tick_seconds


def append_changes(exchange: Context, transaction: Transaction, fingerprint_ids: list[str], state: FingerprintState) -> None:
    """Give each fingerprint's change to `state` the next number, in random order. The change's time never runs backwards.

    What comes to be active waits for a tick; a tombstone is shown at once where anything of the fingerprint ever was, and who erased the
    list has confirmed it before.
    """
    head = lock_head(transaction)
    changed_at = max(head.changed_at, transaction.now)
    before = list(Change.objects.filter(fingerprint_id__in=fingerprint_ids, superseded_by=None))
    if state is FingerprintState.ACTIVE:
        shown = {change.fingerprint_id for change in before if change.is_shown and change.state == FingerprintState.ACTIVE}
    else:
        shown = _ever_shown(before)
    _keep_for_partners_that_know_only_values(exchange, transaction, fingerprint_ids, state, changed_at)
    new = _numbered(exchange, head, ((fingerprint_id, fingerprint_id in shown) for fingerprint_id in fingerprint_ids), state, changed_at)
    _store(head, before, new)
    if state is not FingerprintState.ACTIVE and shown:
        for partner in Partner.objects.exclude(erased_list_at=None):
            confirm(transaction, partner, new[-1].sequence)
    if state is FingerprintState.ACTIVE and head.waiting_since is None and len(shown) < len(new):
        Head.objects.filter(id=HEAD_ID).update(waiting_since=tick_number(exchange))


def confirm(transaction: Transaction, partner: Partner, sequence: int) -> bool:
    """Note that everything up to a number no longer matches at a partner; returns False for a number that was confirmed before."""
    latest = Acknowledgement.objects.filter(partner=partner).order_by("-sequence").first()
    if latest is not None and sequence <= latest.sequence:
        return False
    if latest is not None and latest.minute >= transaction.now:
        Acknowledgement.objects.filter(id=latest.id).update(sequence=sequence)
    else:
        Acknowledgement.objects.create(partner=partner, sequence=sequence, minute=transaction.now)
    return True


def show_waiting(exchange: Context, transaction: Transaction) -> None:
    """Give all that waits new numbers in random order, which are shown; the old ones are superseded."""
    head = lock_head(transaction)
    waiting = list(Change.objects.filter(superseded_by=None, is_shown=False, state=FingerprintState.ACTIVE.value))
    shown = ((change.fingerprint_id, True) for change in waiting)
    _store(head, waiting, _numbered(exchange, head, shown, FingerprintState.ACTIVE, max(head.changed_at, transaction.now)))
    Head.objects.filter(id=HEAD_ID).update(waiting_since=None)


def _numbered(
    exchange: Context, head: Head, fingerprints: Iterable[tuple[str, bool]], state: FingerprintState, changed_at: datetime
) -> list[Change]:
    """Return changes of fingerprints, each with whether it is shown, with the next numbers in random order."""
    in_random_order = sorted((exchange.random_bytes(16), fingerprint_id, is_shown) for fingerprint_id, is_shown in fingerprints)
    return [
        Change(sequence=sequence, fingerprint_id=fingerprint_id, state=state.value, is_shown=is_shown, changed_at=changed_at)
        for sequence, (_, fingerprint_id, is_shown) in zip(count(head.sequence + 1), in_random_order, strict=False)
    ]


def _store(head: Head, before: list[Change], new: list[Change]) -> None:
    """Write new changes, which take the place of those before."""
    if not new:
        return
    next_numbers = {change.fingerprint_id: change.sequence for change in new}
    for change in before:
        change.superseded_by = next_numbers[change.fingerprint_id]
    Change.objects.bulk_update(before, ["superseded_by"])
    Change.objects.bulk_create(new)
    shown = max((change.sequence for change in new if change.is_shown), default=head.shown_sequence)
    Head.objects.filter(id=HEAD_ID).update(sequence=new[-1].sequence, shown_sequence=shown, changed_at=new[-1].changed_at)


def _ever_shown(before: list[Change]) -> set[str]:
    """Return the fingerprints that partners may hold, from their newest changes."""
    hidden = [change.fingerprint_id for change in before if not change.is_shown]
    earlier = Change.objects.filter(fingerprint_id__in=hidden, is_shown=True).values_list("fingerprint_id", flat=True) if hidden else ()
    return {change.fingerprint_id for change in before if change.is_shown} | set(earlier)


def _keep_for_partners_that_know_only_values(
    exchange: Context, transaction: Transaction, fingerprint_ids: list[str], state: FingerprintState, changed_at: datetime
) -> None:
    """Keep values for the partners that know them in the StopNCII shape and have not erased them; drop them where they are active again."""
    pending = PendingTombstone.objects.filter(fingerprint_id__in=fingerprint_ids)
    if state is FingerprintState.ACTIVE:
        pending.delete()
        return
    rows = list(Fingerprint.objects.filter(id__in=fingerprint_ids, kind__in=list(SIGNAL_TYPES), sealed_value__isnull=False))
    indexes = {row.id: row.blind_index or "" for row in rows}
    knowing = set(first_given(Change.objects.filter(fingerprint_id__in=fingerprint_ids), Shape.STOPNCII))
    knowing |= _told_through_another_case(indexes)
    erased = set(Partner.objects.exclude(erased_list_at=None).values_list("id", flat=True))
    knowing = {(fingerprint_id, partner_id) for fingerprint_id, partner_id in knowing if partner_id not in erased}
    pending.update(changed_at=changed_at)
    known = {fingerprint_id for fingerprint_id, _ in knowing}
    values = withdrawable_values(exchange, [row for row in rows if row.id in known])
    if values:
        keep_values(exchange, transaction, knowing, {row_id: (value, indexes[row_id]) for row_id, value in values.items()}, changed_at)


def _told_through_another_case(indexes: dict[str, str]) -> set[tuple[str, int]]:
    """Partners that are told `Active` for another case's withdrawn value because one of these still had it."""
    pairs = PendingTombstone.objects.filter(blind_index__in=indexes.values()).values_list("blind_index", "partner_id")
    return {(fingerprint_id, partner_id) for known, partner_id in pairs for fingerprint_id, index in indexes.items() if index == known}
