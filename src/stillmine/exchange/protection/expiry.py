# SPDX-License-Identifier: Apache-2.0
"""Cases end when their term is over: few at a time, and only by a clock that is believed, which whoever calls this has looked at.

Must never end more in a day than is usual unless an operator said so: a wrong clock looks like very many cases that are due.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import QuerySet

from stillmine.exchange.protection.actions import lock_case, unwithdrawn, withdraw_rows
from stillmine.exchange.protection.kept_cases import KEPT_FOR, bring_back, erase_kept, keep_of_expired, kept_cases, kept_ids
from stillmine.exchange.protection.sequence import lock_head
from stillmine.exchange.protection.transitions import close_case
from stillmine.exchange.rows.cases import Case
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.case import CaseState

DAY = timedelta(days=1)
PERCENT_A_DAY = 2
LEAST_A_DAY = 20
"""So many cases may end in a day whatever the share, so that a small exchange is not held up."""

OVERDUE = timedelta(days=7)

_AT_ONCE = 500

_log = logging.getLogger(__name__)


def expire_cases(exchange: Context, *, is_confirmed: bool = False) -> int:
    """End the cases whose term is over, each in its own transaction; returns how many.

    No more than the day's share, unless an operator confirmed the clock.
    """
    with tx("cases.find_expired", exchange.clock) as transaction:
        due = _due(transaction.now).order_by("expires_at")
        chosen = list(due if is_confirmed else due[: min(_AT_ONCE, room_today(transaction.now))])
    ended = sum(expire_case(exchange, case) for case in chosen)
    if ended:
        _log.info("%d case(s) ended: their term is over", ended)
    return ended


def erase_expired(exchange: Context) -> int:
    """Erase what was kept of cases that expired 72 hours ago; returns of how many."""
    with tx("cases.find_kept", exchange.clock) as transaction:
        kept = kept_cases()
        kept.filter(closed_at__gt=transaction.now).update(
            closed_at=transaction.now
        )  # ended by a clock that was ahead: the 72 hours begin now
        due = list(kept.filter(closed_at__lte=transaction.now - KEPT_FOR).order_by("closed_at")[:_AT_ONCE])
    erased = sum(_erase(exchange, case) for case in due)
    if erased:
        _log.info("%d case(s) that ended 72 hours ago are erased", erased)
    return erased


def bring_back_cases(exchange: Context, ended_within: timedelta) -> tuple[int, int]:
    """Open again all cases that expired in so long a time and are still kept; returns how many, and how many fingerprints."""
    with tx("cases.find_kept", exchange.clock) as transaction:
        kept = kept_cases().filter(closed_at__gte=transaction.now - ended_within)
        found = list(kept.order_by("closed_at", "id"))
    counts = [_return(exchange, case) for case in found]
    back = [count for count in counts if count]
    _log.info("%d case(s) that had expired are open again, with %d fingerprint(s)", len(back), sum(back))
    return len(back), sum(back)


def room_today(now: datetime) -> int:
    """Return how many cases may still end: 2 % of those that were open a day ago, at least 20, less what ended since."""
    ended = Case.objects.filter(state=CaseState.EXPIRED.value, closed_at__gt=now - DAY, closed_at__lte=now).count()
    before = Case.objects.filter(state=CaseState.OPEN.value).count() + ended
    return max(0, max(LEAST_A_DAY, before * PERCENT_A_DAY // 100) - ended)


def count_overdue(now: datetime) -> int:
    """Return how many open cases should have ended a week ago or more."""
    return _due(now - OVERDUE).count()


def count_due(now: datetime) -> int:
    """Return how many open cases' term is over."""
    return _due(now).count()


def _erase(exchange: Context, case: Case) -> bool:
    with tx("cases.erase_expired", exchange.clock) as transaction:
        locked = lock_case(transaction, case)
        if (
            locked.state != CaseState.EXPIRED or locked.closed_at is None or locked.closed_at > transaction.now - KEPT_FOR
        ):  # brought back meanwhile
            return False
        erase_kept(transaction, sorted(kept_ids(locked)))
        return True


def _return(exchange: Context, case: Case) -> int:
    with tx("cases.bring_back", exchange.clock) as transaction:
        locked = lock_case(transaction, case)
        return bring_back(exchange, transaction, locked) if locked.state == CaseState.EXPIRED else 0


def _due(now: datetime) -> QuerySet[Case]:
    return Case.objects.filter(state=CaseState.OPEN.value, expires_at__lte=now)


def expire_case(exchange: Context, case: Case) -> bool:
    with tx("cases.expire", exchange.clock) as transaction:
        locked = lock_case(transaction, case)
        if locked.state != CaseState.OPEN or locked.expires_at > transaction.now:  # withdrawn or renewed since it was found
            return False
        end_case(exchange, transaction, case, transaction.now)
        return True


def end_case(exchange: Context, transaction: Transaction, case: Case, ended_at: datetime) -> None:
    """End a case that is locked, and keep what it holds for 72 hours from `ended_at`."""
    lock_head(transaction)
    rows = list(unwithdrawn(case))
    keep_of_expired(transaction, rows)
    withdraw_rows(exchange, transaction, rows, EventName.EXPIRED)
    close_case(transaction, case, CaseState.EXPIRED, ended_at)
