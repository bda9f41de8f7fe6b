# SPDX-License-Identifier: Apache-2.0
"""Whether a file is a picture, an animated picture, a video or a sound: by its bytes, never by its name.

Only headers are read. Must never decide that a file is harmless: what is unknown here is merely not read.
"""

import io
from enum import StrEnum
from typing import BinaryIO

from av.stream import Disposition
from PIL import Image, ImageFile

from stillmine.fingerprint.container.opening import MediaSource, UnopenableError, open_container, open_source
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, DEFAULT_MEDIA_LIMITS, MediaLimits
from stillmine.fingerprint.structure.boxes import holds_sequence, with_brand
from stillmine.fingerprint.structure.film_behind import films_behind
from stillmine.fingerprint.structure.mend import mend_stream
from stillmine.fingerprint.structure.png_frames import has_hidden_default
from stillmine.fingerprint.structure.signatures import (
    MAX_FILE_TYPE_BYTES,
    START_BYTES,
    VIDEO_DEMUXERS,
    Family,
    demuxers_of,
    family_of,
    is_avif,
)

ANIMATABLE_FORMATS = ("GIF", "PNG", "WEBP", "AVIF")


class FileType(StrEnum):
    """What a file is to us."""

    IMAGE = "image"
    ANIMATED_IMAGE = "animated_image"
    MOTION_PHOTO = "motion_photo"
    """A still picture with films that belong to it: film_behind.py."""
    VIDEO = "video"
    AUDIO = "audio"
    UNKNOWN = "unknown"


_TYPES = {
    Family.OTHER_VIDEO: FileType.VIDEO,
    Family.OTHER_SOUND: FileType.AUDIO,
    Family.UNKNOWN: FileType.UNKNOWN,
}
"""Families whose type is known without opening the file."""


def sniff_file(source: MediaSource, limits: MediaLimits = DEFAULT_MEDIA_LIMITS) -> FileType:
    """Return the type of a file; a damaged one of a known sort is that sort.

    Raises EmptyFileError, FileUnreadableError, MediaFileTooLargeError.
    """
    with open_source(source, limits.max_file_bytes) as stream:
        return sniff_stream(stream, limits)


def sniff_stream(stream: BinaryIO, limits: MediaLimits) -> FileType:
    """Return the type of an open file, leaving it at its beginning."""
    stream.seek(0)
    start = stream.read(START_BYTES)
    stream.seek(0)
    family = family_of(start)
    if family in _TYPES:
        return _TYPES[family]
    try:
        if family is Family.ANIMATABLE_PICTURE:
            return FileType.ANIMATED_IMAGE if _is_animated(stream) else FileType.IMAGE
        if family is Family.PICTURE:
            return _type_of_picture(stream)
        return _type_of_streams(stream, limits, is_usually_video=demuxers_of(start) in VIDEO_DEMUXERS)
    finally:
        stream.seek(0)


def open_animation(stream: BinaryIO) -> ImageFile.ImageFile:
    """Return an animated picture, of AVIF the sequence whatever else is in it; raises nearly anything where that can't be read."""
    stream.seek(0)
    is_sequence = is_avif(stream.read(MAX_FILE_TYPE_BYTES))
    stream.seek(0)
    if is_sequence:
        stream = io.BytesIO(with_brand(stream.read(DEFAULT_LIMITS.max_file_bytes), b"avis"))
    return Image.open(stream, formats=ANIMATABLE_FORMATS)


def _type_of_picture(stream: BinaryIO) -> FileType:
    if is_avif(stream.read(MAX_FILE_TYPE_BYTES)) and holds_sequence(stream):
        return FileType.ANIMATED_IMAGE
    return FileType.MOTION_PHOTO if films_behind(stream) else FileType.IMAGE


def _is_animated(stream: BinaryIO) -> bool:
    try:
        with open_animation(stream) as image:
            return _has_several(image)
    except Exception:  # on hostile headers decoders raise nearly anything
        return _is_animated_when_mended(stream)


def _is_animated_when_mended(stream: BinaryIO) -> bool:
    """Damage in one place must not hide the pictures behind it; if it can't be put right, the image part says what is wrong."""
    mended = mend_stream(stream)
    if mended is None or mended.goes_on:
        return mended is not None
    try:
        with Image.open(io.BytesIO(mended.data), formats=ANIMATABLE_FORMATS) as image:
            return _has_several(image)
    except Exception:  # as above
        return False


def _has_several(image: ImageFile.ImageFile) -> bool:
    return int(getattr(image, "n_frames", 1)) - has_hidden_default(image) > 1


def _type_of_streams(stream: BinaryIO, limits: MediaLimits, *, is_usually_video: bool) -> FileType:
    try:
        with open_container(stream, limits) as container:
            if any(not video.disposition & Disposition.attached_pic for video in container.streams.video):
                return FileType.VIDEO
            if container.streams.audio:
                return FileType.AUDIO
    except UnopenableError:
        pass
    return FileType.VIDEO if is_usually_video else FileType.AUDIO
