# SPDX-License-Identifier: Apache-2.0
"""What goes into a bank: the fingerprints of a file, or a value that somebody has already.

Must never take what tells too little apart: it would match anything flat.
"""

import math

from stillmine.matching.flat import is_flat, require_not_flat
from stillmine.partner.fingerprinting.fingerprinter import OUT_OF_TIME
from stillmine.partner.fingerprinting.worker_messages import Digest, FilmFrames, JobResult, Sound
from stillmine.partner.ground.errors import DeadlineError, DecoderStoppedError
from stillmine.wire.chromaprint import format_chromaprint
from stillmine.wire.errors import FlatFingerprintError, KindNotAcceptedError, NotConfiguredError, QualityTooLowError, StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, LISTED_KINDS, MINIMUM_QUALITY, Kind, require_form, value_bytes
from stillmine.wire.vpdq import VideoFrame, format_vpdq

Entry = tuple[Kind, bytes]
"""A kind, and a value in its compact form."""


def entries_of_file(made: JobResult) -> list[Entry]:
    """Return what a bank keeps of a file: its digests, its pictures as they are, its films, its sounds.

    Raises QualityTooLowError where its pictures tell too little apart, DeadlineError or DecoderStoppedError where it was not read to its
    end. Of what is no picture, film or sound the digests alone.
    """
    if OUT_OF_TIME.intersection(made.left_out):
        raise DeadlineError
    digests = [(digest.kind, digest.value) for digest in made.of(Digest) if digest.value]
    if not digests or DecoderStoppedError.code in made.left_out:
        raise DecoderStoppedError
    whole = [picture for picture in made.pictures if not picture.undone and picture.hashes]
    pictures = [picture.hashes[0] for picture in whole if picture.quality >= MINIMUM_QUALITY and not is_flat(picture.hashes[0])]
    entries: list[Entry] = [(Kind.PDQ, value) for value in dict.fromkeys(pictures)]
    for film in made.of(FilmFrames):
        entries += _film(film)
    entries += [(Kind.CHROMAPRINT, value_bytes(Kind.CHROMAPRINT, format_chromaprint(sound.values))) for sound in made.of(Sound)]
    if whole and not entries:
        raise QualityTooLowError
    return [*digests, *entries]


def entry_of_value(said: str) -> Entry:
    """Return what KIND:VALUE stands for; raises NotConfiguredError."""
    name, _, text = said.partition(":")
    try:
        kind = next((kind for kind in LISTED_KINDS if kind.value == name), None)
        if kind is None:
            raise KindNotAcceptedError
        require_form(kind, text.strip())
        require_not_flat([Fingerprint(kind, text.strip(), MINIMUM_QUALITY if kind is Kind.PDQ else FULL_QUALITY)])
        return kind, value_bytes(kind, text.strip())
    except FlatFingerprintError:
        raise NotConfiguredError("--value: a flat fingerprint, which would match anything flat") from None
    except StillmineError:
        kinds = ", ".join(sorted(kind.value for kind in LISTED_KINDS))
        raise NotConfiguredError(f"--value: KIND:VALUE, with one of {kinds} and a value of its form") from None


def _film(film: FilmFrames) -> list[Entry]:
    """Return a film by its frames at whole seconds, as a case has it."""
    frames = [
        VideoFrame(frame.hashes[0], frame.quality, frame.seconds) for frame in film.frames if frame.seconds == math.floor(frame.seconds)
    ]
    if not any(frame.quality >= MINIMUM_QUALITY and not is_flat(frame.pdq) for frame in frames):
        return []
    return [(Kind.VPDQ, value_bytes(Kind.VPDQ, format_vpdq(frames)))]
