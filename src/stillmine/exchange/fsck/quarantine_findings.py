# SPDX-License-Identifier: Apache-2.0
"""What `fsck` checks of the quarantine: that reasons and decisions fit the states of fingerprints. Reads only."""

from collections.abc import Iterator

from django.db.models import Count, F, Q

from stillmine.exchange.fsck.rules import Rule, broken
from stillmine.exchange.protection.suspensions import newest_suspensions
from stillmine.exchange.rows.intake import Decision, MatchCount
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState

_STILL_SUSPENDED = Rule(
    "fingerprint is suspended though its suspension has ended", "fingerprints are suspended though their suspension has ended"
)
_STILL_ACTIVE = Rule(
    "fingerprint is active though nobody has ended its suspension", "fingerprints are active though nobody has ended their suspension"
)
_TOO_MANY_UPLOADS = Rule("count holds more uploads than it counts", "counts hold more uploads than they count")


def quarantine_findings(_exchange: Context) -> Iterator[str]:
    """Yield one line per broken rule."""
    rows = newest_suspensions()
    ended = Q(decision__in=[Decision.RESTORED, Decision.LAPSED])
    tokens = MatchCount.objects.annotate(tokens=Count("counted"))
    return broken(
        {
            _STILL_SUSPENDED: rows.filter(ended, fingerprint__state=FingerprintState.SUSPENDED).count(),
            _STILL_ACTIVE: rows.filter(Q(decision=None) | ~ended, fingerprint__state=FingerprintState.ACTIVE).count(),
            _TOO_MANY_UPLOADS: tokens.filter(tokens__gt=F("uploads")).count(),
        }
    )
