# SPDX-License-Identifier: Apache-2.0
"""What partners were told and how much of a day's quota is left."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection
from django.db.models import Min

from stillmine.exchange.rows.asks import AskBeside, AskCount, AskMatch
from stillmine.exchange.rows.partners import Partner

_QUERIES_ON = f"SELECT queries FROM {AskCount._meta.db_table} WHERE partner_id = %s AND day = %s"  # noqa: S608 (names of our own tables)


def queries_on(partner: Partner, day: date) -> int:
    """Return how many queries a partner made on a day; in plain SQL, since every ask begins with it."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERIES_ON, [partner.pk, connection.ops.adapt_datefield_value(day)])
        row: tuple[int] | None = cursor.fetchone()
    return row[0] if row else 0


def first_matched(fingerprint_ids: Sequence[str]) -> dict[tuple[str, int], datetime]:
    """Return when each partner was first told of each of these fingerprints: (fingerprint id, partner id) -> time."""
    rows = AskMatch.objects.filter(fingerprint_id__in=fingerprint_ids).values("fingerprint_id", "partner_id").annotate(at=Min("first_at"))
    return {(row["fingerprint_id"], row["partner_id"]): row["at"] for row in rows}


def told_beside(partner: Partner, fingerprint_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return what else matched where this partner was told of these: told fingerprint -> others."""
    beside: dict[str, list[str]] = {}
    rows = AskBeside.objects.filter(partner=partner, told_id__in=fingerprint_ids).order_by("id")
    for told, other in rows.values_list("told_id", "other_id"):
        beside.setdefault(told, []).append(other)
    return beside
