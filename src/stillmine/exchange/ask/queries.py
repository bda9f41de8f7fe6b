# SPDX-License-Identifier: Apache-2.0
"""What partners were told and how much of a day's quota is left."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Min, Q

from stillmine.exchange.rows.asks import AskBeside, AskCount, AskMatch
from stillmine.exchange.rows.partners import Partner


def queries_on(partner: Partner, day: date) -> int:
    """Return how many queries a partner made on a day."""
    found = AskCount.objects.filter(partner=partner, day=day).values_list("queries", flat=True).first()
    return found or 0


class FirstMatched(NamedTuple):
    """When a partner was first told that a fingerprint matches, and that a part does; None for never."""

    match_at: datetime | None
    part_at: datetime | None


def first_matched(fingerprint_ids: Sequence[str]) -> dict[tuple[str, int], FirstMatched]:
    """Return when each partner was first told of each of these fingerprints: (fingerprint id, partner id) -> times.

    A day on which it was told of parts and of a match is one of a match.
    """
    rows = AskMatch.objects.filter(fingerprint_id__in=fingerprint_ids).values("fingerprint_id", "partner_id")
    found = rows.annotate(match_at=Min("first_at", filter=Q(is_part=False)), part_at=Min("first_at", filter=Q(is_part=True)))
    return {(row["fingerprint_id"], row["partner_id"]): FirstMatched(row["match_at"], row["part_at"]) for row in found}


def told_beside(partner: Partner, fingerprint_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return what else matched where this partner was told of these: told fingerprint -> others."""
    beside: dict[str, list[str]] = {}
    rows = AskBeside.objects.filter(partner=partner, told_id__in=fingerprint_ids).order_by("id")
    for told, other in rows.values_list("told_id", "other_id"):
        beside.setdefault(told, []).append(other)
    return beside
