# SPDX-License-Identifier: Apache-2.0
"""What matching does with each kind: one table, and an index over everything that asks it.

Partners and exchanges stand on it. It is never the truth: whoever answers from it checks that what was found is still active. Values
are in their compact form (`wire.kinds.value_bytes`). All methods may be called from any thread. Contract: spec/matching.md.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from stillmine.matching.exact import ExactSet
from stillmine.matching.hamming import ID_BYTES, HammingIndex
from stillmine.matching.region_index import RegionIndex
from stillmine.matching.results import Candidate, TimedMatch
from stillmine.matching.sound import SoundIndex
from stillmine.matching.turned import TURNS, orientations, turned, turned_frames
from stillmine.matching.video import VideoIndex
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY, Kind
from stillmine.wire.vpdq import VideoFrame, parse_vpdq


class KindIndex(Protocol):
    """All fingerprints of one kind by ids of 16 bytes."""

    def __len__(self) -> int: ...

    def __contains__(self, id: object) -> bool: ...

    def add(self, id: bytes, value: bytes) -> None:
        """Search for this value from now on, in place of the one with this id."""

    def remove(self, id: bytes) -> bool:
        """Search for it no longer; returns whether it was there."""

    def ask(self, value: bytes, maximum: int, is_turned: bool) -> list[Candidate]:
        """Return what a value matches, best first, at most `maximum`; in all eight orientations, or only in the one that it has."""


class Pictures(HammingIndex):
    """Pictures by their PDQ."""

    def ask(self, value: bytes, maximum: int, is_turned: bool) -> list[Candidate]:
        """Return pictures near this one, nearest first."""
        found = self.search_variants(orientations(value) if is_turned else [value])
        return [Candidate(near.id, near.distance_bits) for near in found[:maximum]]

    def ask_many(self, values: Sequence[bytes], maximum: int, threads: int, is_turned: bool = True) -> list[list[Candidate]]:
        """Return for each picture what `ask` does, for many at once on several processors."""
        joined = b"".join(values)
        batch = self.search_many(turned(joined) if is_turned else joined, MAXIMUM_DISTANCE_BITS, threads)
        of_each = TURNS if is_turned else 1
        nearest: list[dict[bytes, int]] = [{} for _ in values]
        for query, fingerprint_id, distance in zip(batch.queries.tolist(), batch.ids.tolist(), batch.distances.tolist(), strict=True):
            found = nearest[query // of_each]
            found[fingerprint_id] = min(distance, found.get(fingerprint_id, distance))
        ordered = (sorted(found.items(), key=lambda one: (one[1], one[0]))[:maximum] for found in nearest)
        return [[Candidate(fingerprint_id, distance) for fingerprint_id, distance in found] for found in ordered]


class Videos:
    """Videos by their vPDQ. One that is asked about is compared with videos, and each of its frames with pictures."""

    def __init__(self, pictures: Pictures) -> None:
        self._videos = VideoIndex()
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._videos)

    def __contains__(self, id: object) -> bool:
        return id in self._videos

    def add(self, id: bytes, value: bytes) -> None:
        """Search for this video from now on."""
        self._videos.add(id, _frames(value))

    def remove(self, id: bytes) -> bool:
        """Search for it no longer."""
        return self._videos.remove(id)

    def ask(self, value: bytes, maximum: int, is_turned: bool) -> list[Candidate]:
        """Return videos that this one is like, then pictures that it shows."""
        frames = _frames(value)
        turns = turned_frames(frames) if is_turned else [list(frames)]
        videos = [Candidate(match.id, None) for frames in turns for match in self._videos.search(frames)]
        shown = {frame.pdq for frames in turns for frame in frames if frame.quality >= MINIMUM_QUALITY}
        pictures = [Candidate(near.id, near.distance_bits) for near in self._pictures.search_variants(sorted(shown))]
        return list(dict.fromkeys([*videos, *pictures]))[:maximum]

    def near(self, frames: Sequence[VideoFrame], frames_per_second: int = 1) -> list[TimedMatch]:
        """Return videos that these frames are a copy of, hold, or were cut from; longest match first."""
        return self._videos.search(frames, frames_per_second)


class Sounds:
    """Sounds by their Chromaprint."""

    def __init__(self) -> None:
        self._sounds = SoundIndex()

    def __len__(self) -> int:
        return len(self._sounds)

    def __contains__(self, id: object) -> bool:
        return id in self._sounds

    def add(self, id: bytes, value: bytes) -> None:
        """Search for this sound from now on."""
        self._sounds.add(id, parse_chromaprint(value.decode("ascii")))

    def remove(self, id: bytes) -> bool:
        """Search for it no longer."""
        return self._sounds.remove(id)

    def ask(self, value: bytes, maximum: int, is_turned: bool) -> list[Candidate]:  # noqa: ARG002 (a sound is never turned)
        """Return sounds that this one is like, longest match first."""
        return [Candidate(match.id, None) for match in self.near(parse_chromaprint(value.decode("ascii")))[:maximum]]

    def near(self, values: Sequence[int]) -> list[TimedMatch]:
        """Return sounds that these values are a copy of, hold, or were cut from; longest match first."""
        return self._sounds.search(values)


class FingerprintIndex:
    """Fingerprints of every kind by ids of 16 bytes. What one kind can do beyond the others is asked of its own part."""

    def __init__(self) -> None:
        self.pictures = Pictures()
        self.videos = Videos(self.pictures)
        self.sounds = Sounds()
        self.regions = RegionIndex()
        self.sha256 = ExactSet()
        self.md5 = ExactSet()
        self._of = {kind: part(self) for kind, part in KINDS.items()}

    def __len__(self) -> int:
        return sum(len(part) for part in self._of.values())

    def __contains__(self, id: object) -> bool:
        return any(id in part for part in self._of.values())

    def add(self, id: bytes, kind: Kind, value: bytes) -> None:
        """Search for this value from now on."""
        self._of[kind].add(id, value)

    def add_many(self, kind: Kind, ids: bytes, values: bytes) -> None:
        """Search for many values of one length from now on: 16 bytes of id for each. Of pictures much faster than one by one."""
        if kind is Kind.PDQ:
            self.pictures.add_many(ids, values)
            return
        starts = range(0, len(ids), ID_BYTES)
        length = len(values) // max(1, len(starts))
        for place, start in enumerate(starts):
            self.add(ids[start : start + ID_BYTES], kind, values[place * length : (place + 1) * length])

    def remove(self, id: bytes) -> None:
        """Search for it no longer, of whatever kind it is."""
        for part in self._of.values():
            part.remove(id)

    def same_file(self, kind: Kind, digest: bytes) -> list[bytes]:
        """Return the ids with this digest of a whole file, in order."""
        return [found.id for found in self._of[kind].ask(digest, sys.maxsize, is_turned=False)]

    def ask(self, kind: Kind, value: bytes, maximum: int, is_turned: bool = True) -> list[Candidate]:
        """Return what a single value matches, best first, at most `maximum`.

        What is seen is looked up in all eight orientations, or only in the one that it has unless `is_turned`.
        """
        return self._of[kind].ask(value, maximum, is_turned)


KINDS: dict[Kind, Callable[[FingerprintIndex], KindIndex]] = {
    Kind.PDQ: lambda index: index.pictures,
    Kind.VPDQ: lambda index: index.videos,
    Kind.REGIONS: lambda index: index.regions,
    Kind.CHROMAPRINT: lambda index: index.sounds,
    Kind.SHA256: lambda index: index.sha256,
    Kind.MD5: lambda index: index.md5,
}
"""Which part of an index holds the fingerprints of each kind; a kind without one can't be matched."""

MATCHED_KINDS = frozenset(KINDS)


def _frames(value: bytes) -> tuple[VideoFrame, ...]:
    return parse_vpdq(value.decode("ascii"))
