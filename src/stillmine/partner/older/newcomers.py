# SPDX-License-Identifier: Apache-2.0
"""Fingerprints that are looked for in what is remembered, and which uploads of a block may match them.

A sieve: it lets through whatever matches, and some that does not; those are looked up as if they had just come.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from stillmine.matching.hamming import HammingIndex
from stillmine.matching.sound import SoundIndex
from stillmine.partner.older.block import MARK_BYTES, Block
from stillmine.partner.older.remembered import transposed
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.kinds import KIND_RULES, MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY, Kind
from stillmine.wire.vpdq import parse_vpdq


class Newcomers:
    """Some fingerprints, each (kind, value in compact form)."""

    def __init__(self, values: Sequence[tuple[Kind, bytes]]) -> None:
        hashes = {value for kind, value in values if kind is Kind.PDQ}
        for kind, value in values:
            if kind is Kind.VPDQ:
                hashes |= {frame.pdq for frame in parse_vpdq(value.decode("ascii")) if frame.quality >= MINIMUM_QUALITY}
        self._pictures = _index_of(b"".join(sorted(hashes)))
        digests = [value[:MARK_BYTES].ljust(MARK_BYTES, b"\0") for kind, value in values if KIND_RULES[kind].is_whole_file]
        self._marks = np.frombuffer(b"".join(digests), np.uint64)
        self._sounds = SoundIndex()
        for number, value in enumerate(value for kind, value in values if kind is Kind.CHROMAPRINT):
            self._sounds.add(number.to_bytes(16), parse_chromaprint(value.decode("ascii")))

    def possible(self, block: Block) -> list[int]:
        """Return which uploads of a block may match, in order."""
        found: set[int] = set()
        if len(self._pictures) and block.hashes:
            near = self._pictures.search_many(block.hashes, MAXIMUM_DISTANCE_BITS)
            found.update(block.owners_of_hashes(np.unique(near.queries)).tolist())
        if len(self._marks) and len(block.marks):
            found.update(block.owners_of_marks(np.flatnonzero(np.isin(block.marks, self._marks))).tolist())
        if len(self._sounds):
            found.update(self._sounding(block, np.flatnonzero(block.has_sound).tolist()))
        return sorted(found)

    def _sounding(self, block: Block, places: Iterable[int]) -> Iterable[int]:
        return (place for place in places if any(self._sounds.search(values) for values in block[place].remembered().sounds))


def _index_of(hashes: bytes) -> HammingIndex:
    """Return an index of these and of their transposes, which with four turns of each upload are all eight."""
    both = hashes + transposed(hashes)
    index = HammingIndex()
    index.add_many(b"".join(number.to_bytes(16) for number in range(len(both) // 32)), both)
    return index
