# SPDX-License-Identifier: Apache-2.0
"""How a partner follows: what it was given last, how far behind it is, which withdrawals it has not acknowledged.

For operators, on the command line and in the console alike. It counts and names no fingerprint and no case.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min

from stillmine.exchange.protection.given import first_given
from stillmine.exchange.rows.feed import Acknowledgement, Change, Disclosure, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.wire.case import FingerprintState

PATIENCE = timedelta(minutes=5)
"""A partner that syncs as it should is never behind for longer."""

_AT_ONCE = 500


@dataclass(frozen=True)
class PartnerHealth:
    """`last_given_at` is the minute of the last page with something new; who finds nothing new leaves no trace but its key's day.

    Changes are those of today's fingerprints after the last acknowledgement; who was never given a page, or has erased all, is not behind.
    Withdrawals and suspensions count where this partner was given the fingerprint. The StopNCII shape alone has no way to acknowledge.
    """

    last_given_at: datetime | None
    acknowledged_at: datetime | None
    changes_behind: int
    behind_since: datetime | None
    withdrawals_not_acknowledged: int
    oldest_not_acknowledged: datetime | None
    can_acknowledge: bool
    is_late: bool


def partner_health(partner: Partner, now: datetime) -> PartnerHealth:
    """Return how a partner follows, from what is stored."""
    acknowledged = Acknowledgement.objects.filter(partner=partner).aggregate(sequence=Max("sequence"), minute=Max("minute"))
    pages = Disclosure.objects.filter(partner=partner)
    shapes = set(pages.values_list("shape", flat=True).distinct()) if partner.erased_list_at is None else set()
    can_acknowledge = shapes != {Shape.STOPNCII.value}
    after = acknowledged["sequence"] or 0
    behind = Change.objects.filter(superseded_by=None, is_shown=True, sequence__gt=after) if shapes else Change.objects.none()
    since = behind.aggregate(oldest=Min("changed_at"))["oldest"]
    waiting = _not_acknowledged(partner, after) if shapes else []
    return PartnerHealth(
        last_given_at=pages.aggregate(last=Max("last_at"))["last"],
        acknowledged_at=acknowledged["minute"],
        changes_behind=behind.count(),
        behind_since=since,
        withdrawals_not_acknowledged=len(waiting),
        oldest_not_acknowledged=min(waiting, default=None),
        can_acknowledge=can_acknowledge,
        is_late=can_acknowledge and since is not None and now - since >= PATIENCE,
    )


def _not_acknowledged(partner: Partner, after: int) -> list[datetime]:
    """Return the times of the tombstones that wait for this partner's word."""
    shown = Change.objects.filter(superseded_by=None, is_shown=True, sequence__gt=after)
    tombstones = shown.exclude(state=FingerprintState.ACTIVE)
    changed = dict(tombstones.values_list("fingerprint_id", "changed_at"))
    ids = sorted(changed)
    found = []
    for start in range(0, len(ids), _AT_ONCE):
        given = first_given(Change.objects.filter(fingerprint_id__in=ids[start : start + _AT_ONCE]), partner=partner)
        found += [changed[fingerprint_id] for fingerprint_id, partner_id in given if partner_id == partner.pk]
    return found
