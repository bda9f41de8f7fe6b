# SPDX-License-Identifier: Apache-2.0
"""Image file to pixels as a browser would show them: in sRGB, eight bits, first shown frame, with the turn that makes them upright.

Files come from strangers. Size is checked on the header before a pixel is decoded, and nothing a decoder says is repeated. Where pixels are
missing, nothing may be given that a case would store: only the asking side gets what is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFile

from stillmine.fingerprint.ground.errors import (
    EmptyFileError,
    FileTooLargeError,
    ImageTooLargeError,
    ImageTooSmallError,
    MediaError,
    TruncatedImageError,
)
from stillmine.fingerprint.ground.limits import Limits
from stillmine.fingerprint.ground.turns import UPRIGHT_BY_ORIENTATION
from stillmine.fingerprint.picture.colour import has_usable_profile, to_srgb
from stillmine.fingerprint.picture.formats import claimed_canvas, open_image
from stillmine.fingerprint.picture.jpeg import draft_image
from stillmine.fingerprint.picture.png_colours import png_colours_of, with_png_colours
from stillmine.fingerprint.picture.transfer import hdr_colours_of, to_sdr
from stillmine.fingerprint.structure.exif import UPRIGHT, read_orientation
from stillmine.fingerprint.structure.jpeg_segments import JpegHead, read_head
from stillmine.fingerprint.structure.mend import Mended, mend
from stillmine.fingerprint.structure.png_chunks import SIGNATURE, has_end
from stillmine.fingerprint.structure.png_frames import has_hidden_default, pass_hidden_default
from stillmine.fingerprint.structure.webp_parts import webp_exif

_BAND_BYTES = 1 << 18
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_SIXTEEN_BIT = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
_ANIMATIONS = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
"""Formats whose further frames are a film; those of TIFF and HEIF are other pictures: stored_pictures.py."""
_IN_PART = frozenset({"GIF", "PNG", "BMP", "TIFF"})
"""Formats of whose pictures a decoder leaves what it has done; that of JPEG makes up the rest by itself."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """`image` is L, RGB or RGBA as stored; `width` and `height` are those of the stored original, of which it may be a `shrink`th."""

    image: Image.Image
    width: int
    height: int
    shrink: int
    turn: str
    """What makes it upright: one of the variants' names."""
    is_animated: bool
    is_mended: bool = False
    """Whether the file is damaged, or what should end it is missing, and every pixel is there all the same."""
    lacks_pixels: bool = False
    """Whether this is only what could be decoded; on the asking side alone."""


def decode_image(data: bytes, limits: Limits, place: int | None = None, *, is_asking: bool = False) -> Decoded:
    """Return the pixels of what the file shows first, or of its picture at `place`, as far as they are there if `is_asking`.

    Raises a MediaError.
    """
    if not data:
        raise EmptyFileError
    if len(data) > limits.max_file_bytes:
        raise FileTooLargeError(f"at most {limits.max_file_bytes} bytes")
    if canvas := claimed_canvas(data):
        require_size(*canvas, limits, limits.max_pixels)
    decoded = _decoded_or_none(data, limits, place)
    if decoded is None:
        return _decode_mended(data, limits, place, is_asking)
    return replace(decoded, is_mended=True) if _lacks_end(data) else decoded


def _decoded_or_none(data: bytes, limits: Limits, place: int | None) -> Decoded | None:
    try:
        return _decode(Mended(data), limits, place)
    except TruncatedImageError:
        return None


def _lacks_end(data: bytes) -> bool:
    """Only the PNG decoder accepts a file without its end."""
    return data.startswith(SIGNATURE) and not has_end(data)


def _decode_mended(data: bytes, limits: Limits, place: int | None, is_asking: bool) -> Decoded:
    """Decode what its decoder refused, put right; raises TruncatedImageError where pixels are missing and a case would store the rest."""
    mended = mend(data) or Mended(data)
    decoded = _decode(mended, limits, place, is_asking)
    if decoded.lacks_pixels or (mended.probe is not None and not _is_same(decoded, mended.probe, limits)):
        if not is_asking:
            raise TruncatedImageError
        return replace(decoded, lacks_pixels=True)
    return replace(decoded, is_mended=True, is_animated=decoded.is_animated or mended.goes_on)


def _is_same(decoded: Decoded, probe: bytes, limits: Limits) -> bool:
    try:
        return decoded.image == _decode(Mended(probe), limits).image
    except MediaError:
        return False


