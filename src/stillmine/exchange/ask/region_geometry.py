# SPDX-License-Identifier: Apache-2.0
"""Geometry of an ask about regions, between what the wire has and what `matching` works with. Pure; whatever it is given may be hostile."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Map, jacobians, points_through
from stillmine.matching.region_look import Look, look, places, to_wire
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import located, refined
from stillmine.matching.region_values import QueryRegions, StoredRegions, View, distances_between, query_regions
from stillmine.matching.region_words import seen_part
from stillmine.wire.ask_regions import BOX_UNITS, FRAME_BYTES, MatchedPdq, RegionsAsk, RegionsMap
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from stillmine.wire.regions import MOST_REGIONS, REGION_HASH_BYTES

SAME_PLACE = 0.5
"""Two pictures that take so much of one another's place in an upload, of what both take, are one picture to whoever sees it."""

_CANDIDATE_FRAME_BYTES = MOST_REGIONS * FRAME_BYTES
_LARGEST_NUMBER = 1e30
_NOTHING = Look(0, 0, 0.0, 0.0)
_CENTRE = 0.5


class Placed(NamedTuple):
    """Where a stored picture may lie, how many of its regions say so, and whether all that it shares with the upload is common."""

    map: Map
    support: int
    is_common: bool


def query_of(message: RegionsAsk) -> QueryRegions:
    """Return the regions of an ask, each as it is and mirrored."""
    return query_regions(message.width, message.height, [View(view.width, view.height, view.data) for view in message.views])


def placed(stored: StoredRegions, query: QueryRegions, is_common: NDArray[np.bool_]) -> Iterator[Placed]:
    """Yield where a stored picture may lie in an upload, best supported first."""
    distances = distances_between(stored.hashes, query.hashes)
    pairs = np.argwhere(distances <= MAXIMUM_DISTANCE_BITS)
    if not len(pairs):
        return
    common = bool(is_common[pairs[:, 1]].all())
    for found in located(stored, query, pairs, distances[pairs[:, 0], pairs[:, 1]]):
        if (map_ := _kept(found.map)) is not None:
            yield Placed(map_, found.support, common)


def implied(stored: StoredRegions, query: QueryRegions, match: MatchedPdq) -> Map | None:
    """Return where a match by PDQ says that a stored picture lies, made more exact by regions that are found near there."""
    left, top, right, bottom = match.box
    across, down = query.width / BOX_UNITS, query.height / BOX_UNITS
    rough = implied_map(stored.width, stored.height, match.turn, (left * across, top * down, right * across, bottom * down))
    found = refined(stored, query, rough).map if len(query) else rough
    return _kept(found)


def frames_for(stored: StoredRegions | None, map_: Map, width: int, height: int) -> bytes:
    """Return where a partner has to hash for a stored picture: 36 frames of 12 bytes, zeros where nothing of it is to be seen."""
    if stored is None:
        return bytes(_CANDIDATE_FRAME_BYTES)
    is_visible, frames = places(stored.frames, map_, width, height)
    steps = to_wire(frames, width, height) * is_visible[:, None]
    return steps.astype("<i2").tobytes().ljust(_CANDIDATE_FRAME_BYTES, b"\0")


def second_look(stored: StoredRegions | None, map_: Map, width: int, height: int, hashes: bytes) -> Look:
    """Return what of a stored picture is there, nothing of one that is withdrawn; `hashes` are the 36 that a partner made."""
    if stored is None:
        return _NOTHING
    is_visible, _ = places(stored.frames, map_, width, height)
    there = np.frombuffer(hashes, np.uint8).reshape(-1, REGION_HASH_BYTES)[: len(stored)]
    return look(stored, is_visible, there)


def told_map(stored: StoredRegions, map_: Map, width: int, height: int) -> RegionsMap:
    """Return a map as an answer has it, in parts of the sides of both pictures; of one with perspective, what it does in the middle."""
    middle = np.array([[stored.width * _CENTRE, stored.height * _CENTRE]])
    linear = jacobians(map_, middle)[0] * np.array([stored.width, stored.height]) / np.array([[width], [height]])
    at = points_through(map_, middle)[0] / np.array([width, height])
    shift = at - linear @ np.array([_CENTRE, _CENTRE])
    (a, b), (d, e) = linear.tolist()
    c, f = shift.tolist()
    return RegionsMap((a, b, c, d, e, f), stored.width, stored.height)


def is_same_place(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two boxes (left, top, right, bottom) take much the same place."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, across) * max(0.0, down)
    either = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared >= SAME_PLACE * either


def taken(stored: StoredRegions, map_: Map, width: int, height: int) -> list[float]:
    """Return the box (left, top, right, bottom) that a stored picture takes in an upload, in pixels of the upload; zeros for none."""
    seen = seen_part(map_, (stored.width, stored.height), (width, height))
    if not len(seen):
        return [0.0] * 4
    corners = points_through(map_, seen)
    return [*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()]


def _kept(map_: Map) -> Map | None:
    """Return a map as a token carries it; None for one that no token can."""
    with np.errstate(all="ignore"):
        scaled = (map_ / map_[2, 2]).astype(np.float32).astype(np.float64)
    return scaled if np.isfinite(scaled).all() and np.abs(scaled).max() < _LARGEST_NUMBER else None
