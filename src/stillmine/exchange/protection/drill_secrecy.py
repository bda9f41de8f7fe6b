# SPDX-License-Identifier: Apache-2.0
"""From whom a drill's fingerprint is kept. Whatever hands out or matches fingerprints asks here first."""

from collections.abc import Collection

from stillmine.exchange.rows.drills import Drill
from stillmine.exchange.rows.partners import Partner


def cases_hidden_from(partner: Partner) -> list[int]:
    """Return the rows of cases that this partner must never be given: other partners' drills."""
    return list(Drill.objects.exclude(partner=partner).values_list("case_id", flat=True))


def only_for() -> dict[str, int]:
    """Return the fingerprints that one partner alone is given: fingerprint id -> row of that partner."""
    return dict(Drill.objects.values_list("fingerprint_id", "partner_id"))


def drilled(partner: Partner, values: Collection[str]) -> list[tuple[str, str]]:
    """Return this partner's drills with one of these values, also when they are over: (value, fingerprint id)."""
    return list(Drill.objects.filter(partner=partner, value__in=list(values)).values_list("value", "fingerprint_id"))
