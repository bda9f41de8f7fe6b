# SPDX-License-Identifier: Apache-2.0
"""Regions of many stored pictures, to be asked at once: candidates come from the product's exact index, all else is `region_asking`.

The index here holds one row for each region under an id of picture and number: exact, and enough for some 10,000 pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from region_asking import Found, Upload, consider

from stillmine.matching.hamming import HammingIndex
from stillmine.matching.region_look import Verdict
from stillmine.matching.region_values import QueryRegions, StoredRegions


@dataclass
class Counts:
    """What was asked and what shared how much, over pairs of an upload and a stored picture."""

    hashes: int = 0
    """Regions asked about, mirrored ones too."""
    sharing: int = 0
    """Pairs with a region within the distance, in one round of views."""
    looked_at: int = 0
    """Of those, with others that lie where the first says: they got a second look."""


class RegionLibrary:
    """All regions of all stored pictures."""

    def __init__(self, stored: Sequence[StoredRegions | None]) -> None:
        self.stored = stored
        self.counts = Counts()
        self._index = HammingIndex()
        for number, picture in enumerate(stored):
            if picture is not None:
                ids = b"".join(number.to_bytes(8) + region.to_bytes(8) for region in range(len(picture)))
                self._index.add_many(ids, picture.hashes.tobytes())

    def ask(self, upload: Upload, *, is_stretched: bool) -> dict[int, Found]:
        """Return what came of each stored picture that got a second look, in one round of views."""
        query = upload.regions(is_stretched=is_stretched)
        self.counts.hashes += len(query)
        found: dict[int, Found] = {}
        for number, pairs, distances in self._candidates(query, upload.numbers.distance):
            self.counts.sharing += 1
            picture = self.stored[number]
            assert picture is not None
            came = consider(picture, upload, pairs, distances, is_stretched=is_stretched)
            if came is not None:
                self.counts.looked_at += 1
                found[number] = came
        return found

    def _candidates(self, query: QueryRegions, distance: int) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        if not len(query):
            return
        batch = self._index.search_many(query.hashes.tobytes(), distance)
        ids = batch.ids.view(">u8").reshape(-1, 2).astype(np.int64)
        for number in np.unique(ids[:, 0]):
            rows = np.flatnonzero(ids[:, 0] == number)
            pairs = np.stack([ids[rows, 1], batch.queries[rows].astype(np.int64)], axis=1)
            yield int(number), pairs, batch.distances[rows].astype(np.int64)


def ask_in_rounds(library: RegionLibrary, upload: Upload, *, always_stretched: bool = False) -> dict[int, Found]:
    """Return what came of each stored picture, in stretched views too where nothing matched as it is (or always)."""
    found = library.ask(upload, is_stretched=False)
    is_found = any(came.verdict is Verdict.MATCH for came in found.values())
    if upload.numbers.has_stretches and (always_stretched or not is_found):
        for number, came in library.ask(upload, is_stretched=True).items():
            found[number] = max(came, found.get(number, came), key=lambda each: each.rank)
    return found
