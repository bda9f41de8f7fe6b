# SPDX-License-Identifier: Apache-2.0
"""Colours of a PNG that says by `gAMA` and `cHRM` how they are stored, as browsers show them: "Gamma of PNG" in spec/fingerprint.md.

Must never touch a picture that says it otherwise: by a profile that can be used (the caller's to know), `sRGB` or `cICP`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillmine.fingerprint.picture.transfer import srgb_of_light
from stillmine.fingerprint.structure.png_chunks import SIGNATURE, chunks_before_pixels

_UNIT = 100_000
"""Both chunks hold their numbers times this."""
_HIGHEST_GAMMA = 2_147_483_647
_ORDINARY_GAMMA = range(45_355, 45_556)
"""What most programs write: so near to sRGB that it is taken for it, as in browsers."""
_SMALLEST_MOVE = 0.002
_BAND_PIXELS = 1 << 16
_SRGB_WHITE: Final = (31_270, 32_900)
_SRGB_PRIMARIES: Final = (*_SRGB_WHITE, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""Bradford's: white of one light is moved to that of another in these."""
_SAME = np.eye(3, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PngColours:
    """`table` gives of each stored value (256) what is shown, where a pixel is grey or the primary colours are sRGB's; without `matrix`
    of every pixel. `light` is the light of each stored value, and `matrix` (3, 3) makes it light of sRGB's primary colours."""

    table: NDArray[np.uint8]
    light: NDArray[np.float32]
    matrix: NDArray[np.float32] | None = None


def png_colours_of(data: bytes) -> PngColours | None:
    """Return how a PNG's stored values become those that are shown; None where they are the same, as of other files."""
    if not data.startswith(SIGNATURE):
        return None
    said = chunks_before_pixels(data, frozenset({b"gAMA", b"cHRM", b"sRGB", b"cICP"}))
    gamma = int.from_bytes(said.get(b"gAMA", b""))
    if not 0 < gamma <= _HIGHEST_GAMMA or b"sRGB" in said or b"cICP" in said:
        return None
    matrix: NDArray[np.float32] | None = _SAME
    if b"cHRM" in said:
        matrix = _to_srgb(tuple(int(number) for number in np.frombuffer(said[b"cHRM"], ">u4")))
    if matrix is None:
        return None
    is_same = bool(np.abs(matrix - _SAME).max() < _SMALLEST_MOVE)
    if is_same and gamma in _ORDINARY_GAMMA:
        return None
    light = ((np.arange(256) / 255) ** (_UNIT / gamma)).astype(np.float32)
    return PngColours(srgb_of_light(light), light, None if is_same else matrix)


def with_png_colours(image: Image.Image, colours: PngColours) -> Image.Image:
    """Return an L, RGB or RGBA picture in sRGB, alpha as it is."""
    if image.mode == "L" or colours.matrix is None:
        shown, same = colours.table.tolist(), list(range(256))
        return image.point([entry for band in image.getbands() for entry in (same if band == "A" else shown)])
    pixels = np.array(image)
    rows = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = pixels[top : top + rows, :, :3]
        band[...] = srgb_of_light(colours.light[band] @ colours.matrix.T)
    return Image.fromarray(pixels)


def _to_srgb(stored: tuple[int, ...]) -> NDArray[np.float32] | None:
    """What makes light of these primary colours light of sRGB's; None where they span no colours."""
    if max(stored) > _UNIT:
        return None
    try:
        source, srgb = _to_xyz(stored), _to_xyz(_SRGB_PRIMARIES)
        matrix = np.linalg.inv(srgb) @ _from_white_to_white(stored[:2], _SRGB_WHITE) @ source
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    return matrix.astype(np.float32) if np.isfinite(matrix).all() else None


def _to_xyz(stored: tuple[int, ...]) -> NDArray[np.float64]:
    """The columns are red, green and blue; together they are white."""
    primaries = np.column_stack([_xyz(stored[place], stored[place + 1]) for place in (2, 4, 6)])
    return np.asarray(primaries * np.linalg.solve(primaries, _xyz(*stored[:2])))


def _from_white_to_white(source: tuple[int, ...], target: tuple[int, ...]) -> NDArray[np.float64]:
    scales = (_CONES @ _xyz(*target)) / (_CONES @ _xyz(*source))
    return np.asarray(np.linalg.inv(_CONES) @ np.diag(scales) @ _CONES)


def _xyz(x: int, y: int) -> NDArray[np.float64]:
    return np.array([x / y, 1, (_UNIT - x - y) / y])
