# SPDX-License-Identifier: Apache-2.0
"""Everything that is matched, in memory: one index for each kind behind one way to add, remove and ask.

Partners and exchanges stand on it. It is never the truth: whoever answers from it checks that what was found is still active. Values
are in their compact form (`wire.kinds.value_bytes`). All methods may be called from any thread.
"""

from collections.abc import Sequence

from stillmine.matching.exact import ExactSet
from stillmine.matching.hamming import HammingIndex
from stillmine.matching.near import Candidate, Near
from stillmine.matching.sound import SoundIndex
from stillmine.matching.spans import TimedMatch
from stillmine.matching.turned import TURNS, orientations, turned, turned_frames
from stillmine.matching.video import VideoIndex
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY, Kind
from stillmine.wire.vpdq import VideoFrame, parse_vpdq

MATCHED_KINDS = frozenset({Kind.PDQ, Kind.VPDQ, Kind.CHROMAPRINT, Kind.SHA256, Kind.MD5})
"""Kinds that can be matched."""


class FingerprintIndex:
    """Fingerprints of every kind by ids of 16 bytes."""

    def __init__(self) -> None:
        self._pictures = HammingIndex()
        self._videos = VideoIndex()
        self._sounds = SoundIndex()
        self._digests = {Kind.SHA256: ExactSet(), Kind.MD5: ExactSet()}

    def __len__(self) -> int:
        return len(self._pictures) + len(self._videos) + len(self._sounds) + sum(len(digests) for digests in self._digests.values())

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return len(self._pictures)

    def add(self, id: bytes, kind: Kind, value: bytes) -> None:  # noqa: A002 - the glossary's word
        """Search for this value from now on."""
        if kind is Kind.PDQ:
            self._pictures.add(id, value)
        elif kind is Kind.VPDQ:
            self._videos.add(id, parse_vpdq(value.decode("ascii")))
        elif kind is Kind.CHROMAPRINT:
            self._sounds.add(id, parse_chromaprint(value.decode("ascii")))
        else:
            self._digests[kind].add(id, value)

    def add_pictures(self, ids: bytes, values: bytes) -> None:
        """Search for many pictures from now on, 16 bytes of id and 32 of value each; much faster than one by one."""
        self._pictures.add_many(ids, values)

    def remove(self, id: bytes) -> None:  # noqa: A002
        """Search for it no longer."""
        self._pictures.remove(id)
        self._videos.remove(id)
        self._sounds.remove(id)
        for digests in self._digests.values():
            digests.remove(id)

    def same_file(self, kind: Kind, digest: bytes) -> list[bytes]:
        """Return the ids with this `sha256` or `md5`, in order."""
        return self._digests[kind].search(digest)

    def near_pictures(self, values: Sequence[bytes]) -> list[Near]:
        """Return pictures near any of these, nearest first."""
        return self._pictures.search_variants(values)

    def videos_like(self, frames: Sequence[VideoFrame], frames_per_second: int = 1) -> list[TimedMatch]:
        """Return videos that these frames are a copy of, hold, or were cut from; longest match first."""
        return self._videos.search(frames, frames_per_second)

    def sounds_like(self, values: Sequence[int]) -> list[TimedMatch]:
        """Return sounds that these values are a copy of, hold, or were cut from; longest match first."""
        return self._sounds.search(values)

    def ask(self, kind: Kind, value: bytes, maximum: int, is_turned: bool = True) -> list[Candidate]:
        """Return what a single value matches, best first, at most `maximum`.

        Pictures and videos in all eight orientations, or only in the one that they have unless `is_turned`. A video is compared with
        videos, which come first, and each of its frames with pictures.
        """
        if kind is Kind.PDQ:
            found = self._pictures.search_variants(orientations(value) if is_turned else [value])
            return [Candidate(near.id, near.distance_bits) for near in found[:maximum]]
        if kind is Kind.VPDQ:
            frames = parse_vpdq(value.decode("ascii"))
            turns = turned_frames(frames) if is_turned else [list(frames)]
            videos = [Candidate(match.id, None) for frames in turns for match in self._videos.search(frames)]
            shown = {frame.pdq for frames in turns for frame in frames if frame.quality >= MINIMUM_QUALITY}
            pictures = [Candidate(near.id, near.distance_bits) for near in self._pictures.search_variants(sorted(shown))]
            return list(dict.fromkeys([*videos, *pictures]))[:maximum]
        if kind is Kind.CHROMAPRINT:
            return [Candidate(match.id, None) for match in self._sounds.search(parse_chromaprint(value.decode("ascii")))[:maximum]]
        return [Candidate(own, 0) for own in self.same_file(kind, value)[:maximum]]

    def ask_pictures(self, values: Sequence[bytes], maximum: int, threads: int, is_turned: bool = True) -> list[list[Candidate]]:
        """Return for each picture what `ask` does, for many at once on several processors."""
        joined = b"".join(values)
        batch = self._pictures.search_many(turned(joined) if is_turned else joined, MAXIMUM_DISTANCE_BITS, threads)
        of_each = TURNS if is_turned else 1
        nearest: list[dict[bytes, int]] = [{} for _ in values]
        for query, own, distance in zip(batch.queries.tolist(), batch.ids.tolist(), batch.distances.tolist(), strict=True):
            found = nearest[query // of_each]
            found[own] = min(distance, found.get(own, distance))
        ordered = (sorted(found.items(), key=lambda one: (one[1], one[0]))[:maximum] for found in nearest)
        return [[Candidate(own, distance) for own, distance in found] for found in ordered]
