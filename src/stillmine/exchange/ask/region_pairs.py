# SPDX-License-Identifier: Apache-2.0
"""Stored regions as they are now, and which of them are of the picture whose `pdq` a partner says that an upload matches.

A partner may only name what it was told or given; any other id is as one that names nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from django.db.models import QuerySet

from stillmine.exchange.ask.nearby import active_of
from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.protection.given import first_given
from stillmine.exchange.protection.values import try_values_of
from stillmine.exchange.rows.asks import AskMatch
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Change
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.matching.region_values import StoredRegions, stored_regions
from stillmine.wire.ask import NO_ID
from stillmine.wire.ask_regions import MatchedPdq
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind, value_bytes
from stillmine.wire.regions import RegionsValue, parse_regions


class Pair(NamedTuple):
    """A `pdq` that an upload matched, NO_ID where the partner may not name it, and the regions of the same picture, if its case has any."""

    fingerprint_id: str
    regions_id: str | None = None


def regions_of(exchange: Context, fingerprint_ids: Iterable[str]) -> dict[str, StoredRegions]:
    """Return the regions of those that are active; what does not open is left out, and `fsck` names it."""
    texts = _active_values(exchange, Fingerprint.objects.filter(id__in=list(fingerprint_ids), kind=Kind.REGIONS.value))
    return {fingerprint_id: stored_regions(value_bytes(Kind.REGIONS, text)) for fingerprint_id, text in texts.items()}


def pairs_of(exchange: Context, partner: Partner, matched: Sequence[MatchedPdq]) -> list[Pair]:
    """Return what each id names, in their order."""
    if not matched:
        return []
    ids = partner_ids(exchange.secret, partner.random_id).fingerprint_ids([row.id for row in matched])
    known = _known_to(partner, active_of(ids, partner).keys())
    pictures = {row.id: row for row in Fingerprint.objects.filter(id__in=known, kind=Kind.PDQ.value)}
    regions = _by_pdq(exchange, {row.case_id for row in pictures.values()})
    pairs = [Pair(NO_ID)] * len(ids)
    for place, fingerprint_id in enumerate(ids):
        if (picture := pictures.get(fingerprint_id)) is not None:
            pairs[place] = Pair(fingerprint_id, regions.get((picture.case_id, picture.blind_index or "")))
    return pairs


def _by_pdq(exchange: Context, cases: Collection[int]) -> dict[tuple[int, str], str]:
    """Return the regions of these cases: (case, blind index of the `pdq` that stands in the value) -> fingerprint id, the first of each."""
    rows = Fingerprint.objects.filter(case_id__in=cases, kind=Kind.REGIONS.value).order_by("-position")
    case_of = dict(rows.values_list("id", "case_id"))
    texts = _active_values(exchange, rows)
    return {(case_of[row_id], pdq_index(exchange, parse_regions(texts[row_id]))): row_id for row_id in case_of if row_id in texts}


def pdq_index(exchange: Context, value: RegionsValue) -> str:
    """Return the blind index that the `pdq` of the same picture has."""
    return blind_index(exchange.secret, Kind.PDQ.value, value.pdq.hex())


def _active_values(exchange: Context, rows: QuerySet[Fingerprint]) -> dict[str, str]:
    texts, _ = try_values_of(exchange, list(rows.filter(state=FingerprintState.ACTIVE)))
    return texts


def _known_to(partner: Partner, fingerprint_ids: Collection[str]) -> set[str]:
    """Return which of these the partner was told of in an ask, or given in a list."""
    ids = list(fingerprint_ids)
    told = set(AskMatch.objects.filter(partner=partner, fingerprint_id__in=ids).values_list("fingerprint_id", flat=True))
    given = first_given(Change.objects.filter(fingerprint_id__in=set(ids) - told), partner=partner)
    return told | {fingerprint_id for fingerprint_id, _ in given}
