# SPDX-License-Identifier: Apache-2.0
"""Which pictures a still file holds that a viewer may show: told by the file's structure, before anything is decoded.

What a viewer shows first comes first. Not among them: thumbnails in EXIF, previews and gain maps, masks and depths, which belong to a
picture and are never shown for it; frames of an animation, which are its video's. Rules: spec/fingerprint.md.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import pillow_heif
from PIL import AvifImagePlugin, MpoImagePlugin, TiffImagePlugin

from stillmine.fingerprint.ground.limits import Limits
from stillmine.fingerprint.structure.boxes import with_brand, without_sequence
from stillmine.fingerprint.structure.png_frames import without_animation
from stillmine.fingerprint.structure.signatures import is_avif

MAX_PICTURES = 24
"""In one file; what it holds beyond is left out, and said so."""

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_MPO_INDEX, _MPO_INDEX_BYTES, _MPO_ENTRIES = b"MPF\0", 256 * 1024, 0xB002
_PREVIEW = "Large Thumbnail"
"""What cameras keep for their own display: the same picture, smaller."""

_AUXILIARY_MARKS = (b"hdrgm:", b"urn:iso:std:iso:ts:21496", b"hdrgainmap", b"AuxiliaryImageType")
_AUXILIARY_HEAD_BYTES = 64 * 1024
"""Gain maps (Ultra HDR), depths and mattes say so in their heads."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A file, and the place of the picture in it; without a place what its decoder shows first."""

    data: bytes
    place: int | None = None


def stored_pictures(data: bytes, limits: Limits) -> tuple[tuple[StoredPicture, ...], bool]:
    """Return the pictures of a still file, the one that is shown first foremost, and whether it holds more that are not read.

    A file that can't be read gives itself: decoding it says what is wrong.
    """
    first = StoredPicture(data)
    try:
        further = list(islice(_further(data, limits), MAX_PICTURES))
    except Exception:  # on hostile headers readers raise nearly anything
        return (first,), False
    read = [picture for picture in further[: MAX_PICTURES - 1] if picture is not None]
    return (first, *read), len(read) < len(further)


def _further(data: bytes, limits: Limits) -> Iterator[StoredPicture | None]:
    """Give the pictures after the first; None for one that is too large."""
    if data.startswith(_JPEG):
        yield from _of_mpo(data)
    elif data.startswith(_PNG):
        if (hidden := without_animation(data)) is not None:
            yield StoredPicture(hidden)
    elif data.startswith(_TIFF):
        yield from _pages_of_tiff(data)
    elif is_avif(data):
        yield from _still_of_sequence(data)
    elif data[4:8] == b"ftyp":
        yield from _of_heif(data, limits)


def _of_mpo(data: bytes) -> Iterator[StoredPicture]:
    """JPEGs behind one another, of which the first has the list: stereo pairs, panoramas, bursts."""
    index = data.find(_MPO_INDEX, 0, _MPO_INDEX_BYTES)
    if index < 0:
        return
    with MpoImagePlugin.MpoImageFile(io.BytesIO(data)) as image:
        entries = (image.mpinfo or {}).get(_MPO_ENTRIES, [])[1:]
    for entry in entries:
        start = index + len(_MPO_INDEX) + entry["DataOffset"]
        picture = data[start : start + entry["Size"]]
        is_shown = not str(entry["Attribute"]["MPType"]).startswith(_PREVIEW)
        head = picture[:_AUXILIARY_HEAD_BYTES]
        if is_shown and picture.startswith(_JPEG) and not any(mark in head for mark in _AUXILIARY_MARKS):
            yield StoredPicture(picture)


def _pages_of_tiff(data: bytes) -> Iterator[StoredPicture]:
    with TiffImagePlugin.TiffImageFile(io.BytesIO(data)) as image:
        for place in count(1):
            try:
                image.seek(place)
            except EOFError:
                return
            yield StoredPicture(data, place)


def _still_of_sequence(data: bytes) -> Iterator[StoredPicture]:
    """The still of an AVIF that is shown as a sequence: viewers that know no sequences show it."""
    if data[8:12] == b"avis":
        still = with_brand(data, b"avif")
        with AvifImagePlugin.AvifImageFile(io.BytesIO(still)):
            yield StoredPicture(still)


def _of_heif(data: bytes, limits: Limits) -> Iterator[StoredPicture | None]:
    """Their sizes are checked here: the decoder takes memory for a picture as soon as it is chosen."""
    images = pillow_heif.open_heif(io.BytesIO(without_sequence(data)))
    for place, image in enumerate(images):
        if place != images.primary_index:
            width, height = image.size
            yield StoredPicture(data, place) if width * height <= limits.max_pixels else None
