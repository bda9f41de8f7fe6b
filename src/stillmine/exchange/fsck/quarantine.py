# SPDX-License-Identifier: Apache-2.0
"""What `fsck` checks of intake: that reasons and decisions fit the states of fingerprints. Reads only."""

from django.db.models import Count, F, Q

from stillmine.exchange.protection.suspensions import newest_suspensions
from stillmine.exchange.rows.intake import Decision, MatchCount
from stillmine.wire.case import FingerprintState


def broken_rules() -> dict[str, int]:
    """Return how many rows break each rule."""
    rows = newest_suspensions()
    ended = Q(decision__in=[Decision.RESTORED, Decision.LAPSED])
    tokens = MatchCount.objects.annotate(tokens=Count("counted"))
    return {
        "fingerprint(s) are suspended though their suspension has ended": rows.filter(
            ended, fingerprint__state=FingerprintState.SUSPENDED
        ).count(),
        "fingerprint(s) are active though nobody has ended their suspension": rows.filter(
            Q(decision=None) | ~ended, fingerprint__state=FingerprintState.ACTIVE
        ).count(),
        "count(s) hold more uploads than they count": tokens.filter(tokens__gt=F("uploads")).count(),
    }
