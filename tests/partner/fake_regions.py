# SPDX-License-Identifier: Apache-2.0
"""What a small exchange answers about regions: every stored picture is compared with every ask, as spec/regions.md says.

Whoever it told where to look, it remembers by a number in the look; a real exchange remembers nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Map
from stillmine.matching.region_look import Judgement, Look, judgement, look, places, to_wire, verdict
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import located
from stillmine.matching.region_values import QueryRegions, StoredRegions, View, distances_between, query_regions, stored_regions
from stillmine.wire.ask_regions import (
    BOX_UNITS,
    CANDIDATES_A_ROUND,
    LOOK_BYTES,
    NO_LOOK,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsMap,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    map_text,
    regions_answer,
)
from stillmine.wire.base64url import base64url_text
from stillmine.wire.regions import MOST_REGIONS

NEAR_BITS = 31


@dataclass(frozen=True)
class _Candidate:
    """A stored picture at one place; `place` is that in `matched` where a match by `pdq` implies it."""

    id: str
    stored: StoredRegions
    map: Map
    place: int | None


@dataclass
class FakeRegions:
    """Holds pictures by the id of their regions; `asks` and `looks` are what was asked."""

    asks: list[RegionsAsk] = field(default_factory=list)
    looks: list[RegionsLook] = field(default_factory=list)
    _values: dict[str, bytes] = field(default_factory=dict)
    _pdq_ids: dict[str, str] = field(default_factory=dict)
    _waiting: dict[str, tuple[RegionsAsk, list[_Candidate]]] = field(default_factory=dict)

    def add(self, own_id: str, value: bytes, pdq_id: str | None = None) -> None:
        """Protect a picture; `pdq_id` is the id of its `pdq`, if that is protected too."""
        self._values[own_id] = value
        if pdq_id is not None:
            self._pdq_ids[pdq_id] = own_id

    def ask(self, message: RegionsAsk) -> RegionsAnswer:
        """Answer the first round."""
        self.asks.append(message)
        candidates = [*self._implied(message), *self._voted(message)][:CANDIDATES_A_ROUND]
        if not candidates:
            return regions_answer([RegionsRow(id=row.id, verdict=Verdict.ONE_JUDGE) for row in message.matched])
        frames = np.zeros((CANDIDATES_A_ROUND, MOST_REGIONS, 6), np.int16)
        for number, candidate in enumerate(candidates):
            is_visible, found = places(candidate.stored.frames, candidate.map, message.width, message.height)
            frames[number, : len(found)][is_visible] = to_wire(found, message.width, message.height)[is_visible]
        token = base64url_text(len(self.asks).to_bytes(LOOK_BYTES))
        self._waiting[token] = message, candidates
        return regions_answer(look=token, places=base64url_text(frames.astype("<i2").tobytes()))

    def look(self, message: RegionsLook) -> RegionsAnswer:
        """Answer the second round, which is the last."""
        self.looks.append(message)
        asked, candidates = self._waiting.pop(message.look)
        hashes = np.frombuffer(message.data, np.uint8).reshape(CANDIDATES_A_ROUND, MOST_REGIONS, -1)
        seen = [self._seen(one, asked, hashes[number]) for number, one in enumerate(candidates)]
        matched = []
        for place, row in enumerate(asked.matched):
            own = self._pdq_ids.get(row.id)
            looks = [said for one, said in zip(candidates, seen, strict=True) if one.place == place or one.id == own]
            matched.append(RegionsRow(id=row.id, verdict=Verdict(judgement(looks) if looks else Judgement.ONE_JUDGE)))
        found: dict[str, RegionsRow] = {}
        for one, said in zip(candidates, seen, strict=True):
            outcome = RegionsOutcome(verdict(said))
            if outcome is not RegionsOutcome.CLEAR:
                found.setdefault(one.id, RegionsRow(outcome, one.id, map=map_text(_as_parts(one, asked))))
        return regions_answer(matched, list(found.values()), NO_LOOK)

    def _implied(self, message: RegionsAsk) -> list[_Candidate]:
        candidates = []
        for place, row in enumerate(message.matched):
            own = self._pdq_ids.get(row.id)
            if own is not None:
                stored = stored_regions(self._values[own])
                left, top, right, bottom = (side / BOX_UNITS for side in row.box)
                box = (left * message.width, top * message.height, right * message.width, bottom * message.height)
                candidates.append(_Candidate(own, stored, implied_map(stored.width, stored.height, row.turn, box), place))
        return candidates

    def _voted(self, message: RegionsAsk) -> list[_Candidate]:
        query = query_regions(message.width, message.height, [View(view.width, view.height, view.data) for view in message.views])
        return [candidate for own, value in self._values.items() for candidate in _candidates(own, stored_regions(value), query)]

    @staticmethod
    def _seen(candidate: _Candidate, asked: RegionsAsk, hashes: NDArray[np.uint8]) -> Look:
        is_visible, _ = places(candidate.stored.frames, candidate.map, asked.width, asked.height)
        return look(candidate.stored, is_visible, hashes[: len(candidate.stored)])


def _candidates(own: str, stored: StoredRegions, query: QueryRegions) -> list[_Candidate]:
    distances = distances_between(stored.hashes, query.hashes)
    pairs = np.argwhere(distances <= NEAR_BITS)
    places_there = located(stored, query, pairs, distances[tuple(pairs.T)])
    return [_Candidate(own, stored, place.map, None) for place in places_there]


def _as_parts(candidate: _Candidate, asked: RegionsAsk) -> RegionsMap:
    """The map from parts of the stored picture's sides to parts of the upload's."""
    stored = candidate.stored
    into = np.diag([1 / asked.width, 1 / asked.height, 1.0])
    out_of = np.diag([float(stored.width), float(stored.height), 1.0])
    (a, b, c), (d, e, f) = (into @ candidate.map @ out_of)[:2].tolist()
    return RegionsMap((a, b, c, d, e, f), stored.width, stored.height)
