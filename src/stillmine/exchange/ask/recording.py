# SPDX-License-Identifier: Apache-2.0
"""Write down what a partner asked and what it is told, before it is told: counts, matches, what matched beside, entries of the log.

A match is a disclosure, and a case whose fingerprint is not told hears of it all the same.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F

from stillmine.exchange.log.mentions import mentioned_in_this_state
from stillmine.exchange.partners.queries import Caller
from stillmine.exchange.protection.entries import record_each_of, record_of
from stillmine.exchange.rows.asks import AskBeside, AskCount, AskMatch
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, one_statement, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.ask_errors import QuotaUsedUpError

BESIDE_TERM = timedelta(days=30)

_COUNTS = AskCount._meta.db_table
_COUNT = (
    f"INSERT INTO {_COUNTS} (partner_id, day, queries, matches) VALUES (%s, %s, %s, %s) ON CONFLICT (partner_id, day) "  # noqa: S608 (names of our own tables)
    f"DO UPDATE SET queries = {_COUNTS}.queries + excluded.queries, matches = {_COUNTS}.matches + excluded.matches "
    f"WHERE {_COUNTS}.queries + excluded.queries <= %s"
)
"""Of the first queries of a day `require_quota` has looked before that they are within the quota."""


def require_quota(asking: Caller, queries: int, now: datetime) -> None:
    """Raise QuotaUsedUpError where these are more than were left of the day when the request began."""
    if asking.queries_today + queries > asking.partner.daily_quota:
        raise _used_up(asking.partner, now)


def count_queries(transaction: Transaction, partner: Partner, queries: int, matches: int) -> None:
    """Add to the day's count, in one statement of plain SQL; raises QuotaUsedUpError, which undoes the transaction it stands in."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _counted(partner, transaction.now, queries, matches))
        is_counted = cursor.rowcount == 1
    if not is_counted:
        raise _used_up(partner, transaction.now)


def count_clear(exchange: Context, partner: Partner, queries: int) -> None:
    """Add queries that match nothing: most asks are this. It tells nobody of anything, so it does not wait for the disk.

    Raises QuotaUsedUpError, and then nothing is counted.
    """
    if one_statement("ask.answer_clear", exchange.clock, _COUNT, lambda now: _counted(partner, now, queries, 0)) != 1:
        raise _used_up(partner, exchange.clock())


def _counted(partner: Partner, now: datetime, queries: int, matches: int) -> list[str | int | None]:
    return [partner.pk, connection.ops.adapt_datefield_value(now.date()), queries, matches, partner.daily_quota]


def write_down(transaction: Transaction, partner: Partner, queries: Mapping[str, int], parts: AbstractSet[str] | None = None) -> None:
    """Record which fingerprints matched and how often: a match is a disclosure. Of `parts` only a part did."""
    day = transaction.now.date()
    rows = [
        AskMatch(partner=partner, fingerprint_id=fingerprint_id, day=day, first_at=transaction.now, is_part=fingerprint_id in (parts or ()))
        for fingerprint_id in sorted(queries)
    ]
    AskMatch.objects.bulk_create(rows, ignore_conflicts=True)
    if parts is not None:
        matched = sorted(queries.keys() - parts)
        AskMatch.objects.filter(partner=partner, day=day, fingerprint_id__in=matched, is_part=True).update(is_part=False)
    for times in sorted(set(queries.values())):
        ids = sorted(fingerprint_id for fingerprint_id, count in queries.items() if count == times)
        AskMatch.objects.filter(partner=partner, day=day, fingerprint_id__in=ids).update(queries=F("queries") + times)


def write_beside(transaction: Transaction, partner: Partner, near: Sequence[Sequence[str]]) -> None:
    """Record what matched beside each fingerprint that is told: the first of each list, beside the others."""
    pairs = sorted({(ids[0], other) for ids in near for other in ids[1:]})
    if pairs:
        rows = [AskBeside(partner=partner, told_id=told, other_id=other, last_day=transaction.now.date()) for told, other in pairs]
        AskBeside.objects.bulk_create(rows, update_conflicts=True, unique_fields=["partner", "told", "other"], update_fields=["last_day"])


def recorded_today(partner: Partner, fingerprint_ids: Sequence[str], now: datetime) -> set[str]:
    """Return which of these the log has a `matched` of this partner for, of this day and of the state that they are in.

    An entry says no more than the day, so one is enough: else who uploads one file again and again would fill a log that is for ever.
    """
    today = AskMatch.objects.filter(partner=partner, day=now.date(), fingerprint_id__in=fingerprint_ids)
    return mentioned_in_this_state(EventName.MATCHED, list(today.values_list("fingerprint_id", flat=True)), partner.id)


def record_matches(exchange: Context, transaction: Transaction, partner: Partner, told: AbstractSet[str], others: AbstractSet[str]) -> None:
    """Write into the log what is told, as one entry, and of each other case its own: an entry's size must not show a person other cases."""
    if told:
        record_of(exchange, transaction, EventName.MATCHED, sorted(told), partner=partner)
    record_each_of(exchange, transaction, EventName.MATCHED, sorted(others - told), partner)


def forget_old_beside(exchange: Context) -> int:
    """Delete what matched beside others when that was last 30 days ago: decisions come sooner; returns how many rows went."""
    with tx("ask.forget_old_beside", exchange.clock) as transaction:
        deleted, _ = AskBeside.objects.filter(last_day__lt=(transaction.now - BESIDE_TERM).date()).delete()
    return deleted


def _used_up(partner: Partner, now: datetime) -> QuotaUsedUpError:
    error = QuotaUsedUpError(f"limit: {partner.daily_quota} queries a day")
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    error.retry_after_seconds = max(1, int((midnight - now).total_seconds()))
    return error
