# SPDX-License-Identifier: Apache-2.0
"""Count what places told to a partner came to: a picture that no look of the ask finds was learned of, and no case hears of it.

Written down before the answer leaves, in the transaction that counts its queries. Must never name a picture. Contract: spec/regions.md.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from django.db.models import F, Max, Q
from django.db.models.functions import Greatest

from stillmine.exchange.rows.asks import PlacesTold, Unconfirmed
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.wire.ask_errors import LookExpiredError

SETTLED_AFTER = timedelta(minutes=3)
"""After the last answer of an ask, whose token opens for one minute; times are whole minutes."""

LOOKS_AN_ASK = 8
"""Each round twice, as after a lost answer: whoever may look as often as it likes works out hashes bit by bit."""

SHOWN_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)

_AT_ONCE = 500

_log = logging.getLogger(__name__)


def begin_places(transaction: Transaction, partner: Partner, pictures: int) -> int:
    """Write down that a partner is told the places of so many pictures; returns the number under which its looks go on."""
    return PlacesTold.objects.create(partner=partner, last_at=transaction.now, pictures=pictures).pk


def go_on_with_places(transaction: Transaction, partner: Partner, number: int, pictures: int, found: int) -> None:
    """Write down of how many pictures the places were told so far, and how many were found; a token used again makes neither smaller."""
    PlacesTold.objects.filter(id=number, partner=partner).update(
        pictures=Greatest(F("pictures"), pictures), found=Greatest(F("found"), found), last_at=transaction.now
    )


def take_look(partner: Partner, number: int) -> None:
    """Count one look of an ask; raises LookExpiredError for one too many, or of an ask that is settled. Within a transaction."""
    known = PlacesTold.objects.filter(id=number, partner=partner, looks__lt=LOOKS_AN_ASK)
    if not known.update(looks=F("looks") + 1):
        raise LookExpiredError


def settle_places(exchange: Context) -> int:
    """Add up what came to nothing in asks whose last answer is some minutes old, or of a clock that was ahead; returns how many asks."""
    settled = 0
    while some := _settle_some(exchange):
        settled += some
    return settled


def unconfirmed_on(day: date) -> Mapping[int, int]:
    """Return of how many pictures each partner was told places in vain on a day: row of the partner -> pictures."""
    return dict(Unconfirmed.objects.filter(day=day).values_list("partner_id", "pictures"))


def unconfirmed_lately(exchange: Context, today: date) -> Mapping[int, int]:
    """Return the most on one of the last seven days, of each partner that reached the limit: row of the partner -> pictures."""
    recent = Unconfirmed.objects.filter(day__gt=today - SHOWN_FOR, pictures__gte=exchange.ask.unconfirmed_places_a_day)
    return {row["partner_id"]: row["most"] for row in recent.values("partner_id").annotate(most=Max("pictures"))}


def forget_old_unconfirmed(exchange: Context) -> int:
    """Delete the numbers of more than 30 days ago; returns how many rows went."""
    with tx("ask.forget_old_unconfirmed", exchange.clock) as transaction:
        deleted, _ = Unconfirmed.objects.filter(day__lt=(transaction.now - KEPT_FOR).date()).delete()
    return deleted


def _settle_some(exchange: Context) -> int:
    with tx("ask.settle_places", exchange.clock) as transaction:
        over = Q(last_at__lte=transaction.now - SETTLED_AFTER) | Q(last_at__gt=transaction.now + SETTLED_AFTER)
        rows = list(PlacesTold.objects.filter(over).select_for_update().order_by("id")[:_AT_ONCE])
        PlacesTold.objects.filter(id__in=[row.pk for row in rows]).delete()
        in_vain: Counter[tuple[int, date]] = Counter()
        for row in rows:
            in_vain[row.partner_id, row.last_at.date()] += max(0, row.pictures - row.found)
        for (partner_id, day), pictures in sorted(in_vain.items()):
            _add(partner_id, day, pictures, exchange.ask.unconfirmed_places_a_day)
    return len(rows)


def _add(partner_id: int, day: date, pictures: int, limit: int) -> None:
    """Add to the number of a day; the log has one line for it, when it reaches the limit."""
    if not pictures:
        return
    Unconfirmed.objects.bulk_create([Unconfirmed(partner_id=partner_id, day=day)], ignore_conflicts=True)
    of_day = Unconfirmed.objects.filter(partner_id=partner_id, day=day)
    of_day.update(pictures=F("pictures") + pictures)
    total = of_day.values_list("pictures", flat=True).get()
    if total - pictures < limit <= total:
        _log.warning(
            "partner %s: it was told where %d or more protected pictures may lie in its uploads of %s, and no look found them there. "
            "See: docs/operators.md, A partner that probes",
            Partner.objects.values_list("name", flat=True).get(id=partner_id),
            limit,
            day,
        )
