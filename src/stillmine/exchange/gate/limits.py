# SPDX-License-Identifier: Apache-2.0
"""Count tries and refuse too many. Counting is bounded work and needs no account.

Everyone behind one network shares its count, so limits are set well above what a helpline's office does.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, Sum

from stillmine.exchange.rows.limits import Attempts
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.wire.errors import StillmineError, TooManyAttemptsError

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Limit:
    """At most `maximum` in ten minutes; of cases and fingerprints, more than that needs proof of work (`work.py`)."""

    what: str
    maximum: int


@dataclass(frozen=True)
class Count:
    """How much was done in ten minutes by all networks together, and by one."""

    everybody: int
    network: int


WRONG_CASE_KEYS = Limit("wrong_case_key", 20)
CASES_OPENED = Limit("case_opened", 30)
FINGERPRINTS_ADDED = Limit("fingerprint_added", 3000)
FINGERPRINTS_SUBMITTED = Limit("fingerprint_submitted", 3000)
"""Of one partner, which does no work and is refused; people do none because of it."""


def count_or_refuse(exchange: Context, limit: Limit, network: str) -> datetime:
    """Remember one, in a transaction of its own; returns its minute, for `take_back`. Raises TooManyAttemptsError over the limit.

    Refusing writes nothing, so that a flood of refused tries does not keep others from the database.
    """
    _require_below(limit, network, to_minute(exchange.clock()))
    with tx("limits.count_or_refuse", exchange.clock) as transaction:
        add_or_refuse(transaction, limit, network)
        return transaction.now


def count_all_or_refuse(exchange: Context, tries: Sequence[tuple[Limit, str]]) -> datetime:
    """Remember one under each key together; returns and raises as `count_or_refuse`. Over one limit none is remembered."""
    for limit, key in tries:
        _require_below(limit, key, to_minute(exchange.clock()))
    with tx("limits.count_all_or_refuse", exchange.clock) as transaction:
        for limit, key in tries:
            add_or_refuse(transaction, limit, key)
        return transaction.now


def take_back(exchange: Context, tries: Sequence[tuple[Limit, str]], minute: datetime) -> None:
    """Forget one under each key that was counted before it was known to be right."""
    with tx("limits.take_back", exchange.clock):
        for limit, key in tries:
            Attempts.objects.filter(network_key=key, what=limit.what, minute=minute, count__gt=0).update(count=F("count") - 1)


def counts(exchange: Context, limits: Iterable[Limit], network: str) -> dict[str, Count]:
    """Return for each limit how much was done in the last ten minutes."""
    names = [limit.what for limit in limits]
    rows = Attempts.objects.filter(what__in=names, minute__gt=to_minute(exchange.clock()) - WINDOW).values("what")
    of_network = Sum("count", filter=Q(network_key=network))
    found = {
        row["what"]: Count(row["everybody"], row["of_network"] or 0) for row in rows.annotate(everybody=Sum("count"), of_network=of_network)
    }
    return {name: found.get(name, Count(0, 0)) for name in names}


@contextmanager
def counted_if_refused(exchange: Context, limit: Limit, network: str, added: int) -> Iterator[None]:
    """Count what was refused as well: the work of refusing was done. What succeeds counts in its own transaction."""
    try:
        yield
    except StillmineError:
        with tx("limits.counted_if_refused", exchange.clock) as transaction:
            add_up(transaction, limit, network, added)
        raise


def add_or_refuse(transaction: Transaction, limit: Limit, network: str, added: int = 1) -> None:
    """Add some; raises TooManyAttemptsError over the limit, which undoes the transaction it stands in."""
    add_up(transaction, limit, network, added)
    if _count(limit, network, transaction.now) > limit.maximum:
        raise TooManyAttemptsError(f"limit: {limit.maximum} in ten minutes")


def forget_old_counts(exchange: Context) -> int:
    """Delete what is older than ten minutes, and what a clock counted that was ahead; returns how many rows went."""
    with tx("limits.forget_old_counts", exchange.clock) as transaction:
        deleted, _ = Attempts.objects.filter(Q(minute__lte=transaction.now - WINDOW) | Q(minute__gt=transaction.now + WINDOW)).delete()
    return deleted


def add_up(transaction: Transaction, limit: Limit, network: str, added: int = 1) -> None:
    row = Attempts(network_key=network, what=limit.what, minute=transaction.now)
    Attempts.objects.bulk_create([row], ignore_conflicts=True)
    Attempts.objects.filter(network_key=network, what=limit.what, minute=transaction.now).update(count=F("count") + added)


def _require_below(limit: Limit, network: str, now: datetime) -> None:
    """Raise TooManyAttemptsError once the network has used up its tries."""
    if _count(limit, network, now) >= limit.maximum:
        raise TooManyAttemptsError(f"limit: {limit.maximum} in ten minutes")


def _count(limit: Limit, network: str, now: datetime) -> int:
    rows = Attempts.objects.filter(network_key=network, what=limit.what, minute__gt=now - WINDOW)
    return rows.aggregate(total=Sum("count"))["total"] or 0
