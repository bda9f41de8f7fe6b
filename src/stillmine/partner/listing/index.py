# SPDX-License-Identifier: Apache-2.0
"""Everything that is matched, in memory: one way to search for each kind.

Follows the store and is never the truth: what it finds is answered only if the store still has it. Safe to use from several threads.
"""

from collections.abc import Sequence

from stillmine.matching.kinds import FingerprintIndex
from stillmine.matching.results import TimedMatch
from stillmine.partner.fingerprinting.worker_messages import Digest, Picture
from stillmine.partner.screening.way import IN_ORDER, Candidate, span_of
from stillmine.partner.store.place import PageChanges
from stillmine.partner.store.store import Store
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass, MatchedSpan, Variant, distance_bucket
from stillmine.wire.vpdq import VideoFrame

MANY_PICTURES = 100
"""From here on pictures are added together."""


class ListIndex:
    """All active fingerprints of one store."""

    def __init__(self) -> None:
        self._all = FingerprintIndex()

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, id: bytes) -> bool:
        return id in self._all

    def add(self, id: bytes, kind: Kind, value: bytes) -> None:
        """Search for this value from now on; `value` is in compact form."""
        self._all.add(id, kind, value)

    def add_pictures(self, pictures: Sequence[tuple[bytes, bytes]]) -> None:
        """Search for many pictures, each (id, value), from now on; much faster than one by one."""
        self._all.pictures.add_many(b"".join(id for id, _ in pictures), b"".join(value for _, value in pictures))

    def add_joined_pictures(self, ids: bytes, values: bytes) -> None:
        """Search for many pictures, 16 bytes of id and 32 of value for each, from now on."""
        self._all.pictures.add_many(ids, values)

    def remove(self, id: bytes) -> None:
        """Search for it no longer."""
        self._all.remove(id)

    def clear(self) -> None:
        """Search for nothing any more."""
        self._all = FingerprintIndex()

    def become(self, other: "ListIndex") -> None:
        """Search for what the other one does, which nobody uses from now on, and for nothing else."""
        self._all = other._all

    def follow(self, changes: PageChanges) -> None:
        """Do what a page did to the store."""
        for fingerprint_id in changes.erased:
            self.remove(fingerprint_id)
        if len(changes.active) >= MANY_PICTURES and all(kind is Kind.PDQ for _, kind, _ in changes.active):
            self.add_pictures([(fingerprint_id, value) for fingerprint_id, _, value in changes.active])
            return
        for fingerprint_id, kind, value in changes.active:
            self.add(fingerprint_id, kind, value)

    def same_file(self, digests: Sequence[Digest]) -> list[Candidate]:
        """Return fingerprints of the very file that these are digests of."""
        found = ((digest.kind, self._all.same_file(digest.kind, digest.value)) for digest in digests)
        return [Candidate(id, kind, MatchClass.EXACT) for kind, ids in found for id in ids]

    def near_pictures(self, pictures: Sequence[Picture]) -> list[Candidate]:
        """Return pictures near any of these, whose hashes stand in the order of the variants; nearest first, of equals in that order."""
        asked = [(value, variant, picture) for picture in pictures for value, variant in zip(picture.hashes, IN_ORDER, strict=False)]
        found = []
        near_ones = self._all.pictures.search_variants([value for value, _, _ in asked])
        for near in sorted(near_ones, key=lambda one: (one.distance_bits, one.variant)):
            _, variant, picture = asked[near.variant]
            is_exact = near.distance_bits == 0 and variant is Variant.ORIGINAL and not picture.undone
            match_class = MatchClass.EXACT if is_exact else MatchClass.NEAR
            bucket = distance_bucket(near.distance_bits)
            found.append(
                Candidate(
                    near.id,
                    Kind.PDQ,
                    match_class,
                    bucket,
                    variant,
                    tuple(picture.undone),
                    span_of(picture.seconds),
                    number=picture.number,
                    box=picture.box,
                    distance_bits=near.distance_bits,
                )
            )
        return found

    def near_videos(self, turned: Sequence[Sequence[VideoFrame]], frames_per_second: int = 1) -> list[Candidate]:
        """Return videos that these frames are a copy of, hold, or were cut from; the same frames once for each turn, as it is first."""
        best: dict[bytes, Candidate] = {}
        for frames, variant in zip(turned, IN_ORDER, strict=False):
            for match in self._all.videos.near(frames, frames_per_second):
                is_exact = match.is_exact and variant is Variant.ORIGINAL
                best.setdefault(match.id, _timed(Kind.VPDQ, match, is_exact, variant))
        return list(best.values())

    def near_sounds(self, values: Sequence[int]) -> list[Candidate]:
        """Return sounds that these values are a copy of, hold, or were cut from."""
        return [_timed(Kind.CHROMAPRINT, match, match.is_exact) for match in self._all.sounds.near(values)]


def loaded_index(store: Store) -> ListIndex:
    """Return an index of everything active in the store."""
    index, rows_of_all = ListIndex(), store.rows()
    pictures = [rows for rows in rows_of_all if rows.kind is Kind.PDQ]
    # All at once: each time that some are added to many, all of these are put in order again.
    index.add_joined_pictures(
        b"".join(own for rows in pictures for own in rows.ids), b"".join(value for rows in pictures for value in rows.values)
    )
    for rows in rows_of_all:
        if rows.kind is Kind.PDQ:
            continue
        for fingerprint_id, value in zip(rows.ids, rows.values, strict=True):
            index.add(fingerprint_id, rows.kind, value)
    return index


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
