# SPDX-License-Identifier: Apache-2.0
"""All the hashes to ask about for one picture: the eight ways to turn it, of the whole and of the pictures found inside.

For the asking side only. A case stores the hash of the picture as the person has it; whoever uploads a copy may have turned it or put
something around it, and undoing that is the asking side's work. Must never be used to make what a case stores.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from stillmine.fingerprint import _kernel
from stillmine.fingerprint.decode import Decoded, decode_image
from stillmine.fingerprint.image import ImageFingerprint, fingerprint_decoded
from stillmine.fingerprint.limits import DEFAULT_LIMITS, Limits
from stillmine.fingerprint.trims import Part, find_parts
from stillmine.fingerprint.turns import VARIANTS

_TURNS = {
    "rotate90": Image.Transpose.ROTATE_90,
    "rotate180": Image.Transpose.ROTATE_180,
    "rotate270": Image.Transpose.ROTATE_270,
    "flip_horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
    "flip_vertical": Image.Transpose.FLIP_TOP_BOTTOM,
    "transpose": Image.Transpose.TRANSPOSE,
    "transverse": Image.Transpose.TRANSVERSE,
}


@dataclass(frozen=True, slots=True)
class QueryVariant:
    """One hash to ask about. `undone` says what was taken off before the picture was turned as `name` says; empty for the whole."""

    name: str
    pdq: bytes
    quality: int
    undone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """The fingerprint of the whole, and every hash to ask about: the whole's eight first, then eight for each picture found inside."""

    fingerprint: ImageFingerprint
    variants: tuple[QueryVariant, ...]


def query_image(data: bytes, limits: Limits = DEFAULT_LIMITS) -> ImageQuery:
    """Return all there is to ask about an image file's bytes, from one decoding; raises a MediaError."""
    decoded = decode_image(data, limits)
    fingerprint = fingerprint_decoded(decoded)
    variants = _name_variants(fingerprint.variants, fingerprint.quality, ())
    luma = _upright_luma(decoded)
    for part in find_parts(luma):
        hashes, quality = _hash_part(luma, part, decoded.shrink)
        variants += _name_variants(hashes, quality, part.undone)
    return ImageQuery(fingerprint, variants)


def query_variants(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[QueryVariant, ...]:
    """Return every hash to ask about for an image file's bytes, with what was undone; raises a MediaError."""
    return query_image(data, limits).variants


def _name_variants(hashes: tuple[bytes, ...], quality: int, undone: tuple[str, ...]) -> tuple[QueryVariant, ...]:
    return tuple(QueryVariant(name, pdq, quality, undone) for name, pdq in zip(VARIANTS, hashes, strict=True))


def _upright_luma(decoded: Decoded) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    image = decoded.image
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("L")
    turn = _TURNS.get(decoded.turn)
    return np.asarray(image if turn is None else image.transpose(turn))


def _hash_part(luma: np.ndarray[tuple[int, int], np.dtype[np.uint8]], part: Part, shrink: int) -> tuple[tuple[bytes, ...], int]:
    """The part is of whole small pixels, so its original is exactly `shrink` times as large."""
    view = luma[part.top : part.bottom, part.left : part.right]
    return _kernel.pdq(view, view.shape[1] * shrink, view.shape[0] * shrink, _kernel.LUMA8, 8, shrink)
