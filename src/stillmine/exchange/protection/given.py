# SPDX-License-Identifier: Apache-2.0
"""What was handed to whom and when, worked out from page ranges; what each partner has confirmed.

A fingerprint counts as given only where its active change was shown, and still the newest when the page was made: whoever
fetched later saw a tombstone.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from stillmine.exchange.protection.drill_secrecy import only_for
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Acknowledgement, Change, Disclosure, Head, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import LISTED_KINDS, Kind
from stillmine.wire.stopncii import SIGNAL_TYPES

KINDS: dict[Shape, Collection[Kind]] = {Shape.NATIVE: LISTED_KINDS, Shape.SNAPSHOT: LISTED_KINDS, Shape.STOPNCII: SIGNAL_TYPES}
"""What each shape lists."""

Given = dict[tuple[str, int], datetime]
"""(fingerprint id, partner id) -> first time."""

_JOIN_GAP = 100
"""Runs of numbers nearer than this are looked up as one range."""


def head_sequence() -> int:
    """Return the newest number, shown or not."""
    return Head.objects.values_list("sequence", flat=True).get()


def shown_among(fingerprint_ids: Iterable[str]) -> set[str]:
    """Return which of these the feed shows now as active."""
    rows = Change.objects.filter(fingerprint_id__in=list(fingerprint_ids), superseded_by=None, is_shown=True)
    return set(rows.filter(state=FingerprintState.ACTIVE.value).values_list("fingerprint_id", flat=True))


def first_given(changes: Iterable[Change], shape: Shape | None = None, partner: Partner | None = None) -> Given:
    """Return when each partner (or one) was first given each fingerprint whose changes these are, in any shape or in one."""
    shown = (change for change in changes if change.is_shown and change.state == FingerprintState.ACTIVE)
    active = sorted(shown, key=lambda change: change.sequence)
    given: Given = {}
    if not active:
        return given
    numbers = [change.sequence for change in active]
    kinds, private = _kinds_of(active), only_for()
    chosen = {name: value for name, value in (("shape", shape), ("partner", partner)) if value is not None}
    rows = Disclosure.objects.filter(overlapping(numbers), **chosen)
    for partner_id, page_shape, after, to, head, at in rows.values_list(
        "partner_id", "shape", "from_sequence", "to_sequence", "head_sequence", "first_at"
    ).iterator():
        for change in active[bisect_right(numbers, after) : bisect_right(numbers, to)]:
            if kinds[change.fingerprint_id] not in KINDS[Shape(page_shape)]:
                continue
            if private.get(change.fingerprint_id, partner_id) != partner_id:
                continue
            if change.superseded_by is None or head < change.superseded_by:
                key = (change.fingerprint_id, partner_id)
                given[key] = min(at, given.get(key, at))
    return given


def first_confirmed(partner_ids: Iterable[int], tombstones: Iterable[int]) -> dict[tuple[int, int], datetime]:
    """Return when each partner first confirmed each tombstone: (tombstone's number, partner id) -> time."""
    numbers = sorted(set(tombstones))
    columns = {
        f"confirmed_{number}": Subquery(
            Acknowledgement.objects.filter(partner_id=OuterRef("id"), sequence__gte=number).order_by("sequence").values("minute")[:1]
        )
        for number in numbers
    }
    rows = Partner.objects.filter(id__in=list(partner_ids)).annotate(**columns).values("id", *columns) if columns else []
    return {(number, row["id"]): at for row in rows for number in numbers if (at := row[f"confirmed_{number}"]) is not None}


def last_sequence_before(at: datetime) -> int:
    """Return the last shown number whose change is older than `at`; 0 if there is none. What waits must not tell that it does."""
    found = Change.objects.filter(changed_at__lt=at, is_shown=True).order_by("-sequence").values_list("sequence", flat=True).first()
    return found or 0


def overlapping(numbers: list[int]) -> Q:
    """Return the condition for pages that can hold one of these numbers; `numbers` is sorted and not empty."""
    pages = Q()
    start = 0
    while start < len(numbers):
        end = start
        while end + 1 < len(numbers) and numbers[end + 1] - numbers[end] <= _JOIN_GAP:
            end += 1
        pages |= Q(from_sequence__lt=numbers[end], to_sequence__gte=numbers[start])
        start = end + 1
    return pages


def _kinds_of(changes: Iterable[Change]) -> dict[str, Kind]:
    """Return the kind of each fingerprint: a shape leaves some out, though their numbers lie inside of its pages."""
    ids = [change.fingerprint_id for change in changes]
    return {row_id: Kind(kind) for row_id, kind in Fingerprint.objects.filter(id__in=ids).values_list("id", "kind")}
