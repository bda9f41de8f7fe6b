# SPDX-License-Identifier: Apache-2.0
"""Exact search over the regions of pictures: which pictures share two with a query? spec/matching.md, "Regions: the index".

All methods may be called from any thread; native work runs without the GIL. An added picture is found by the next search, a removed one
by none, and its bytes are overwritten. Answers hold hashes of stored pictures, because the vote and the second look need them: they stay
in the process that asks, and are never sent or logged.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.matching import _kernel
from stillmine.matching.region_frames import turned_over
from stillmine.matching.region_refine import located
from stillmine.matching.region_values import (
    GEOMETRY_BYTES,
    HASH_BYTES,
    HEAD_BYTES,
    REGION_BYTES,
    Hashes,
    QueryRegions,
    StoredRegions,
    frames_of_geometry,
    stored_regions,
)
from stillmine.matching.results import Candidate
from stillmine.matching.turned import overturned
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS

MOST_REGIONS = 36
"""Of one picture; memory is taken for as many."""

MOST_PICTURES = 64
"""That share two regions: returned by a search unless it asks for another number."""

MOST_SINGLE = 32
"""The same of those that share one. Some five of a million unrelated pictures do."""

COMMON_PICTURES = 16
"""So many pictures that share one region with a query, and nothing else with any of it, are not there by chance: an interface, a watermark.
Among a million unrelated pictures a region is near that of another by chance about once in a hundred asked."""

_SIZE_BYTES = 4
_SIZE_START = 2

_PAIR = np.dtype([("query", np.uint32), ("region", np.uint16), ("distance", np.uint16)])


@dataclass(frozen=True, slots=True)
class SharedPicture:
    """A stored picture with regions near some of the query's."""

    id: bytes
    stored: StoredRegions
    pairs: NDArray[np.uint32]
    """(k, 2): the number of the stored region and that of the query's; in order of query, then region."""
    distances: NDArray[np.uint16]
    """(k,), bits."""


@dataclass(frozen=True, slots=True)
class SharedPictures:
    """What a search found."""

    pictures: list[SharedPicture]
    """First those of which two different regions are near two different ones of the query, most regions first; then those that share one,
    nearest first, but after all others those that share a common one alone."""
    shared: int
    """How many of them share two."""
    elsewhere: NDArray[np.uint32]
    """For each of the query's regions, how many stored ones are near it whose picture has nothing else in common with the query."""
    is_cut: bool
    """Whether there are more pictures that share two than were asked for."""

    @property
    def is_common(self) -> NDArray[np.bool_]:
        """Which of the query's regions are on the stop list: they lower a match to a part of one, and never to nothing."""
        common: NDArray[np.bool_] = self.elsewhere >= COMMON_PICTURES
        return common


