# SPDX-License-Identifier: Apache-2.0
"""One upload held against one stored picture by both judges, with the product's own functions and without a network.

What a case holds of a picture, and what a partner and the exchange make of an upload: PDQ in all turns, then regions as `region_asking`
asks, without stretched views; and of a match by PDQ, what the regions say of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import region_asking
from region_asking import Numbers, Pixels, ask

from stillmine.fingerprint import distance_bits, fingerprint_pixels
from stillmine.fingerprint.picture.regions import base_of, hash_places, regions_value
from stillmine.matching.region_frames import Map
from stillmine.matching.region_look import Judgement, Look, Verdict, judgement, look, places, to_wire
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import refined
from stillmine.matching.region_values import StoredRegions, stored_regions
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY


@dataclass(frozen=True)
class Enrolled:
    """What a case holds of a picture."""

    pdq: bytes
    value: bytes
    stored: StoredRegions


def pdq_of(pixels: Pixels) -> bytes:
    """Return the PDQ of upright RGB pixels."""
    return fingerprint_pixels(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], 3, variants=1).pdq


def enrolled(pixels: Pixels) -> Enrolled | None:
    """Return what a case holds of upright RGB pixels, or None where it would hold no regions."""
    made = fingerprint_pixels(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], 3)
    value = regions_value(base_of(pixels), made.pdq)
    return None if value is None or made.quality < MINIMUM_QUALITY else Enrolled(made.pdq, value, stored_regions(value))


class Upload(region_asking.Upload):
    """An upright RGB picture that is asked about, by PDQ too."""

    def __init__(self, pixels: Pixels) -> None:
        super().__init__(pixels, Numbers(has_stretches=False))
        self.made = fingerprint_pixels(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], 3)

    def is_pdq_match(self, pdq: bytes) -> bool:
        """Whether PDQ finds it, in any turn; a flat upload is not compared."""
        return (
            self.made.quality >= MINIMUM_ASKED_QUALITY
            and min(distance_bits(turn, pdq) for turn in self.made.variants) <= MAXIMUM_DISTANCE_BITS
        )

    def verdict(self, stored: StoredRegions) -> Verdict:
        """Return what regions alone say."""
        found = ask(stored, self)
        return found.verdict if found else Verdict.CLEAR

    def judgement(self, stored: StoredRegions) -> Judgement:
        """Return what regions make of a match by the PDQ of the whole upload as it is."""
        implied = implied_map(stored.width, stored.height, 0, (0, 0, self.width, self.height))
        near = refined(stored, self.regions(is_stretched=False), implied)
        found = ask(stored, self)
        return judgement([self._look(stored, implied), self._look(stored, near.map), *([found.seen] if found else [])])

    def _look(self, stored: StoredRegions, map_: Map) -> Look:
        is_visible, frames = places(stored.frames, map_, self.width, self.height)
        return look(stored, is_visible, hash_places(self.base, to_wire(frames, self.width, self.height)))
