# SPDX-License-Identifier: Apache-2.0
"""Which places of A are found in B, and what that makes of a match by PDQ: the rounds of an ask about regions, both sides on one machine.

Must never say more than matching itself would find.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.ground.turns import VARIANTS
from stillmine.fingerprint.picture.query import BOX_UNITS, QueryVariant
from stillmine.fingerprint.picture.region_views import AS_IT_IS, STRETCHED, ViewOf, asked_regions, sides_of
from stillmine.fingerprint.picture.regions import Base, hash_places
from stillmine.matching.region_english import in_words
from stillmine.matching.region_frames import Frames, Map
from stillmine.matching.region_look import AGREEING_BITS, Judgement, Look, Verdict, judgement, look, places, to_wire, verdict
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import located, refined
from stillmine.matching.region_values import QueryRegions, StoredRegions, View, distances_between, query_regions
from stillmine.matching.region_words import describe
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from stillmine.wire.regions import is_of_small_view

_ORDER = {Verdict.MATCH: 2, Verdict.PART: 1, Verdict.CLEAR: 0}

Flags = NDArray[np.bool_]
"""(n,): one for each region of A."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of B: its number in the file, its base, and the variant by which PDQ finds A there, if it does."""

    number: int
    base: Base
    matched: QueryVariant | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A's regions in one picture of B, whose number it is: where each should be, in B at 65,536 pixels, and whether it is there."""

    number: int
    stored: StoredRegions
    size: tuple[int, int]
    map: Map
    frames: Frames
    is_visible: Flags
    is_there: Flags
    look: Look

    @property
    def verdict(self) -> Verdict:
        """What a second look says."""
        return verdict(self.look)

    @property
    def words(self) -> str:
        """How A lies in B."""
        return in_words(describe(self.map, (self.stored.width, self.stored.height), self.size), "B")


@dataclass(frozen=True, slots=True)
class RegionsCompared:
    """The best place of A in B, None where no two regions lie alike; `judges` is None where PDQ finds nothing."""

    stored: StoredRegions
    best: Seen | None
    judges: Judgement | None


def compare_regions(stored: StoredRegions, pictures: Sequence[Picture]) -> RegionsCompared:
    """Look for A's regions in every picture of B, first as it is, and stretched where that finds nothing."""
    seen: list[Seen] = []
    said: list[Judgement] = []
    for picture in pictures:
        here = list(_seen_in(stored, picture))
        seen += here
        if picture.matched is not None:
            said.append(judgement([one.look for one in here]))
    best = max(seen, key=lambda one: (_ORDER[one.verdict], one.look.evidence, one.look.agreeing), default=None)
    return RegionsCompared(stored, best, _together(said))


def _together(said: Sequence[Judgement]) -> Judgement | None:
    """Of several pictures that PDQ finds, one with which the regions agree is enough."""
    return next((one for one in (Judgement.AGREED, Judgement.ONE_JUDGE, Judgement.DISPUTED) if one in said), None)


def _seen_in(stored: StoredRegions, picture: Picture) -> Iterator[Seen]:
    if not is_of_small_view(*sides_of(picture.base)):
        return
    upright = _query(picture.base, AS_IT_IS)
    found = list(_located(stored, picture, upright))
    if picture.matched is not None:
        found.append(_look_at(stored, picture, refined(stored, upright, _implied(stored, upright, picture.matched)).map))
    if all(one.verdict is Verdict.CLEAR for one in found):
        found += _located(stored, picture, _query(picture.base, STRETCHED))
    yield from found


def _query(base: Base, wanted: Sequence[ViewOf]) -> QueryRegions:
    fitting = [view for view in wanted if is_of_small_view(*sides_of(base, view.stretch))]
    return query_regions(*sides_of(base), [View(*sides_of(base, view.stretch), asked_regions(base, view)) for view in fitting])


def _located(stored: StoredRegions, picture: Picture, query: QueryRegions) -> Iterator[Seen]:
    distances = distances_between(stored.hashes, query.hashes)
    pairs = np.argwhere(distances <= MAXIMUM_DISTANCE_BITS)
    if len(pairs):
        for place in located(stored, query, pairs, distances[pairs[:, 0], pairs[:, 1]]):
            yield _look_at(stored, picture, place.map)


def _implied(stored: StoredRegions, query: QueryRegions, matched: QueryVariant) -> Map:
    left, top, right, bottom = matched.box
    across, down = query.width / BOX_UNITS, query.height / BOX_UNITS
    turn = VARIANTS.index(matched.name)
    return implied_map(stored.width, stored.height, turn, (left * across, top * down, right * across, bottom * down))


def _look_at(stored: StoredRegions, picture: Picture, map_: Map) -> Seen:
    size = sides_of(picture.base)
    is_visible, frames = places(stored.frames, map_, *size)
    hashes = np.zeros_like(stored.hashes)
    if is_visible.any():
        hashes[is_visible] = hash_places(picture.base, to_wire(frames[is_visible], *size))
    bits = np.bitwise_count(stored.hashes ^ hashes).sum(axis=1, dtype=np.int64)
    is_there = is_visible & (bits <= AGREEING_BITS)
    return Seen(picture.number, stored, size, map_, frames, is_visible, is_there, look(stored, is_visible, hashes))
