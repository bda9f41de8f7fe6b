# SPDX-License-Identifier: Apache-2.0
"""Active fingerprints that an operator is asked to look at. A flag never keeps anything from being matched.

Partners are told of it: place 2 of the tags of an ask, `is_flagged` in the native feed, which needs a new change of the same state.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q

from stillmine.exchange.protection.sequence import append_changes, lock_head
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.intake import Flag, FlagDecision, FlagReason
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case import FingerprintState

PEACE_AFTER_DECISION = timedelta(days=7)
"""An operator has just looked: the same again is not looked at again before."""

_log = logging.getLogger(__name__)


def is_flagged(fingerprint: str) -> Exists:
    """Return the condition that the fingerprint in this column is flagged."""
    return Exists(Flag.objects.filter(fingerprint_id=OuterRef(fingerprint), decision=None))


def flagged_among(fingerprint_ids: Sequence[str]) -> set[str]:
    """Return which of these are flagged. Mostly nothing is, and asking that first costs less than naming a page of ids."""
    undecided = Flag.objects.filter(decision=None)
    if not undecided.exists():
        return set()
    return set(undecided.filter(fingerprint_id__in=fingerprint_ids).values_list("fingerprint_id", flat=True))


def looked_at(fingerprint_ids: Iterable[str]) -> dict[str, datetime]:
    """Return when an operator last decided about a flag of each fingerprint that had one."""
    rows = Flag.objects.filter(fingerprint_id__in=list(fingerprint_ids), decision__isnull=False)
    return dict(rows.values("fingerprint_id").annotate(at=Max("decided_at")).values_list("fingerprint_id", "at"))


def not_flagged_lately(fingerprint_ids: Collection[str], now: datetime) -> list[str]:
    """Return those that no flag stands for and no operator decided about in the last days."""
    recent = Q(decision=None) | Q(decided_at__gt=now - PEACE_AFTER_DECISION)
    known = Flag.objects.filter(recent, fingerprint_id__in=list(fingerprint_ids)).values_list("fingerprint_id", flat=True)
    return sorted(set(fingerprint_ids) - set(known))


def flag(exchange: Context, transaction: Transaction, fingerprint_ids: Collection[str], reason: FlagReason) -> None:
    """Flag those that are active and not flagged; takes the feed's lock, so before the ledger's."""
    if not fingerprint_ids:
        return
    lock_head(transaction)
    active = Fingerprint.objects.filter(id__in=list(fingerprint_ids), state=FingerprintState.ACTIVE).values_list("id", flat=True)
    new = sorted(set(active) - flagged_among(list(fingerprint_ids)))
    if not new:
        return
    Flag.objects.bulk_create(Flag(fingerprint_id=one, reason=reason.value, flagged_at=transaction.now) for one in new)
    append_changes(exchange, transaction, new, FingerprintState.ACTIVE)
    _log.warning("%d fingerprint(s) need an operator (%s); they are matched meanwhile. See: stillmine exchange flag list", len(new), reason)


def decide_flags(transaction: Transaction, fingerprint_ids: Sequence[str], decision: FlagDecision) -> int:
    rows = Flag.objects.filter(fingerprint_id__in=fingerprint_ids, decision=None)
    return rows.update(decision=decision.value, decided_at=transaction.now)
