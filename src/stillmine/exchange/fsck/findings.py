# SPDX-License-Identifier: Apache-2.0
"""Check what must always be true of the stored data, and say what is not, without showing any of it.

It reads only. Each check is one query that finds the rows that break one rule.
"""

from collections.abc import Iterable

from django.db.models import Count, F, Max, Min, Q

from stillmine.exchange.database.soundness import DAMAGED, unsound
from stillmine.exchange.fsck import quarantine as intake
from stillmine.exchange.fsck.log import ledger_findings
from stillmine.exchange.fsck.sealed import sealed_findings
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.feed import Acknowledgement, Change, Disclosure, Head, PendingTombstone
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.transaction.context import context
from stillmine.wire.case import CaseState, FingerprintState

_WITHDRAWN = FingerprintState.WITHDRAWN.value


def findings() -> list[str]:
    """Return one line per broken rule; nothing where all hold. Of a database that can't be read, that alone."""
    broken = unsound()
    if any(line.startswith(DAMAGED) for line in broken):
        return broken
    return [*_sequence(), *_rules(), *sealed_findings(context()), *ledger_findings()]


def _sequence() -> Iterable[str]:
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
    times = Change.objects.order_by("sequence").values_list("changed_at", flat=True).iterator()
    earlier = next(times, None)
    for later in times:
        if earlier is not None and later < earlier:
            yield "a change's time is earlier than that of the change before"
            return
        earlier = later


def _rules() -> Iterable[str]:
    head = Head.objects.values_list("sequence", flat=True).first() or 0
    newest = Change.objects.filter(superseded_by=None)
    waiting = newest.filter(is_shown=False, state=FingerprintState.ACTIVE) if Head.objects.filter(waiting_since=None) else newest.none()
    active = Q(state__in=[FingerprintState.ACTIVE.value, FingerprintState.SUSPENDED.value])
    broken = {
        "withdrawn fingerprint(s) still hold a value": Fingerprint.objects.filter(
            Q(state=_WITHDRAWN) & (Q(sealed_value__isnull=False) | Q(quality__isnull=False))
        ).count(),
        "active or suspended fingerprint(s) have no value": Fingerprint.objects.filter(active & Q(sealed_value=None)).count(),
        "fingerprint(s) of closed cases are not withdrawn": Fingerprint.objects.filter(active)
        .exclude(case__state=CaseState.OPEN.value)
        .count(),
        "open case(s) hold no active or suspended fingerprint": Case.objects.filter(state=CaseState.OPEN.value)
        .exclude(id__in=Fingerprint.objects.filter(active).values("case_id"))
        .count(),
        "fingerprint(s) are not in the feed": Fingerprint.objects.exclude(id__in=newest.values("fingerprint_id")).count(),
        "fingerprint(s) differ in state from the feed": newest.exclude(state=F("fingerprint__state")).count(),
        "change(s) wait for a tick that will not come": waiting.count(),
        "fingerprint(s) ended and partners were not told": newest.filter(is_shown=False)
        .exclude(state=FingerprintState.ACTIVE)
        .filter(fingerprint_id__in=Change.objects.filter(is_shown=True).values("fingerprint_id"))
        .count(),
        "change(s) are superseded by a number that is not there": Change.objects.filter(superseded_by__isnull=False)
        .exclude(superseded_by__in=Change.objects.values("sequence"))
        .count(),
        "disclosure(s) name numbers outside of the sequence": Disclosure.objects.filter(
            Q(from_sequence__lt=0)
            | Q(from_sequence__gte=F("to_sequence"))
            | Q(to_sequence__gt=F("head_sequence"))
            | Q(head_sequence__gt=head)
        ).count(),
        "acknowledgement(s) name numbers outside of the sequence": Acknowledgement.objects.filter(
            Q(sequence__lt=0) | Q(sequence__gt=head)
        ).count(),
        "value(s) are kept for a partner though the fingerprint is active": PendingTombstone.objects.filter(
            fingerprint__state=FingerprintState.ACTIVE.value
        ).count(),
        "value(s) are kept for a partner that was never given a page in that shape": PendingTombstone.objects.exclude(
            partner_id__in=Disclosure.objects.filter(shape="stopncii").values("partner_id")
        ).count(),
        "value(s) are kept for a partner that has erased the list": PendingTombstone.objects.exclude(partner__erased_list_at=None).count(),
        "report(s) refer to no fingerprint": Report.objects.exclude(fingerprint_id__in=Fingerprint.objects.values("id")).count(),
    }
    return [f"{count} {rule}" for rule, count in (broken | intake.broken_rules()).items() if count]
