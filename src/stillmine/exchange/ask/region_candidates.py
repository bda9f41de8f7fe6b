# SPDX-License-Identifier: Apache-2.0
"""Which stored pictures an upload may show, and where: what a match by PDQ implies, and what regions found.

The index names pictures; whether they are active and where they would lie is worked out here, from values as they are stored now. Whoever
opens cases of their own must not hide another's picture behind them, so cases take turns.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from stillmine.exchange.ask.client import pictures_with
from stillmine.exchange.ask.look_token import Candidate
from stillmine.exchange.ask.nearby import Active, active_of
from stillmine.exchange.ask.region_geometry import implied, placed, query_of
from stillmine.exchange.ask.region_pairs import Pair, pairs_of, regions_of
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.matching.region_values import StoredRegions
from stillmine.wire.ask_errors import IndexLoadingError
from stillmine.wire.ask_regions import ANSWER_ROWS, MAXIMUM_FOUND, RegionsAsk

PICTURES_OF_A_CASE = 3
"""So many of one case are looked at more closely: it may hold many of one room."""

PICTURES_LOOKED_AT = 64


class Found(NamedTuple):
    """What an ask begins with: the pairs that it names, where pictures may lie in the order of the looks, and the pictures' regions."""

    pairs: list[Pair]
    candidates: list[Candidate]
    stored: Mapping[str, StoredRegions]


def candidates_for(exchange: Context, partner: Partner, message: RegionsAsk) -> Found:
    """Return where stored pictures may lie in an upload, those of what it matched already first; raises IndexLoadingError."""
    pairs, named, query = pairs_of(exchange, partner, message.matched), pictures_with(exchange.home, message), query_of(message)
    active = active_of(named.ids, partner)
    if named.is_cut and not active:
        raise IndexLoadingError
    row_of = {pair.regions_id: row for row, pair in enumerate(pairs) if pair.regions_id is not None}
    stored = regions_of(exchange, {*row_of, *_first_of_each_case(named.ids, active)})
    begun = [
        Candidate(regions_id, map_, row=row)
        for regions_id, row in row_of.items()
        if regions_id in stored and (map_ := implied(stored[regions_id], query, message.matched[row])) is not None
    ]
    found: list[tuple[int, Candidate]] = []
    for regions_id, own in stored.items():
        places = [(place.support, Candidate(regions_id, place.map, place.is_common)) for place in placed(own, query, named.is_common)]
        if (row := row_of.get(regions_id)) is None:
            found += places
        elif places:
            begun.append(Candidate(regions_id, places[0][1].map, row=row))
    most = min(MAXIMUM_FOUND, ANSWER_ROWS - len(begun))
    return Found(pairs, begun + _best_of_each_case(found, active)[:most], stored)


def _first_of_each_case(ids: Sequence[str], active: Mapping[str, Active]) -> list[str]:
    """Return the first few of each case, in their order."""
    taken_of: dict[int, int] = {}
    chosen: list[str] = []
    for fingerprint_id in ids:
        if fingerprint_id in active and taken_of.get(case := active[fingerprint_id].case_id, 0) < PICTURES_OF_A_CASE:
            taken_of[case] = taken_of.get(case, 0) + 1
            chosen.append(fingerprint_id)
    return chosen[:PICTURES_LOOKED_AT]


def _best_of_each_case(found: Iterable[tuple[int, Candidate]], active: Mapping[str, Active]) -> list[Candidate]:
    """Return candidates in the order of the looks: of every case the best supported, then of every case the second, and so on."""
    ranked: list[tuple[int, int, str, Candidate]] = []
    rank_of: dict[int, int] = {}
    for support, candidate in sorted(found, key=lambda one: (-one[0], one[1].fingerprint_id)):
        case = active[candidate.fingerprint_id].case_id
        ranked.append((rank_of.get(case, 0), -support, candidate.fingerprint_id, candidate))
        rank_of[case] = rank_of.get(case, 0) + 1
    return [candidate for *_, candidate in sorted(ranked, key=lambda one: one[:3])]
