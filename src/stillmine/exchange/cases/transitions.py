# SPDX-License-Identifier: Apache-2.0
"""The two state machines of spec/case.md, and the only code that changes a state.

Each change is a conditional update: who finds another state than expected changes nothing and is told of a conflict.
"""

from collections.abc import Sequence
from datetime import datetime

from stillmine.exchange.cases.models import Case, Fingerprint
from stillmine.exchange.context import Context
from stillmine.exchange.feed.sequence import _append_changes
from stillmine.exchange.keys.models import CaseDataKey
from stillmine.exchange.ledger.actions import _record
from stillmine.ledger.entry import EventName
from stillmine.wire.case import CaseState, FingerprintState
from stillmine.wire.errors import ConflictError

CASE_TRANSITIONS = frozenset(
    {
        (CaseState.OPEN, CaseState.WITHDRAWN),
        (CaseState.OPEN, CaseState.EXPIRED),
    }
)

FINGERPRINT_TRANSITIONS = frozenset(
    {
        (FingerprintState.ACTIVE, FingerprintState.SUSPENDED),
        (FingerprintState.SUSPENDED, FingerprintState.ACTIVE),
        (FingerprintState.ACTIVE, FingerprintState.WITHDRAWN),
        (FingerprintState.SUSPENDED, FingerprintState.WITHDRAWN),
    }
)


EVENTS = {
    FingerprintState.ACTIVE: EventName.RESTORED,
    FingerprintState.SUSPENDED: EventName.SUSPENDED,
    FingerprintState.WITHDRAWN: EventName.WITHDRAWN,
}
"""What the log says of a change to each state, unless its reason has a word of its own."""


def _close_case(case: Case, to: CaseState, now: datetime) -> None:
    """Move an open case to `to` and delete its data key; raises ConflictError if it is not open any more."""
    allowed = [before.value for before, after in CASE_TRANSITIONS if after is to]
    changed = Case.objects.filter(id=case.id, state__in=allowed).update(state=to.value, closed_at=now)
    if changed != 1:
        raise ConflictError
    CaseDataKey.objects.filter(case=case).delete()


def _move_fingerprints(
    exchange: Context, fingerprints: Sequence[Fingerprint], to: FingerprintState, now: datetime, event: EventName | None = None
) -> None:
    """Move fingerprints to `to` and put it into feed and log; a withdrawn value is erased here. Raises ConflictError.

    `event` is what the log says where that is not the state's own word.
    """
    ids = [fingerprint.id for fingerprint in fingerprints]
    allowed = [before.value for before, after in FINGERPRINT_TRANSITIONS if after is to]
    _append_changes(exchange, ids, to, now)  # first, because it takes the lock under which the old value is still there
    rows = Fingerprint.objects.filter(id__in=ids, state__in=allowed)
    if to is FingerprintState.WITHDRAWN:
        erased = {"sealed_value": None, "blind_index": None, "value_bytes": 0, "quality": None, "is_synthetic": False}
        changed = rows.update(state=to.value, withdrawn_at=now, **erased)
    else:
        changed = rows.update(state=to.value)
    if changed != len(ids):
        raise ConflictError
    _record(exchange, event or EVENTS[to], now, fingerprint_ids=ids)
