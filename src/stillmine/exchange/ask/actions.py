# SPDX-License-Identifier: Apache-2.0
"""Answer asks: find candidates, keep what is active now, count, and write down what matched before it is told.

A partner is told the nearest; every case that is near is written down. Queries are counted and never kept. An index that is behind must
never make a `clear` of a match, nor a match of what was withdrawn.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F

from stillmine.exchange.ask.nearby import active_of, asked, named_by_index, nearest_of_each_case
from stillmine.exchange.ask.probing import note_variety
from stillmine.exchange.ask.queries import queries_on
from stillmine.exchange.log.mentions import mentioned_in_this_state
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.protection.entries import record_each_of, record_of
from stillmine.exchange.quarantine.weighing import note_matches
from stillmine.exchange.rows.asks import AskBeside, AskCount, AskMatch
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.ask import Answer, Ask, AskAnswer, Outcome, tags_of
from stillmine.wire.ask_errors import QuotaUsedUpError

BESIDE_TERM = timedelta(days=30)

_COUNTS = AskCount._meta.db_table
_COUNT = (
    f"INSERT INTO {_COUNTS} (partner_id, day, queries, matches) VALUES (%s, %s, %s, %s) ON CONFLICT (partner_id, day) "  # noqa: S608 (names of our own tables)
    f"DO UPDATE SET queries = {_COUNTS}.queries + excluded.queries, matches = {_COUNTS}.matches + excluded.matches "
    f"WHERE {_COUNTS}.queries + excluded.queries <= %s"
)
"""Of the first queries of a day `ask` has looked before that they are within the quota."""


def ask(exchange: Context, partner: Partner, message: Ask) -> AskAnswer:
    """Return one answer for each query; raises IndexLoadingError or QuotaUsedUpError, and then nothing is counted or told."""
    now = exchange.clock()
    if queries_on(partner, now.date()) + len(message.queries) > partner.daily_quota:
        raise _used_up(partner, now)
    named = named_by_index(exchange, message.queries)
    if not any(found.ids for found in named.values()):
        return _all_clear(exchange, partner, len(message.queries))
    with tx("ask.answer", exchange.clock) as transaction:
        active = active_of(named, partner)
        nearest = nearest_of_each_case(named, active)
        matched = [nearest[asked(query)] for query in message.queries]
        near = [list(one) for one in matched]
        count_queries(transaction, partner, len(near), sum(map(bool, near)))
        found: dict[str, list[str | None]] = {}
        for query, ids in zip(message.queries, near, strict=True):
            for fingerprint_id in ids:
                found.setdefault(fingerprint_id, []).append(query.upload_token)
        if found:
            recorded = _recorded_today(partner, sorted(found), transaction.now)
            _write_down(transaction, partner, {fingerprint_id: len(tokens) for fingerprint_id, tokens in found.items()})
            _write_beside(transaction, partner, near)
            note_variety(exchange, transaction, partner, message.queries, matched)
            note_matches(exchange, transaction, found, partner)
            _record_matches(exchange, transaction, partner, near, recorded)
    nearest_ids = sorted({ids[0] for ids in near if ids})
    entry_ids = (
        dict(zip(nearest_ids, partner_ids(exchange.secret, partner.random_id).entry_ids(nearest_ids), strict=True)) if nearest_ids else {}
    )
    answers = {
        fingerprint_id: Answer(
            Outcome.MATCH, entry_ids[fingerprint_id], tags_of(active[fingerprint_id].is_synthetic, active[fingerprint_id].is_flagged)
        )
        for fingerprint_id in nearest_ids
    }
    return AskAnswer(1, [answers[ids[0]] if ids else Answer() for ids in near])


def _all_clear(exchange: Context, partner: Partner, queries: int) -> AskAnswer:
    """Count, and answer that nothing matches: most asks are this one. It tells nobody of anything, so it does not wait for the disk."""
    with tx("ask.answer_clear", exchange.clock, may_be_lost=True) as transaction:
        count_queries(transaction, partner, queries, 0)
    return AskAnswer(1, [Answer()] * queries)


def forget_old_beside(exchange: Context) -> int:
    """Delete what matched beside others when that was last 30 days ago: decisions come sooner; returns how many rows went."""
    with tx("ask.forget_old_beside", exchange.clock) as transaction:
        deleted, _ = AskBeside.objects.filter(last_day__lt=(transaction.now - BESIDE_TERM).date()).delete()
    return deleted


def count_queries(transaction: Transaction, partner: Partner, queries: int, matches: int) -> None:
    """Add to the day's count, in one statement of plain SQL; raises QuotaUsedUpError, which undoes the transaction it stands in."""
    day = connection.ops.adapt_datefield_value(transaction.now.date())
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [partner.pk, day, queries, matches, partner.daily_quota])
        is_counted = cursor.rowcount == 1
    if not is_counted:
        raise _used_up(partner, transaction.now)


def _write_down(transaction: Transaction, partner: Partner, queries: Mapping[str, int]) -> None:
    """Record which fingerprints matched and how often: a match is a disclosure."""
    day = transaction.now.date()
    rows = [
        AskMatch(partner=partner, fingerprint_id=fingerprint_id, day=day, first_at=transaction.now) for fingerprint_id in sorted(queries)
    ]
    AskMatch.objects.bulk_create(rows, ignore_conflicts=True)
    for times in sorted(set(queries.values())):
        ids = sorted(fingerprint_id for fingerprint_id, count in queries.items() if count == times)
        AskMatch.objects.filter(partner=partner, day=day, fingerprint_id__in=ids).update(queries=F("queries") + times)


def _write_beside(transaction: Transaction, partner: Partner, near: Sequence[Sequence[str]]) -> None:
    """Record what matched beside each fingerprint that is told."""
    pairs = sorted({(ids[0], other) for ids in near for other in ids[1:]})
    if pairs:
        rows = [AskBeside(partner=partner, told_id=told, other_id=other, last_day=transaction.now.date()) for told, other in pairs]
        AskBeside.objects.bulk_create(rows, update_conflicts=True, unique_fields=["partner", "told", "other"], update_fields=["last_day"])


def _recorded_today(partner: Partner, fingerprint_ids: Sequence[str], now: datetime) -> set[str]:
    """Return which of these the log has a `matched` of this partner for, of this day and of the state that they are in.

    An entry says no more than the day, so one is enough: else who uploads one file again and again would fill a log that is for ever.
    """
    today = AskMatch.objects.filter(partner=partner, day=now.date(), fingerprint_id__in=fingerprint_ids)
    return mentioned_in_this_state(EventName.MATCHED, list(today.values_list("fingerprint_id", flat=True)), partner.id)


def _record_matches(
    exchange: Context, transaction: Transaction, partner: Partner, near: Sequence[Sequence[str]], recorded: AbstractSet[str]
) -> None:
    """Write into the log what is told, as one entry, and of each other case its own: an entry's size must not show a person other cases."""
    nearest_ids = {ids[0] for ids in near if ids}
    others = {other for ids in near for other in ids[1:]} - nearest_ids
    if new := sorted(nearest_ids - recorded):
        record_of(exchange, transaction, EventName.MATCHED, new, partner=partner)
    record_each_of(exchange, transaction, EventName.MATCHED, sorted(others - recorded), partner)


def _used_up(partner: Partner, now: datetime) -> QuotaUsedUpError:
    error = QuotaUsedUpError(f"limit: {partner.daily_quota} queries a day")
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    error.retry_after_seconds = max(1, int((midnight - now).total_seconds()))
    return error
