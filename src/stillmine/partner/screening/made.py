# SPDX-License-Identifier: Apache-2.0
"""What was made of one upload, in one form: by a worker of a file, or by the platform itself.

What tells too little apart to be looked up is taken out here, and said. Must never hold a byte of an upload.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from stillmine.partner.fingerprinting.worker_messages import UPLOAD_FRAMES_PER_SECOND, Answer, Frame, Picture
from stillmine.partner.screening.upload_tokens import upload_of
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.errors import QualityTooLowError
from stillmine.wire.fingerprint import MINIMUM_QUALITY, Fingerprint, Kind, digest_bytes, pdq_bytes
from stillmine.wire.vpdq import VideoFrame, parse_vpdq


@dataclass(frozen=True, slots=True)
class Film:
    """What moves: the same frames once for each turn that is known, as it is first, and so many were taken of a second."""

    turned: list[list[VideoFrame]]
    frames_per_second: int

    def pictures(self) -> list[Picture]:
        """Return its different frames of enough quality as pictures to look up; a run has its first and its last second."""
        pictures: list[Picture] = []
        for frames in zip(*self.turned, strict=True):
            first = frames[0]
            hashes = [frame.pdq for frame in frames]
            before = pictures[-1] if pictures else None
            if before is not None and before.seconds is not None and before.hashes == hashes:
                pictures[-1] = msgspec.structs.replace(before, seconds=(before.seconds[0], first.seconds))
            else:
                pictures.append(Picture(hashes, first.quality, [], (first.seconds, first.seconds)))
        return [picture for picture in pictures if picture.quality >= MINIMUM_QUALITY]


@dataclass(frozen=True, slots=True)
class Made:
    """All that is looked up of one upload; `left_out` holds the codes of what is not, `upload` stands for the upload in its token."""

    upload: bytes
    left_out: list[str]
    digests: list[tuple[Kind, bytes]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    """Of enough quality; those of a moving upload are not among its frames."""
    films: list[Film] = field(default_factory=list)
    sounds: list[list[int]] = field(default_factory=list)

    @property
    def has_more_than_digests(self) -> bool:
        """Whether anything is to be compared, not only found again."""
        return bool(self.pictures or self.films or self.sounds)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look up."""
        return not self.digests and not self.has_more_than_digests


def made_of_file(answer: Answer) -> Made:
    """Return what a worker made of a file."""
    digests = [(kind, digest) for kind, digest in ((Kind.SHA256, answer.sha256), (Kind.MD5, answer.md5)) if digest]
    return Made(
        upload=answer.sha256,
        left_out=[*answer.left_out, *_too_little_detail(answer)],
        digests=digests,
        pictures=[picture for picture in (*answer.stills, *answer.pictures) if picture.quality >= MINIMUM_QUALITY],
        films=[Film(_turned(frames), UPLOAD_FRAMES_PER_SECOND) for frames in answer.films],
        sounds=answer.sounds,
    )


def made_by_platform(fingerprints: Sequence[Fingerprint]) -> Made:
    """Return what a platform made itself; pictures and frames count as in their original orientation."""
    good = [fingerprint for fingerprint in fingerprints if fingerprint.quality >= MINIMUM_QUALITY]
    made = Made(upload_of(fingerprints), [QualityTooLowError.code] if len(good) < len(fingerprints) else [])
    for fingerprint in good:
        value = fingerprint.value
        match fingerprint.kind:
            case Kind.PDQ:
                made.pictures.append(Picture([pdq_bytes(value)], fingerprint.quality, []))
            case Kind.VPDQ:
                made.films.append(Film([list(parse_vpdq(value))], 1))
            case Kind.CHROMAPRINT:
                made.sounds.append(list(parse_chromaprint(value)))
            case _:
                made.digests.append((fingerprint.kind, digest_bytes(fingerprint.kind, value)))
    return made


def _turned(frames: Sequence[Frame]) -> list[list[VideoFrame]]:
    return [
        [VideoFrame(pdq, frame.quality, frame.seconds) for frame, pdq in zip(frames, turned, strict=True)]
        for turned in zip(*(frame.hashes for frame in frames), strict=True)
    ]


def _too_little_detail(answer: Answer) -> list[str]:
    """A picture that was read but tells too little apart was compared by its digests only, and that must be said."""
    is_flat = all(picture.quality < MINIMUM_QUALITY for picture in answer.pictures)
    return [QualityTooLowError.code] if answer.pictures and is_flat and not answer.films and not answer.stills else []
