# SPDX-License-Identifier: Apache-2.0
"""What second looks come to: whether a picture is there, what regions say of a match by PDQ, and who is told of what.

Of several pictures at one place of an upload a partner is told one, as in a plain ask; the case of each other one hears of it. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from stillmine.exchange.ask.look_token import Asked, Candidate
from stillmine.exchange.ask.nearby import Active
from stillmine.exchange.ask.region_geometry import is_same_place, taken
from stillmine.matching.region_look import Look, judgement, verdict
from stillmine.matching.region_values import StoredRegions
from stillmine.wire.ask_regions import RegionsOutcome, Verdict


@dataclass
class Told:
    """What one round found: all of it, what a partner is told, and what is at the place of each that it was told now or before."""

    found: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    beside: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class _Place:
    """One place of an upload: the fingerprint that a partner knows it by, and the cases that have a picture there."""

    box: list[float]
    told_id: str
    cases: set[int]


def outcome_of(candidate: Candidate) -> RegionsOutcome:
    """Return whether a picture is there. What is there by common regions alone is for a reviewer, and never nothing."""
    if candidate.seen is None:
        return RegionsOutcome.CLEAR
    outcome = RegionsOutcome(verdict(candidate.seen).value)
    return RegionsOutcome.PART if candidate.is_lowered and outcome is RegionsOutcome.MATCH else outcome


def tells(candidate: Candidate) -> bool:
    """Whether one region less would have been another answer: only there can an answer tell something of a hash."""
    seen = candidate.seen
    if seen is None or not seen.visible:
        return False
    less = Look(seen.visible, seen.agreeing - 1, seen.share - 1 / seen.visible, seen.spread)
    is_judged = candidate.row is not None
    return verdict(less) is not verdict(seen) or (is_judged and judgement([less]) is not judgement([seen]))


def pictures_told(asked: Asked, places: Sequence[tuple[Candidate, bytes]]) -> set[str]:
    """Return of which pictures the partner was told a place before, or is told one in `places`, where it sees a part of them."""
    before = {one.fingerprint_id for one in asked.candidates if one.seen is not None and one.seen.visible}
    return before | {one.fingerprint_id for one, frames in places if any(frames)}


def pictures_found(asked: Asked, *outcomes: RegionsOutcome) -> set[str]:
    """Return the pictures that looks found with one of these outcomes."""
    return {one.fingerprint_id for one in asked.candidates if outcome_of(one) in outcomes}


def verdict_of_row(asked: Asked, row: int) -> tuple[Verdict, Candidate | None]:
    """Return what regions say of a match by PDQ, and where its picture is, if it is."""
    of_row = [candidate for candidate in asked.candidates if candidate.row == row]
    there = [candidate for candidate in of_row if outcome_of(candidate) is not RegionsOutcome.CLEAR]
    best = max(there, key=_nearness, default=None)
    return Verdict(judgement([candidate.seen for candidate in of_row if candidate.seen is not None]).value), best


def told_of(asked: Asked, stored: Mapping[str, StoredRegions], active: Mapping[str, Active], now: Collection[int]) -> tuple[Asked, Told]:
    """Return an ask in which it is noted what is told, and what the candidates with the numbers `now` have come to.

    What was told before stays told: a later picture at the same place is beside it.
    """
    told, places, candidates = Told(), list[_Place](), list(asked.candidates)
    for number in _in_order(asked, now):
        one = candidates[number]
        if one.fingerprint_id not in active or one.fingerprint_id not in stored:
            continue
        is_new, case = number in now, active[one.fingerprint_id].case_id
        box = taken(stored[one.fingerprint_id], one.map, asked.width, asked.height)
        place = next((place for place in places if is_same_place(place.box, box)), None)
        if one.row is not None or one.is_told or (is_new and place is None):
            places.append(_Place(box, one.fingerprint_id if one.row is None else asked.matched[one.row], {case}))
            candidates[number] = replace(one, is_told=one.row is None)
            if is_new:
                told.told.add(one.fingerprint_id)
                told.found.add(one.fingerprint_id)
        elif place is not None and case not in place.cases:
            place.cases.add(case)
            if is_new:
                told.beside.setdefault(place.told_id, []).append(one.fingerprint_id)
                told.found.add(one.fingerprint_id)
    return replace(asked, candidates=candidates), told


def _in_order(asked: Asked, now: Collection[int]) -> list[int]:
    """Return the numbers of what is there: earlier rounds first, then matches by PDQ, then the nearest."""
    there = [number for number, one in enumerate(asked.candidates) if outcome_of(one) is not RegionsOutcome.CLEAR]

    def key(number: int) -> tuple[bool, bool, bool, float, str]:
        one = asked.candidates[number]
        is_match, share = _nearness(one)
        return number in now and one.row is None, one.row is None, not is_match, -share, one.fingerprint_id

    return sorted(there, key=key)


def _nearness(candidate: Candidate) -> tuple[bool, float]:
    return outcome_of(candidate) is RegionsOutcome.MATCH, candidate.seen.share if candidate.seen else 0.0
