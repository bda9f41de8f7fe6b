# SPDX-License-Identifier: Apache-2.0
"""What `fsck` checks of intake: that reasons and decisions fit the states of fingerprints. Reads only."""

from django.db.models import OuterRef, Q, Subquery

from stillmine.exchange.intake.models import Decision, Suspension
from stillmine.wire.case import FingerprintState


def broken_rules() -> dict[str, int]:
    """Return how many rows break each rule."""
    newest = Suspension.objects.filter(fingerprint=OuterRef("fingerprint")).order_by("-id").values("id")[:1]
    rows = Suspension.objects.filter(id=Subquery(newest))
    ended = Q(decision=Decision.RESTORED)
    return {
        "fingerprint(s) are suspended though an operator restored them": rows.filter(
            ended, fingerprint__state=FingerprintState.SUSPENDED
        ).count(),
        "fingerprint(s) are active though nobody has ended their suspension": rows.filter(
            Q(decision=None) | ~ended, fingerprint__state=FingerprintState.ACTIVE
        ).count(),
    }