def _decode(file: Mended, limits: Limits, place: int | None = None, is_asking: bool = False) -> Decoded:
    with open_image(file.data) as image:
        if place is not None:
            _go_to(image, place)
        head = read_head(file.data) if image.format == "JPEG" else None
        width, height = image.size
        require_size(width, height, limits, limits.max_shrunk_pixels if head and head.is_one_pass else limits.max_pixels)
        if file.profile is not None:
            image.info["icc_profile"] = file.profile
        is_animated = _is_animated(image)
        turn = UPRIGHT_BY_ORIENTATION[head.orientation if head else _orientation(image, file.data)]
        pixels, shrink, lacks_pixels = _load(image, head, file.data, is_asking)
        if shrink == 1:
            width, height = pixels.size  # a TIFF is turned, an HEIF may change, while it is decoded
            require_size(width, height, limits, limits.max_pixels)
        return Decoded(pixels, width, height, shrink, turn, is_animated, lacks_pixels=lacks_pixels)


def require_size(width: int, height: int, limits: Limits, max_pixels: int) -> None:
    """Raise ImageTooSmallError or ImageTooLargeError for a picture outside the limits."""
    if min(width, height) < limits.min_dimension:
        raise ImageTooSmallError(f"at least {limits.min_dimension} pixels a side")
    if max(width, height) > limits.max_dimension or width * height > max_pixels:
        raise ImageTooLargeError(f"at most {limits.max_dimension} pixels a side and {max_pixels} in all")


def bands_of(image: Image.Image) -> Iterator[bytes]:
    """Give the rows of an L, RGB or RGBA picture in portions that stay in the processor's cache, never all at once."""
    rows = max(1, _BAND_BYTES // (image.width * len(image.getbands())))
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height))).tobytes()


def _is_animated(image: ImageFile.ImageFile) -> bool:
    """Whether more frames follow; some readers look for the next frame only now, and it may be damaged."""
    try:
        return image.format in _ANIMATIONS and getattr(image, "n_frames", 1) - has_hidden_default(image) > 1
    except Exception:  # as below
        raise TruncatedImageError from None


def _go_to(image: ImageFile.ImageFile, place: int) -> None:
    try:
        image.seek(place)
    except Exception:  # as below
        raise TruncatedImageError from None


def _load(image: ImageFile.ImageFile, head: JpegHead | None, data: bytes, is_asking: bool) -> tuple[Image.Image, int, bool]:
    """Decode; give the pixels, by how much they are fewer, and whether some are missing. A damaged file raises TruncatedImageError, and
    gives half a picture only to who is asking."""
    lacks_pixels = False
    try:
        shrink = draft_image(image) if head else 1
        try:
            if has_hidden_default(image):
                pass_hidden_default(image)
            image.load()
        except Exception:
            if not is_asking or image.format not in _IN_PART:
                raise
            image.tile = []  # what was decoded stays, and is not begun again
            lacks_pixels = True
        return _to_shown_colours(_to_plain_mode(image), data), shrink, lacks_pixels
    except Exception:  # on hostile files decoders raise nearly anything, and their words could quote the file
        raise TruncatedImageError from None


def _to_shown_colours(image: Image.Image, data: bytes) -> Image.Image:
    if hdr := hdr_colours_of(data):
        return to_sdr(image, hdr)
    colours = png_colours_of(data)
    return to_srgb(image) if colours is None or has_usable_profile(image) else with_png_colours(image, colours)


def _orientation(image: Image.Image, data: bytes) -> int:
    """Of all but JPEG, whose reader runs segments together. AVIF's own turns are put into the Exif by its reader; those of HEIF are
    applied by its decoder, and taken out of the Exif."""
    stored = webp_exif(data) if image.format == "WEBP" else image.info.get("exif")
    return read_orientation(stored) if isinstance(stored, bytes) else UPRIGHT


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """One of L, RGB, RGBA, CMYK, carrying the colour profile along."""
    if image.mode in _SIXTEEN_BIT:
        # Pillow's own conversion clips instead of scaling; browsers keep the upper byte, and so does Pillow for RGB.
        wide = np.asarray(image)
        return Image.fromarray((np.clip(wide, 0, 65535) >> 8).astype(np.uint8))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _convert(image, "RGBA")
    if image.mode == "1":
        return _convert(image, "L")
    return image if image.mode in ("L", "RGB", "CMYK") else _convert(image, "RGB")


def _convert(image: Image.Image, mode: str) -> Image.Image:
    converted = image if image.mode == mode else image.convert(mode)
    if "icc_profile" in image.info:
        converted.info["icc_profile"] = image.info["icc_profile"]
    return converted
