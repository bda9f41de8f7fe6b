# SPDX-License-Identifier: Apache-2.0
"""Regions as partner and exchange use them together, without a network: enrol, ask in views, vote, refine, look a second time.

The steps are the product's own functions; only what stands between them (messages, sealing, limits) is left out. Every number can be
changed for a measurement, and the defaults are the product's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.picture.region_views import AS_IT_IS, STRETCHED
from stillmine.fingerprint.picture.regions import AREA, Base, base_of, find_regions, hash_places, regions_value
from stillmine.matching.region_look import Look, Verdict, look, places, to_wire, verdict
from stillmine.matching.region_refine import Located, located
from stillmine.matching.region_values import QueryRegions, StoredRegions, View, distances_between, query_regions, stored_regions

DISTANCE = 31
"""Bits, for a candidate."""
SMALL_COUNT, LARGE_COUNT = 100, 200
NOT_VISIBLE = 999
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Numbers:
    """What a measurement may vary."""

    distance: int = DISTANCE
    small: int = SMALL_COUNT
    large: int = LARGE_COUNT
    has_stretches: bool = True


@dataclass(frozen=True)
class Found:
    """What came of holding one upload against one stored picture, at the place that says most."""

    seen: Look
    place: Located
    is_stretched: bool
    """Whether only the stretched views found it."""
    bits: tuple[int, ...]
    """In how many each stored region differs from its place; NOT_VISIBLE where it has none."""

    @property
    def verdict(self) -> Verdict:
        """Of the second look."""
        return verdict(self.seen)

    @property
    def rank(self) -> tuple[int, float]:
        """Orders findings, the best last."""
        return (Verdict.CLEAR, Verdict.PART, Verdict.MATCH).index(self.verdict), self.seen.share


def enrol(pixels: Pixels, count: int | None = None) -> StoredRegions | None:
    """Return what a case would hold of a picture (its best `count` regions, if that is given); None where there are too few."""
    value = regions_value(base_of(pixels), bytes(32))
    if value is None:
        return None
    stored = stored_regions(value)
    return stored if count is None else StoredRegions(stored.width, stored.height, stored.hashes[:count], stored.frames[:count])


class Upload:
    """A picture that is asked about; what is made of it stays for the next question."""

    def __init__(self, pixels: Pixels, numbers: Numbers = Numbers()) -> None:
        self.base: Base = base_of(pixels)
        self.numbers = numbers
        root = (self.base.width / self.base.height) ** 0.5
        self.width, self.height = max(1, round(256 * root)), max(1, round(256 / root))
        self._rounds: dict[bool, QueryRegions] = {}

    def regions(self, *, is_stretched: bool) -> QueryRegions:
        """Return the regions of the picture as it is, or of its stretched views: small and large."""
        if is_stretched not in self._rounds:
            views = [self._view(*view) for view in (STRETCHED if is_stretched else AS_IT_IS)]
            self._rounds[is_stretched] = query_regions(self.width, self.height, views)
        return self._rounds[is_stretched]

    def _view(self, area: int, stretch: float) -> View:
        found = find_regions(self.base, area, stretch, self.numbers.small if area == AREA else self.numbers.large)
        rows = np.concatenate([found.hashes, found.mirrored, found.geometry], axis=1)
        return View(max(1, round(self.width * stretch**0.5)), max(1, round(self.height / stretch**0.5)), rows.tobytes())


def ask(stored: StoredRegions, upload: Upload) -> Found | None:
    """Hold an upload against one stored picture, in stretched views where it does not match as it is; None: no candidate."""
    best: list[Found] = []
    for is_stretched in (False, True) if upload.numbers.has_stretches else (False,):
        query = upload.regions(is_stretched=is_stretched)
        distances = distances_between(stored.hashes, query.hashes) if len(query) else np.zeros((len(stored), 0), np.int64)
        pairs = np.argwhere(distances <= upload.numbers.distance)
        came = consider(stored, upload, pairs, distances[pairs[:, 0], pairs[:, 1]], is_stretched=is_stretched)
        best = sorted([*best, *([came] if came else [])], key=lambda found: found.rank)
        if best and best[-1].verdict is Verdict.MATCH:
            break
    return best[-1] if best else None


def consider(
    stored: StoredRegions, upload: Upload, pairs: NDArray[np.int64], distances: NDArray[np.int64], *, is_stretched: bool
) -> Found | None:
    """Return the best of what pairs (k, 2) of alike regions suggest: a stored region's number, and one of a round's regions."""
    query = upload.regions(is_stretched=is_stretched)
    found = []
    for place in located(stored, query, pairs, distances) if len(pairs) else []:
        is_visible, frames = places(stored.frames, place.map, upload.width, upload.height)
        hashes = hash_places(upload.base, to_wire(frames, upload.width, upload.height))
        bits = np.where(is_visible, np.bitwise_count(stored.hashes ^ hashes).sum(axis=1, dtype=np.int64), NOT_VISIBLE)
        found.append(Found(look(stored, is_visible, hashes), place, is_stretched, tuple(bits.tolist())))
    return max(found, key=lambda each: each.rank, default=None)
