# SPDX-License-Identifier: Apache-2.0
"""See a partner that asks about ever new values near one fingerprint, as one does that works out what the fingerprint is: spec/ask.md.

Such a partner asks where one bit decides: at the edge of matching, or where another fingerprint is as near. Copies that people alter are
there once in twenty, so this only calls an operator. Must never keep a query: of each that matched, one of 256 bits is set, at a place
that the exchange's secret and the day decide, and the bits go when the day is over.
"""

import hmac
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta

from django.db.models import F, Sum

from stillmine.exchange.ask.nearby import Nearest
from stillmine.exchange.ground.secret import derive
from stillmine.exchange.rows.asks import AskVariety, ProbingAlarm
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.wire.ask import AskQuery

BITS = 256
QUERIES_OF_ONE_UPLOAD = 8
"""A video is asked about in up to eight orientations: more values with one upload token are more than one upload."""

SHOWN_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)

_log = logging.getLogger(__name__)


def note_variety(
    exchange: Context, transaction: Transaction, partner: Partner, asked: Sequence[AskQuery], matched: Sequence[Nearest]
) -> None:
    """Mark what tells of each fingerprint. The caller holds the partner's count of the day, so two asks don't meet here."""
    of_each: dict[str, list[tuple[AskQuery, bool | None]]] = {}
    for query, near in zip(asked, matched, strict=True):
        for fingerprint_id, tells in near.items():
            of_each.setdefault(fingerprint_id, []).append((query, tells))
    found = {fingerprint_id: values for fingerprint_id, queries in of_each.items() if (values := set(telling(queries)))}
    if found:
        mark_variety(exchange, transaction, partner, found)


def mark_variety(exchange: Context, transaction: Transaction, partner: Partner, found: Mapping[str, Set[bytes]]) -> None:
    """Mark for each fingerprint the values that tell something of it, and call an operator where they have become many."""
    day, key = transaction.now.date(), derive(exchange.secret, "stillmine/ask-variety-key/v1", transaction.now.date().isoformat().encode())
    AskVariety.objects.bulk_create(
        [AskVariety(partner=partner, fingerprint_id=fingerprint_id, day=day) for fingerprint_id in found], ignore_conflicts=True
    )
    rows = list(AskVariety.objects.filter(partner=partner, day=day, fingerprint_id__in=found))
    least, reached = bits_at(exchange.ask.differing_matches_a_day), 0
    for row in rows:
        before = int.from_bytes(bytes(row.seen))
        after = before
        for value in found[row.fingerprint_id]:
            place = hmac.digest(bytes(key), b"\0".join((partner.random_id.encode(), row.fingerprint_id.encode(), value)), "sha256")[0]
            after |= 1 << place
        row.seen = after.to_bytes(BITS // 8)
        reached += before.bit_count() < least <= after.bit_count()
    AskVariety.objects.bulk_update(rows, ["seen"])
    if reached:
        _call(partner, day, reached, exchange.ask.differing_matches_a_day)


def telling(queries: Iterable[tuple[AskQuery, bool | None]]) -> Iterator[bytes]:
    """Yield the values that tell something of a fingerprint, whatever token they came with: partners make tokens as they like.

    Where no distance is known, of videos and sounds, every value may; of those with one token each eighth is taken.
    """
    of_token: dict[str, set[bytes]] = {}
    for query, tells in queries:
        value = f"{query.kind.value} {query.value}".encode()
        if tells is None and query.upload_token is not None:
            of_token.setdefault(query.upload_token, set()).add(value)
        elif tells is not False:
            yield value
    for values in of_token.values():
        yield from sorted(values)[::QUERIES_OF_ONE_UPLOAD]


def bits_at(uploads_a_day: int) -> int:
    """Return how many bits so many different uploads set on average, rounded up: some share a bit."""
    return -int(-BITS * (1 - (1 - 1 / BITS) ** uploads_a_day) // 1)


def probed_lately(today: date) -> Mapping[int, int]:
    """Return near how many fingerprints each partner went beyond the limit in the last seven days: row of the partner -> fingerprints."""
    rows = ProbingAlarm.objects.filter(day__gt=today - SHOWN_FOR).values("partner_id").annotate(total=Sum("fingerprints"))
    return {row["partner_id"]: row["total"] for row in rows}


def forget_old_variety(exchange: Context) -> int:
    """Delete the bits of days that are over, and alarms of more than 30 days ago; returns how many rows went."""
    with tx("ask.forget_old_variety", exchange.clock) as transaction:
        marks, _ = AskVariety.objects.filter(day__lt=transaction.now.date()).delete()
        alarms, _ = ProbingAlarm.objects.filter(day__lt=(transaction.now - KEPT_FOR).date()).delete()
    return marks + alarms


def _call(partner: Partner, day: date, fingerprints: int, limit: int) -> None:
    """Remember it for operators; the log has one line a day for each partner, so that nobody fills it."""
    _, is_first = ProbingAlarm.objects.get_or_create(partner=partner, day=day)
    ProbingAlarm.objects.filter(partner=partner, day=day).update(fingerprints=F("fingerprints") + fingerprints)
    if is_first:
        _log.warning(
            "partner %s: %d or more different queries only just matched one fingerprint today. Hundreds of altered copies of one picture "
            "look like that, and so does working out a fingerprint. See: docs/operators.md, A partner that probes",
            partner.name,
            limit,
        )
