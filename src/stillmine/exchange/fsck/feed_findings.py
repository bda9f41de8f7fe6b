# SPDX-License-Identifier: Apache-2.0
"""What `fsck` checks of the feed: its numbers, what partners were given of it, and the values kept to tell them. Reads only."""

from collections.abc import Iterator

from django.db.models import Count, F, Max, Min, Q

from stillmine.exchange.fsck.rules import Rule, broken
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Acknowledgement, Change, Disclosure, Head, PendingTombstone, Shape
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState

_NOT_IN_FEED = Rule("fingerprint is not in the feed", "fingerprints are not in the feed")
_OTHER_STATE = Rule("fingerprint differs in state from the feed", "fingerprints differ in state from the feed")
_NO_TICK = Rule("change waits for a tick that will not come", "changes wait for a tick that will not come")
_NOT_TOLD = Rule("fingerprint ended and partners were not told", "fingerprints ended and partners were not told")
_NO_SUCCESSOR = Rule("change is superseded by a number that is not there", "changes are superseded by numbers that are not there")
_PAGE_OUTSIDE = Rule("disclosure names numbers outside of the sequence", "disclosures name numbers outside of the sequence")
_CONFIRMED_OUTSIDE = Rule("acknowledgement names a number outside of the sequence", "acknowledgements name numbers outside of the sequence")
_KEPT_OF_ACTIVE = Rule(
    "value is kept for a partner though the fingerprint is active", "values are kept for partners though the fingerprints are active"
)
_KEPT_FOR_NOBODY = Rule(
    "value is kept for a partner that was never given a page in that shape",
    "values are kept for partners that were never given a page in that shape",
)
_KEPT_AFTER_ERASING = Rule("value is kept for a partner that has erased the list", "values are kept for partners that have erased the list")


def feed_findings(_exchange: Context) -> Iterator[str]:
    """Yield one line per broken rule."""
    yield from _sequence()
    yield from broken(_changes() | _given() | _kept_values())


def _sequence() -> Iterator[str]:
    heads = list(Head.objects.values_list("sequence", "shown_sequence"))
    if len(heads) != 1:
        yield f"the feed has {len(heads)} heads instead of one"
        return
    numbers = Change.objects.aggregate(first=Min("sequence"), last=Max("sequence"), count=Count("sequence"))
    last = numbers["last"] or 0
    if last != heads[0][0]:
        yield f"the newest change is number {last}, but the head says {heads[0][0]}"
    shown = Change.objects.filter(is_shown=True).aggregate(last=Max("sequence"))["last"] or 0
    if shown != heads[0][1]:
        yield f"the newest change that is shown is number {shown}, but the head says {heads[0][1]}"
    if numbers["count"] != last or (numbers["first"] or 1) != 1:
        yield f"{numbers['count']} changes are numbered up to {last}: there are gaps"
    if _runs_backwards():
        yield "a change's time is earlier than that of the change before"


def _runs_backwards() -> bool:
    times = Change.objects.order_by("sequence").values_list("changed_at", flat=True).iterator()
    earlier = next(times, None)
    for later in times:
        if earlier is not None and later < earlier:
            return True
        earlier = later
    return False


def _changes() -> dict[Rule, int]:
    newest = Change.objects.filter(superseded_by=None)
    waiting = newest.filter(is_shown=False, state=FingerprintState.ACTIVE) if Head.objects.filter(waiting_since=None) else newest.none()
    ended_unseen = newest.filter(is_shown=False).exclude(state=FingerprintState.ACTIVE)
    superseded = Change.objects.filter(superseded_by__isnull=False)
    return {
        _NOT_IN_FEED: Fingerprint.objects.exclude(id__in=newest.values("fingerprint_id")).count(),
        _OTHER_STATE: newest.exclude(state=F("fingerprint__state")).count(),
        _NO_TICK: waiting.count(),
        _NOT_TOLD: ended_unseen.filter(fingerprint_id__in=Change.objects.filter(is_shown=True).values("fingerprint_id")).count(),
        _NO_SUCCESSOR: superseded.exclude(superseded_by__in=Change.objects.values("sequence")).count(),
    }


def _given() -> dict[Rule, int]:
    head = Head.objects.values_list("sequence", flat=True).first() or 0
    pages = Q(from_sequence__lt=0) | Q(from_sequence__gte=F("to_sequence")) | Q(to_sequence__gt=F("head_sequence"))
    return {
        _PAGE_OUTSIDE: Disclosure.objects.filter(pages | Q(head_sequence__gt=head)).count(),
        _CONFIRMED_OUTSIDE: Acknowledgement.objects.filter(Q(sequence__lt=0) | Q(sequence__gt=head)).count(),
    }


def _kept_values() -> dict[Rule, int]:
    knowing = Disclosure.objects.filter(shape=Shape.STOPNCII).values("partner_id")
    return {
        _KEPT_OF_ACTIVE: PendingTombstone.objects.filter(fingerprint__state=FingerprintState.ACTIVE).count(),
        _KEPT_FOR_NOBODY: PendingTombstone.objects.exclude(partner_id__in=knowing).count(),
        _KEPT_AFTER_ERASING: PendingTombstone.objects.exclude(partner__erased_list_at=None).count(),
    }
