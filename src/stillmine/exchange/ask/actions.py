# SPDX-License-Identifier: Apache-2.0
"""Answer asks: find candidates, keep the nearest that is active now, count, and write down what is told before it is told.

Queries are counted and never kept. An index that is behind must never make a `clear` of a match, nor a match of what was withdrawn.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from django.db.models import F

from stillmine.exchange.ask.client import candidates
from stillmine.exchange.ask.following import active_among
from stillmine.exchange.ask.models import AskCount, AskMatch
from stillmine.exchange.ask.protocol import MAXIMUM_CANDIDATES
from stillmine.exchange.ask.queries import queries_on
from stillmine.exchange.cases.models import Fingerprint
from stillmine.exchange.context import Context
from stillmine.exchange.drills.secrecy import only_for
from stillmine.exchange.intake.quarantine import _note_matches
from stillmine.exchange.ledger.actions import _record
from stillmine.exchange.partners.models import Partner
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.tx import tx
from stillmine.ledger.entry import EventName
from stillmine.wire.ask import NO_TAGS, SYNTHETIC_TAGS, Answer, Ask, AskAnswer, Outcome
from stillmine.wire.ask_errors import IndexLoadingError, QuotaUsedUpError


def ask(exchange: Context, partner: Partner, message: Ask) -> AskAnswer:
    """Return one answer for each query; raises IndexLoadingError or QuotaUsedUpError, and then nothing is counted or told."""
    now = exchange.clock()
    if queries_on(partner, now.date()) + len(message.queries) > partner.daily_quota:
        raise _used_up(partner, now)
    found = candidates(exchange.home, message.queries)
    with tx("ask.answer", exchange.clock) as minute:
        matched = _nearest_active(found, partner)
        _count(partner, minute, len(matched), sum(own is not None for own in matched))
        uploads = Counter(own for own in matched if own is not None)
        _write_down(partner, uploads, minute)
        if uploads:
            _note_matches(exchange, uploads, partner, minute)
            _record(exchange, EventName.MATCHED, minute, partner=partner, fingerprint_ids=sorted(uploads))
    ids = partner_ids(exchange.secret, partner.random_id)
    told = [own for own in matched if own is not None]
    names = dict(zip(told, ids.entry_ids(told), strict=True)) if told else {}
    synthetic = set(Fingerprint.objects.filter(id__in=told, is_synthetic=True).values_list("id", flat=True)) if told else set()
    tags = {own: SYNTHETIC_TAGS if own in synthetic else NO_TAGS for own in told}
    return AskAnswer(1, [Answer() if own is None else Answer(Outcome.MATCH, names[own], tags[own]) for own in matched])


def _nearest_active(found: list[list[str]], partner: Partner) -> list[str | None]:
    """Return for each query the first of its candidates that is active; raises IndexLoadingError where there may be others behind them."""
    private = only_for()
    active = active_among(sorted({own for ids in found for own in ids if private.get(own, partner.id) == partner.id}))
    chosen = [next((own for own in ids if own in active), None) for ids in found]
    if any(own is None and len(ids) == MAXIMUM_CANDIDATES for own, ids in zip(chosen, found, strict=True)):
        raise IndexLoadingError
    return chosen


def _count(partner: Partner, now: datetime, queries: int, matches: int) -> None:
    """Add to the day's count; raises QuotaUsedUpError, which undoes the transaction it stands in."""
    day = now.date()
    AskCount.objects.bulk_create([AskCount(partner=partner, day=day)], ignore_conflicts=True)
    rows = AskCount.objects.filter(partner=partner, day=day, queries__lte=partner.daily_quota - queries)
    if not rows.update(queries=F("queries") + queries, matches=F("matches") + matches):
        raise _used_up(partner, now)


def _write_down(partner: Partner, told: "Counter[str]", now: datetime) -> None:
    """Record which fingerprints this partner is told of: a match is a disclosure."""
    day = now.date()
    rows = [AskMatch(partner=partner, fingerprint_id=own, day=day, first_at=now) for own in sorted(told)]
    AskMatch.objects.bulk_create(rows, ignore_conflicts=True)
    for times in sorted(set(told.values())):
        ids = sorted(own for own, count in told.items() if count == times)
        AskMatch.objects.filter(partner=partner, day=day, fingerprint_id__in=ids).update(queries=F("queries") + times)


def _used_up(partner: Partner, now: datetime) -> QuotaUsedUpError:
    error = QuotaUsedUpError(f"limit: {partner.daily_quota} queries a day")
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    error.retry_after_seconds = max(1, int((midnight - now).total_seconds()))
    return error