class RegionIndex:
    """Values of kind `regions` by ids of 16 bytes."""

    def __init__(self) -> None:
        self._native = _kernel.Groups(MOST_REGIONS, GEOMETRY_BYTES, _SIZE_BYTES)

    def __len__(self) -> int:
        return self._native.count()

    def __contains__(self, id: object) -> bool:
        return isinstance(id, bytes) and len(id) == 16 and self._native.contains(id)

    @property
    def memory_bytes(self) -> int:
        """What the index has asked the system for."""
        return self._native.memory_bytes()

    def add(self, id: bytes, value: bytes) -> None:
        """Add a picture, or replace the one with this id; raises ValueError for what is no compact value of 1 to 36 regions."""
        self.add_many([id], [value])

    def add_many(self, ids: Sequence[bytes], values: Sequence[bytes], threads: int = 1) -> None:
        """Add or replace many; of two with one id, the later stays. Raises ValueError as `add` does, and then adds none."""
        rows = [_rows(value) for value in values]
        if len(ids) != len(values) or any(len(id) != 16 for id in ids):
            raise ValueError("each value has an id of 16 bytes")
        if not rows:
            return
        every = np.concatenate(rows)
        sizes = b"".join(value[_SIZE_START : _SIZE_START + _SIZE_BYTES] for value in values)
        counts = bytes(len(regions) for regions in rows)
        hashes, geometry = every[:, :HASH_BYTES].tobytes(), every[:, HASH_BYTES:].tobytes()
        self._native.add_many(b"".join(ids), sizes, counts, hashes, geometry, threads)

    @contextmanager
    def loading(self, threads: int = 1) -> Iterator[None]:
        """While the index is filled for the first time: additions are cheap, searches look at everything; tables are made at the end."""
        self._native.begin_loading()
        try:
            yield
        finally:
            self._native.end_loading(threads)

    def remove(self, id: bytes) -> bool:
        """Forget a picture and overwrite it; returns whether it was there."""
        return self._native.remove(id)

    def stored(self, id: bytes) -> StoredRegions | None:
        """Return a picture's regions; None if it isn't there."""
        found = self._native.read(id)
        if found is None:
            return None
        size, hashes, geometry = found
        return _stored(size, hashes, geometry)

    def search(
        self,
        hashes: Hashes,
        max_distance_bits: int = MAXIMUM_DISTANCE_BITS,
        maximum: int = MOST_PICTURES,
        maximum_single: int = MOST_SINGLE,
        *,
        threads: int = 1,
    ) -> SharedPictures:
        """Return pictures that share regions with a query of hashes (n, 32), exactly, each with every pair that it shares.

        Those that share two or more: at most `maximum`, from 1 to 4,096; then those that share one: at most `maximum_single`, from 0 to
        4,096. Raises ValueError for other shapes and numbers.
        """
        if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != HASH_BYTES:
            raise ValueError("hashes have the shape (n, 32)")
        items, shared, values, notes, packed, alone, is_cut = self._native.search(
            hashes.tobytes(), max_distance_bits, maximum, maximum_single, threads
        )
        pairs = np.frombuffer(packed, dtype=_PAIR)
        pictures = []
        first_region = first_pair = 0
        for id, size, regions, count in items:
            end = first_region + regions
            stored = _stored(
                size,
                values[first_region * HASH_BYTES : end * HASH_BYTES],
                notes[first_region * GEOMETRY_BYTES : end * GEOMETRY_BYTES],
            )
            own = pairs[first_pair : first_pair + count]
            numbers = np.stack([own["region"].astype(np.uint32), own["query"]], axis=1)
            pictures.append(SharedPicture(id, stored, numbers, own["distance"].astype(np.uint16)))
            first_region, first_pair = end, first_pair + count
        return SharedPictures(pictures, shared, np.frombuffer(alone, dtype=np.uint32), is_cut)

    def ask(self, value: bytes, maximum: int, is_turned: bool) -> list[Candidate]:
        """Return pictures that share regions with this one in one geometry, those with most first; never a match by itself.

        Regions don't change when a picture is turned; with `is_turned` it is looked up mirrored too, estimated from the bits.
        """
        asked = stored_regions(value)
        hashes, frames = asked.hashes, asked.frames
        if is_turned:
            hashes = np.concatenate([hashes, overturned(hashes)])
            frames = np.concatenate([frames, turned_over(frames)])
        query = QueryRegions(asked.width, asked.height, hashes, frames)
        found = []
        for picture in self.search(hashes).pictures:
            if places := located(picture.stored, query, picture.pairs, picture.distances):
                found.append((-places[0].support, picture.id))
        return [Candidate(id, None) for _, id in sorted(found)[:maximum]]


def _rows(value: bytes) -> NDArray[np.uint8]:
    """Return the regions of a compact value, (n, 37)."""
    count = value[1] if len(value) >= HEAD_BYTES else 0
    if not 1 <= count <= MOST_REGIONS or len(value) != HEAD_BYTES + count * REGION_BYTES:
        raise ValueError("a value of kind regions has 1 to 36 regions, 38 bytes and 37 for each region")
    return np.frombuffer(value, np.uint8, offset=HEAD_BYTES).reshape(count, REGION_BYTES)


def _stored(size: bytes, hashes: bytes, geometry: bytes) -> StoredRegions:
    width, height = (int.from_bytes(size[start : start + 2], "little") for start in (0, 2))
    rows = np.frombuffer(geometry, np.uint8).reshape(-1, GEOMETRY_BYTES)
    return StoredRegions(width, height, np.frombuffer(hashes, np.uint8).reshape(-1, HASH_BYTES), frames_of_geometry(rows, width, height))
