# SPDX-License-Identifier: Apache-2.0
"""What one file gives: which of its parts are read, and which kinds of fingerprints come of what was found in them.

The decision alone, for the reader of a case's files and for that of uploads; both ask here. Contract: "What one file gives" in
spec/fingerprint.md, held by vectors/file_gives.json. Must never open a file, and never know an algorithm.
"""

from collections.abc import Mapping
from enum import StrEnum

from stillmine.fingerprint.container.sniff import FileType
from stillmine.fingerprint.ground.errors import (
    MediaError,
    NoSoundError,
    NotAVideoError,
    SoundTooShortError,
    SoundUnsupportedError,
    SoundWithoutDetailError,
    VideoUnsupportedError,
)
from stillmine.wire.kinds import MINIMUM_QUALITY, Kind


class Reader(StrEnum):
    """Who reads the file."""

    CASE = "case"
    """For a case, on the command line: what is shown and heard first, as it is."""
    UPLOAD = "upload"
    """For a query: all that the file shows, in every turn."""


class Part(StrEnum):
    """A part of a file that is read by itself."""

    STILL = "still"
    FRAMES = "frames"
    FILMS_BEHIND = "films_behind"
    """Films that belong to a still picture, with their sound."""
    COVERS = "covers"
    SOUND_OF_FILM = "sound_of_film"
    SOUND = "sound"


class Subject(StrEnum):
    """What a part is of: each has one kind of fingerprint."""

    STILL = "still"
    REGIONS = "regions"
    """Of the still, where it is good."""
    MOVING = "moving"
    SOUND = "sound"


class Finding(StrEnum):
    """What was found of a subject."""

    GOOD = "good"
    SEVERAL = "several"
    """Good, and other pictures of the file are not found by it."""
    FLAT = "flat"
    """Too little detail, or too short."""
    FEW = "few"
    """Fewer regions than a value holds."""
    UNSUPPORTED = "unsupported"
    """Nothing is wrong with the file, but nobody here reads it."""
    UNREADABLE = "unreadable"
    NONE = "none"


Found = Mapping[Subject, Finding]
"""What was not read is not in it."""

_PARTS: dict[FileType, tuple[Part, ...]] = {
    FileType.IMAGE: (Part.STILL,),
    FileType.UNKNOWN: (Part.STILL,),
    FileType.ANIMATED_IMAGE: (Part.STILL, Part.FRAMES),
    FileType.MOTION_PHOTO: (Part.STILL, Part.FILMS_BEHIND),
    FileType.VIDEO: (Part.FRAMES, Part.COVERS, Part.SOUND_OF_FILM),
    FileType.AUDIO: (Part.SOUND, Part.COVERS),
}
"""An unknown file is tried as a picture, whose part says what is wrong with it."""

_SUBJECTS: dict[Part, tuple[Subject, ...]] = {
    Part.STILL: (Subject.STILL, Subject.REGIONS),
    Part.FRAMES: (Subject.MOVING,),
    Part.FILMS_BEHIND: (Subject.MOVING, Subject.SOUND),
    Part.COVERS: (Subject.STILL,),
    Part.SOUND_OF_FILM: (Subject.SOUND,),
    Part.SOUND: (Subject.SOUND,),
}

_KINDS = {Subject.STILL: Kind.PDQ, Subject.REGIONS: Kind.REGIONS, Subject.MOVING: Kind.VPDQ, Subject.SOUND: Kind.CHROMAPRINT}

_DIGESTS = (Kind.SHA256, Kind.MD5)

_ESSENTIAL: dict[FileType, frozenset[Subject]] = {
    FileType.IMAGE: frozenset({Subject.STILL}),
    FileType.UNKNOWN: frozenset({Subject.STILL}),
    FileType.ANIMATED_IMAGE: frozenset({Subject.STILL}),
    FileType.MOTION_PHOTO: frozenset({Subject.STILL, Subject.MOVING}),
    FileType.VIDEO: frozenset({Subject.MOVING}),
    FileType.AUDIO: frozenset({Subject.SOUND}),
}
"""A case refuses a file none of which can be read."""


def parts_read(reader: Reader, file_type: FileType) -> tuple[Part, ...]:
    """Return which parts are read, in this order; a case holds no covers, which are not the file that was chosen."""
    return tuple(part for part in _PARTS[file_type] if reader is Reader.UPLOAD or part is not Part.COVERS)


def finding_of(error: MediaError) -> Finding:
    """Return what an error says of the part that it ended."""
    if isinstance(error, (VideoUnsupportedError, SoundUnsupportedError)):
        return Finding.UNSUPPORTED
    if isinstance(error, (SoundTooShortError, SoundWithoutDetailError)):
        return Finding.FLAT
    return Finding.NONE if isinstance(error, (NotAVideoError, NoSoundError)) else Finding.UNREADABLE


def finding_of_picture(quality: int) -> Finding:
    """Return what a picture's quality says."""
    return Finding.GOOD if quality >= MINIMUM_QUALITY else Finding.FLAT


def is_given(reader: Reader, subject: Subject, finding: Finding) -> bool:
    """Whether a subject gives its fingerprint; of a flat picture a case is shown it, so that the person sees why."""
    is_shown_flat = reader is Reader.CASE and subject is Subject.STILL and finding is Finding.FLAT
    return finding in (Finding.GOOD, Finding.SEVERAL) or is_shown_flat


def are_regions_read(reader: Reader, still: Finding) -> bool:
    """Whether regions are a fingerprint of the file, by what was found of its picture; an upload is looked for by them in another way."""
    return reader is Reader.CASE and still in (Finding.GOOD, Finding.SEVERAL)


def is_sound_read(reader: Reader, file_type: FileType, moving: Finding) -> bool:
    """Whether the sound of a film is read, by what was found of its pictures; behind a picture there may be sound alone."""
    if reader is Reader.CASE:
        return moving in (Finding.GOOD, Finding.FLAT)
    return file_type is not FileType.MOTION_PHOTO or moving not in (Finding.UNSUPPORTED, Finding.UNREADABLE)


def is_refused(reader: Reader, file_type: FileType, found: Found) -> bool:
    """Whether the file gives nothing at all; an upload has its digests always."""
    unread = (Finding.UNREADABLE, Finding.NONE)
    return reader is Reader.CASE and all(found.get(subject) in unread for subject in _ESSENTIAL[file_type])


def kinds_given(reader: Reader, file_type: FileType, found: Found) -> tuple[Kind, ...]:
    """Return the kinds of fingerprints of a file that is not refused, in the reader's order."""
    kinds = tuple(
        _KINDS[subject]
        for part in parts_read(reader, file_type)
        for subject in _SUBJECTS[part]
        if subject in found and is_given(reader, subject, found[subject]) and _is_read(reader, file_type, part, subject, found)
    )
    return (*kinds, *_DIGESTS) if reader is Reader.CASE else (*_DIGESTS, *kinds)


def _is_read(reader: Reader, file_type: FileType, part: Part, subject: Subject, found: Found) -> bool:
    if subject is Subject.REGIONS:
        return are_regions_read(reader, found.get(Subject.STILL, Finding.NONE))
    is_of_film = subject is Subject.SOUND and part is not Part.SOUND
    return not is_of_film or is_sound_read(reader, file_type, found.get(Subject.MOVING, Finding.NONE))
