# SPDX-License-Identifier: Apache-2.0
"""High dynamic range as an ordinary screen shows it: "HDR" in spec/fingerprint.md.

PQ and HLG store light otherwise than sRGB does, in other primary colours as a rule, and browsers map them; so does this. Must never touch
a picture or a frame that does not say that it is one of these.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillmine.fingerprint.structure.png_chunks import SIGNATURE, chunks_before_pixels

WHITE_NITS = 203
"""ITU-R BT.2408: what white in ordinary pictures is in those of high dynamic range. What is brighter is white here."""

_HLG_PEAK_NITS, _HLG_SYSTEM_GAMMA = 1000, 1.2
_BAND_PIXELS = 1 << 16
_SRGB = 1
_PRIMARIES = {
    _SRGB: (np.array([0.2126, 0.7152, 0.0722], np.float32), np.eye(3, dtype=np.float32)),
    9: (
        np.array([0.2627, 0.6780, 0.0593], np.float32),
        np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32),
    ),
    12: (
        np.array([0.2290, 0.6917, 0.0793], np.float32),
        np.array([[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]], np.float32),
    ),
}
"""Of sRGB, BT.2020 and Display P3: the luminance of their primary colours, and their light as light in sRGB's (ITU-R BT.2087)."""
_PATH = (b"meta", b"iprp", b"ipco", b"colr")
_FULL_BOX_BYTES = {b"meta": 4}
_MAXIMUM_BOXES = 10_000


class Transfer(IntEnum):
    """Transfer characteristics by their number in ITU-T H.273."""

    PQ = 16
    HLG = 18


@dataclass(frozen=True, slots=True)
class HdrColours:
    """How colours are stored, by numbers of ITU-T H.273; of `primaries` BT.2020 (9) and Display P3 (12) are moved, others are sRGB's."""

    primaries: int
    transfer: Transfer


def hdr_colours_of(data: bytes) -> HdrColours | None:
    """Return how a PNG or an AVIF says that colours are stored, where it is of high dynamic range."""
    code = b""
    if data.startswith(SIGNATURE):
        code = chunks_before_pixels(data, frozenset({b"cICP"})).get(b"cICP", b"")[:2]
    elif data[8:12] in (b"avif", b"avis"):
        code = _avif_code(data)
    return HdrColours(code[0], Transfer(code[1])) if len(code) == 2 and code[1] in tuple(Transfer) else None


def to_sdr(image: Image.Image, colours: HdrColours) -> Image.Image:
    """Return an L or RGB picture in sRGB, an RGBA one with its alpha as it is."""
    shown = np.array(image)
    _map_in_place(shown if image.mode == "L" else shown[:, :, :3], colours)
    return Image.fromarray(shown)


def pixels_to_sdr(pixels: NDArray[np.uint8], primaries: int, transfer: int) -> NDArray[np.uint8]:
    """Return a frame's pixels (height, width, 3), 8 bits a channel, in sRGB; the same array where the transfer is neither PQ nor HLG."""
    if transfer not in tuple(Transfer):
        return pixels
    shown = pixels.copy()
    _map_in_place(shown, HdrColours(primaries, Transfer(transfer)))
    return shown


def _map_in_place(stored: NDArray[np.uint8], colours: HdrColours) -> None:
    rows = max(1, _BAND_PIXELS // stored.shape[1])
    for top in range(0, stored.shape[0], rows):
        band = stored[top : top + rows]
        band[...] = srgb_of_light(_light(band, colours) / WHITE_NITS)


def _light(stored: NDArray[np.uint8], colours: HdrColours) -> NDArray[np.float32]:
    """The light in nits, of colours in sRGB's primary ones."""
    light = _table(colours.transfer)[stored]
    weights, matrix = _PRIMARIES.get(colours.primaries, _PRIMARIES[_SRGB])
    is_grey = stored.ndim < 3
    if colours.transfer is Transfer.HLG:
        luminance = light if is_grey else (light @ weights)[..., np.newaxis]
        light = light * _HLG_PEAK_NITS * luminance ** np.float32(_HLG_SYSTEM_GAMMA - 1)
    return light if is_grey else light @ matrix.T


@functools.cache
def _table(transfer: Transfer) -> NDArray[np.float32]:
    """Of each stored value the light in nits, for HLG that of the scene, 0 to 1."""
    stored = np.arange(256) / 255
    return (_pq_nits(stored) if transfer is Transfer.PQ else _hlg_scene(stored)).astype(np.float32)


def srgb_of_light(light: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the sRGB value of light, where white is 1. Brighter light is white; a channel beyond sRGB is at its end."""
    held = np.clip(light, 0, 1)
    curve = np.where(held <= 0.0031308, 12.92 * held, 1.055 * np.maximum(held, 0.0031308) ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * curve), np.uint8)


def _pq_nits(stored: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084."""
    powered = stored ** (4096 / 2523 / 128)
    fraction = np.maximum(powered - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * powered)
    return np.asarray(10_000 * fraction ** (16384 / 2610))


def _hlg_scene(stored: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-R BT.2100; what a screen makes of it depends on the luminance of the pixel."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.asarray(np.where(stored <= 0.5, stored**2 / 3, (np.exp((stored - c) / a) + b) / 12))


def _avif_code(data: bytes) -> bytes:
    """The lower bytes of primaries and transfer in the first `colr` box of kind `nclx`; nothing if there is none."""
    start, end = 0, len(data)
    for kind in _PATH[:-1]:
        found = next(((first, last) for name, first, last in _boxes(data, start, end) if name == kind), None)
        if found is None:
            return b""
        start, end = found[0] + _FULL_BOX_BYTES.get(kind, 0), found[1]
    colours = (data[first:last] for name, first, last in _boxes(data, start, end) if name == _PATH[-1])
    return next((colour[5:8:2] for colour in colours if colour[:4] == b"nclx"), b"")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and where the content starts and ends, of each box that lies in a part of the file."""
    for _ in range(_MAXIMUM_BOXES):
        size = int.from_bytes(data[start : start + 4])
        if size < 8 or start + size > end:
            return
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size
