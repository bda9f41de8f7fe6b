# SPDX-License-Identifier: Apache-2.0
"""What was made of one upload, in one form: by a worker of a file, or by the platform itself.

What tells too little apart to be looked up is taken out here, and said. Must never hold a byte of an upload.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

import msgspec

from stillmine.partner.fingerprinting.worker_messages import (
    UPLOAD_FRAMES_PER_SECOND,
    Digest,
    FilmFrames,
    JobResult,
    Picture,
    PictureRegions,
    Sound,
    TurnedFrame,
)
from stillmine.partner.ground.errors import RegionsNotAskedError
from stillmine.partner.screening.upload_tokens import upload_of
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.errors import KindNotAcceptedError, QualityTooLowError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import LISTED_KINDS, MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY, Kind, pdq_bytes, value_bytes
from stillmine.wire.screen import RegionsChoice
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


LookedUpForm = Picture | Film | Sound | Digest
"""What is looked up of an upload, whatever the kind; whoever looks it up names each form, and a type checker misses none."""

Form = TypeVar("Form", Picture, Film, Sound, Digest)


@dataclass(frozen=True, slots=True)
class Made:
    """All that is looked up of one upload; `left_out` holds the codes of what is not, `upload` stands for the upload in its token.

    `fingerprints`: pictures of enough quality, and those of a moving upload that are not among its frames, before films, sounds, digests.
    A picture between the quality that is asked about and the one that is stored is in both: where nothing matches, that says little.
    `regions`: those of its first pictures, None where none were made. `is_turned_by_exchange`: its pictures and frames have one hash each,
    of which an exchange that is asked makes the other seven.
    """

    upload: bytes
    left_out: list[str]
    fingerprints: list[LookedUpForm] = field(default_factory=list)
    regions: list[PictureRegions] | None = None
    is_turned_by_exchange: bool = False

    def of(self, form: type[Form]) -> list[Form]:
        """Return what is of one form, in its order."""
        return [one for one in self.fingerprints if isinstance(one, form)]

    @property
    def has_pictures(self) -> bool:
        """Whether it shows a picture that stays, or that an animation shows first: what regions are asked of."""
        return bool(self.regions) or any(picture.seconds is None for picture in self.of(Picture))

    @property
    def has_more_than_digests(self) -> bool:
        """Whether anything is to be compared, not only found again."""
        return not all(isinstance(one, Digest) for one in self.fingerprints)

    @property
    def values_of_pictures(self) -> int | None:
        """How many values its pictures have, all turns counted; None where more than pictures and digests are to be looked up."""
        if any(isinstance(one, Film | Sound) for one in self.fingerprints):
            return None
        return sum(len(picture.hashes) for picture in self.of(Picture))

    @property
    def is_moving(self) -> bool:
        """Whether any of it lasts: a film, a sound, or a still that a film shows."""
        return any(isinstance(one, Film | Sound) or (isinstance(one, Picture) and one.seconds is not None) for one in self.fingerprints)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look up."""
        return not self.fingerprints


def made_of_file(result: JobResult, choice: RegionsChoice = RegionsChoice.OFF) -> Made:
    """Return what a worker made of a file, whose regions it was to make as `choice` says."""
    return Made(
        upload=result.digest(Kind.SHA256),
        left_out=[*result.left_out, *_too_little_detail(result)],
        fingerprints=[
            *(picture for picture in (*result.stills, *result.pictures) if picture.quality >= MINIMUM_ASKED_QUALITY),
            *(Film(_turned(film.frames), UPLOAD_FRAMES_PER_SECOND) for film in result.of(FilmFrames)),
            *result.of(Sound),
            *(digest for digest in result.of(Digest) if digest.value),
        ],
        regions=None if choice is RegionsChoice.OFF else result.of(PictureRegions),
    )


def made_by_platform(fingerprints: Sequence[Fingerprint]) -> Made:
    """Return what a platform made itself; pictures and frames count as in their original orientation.

    A value of kind `regions` is left out: asking about regions needs the picture.
    """
    by_value = [fingerprint for fingerprint in fingerprints if fingerprint.kind in LISTED_KINDS]
    left_out = [RegionsNotAskedError.code] if len(by_value) < len(fingerprints) else []
    left_out += [QualityTooLowError.code] if any(fingerprint.quality < MINIMUM_QUALITY for fingerprint in by_value) else []
    asked = [fingerprint for fingerprint in by_value if fingerprint.quality >= MINIMUM_ASKED_QUALITY]
    return Made(upload_of(fingerprints), left_out, [_looked_up(fingerprint) for fingerprint in asked])


def _looked_up(fingerprint: Fingerprint) -> LookedUpForm:
    kind, value = fingerprint.kind, fingerprint.value
    match kind:
        case Kind.PDQ:
            return Picture([pdq_bytes(value)], fingerprint.quality, [])
        case Kind.VPDQ:
            return Film([list(parse_vpdq(value))], 1)
        case Kind.CHROMAPRINT:
            return Sound(list(parse_chromaprint(value)))
        case Kind.SHA256 | Kind.MD5:
            return Digest(kind, value_bytes(kind, value))
        case Kind.REGIONS:
            raise KindNotAcceptedError  # asked about in rounds, for which the picture must be at hand
    assert_never(kind)


def _turned(frames: Sequence[TurnedFrame]) -> list[list[VideoFrame]]:
    return [
        [VideoFrame(pdq, frame.quality, frame.seconds) for frame, pdq in zip(frames, turned, strict=True)]
        for turned in zip(*(frame.hashes for frame in frames), strict=True)
    ]


def _too_little_detail(result: JobResult) -> list[str]:
    """A picture that was read and tells too little apart to say that nothing matches: that must be said."""
    is_flat = all(picture.quality < MINIMUM_QUALITY for picture in result.pictures)
    return [QualityTooLowError.code] if result.pictures and is_flat and not result.of(FilmFrames) and not result.stills else []
