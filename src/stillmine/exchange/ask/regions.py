# SPDX-License-Identifier: Apache-2.0
"""Answer asks about regions, in rounds: where an upload may show stored pictures, then whether it does.

A partner is given places and words, never a hash. Every case whose picture is there is written down before any of it is told, as in a plain
ask; what is not there leaves nothing but counts (`places.py`). Between two rounds the exchange keeps nothing. Contract: spec/regions.md.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from msgspec.structs import replace as replace_row

from stillmine.exchange.ask.look_token import Asked, Candidate, carried, open_look, seal_look
from stillmine.exchange.ask.nearby import Active, active_of
from stillmine.exchange.ask.places import begin_places, go_on_with_places, take_look
from stillmine.exchange.ask.probing import mark_variety
from stillmine.exchange.ask.recording import count_queries, record_matches, recorded_today, require_quota, write_beside, write_down
from stillmine.exchange.ask.region_candidates import candidates_for
from stillmine.exchange.ask.region_geometry import frames_for, second_look, told_map
from stillmine.exchange.ask.region_outcomes import (
    Told,
    outcome_of,
    pictures_found,
    pictures_told,
    tells,
    told_of,
    verdict_of_row,
)
from stillmine.exchange.ask.region_pairs import regions_of
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.partners.queries import Caller
from stillmine.exchange.quarantine.weighing import note_matches
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.matching.region_values import StoredRegions
from stillmine.wire.ask import tags_of
from stillmine.wire.ask_regions import (
    CANDIDATES_A_ROUND,
    NO_MAP,
    PLACES_BYTES,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsOutcome,
    RegionsRow,
    map_text,
    regions_answer,
)
from stillmine.wire.base64url import base64url_text
from stillmine.wire.regions import MOST_REGIONS, REGION_HASH_BYTES

_BLOCK_BYTES = MOST_REGIONS * REGION_HASH_BYTES
"""Hashes of one candidate."""

Stored = Mapping[str, StoredRegions]


def ask_regions(exchange: Context, asking: Caller, message: RegionsAsk) -> RegionsAnswer:
    """Return where an upload may show stored pictures; raises IndexLoadingError or QuotaUsedUpError, and then nothing is counted."""
    partner = asking.partner
    require_quota(asking, len(message.views), exchange.clock())
    found = candidates_for(exchange, partner, message)
    matched = [pair.fingerprint_id for pair in found.pairs]
    asked = Asked(message.width, message.height, message.upload_token, matched, found.candidates)
    places = _places(asked, found.stored)
    with tx("ask.regions", exchange.clock, may_be_lost=not places) as transaction:
        count_queries(transaction, partner, len(message.views), 0)
        if places:
            asked = replace(asked, number=begin_places(transaction, partner, len(pictures_told(asked, places))))
    return _answer(exchange, partner, asked, found.stored, active_of(matched, partner), places)


def look_at_regions(exchange: Context, asking: Caller, message: RegionsLook) -> RegionsAnswer:
    """Return what an upload shows, as far as was looked at now and before; raises LookExpiredError or QuotaUsedUpError.

    A picture that was withdrawn meanwhile is not there.
    """
    partner = asking.partner
    require_quota(asking, 1, exchange.clock())
    asked = open_look(exchange, partner, message.look)
    stored = regions_of(exchange, {candidate.fingerprint_id for candidate in asked.candidates})
    blocks = {number: message.data[place * _BLOCK_BYTES :][:_BLOCK_BYTES] for place, number in enumerate(_waiting(asked))}
    asked = _looked_at(asked, stored, blocks)
    places, there = _places(asked, stored), pictures_found(asked, RegionsOutcome.MATCH, RegionsOutcome.PART)
    is_known = bool(places or there)
    with tx("ask.look" if is_known else "ask.look_clear", exchange.clock, may_be_lost=not is_known) as transaction:
        take_look(partner, asked.number)
        active = active_of([*asked.matched, *stored], partner)
        asked, told = told_of(asked, stored, active, blocks.keys())
        count_queries(transaction, partner, 1, int(bool(told.found)))
        if told.found:
            _record(exchange, transaction, partner, asked, told)
        judged = {one.fingerprint_id for one in asked.candidates if one.row is not None} & active.keys()
        _mark_telling(exchange, transaction, partner, asked, told.found | judged, blocks)
        if is_known:
            go_on_with_places(transaction, partner, asked.number, len(pictures_told(asked, places)), len(there))
    return _answer(exchange, partner, asked, stored, active, places)


def _waiting(asked: Asked) -> Iterator[int]:
    """Yield the numbers of the candidates of the next round."""
    return islice((number for number, candidate in enumerate(asked.candidates) if candidate.seen is None), CANDIDATES_A_ROUND)


def _places(asked: Asked, stored: Stored) -> list[tuple[Candidate, bytes]]:
    """Return the candidates of the next round with the places that the partner is told of each; none where nothing waits."""
    waiting = [asked.candidates[number] for number in _waiting(asked)]
    return [(one, frames_for(stored.get(one.fingerprint_id), one.map, asked.width, asked.height)) for one in waiting]


def _looked_at(asked: Asked, stored: Stored, blocks: Mapping[int, bytes]) -> Asked:
    """Return an ask with what is at the places of this round."""
    candidates = list(asked.candidates)
    for number, hashes in blocks.items():
        one = candidates[number]
        seen = second_look(stored.get(one.fingerprint_id), one.map, asked.width, asked.height, hashes)
        candidates[number] = replace(one, seen=carried(seen))
    return replace(asked, candidates=candidates)


def _record(exchange: Context, transaction: Transaction, partner: Partner, asked: Asked, told: Told) -> None:
    """Write down what was found in this round, before any of it is told."""
    recorded = recorded_today(partner, sorted(told.found), transaction.now)
    write_down(transaction, partner, dict.fromkeys(told.found, 1), told.found - pictures_found(asked, RegionsOutcome.MATCH))
    write_beside(transaction, partner, [[one, *others] for one, others in told.beside.items()])
    note_matches(exchange, transaction, {one: [asked.upload_token] for one in told.found}, partner)
    record_matches(exchange, transaction, partner, told.told - recorded, told.found - told.told - recorded)


def _mark_telling(  # noqa: PLR0917 (what was asked, and what is told)
    exchange: Context, transaction: Transaction, partner: Partner, asked: Asked, near: Collection[str], blocks: Mapping[int, bytes]
) -> None:
    """Mark the looks of this round that tell something of hashes: of what was found, and of what a match by PDQ is held against."""
    telling: dict[str, set[bytes]] = {}
    for number, hashes in blocks.items():
        one = asked.candidates[number]
        if one.fingerprint_id in near and tells(one):
            telling.setdefault(one.fingerprint_id, set()).add(b"regions " + hashes)
    if telling:
        mark_variety(exchange, transaction, partner, telling)


def _answer(  # noqa: PLR0917 (what is known, and what is told)
    exchange: Context,
    partner: Partner,
    asked: Asked,
    stored: Stored,
    active: Mapping[str, Active],
    places: Sequence[tuple[Candidate, bytes]],
) -> RegionsAnswer:
    told = [one for one in asked.candidates if one.is_told and one.fingerprint_id in active and one.fingerprint_id in stored]
    ids = sorted({*asked.matched, *(one.fingerprint_id for one in told)} & active.keys())
    own = dict(zip(ids, partner_ids(exchange.secret, partner.random_id).entry_ids(ids), strict=True)) if ids else {}
    rows = {one: RegionsRow(RegionsOutcome.MATCH, own[one], tags_of(active[one].is_synthetic, active[one].is_flagged)) for one in ids}
    found = [replace_row(rows[one.fingerprint_id], outcome=outcome_of(one), map=_map_of(one, stored, asked)) for one in told]
    matched = [_matched_row(rows.get(one), asked, row, stored) for row, one in enumerate(asked.matched)]
    if not places:
        return regions_answer(matched, found)
    frames = b"".join(of_one for _, of_one in places)
    return regions_answer(matched, found, seal_look(exchange, partner, asked), base64url_text(frames.ljust(PLACES_BYTES, b"\0")))


def _matched_row(known: RegionsRow | None, asked: Asked, row: int, stored: Stored) -> RegionsRow:
    """Return what regions say of a match by PDQ; nothing of one that is none any more, or was none of this partner's."""
    if known is None:
        return RegionsRow()
    verdict, there = verdict_of_row(asked, row)
    return replace_row(known, verdict=verdict, map=_map_of(there, stored, asked) if there else NO_MAP)


def _map_of(one: Candidate, stored: Stored, asked: Asked) -> str:
    regions = stored.get(one.fingerprint_id)
    return map_text(told_map(regions, one.map, asked.width, asked.height)) if regions else NO_MAP
