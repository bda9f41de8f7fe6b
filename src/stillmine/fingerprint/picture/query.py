# SPDX-License-Identifier: Apache-2.0
"""All the hashes to ask about for a still file: of each picture in it eight ways to turn it, the whole and the pictures found inside.

For the asking side only. A case stores the hash of the picture as the person has it; whoever uploads a copy may have turned it or put
something around it, and undoing that is the asking side's work. Must never be used to make what a case stores.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillmine.fingerprint.ground import _kernel
from stillmine.fingerprint.ground.errors import FurtherPicturesError, ImageTooLargeError, MediaError, TruncatedImageError
from stillmine.fingerprint.ground.guard import guarded
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, Limits
from stillmine.fingerprint.ground.turns import VARIANTS
from stillmine.fingerprint.picture.decode import Decoded, decode_image
from stillmine.fingerprint.picture.image import ImageFingerprint, fingerprint_decoded
from stillmine.fingerprint.picture.stored_pictures import stored_pictures
from stillmine.fingerprint.picture.trims import Luma, Part, find_parts

DARK_GROUND = "dark_ground"
"""What is undone where a transparent picture is laid on black, as on a dark page, instead of on white."""
OPAQUE = 255

_TURNS = {
    "rotate90": Image.Transpose.ROTATE_90,
    "rotate180": Image.Transpose.ROTATE_180,
    "rotate270": Image.Transpose.ROTATE_270,
    "flip_horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
    "flip_vertical": Image.Transpose.FLIP_TOP_BOTTOM,
    "transpose": Image.Transpose.TRANSPOSE,
    "transverse": Image.Transpose.TRANSVERSE,
}


BOX_UNITS = 4096
"""What a box is counted in: parts of the upright picture's width, and of its height."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom of a part of an upright picture, in 1/4096 of its width and height."""

WHOLE: Box = (0, 0, BOX_UNITS, BOX_UNITS)


class TurnedHashes(NamedTuple):
    """The eight hashes of one picture in the order of VARIANTS, their quality, what was undone before, and what part that left."""

    hashes: tuple[bytes, ...]
    quality: int
    undone: tuple[str, ...]
    box: Box = WHOLE


