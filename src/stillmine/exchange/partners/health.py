# SPDX-License-Identifier: Apache-2.0
"""How a list partner follows: what it was given last, how far behind it is, which withdrawals it has not acknowledged.

For operators. It counts and names no fingerprint and no case.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from stillmine.exchange.feed.models import Acknowledgement, Change, Disclosure
from stillmine.exchange.feed.queries import first_given, head_sequence
from stillmine.exchange.partners.models import Partner
from stillmine.wire.case import FingerprintState


@dataclass(frozen=True)
class PartnerHealth:
    """`last_given_at` is the minute of the last page with something new; who finds nothing new leaves no trace but its key's day.

    `changes_behind` counts from the last acknowledgement. Withdrawals and suspensions count where this partner was given the fingerprint.
    """

    last_given_at: datetime | None
    acknowledged_at: datetime | None
    changes_behind: int
    withdrawals_not_acknowledged: int
    oldest_not_acknowledged: datetime | None


def partner_health(partner: Partner) -> PartnerHealth:
    """Return how a partner follows, from what is stored."""
    last = Acknowledgement.objects.filter(partner=partner).order_by("-sequence").first()
    acknowledged = last.sequence if last else 0
    waiting = _not_acknowledged(partner, acknowledged)
    return PartnerHealth(
        last_given_at=Disclosure.objects.filter(partner=partner).aggregate(last=Max("last_at"))["last"],
        acknowledged_at=last.minute if last else None,
        changes_behind=head_sequence() - acknowledged,
        withdrawals_not_acknowledged=len(waiting),
        oldest_not_acknowledged=min(waiting, default=None),
    )


def _not_acknowledged(partner: Partner, acknowledged: int) -> list[datetime]:
    """Return the times of the tombstones that wait for this partner's word."""
    tombstones = Change.objects.filter(superseded_by=None, sequence__gt=acknowledged).exclude(state=FingerprintState.ACTIVE)
    changes = list(Change.objects.filter(fingerprint_id__in=tombstones.values("fingerprint_id")))
    given = first_given(changes, partner=partner)
    return [
        change.changed_at
        for change in changes
        if change.superseded_by is None and change.sequence > acknowledged and (change.fingerprint_id, partner.id) in given
    ]
