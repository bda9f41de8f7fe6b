# SPDX-License-Identifier: Apache-2.0
"""Everything that is matched, in memory: one way to search for each kind.

Follows the store and is never the truth: what it finds is answered only if the store still has it. Safe to use from several threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stillmine.fingerprint import VARIANTS
from stillmine.matching.every_kind import FingerprintIndex
from stillmine.matching.spans import TimedMatch
from stillmine.partner.store import PageChanges, Store
from stillmine.partner.worker_messages import Picture
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.fingerprint import MINIMUM_QUALITY, Fingerprint, Kind, digest_bytes, pdq_bytes
from stillmine.wire.screen import DistanceBucket, MatchClass, MatchedSpan, Undone, Variant, distance_bucket
from stillmine.wire.vpdq import VideoFrame, parse_vpdq

MANY_PICTURES = 100
"""From here on pictures are added together."""

_VARIANTS = tuple(Variant(name) for name in VARIANTS)
"""The wire's words in the order of the eight hashes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fingerprint that the upload is near."""

    id: bytes
    kind: Kind
    match_class: MatchClass
    bucket: DistanceBucket | None = None
    variant: Variant | None = None
    undone: tuple[Undone, ...] = ()
    spans: tuple[MatchedSpan, ...] = ()


class Index:
    """All active fingerprints of one store."""

    def __init__(self) -> None:
        self._all = FingerprintIndex()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, id: bytes, kind: Kind, value: bytes) -> None:  # noqa: A002 - the glossary's word
        """Search for this value from now on; `value` is in compact form."""
        self._all.add(id, kind, value)

    def add_pictures(self, pictures: Sequence[tuple[bytes, bytes]]) -> None:
        """Search for many pictures, each (id, value), from now on; much faster than one by one."""
        self._all.add_pictures(b"".join(id for id, _ in pictures), b"".join(value for _, value in pictures))  # noqa: A001

    def remove(self, id: bytes) -> None:  # noqa: A002
        """Search for it no longer."""
        self._all.remove(id)

    def follow(self, changes: PageChanges) -> None:
        """Do what a page did to the store."""
        for fingerprint_id in changes.erased:
            self.remove(fingerprint_id)
        if len(changes.active) >= MANY_PICTURES and all(kind is Kind.PDQ for _, kind, _ in changes.active):
            self.add_pictures([(fingerprint_id, value) for fingerprint_id, _, value in changes.active])
            return
        for fingerprint_id, kind, value in changes.active:
            self.add(fingerprint_id, kind, value)

    def same_file(self, sha256: bytes, md5: bytes) -> list[Candidate]:
        """Return fingerprints of this very file."""
        found = [(Kind.SHA256, id) for id in self._all.same_file(Kind.SHA256, sha256)]  # noqa: A001
        found += [(Kind.MD5, id) for id in self._all.same_file(Kind.MD5, md5)]  # noqa: A001
        return [Candidate(id, kind, MatchClass.EXACT) for kind, id in found]  # noqa: A001

    def near_pictures(self, pictures: Sequence[Picture]) -> list[Candidate]:
        """Return pictures near any of these, whose hashes stand in the order of the variants; nearest first."""
        asked = [(value, variant, picture) for picture in pictures for value, variant in zip(picture.hashes, _VARIANTS, strict=False)]
        found = []
        for near in self._all.near_pictures([value for value, _, _ in asked]):
            _, variant, picture = asked[near.variant]
            is_exact = near.distance_bits == 0 and variant is Variant.ORIGINAL and not picture.undone
            match_class = MatchClass.EXACT if is_exact else MatchClass.NEAR
            bucket = distance_bucket(near.distance_bits)
            found.append(Candidate(near.id, Kind.PDQ, match_class, bucket, variant, tuple(picture.undone), _span_of(picture)))
        return found

    def near_videos(self, turned: Sequence[Sequence[VideoFrame]], frames_per_second: int = 1) -> list[Candidate]:
        """Return videos that these frames are a copy of, hold, or were cut from; the same frames once for each turn, as it is first."""
        best: dict[bytes, Candidate] = {}
        for frames, variant in zip(turned, _VARIANTS, strict=False):
            for match in self._all.videos_like(frames, frames_per_second):
                is_exact = match.is_exact and variant is Variant.ORIGINAL
                best.setdefault(match.id, _timed(Kind.VPDQ, match, is_exact, variant))
        return list(best.values())

    def near_sounds(self, values: Sequence[int]) -> list[Candidate]:
        """Return sounds that these values are a copy of, hold, or were cut from."""
        return [_timed(Kind.CHROMAPRINT, match, match.is_exact) for match in self._all.sounds_like(values)]


def loaded_index(store: Store) -> Index:
    """Return an index of everything active in the store."""
    index = Index()
    active = store.active()
    index.add_pictures([(fingerprint_id, value) for fingerprint_id, kind, value in active if kind is Kind.PDQ])
    for fingerprint_id, kind, value in active:
        if kind is not Kind.PDQ:
            index.add(fingerprint_id, kind, value)
    return index


def candidates_for(index: Index, fingerprint: Fingerprint) -> list[Candidate]:
    """Return what is near one fingerprint that a platform made itself; pictures and frames count as in their original orientation."""
    value = fingerprint.value
    match fingerprint.kind:
        case Kind.PDQ:
            return index.near_pictures([Picture([pdq_bytes(value)], fingerprint.quality, [])])
        case Kind.VPDQ:
            frames = parse_vpdq(value)
            good = [frame for frame in frames if frame.quality >= MINIMUM_QUALITY]
            pictures = [Picture([frame.pdq], frame.quality, [], (frame.seconds, frame.seconds)) for frame in good]
            return [*index.near_videos([frames]), *(index.near_pictures(pictures) if pictures else [])]
        case Kind.CHROMAPRINT:
            return index.near_sounds(parse_chromaprint(value))
        case Kind.SHA256:
            return index.same_file(digest_bytes(Kind.SHA256, value), b"")
        case _:
            return index.same_file(b"", digest_bytes(Kind.MD5, value))


def _span_of(picture: Picture) -> tuple[MatchedSpan, ...]:
    """When a picture of a moving upload is on screen; a still that is protected has no seconds of its own."""
    if picture.seconds is None:
        return ()
    start, end = picture.seconds
    return (MatchedSpan(round(start, 2), round(end, 2), 0, 0),)


def _timed(kind: Kind, match: TimedMatch, is_exact: bool, variant: Variant | None = None) -> Candidate:
    spans = tuple(
        MatchedSpan(
            upload_start_seconds=round(span.query_start, 1),
            upload_end_seconds=round(span.query_end, 1),
            fingerprint_start_seconds=round(span.stored_start, 1),
            fingerprint_end_seconds=round(span.stored_end, 1),
        )
        for span in match.spans
    )
    return Candidate(match.id, kind, MatchClass.EXACT if is_exact else MatchClass.NEAR, variant=variant, spans=spans)