@dataclass(frozen=True, slots=True)
class QueryVariant:
    """One hash to ask about. `undone` says what was taken off before the picture was turned as `name` says; empty for the whole.

    `box` is the part of the upright picture that it is of.
    """

    name: str
    pdq: bytes
    quality: int
    undone: tuple[str, ...]
    box: Box = WHOLE


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """The fingerprint of the whole, and every hash to ask about: the whole's eight first, then eight for each picture found inside.

    `number`: which picture of its file it is of.
    """

    fingerprint: ImageFingerprint
    variants: tuple[QueryVariant, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class FileQuery:
    """All pictures of one still file, the one that is shown first foremost; `left_out` says by code why others are not among them."""

    queries: tuple[ImageQuery, ...]
    left_out: tuple[str, ...]


Look = Callable[[int, Decoded], None]
"""Is shown each picture of a file as it is decoded, with its number, so that nothing is decoded twice."""


def query_pictures(data: bytes, limits: Limits = DEFAULT_LIMITS, look: Look | None = None) -> FileQuery:
    """Return all there is to ask about every picture that a still file shows; raises a MediaError where none can be read.

    All pictures after the first together may have as many pixels as one. Each that is read is shown to `look`.
    """
    pictures, has_more = stored_pictures(data, limits)
    queries: list[ImageQuery] = []
    errors: list[MediaError] = []
    for number, picture in enumerate(pictures):
        try:
            with guarded(MemoryError):
                decoded = decode_image(picture.data, limits, picture.place, is_asking=True)
                query = replace(_query_decoded(decoded), number=number)
                if look is not None:
                    look(number, decoded)
        except MediaError as error:
            is_one_too_many = picture is not pictures[0] and isinstance(error, ImageTooLargeError)
            errors.append(FurtherPicturesError() if is_one_too_many else error)
            continue
        if picture is not pictures[0]:
            limits = _with_fewer_pixels(limits, query.fingerprint)
        queries.append(query)
        if query.fingerprint.lacks_pixels:
            errors.append(TruncatedImageError())
    if not queries:
        raise errors[0]
    if has_more:
        errors.append(FurtherPicturesError())
    return FileQuery(tuple(queries), tuple(dict.fromkeys(error.code for error in errors)))


def query_image(data: bytes, limits: Limits = DEFAULT_LIMITS, place: int | None = None) -> ImageQuery:
    """Return all there is to ask about what a file shows first, or its picture at `place`, from one decoding; raises a MediaError.

    Where pixels are missing it is about what is there, and the fingerprint's `lacks_pixels` says so.
    """
    return _query_decoded(decode_image(data, limits, place, is_asking=True))


def _query_decoded(decoded: Decoded) -> ImageQuery:
    fingerprint = fingerprint_decoded(decoded)
    made = (TurnedHashes(fingerprint.variants, fingerprint.quality, ()), *ask_inside(_upright_luma(decoded, "white"), decoded.shrink))
    if has_transparency(decoded.image):
        on_black = ask_on_black(_upright_luma(decoded, "black"), decoded.shrink)
        made += on_black if on_black[0].hashes[0] != fingerprint.pdq else ()
    return ImageQuery(fingerprint, tuple(variant for hashes in made for variant in _name_variants(hashes)))


def query_variants(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[QueryVariant, ...]:
    """Return every hash to ask about for what an image file shows first, with what was undone; raises a MediaError."""
    return query_image(data, limits).variants


def has_transparency(image: Image.Image) -> bool:
    """Return whether the ground behind a picture is seen anywhere."""
    return image.mode == "RGBA" and image.getchannel("A").getextrema()[0] != OPAQUE


def ask_inside(luma: Luma, shrink: int = 1, undone: tuple[str, ...] = ()) -> tuple[TurnedHashes, ...]:
    """Return the hashes of each picture that is found inside of upright luma (height, width), after `undone`."""
    parts = (part._replace(undone=(*undone, *part.undone)) for part in find_parts(luma))
    return tuple(_hash_part(luma, part, shrink) for part in parts)


def ask_on_black(luma: Luma, shrink: int = 1) -> tuple[TurnedHashes, ...]:
    """Return the hashes of a transparent picture that was laid on black, as upright luma (height, width): the whole's first."""
    whole = Part(0, 0, luma.shape[1], luma.shape[0], (DARK_GROUND,))
    return (_hash_part(luma, whole, shrink), *ask_inside(luma, shrink, whole.undone))


def _with_fewer_pixels(limits: Limits, read: ImageFingerprint) -> Limits:
    pixels = read.width * read.height
    return replace(limits, max_pixels=max(0, limits.max_pixels - pixels), max_shrunk_pixels=max(0, limits.max_shrunk_pixels - pixels))


def _name_variants(made: TurnedHashes) -> tuple[QueryVariant, ...]:
    return tuple(QueryVariant(name, pdq, made.quality, made.undone, made.box) for name, pdq in zip(VARIANTS, made.hashes, strict=True))


def _upright_luma(decoded: Decoded, ground: str) -> Luma:
    image = decoded.image
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, ground), image)
    return upright_luma(image, decoded.turn)


def upright_pixels(decoded: Decoded) -> NDArray[np.uint8]:
    """Return the pixels (height, width), (height, width, 3) or (height, width, 4) of a picture as it is shown."""
    transpose = _TURNS.get(decoded.turn)
    return np.asarray(decoded.image if transpose is None else decoded.image.transpose(transpose))


def upright_luma(image: Image.Image, turn: str) -> Luma:
    """Return the luma (height, width) of an opaque picture, turned as the variant `turn` says."""
    image = image.convert("L")
    transpose = _TURNS.get(turn)
    return np.asarray(image if transpose is None else image.transpose(transpose))


def _hash_part(luma: Luma, part: Part, shrink: int) -> TurnedHashes:
    """The part is of whole small pixels, so its original is exactly `shrink` times as large."""
    view = luma[part.top : part.bottom, part.left : part.right]
    hashes, quality = _kernel.pdq(view, view.shape[1] * shrink, view.shape[0] * shrink, _kernel.LUMA8, 8, shrink)
    return TurnedHashes(hashes, quality, part.undone, _box(luma, part))


def _box(luma: Luma, part: Part) -> Box:
    height, width = luma.shape
    left, right = (round(side * BOX_UNITS / width) for side in (part.left, part.right))
    top, bottom = (round(side * BOX_UNITS / height) for side in (part.top, part.bottom))
    return left, top, right, bottom
