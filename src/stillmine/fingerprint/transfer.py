# SPDX-License-Identifier: Apache-2.0
"""High dynamic range as an ordinary screen shows it: "HDR" in spec/fingerprint.md.

PQ and HLG store light otherwise than sRGB does, and browsers map them. One table for each, of 256 values, does the same. Must never touch
a picture that does not say that it is one of these.
"""

import functools
from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from PIL import Image

from stillmine.fingerprint.png_chunks import SIGNATURE, colour_code

WHITE_NITS = 203
"""ITU-R BT.2408: what white in ordinary pictures is in those of high dynamic range. What is brighter is white here."""

_HLG_PEAK_NITS, _HLG_SYSTEM_GAMMA = 1000, 1.2
_PATH = (b"meta", b"iprp", b"ipco", b"colr")
_FULL_BOX_BYTES = {b"meta": 4}
_MAXIMUM_BOXES = 10_000


class Transfer(IntEnum):
    """Transfer characteristics by their number in ITU-T H.273."""

    PQ = 16
    HLG = 18


def transfer_of(data: bytes) -> Transfer | None:
    """Return how a PNG or an AVIF says that light is stored, where it is one of these."""
    code = colour_code(data)[1:2] if data.startswith(SIGNATURE) else _avif_transfer(data) if data[8:12] in (b"avif", b"avis") else b""
    return Transfer(code[0]) if code and code[0] in tuple(Transfer) else None


def to_sdr(image: Image.Image, transfer: Transfer) -> Image.Image:
    """Return an L, RGB or RGBA picture in sRGB; alpha stays as it is."""
    table = _table(transfer)
    unchanged = tuple(range(256))
    return image.point([*table * 3, *unchanged] if image.mode == "RGBA" else [*table * len(image.getbands())])


@functools.cache
def _table(transfer: Transfer) -> tuple[int, ...]:
    """The sRGB value of each stored one."""
    stored = np.arange(256) / 255
    light = np.clip((_pq_nits(stored) if transfer is Transfer.PQ else _hlg_nits(stored)) / WHITE_NITS, 0, 1)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)
    return tuple(np.round(255 * shown).astype(int).tolist())


def _pq_nits(stored: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """SMPTE ST 2084."""
    powered = stored ** (4096 / 2523 / 128)
    fraction = np.maximum(powered - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * powered)
    return np.asarray(10_000 * fraction ** (16384 / 2610))


def _hlg_nits(stored: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """ITU-R BT.2100, on a screen of 1,000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(stored <= 0.5, stored**2 / 3, (np.exp((stored - c) / a) + b) / 12)
    return np.asarray(_HLG_PEAK_NITS * scene**_HLG_SYSTEM_GAMMA)


def _avif_transfer(data: bytes) -> bytes:
    """The lower byte of the transfer in the first `colr` box of kind `nclx`; nothing where there is none."""
    start, end = 0, len(data)
    for kind in _PATH[:-1]:
        found = next(((first, last) for name, first, last in _boxes(data, start, end) if name == kind), None)
        if found is None:
            return b""
        start, end = found[0] + _FULL_BOX_BYTES.get(kind, 0), found[1]
    colours = (data[first:last] for name, first, last in _boxes(data, start, end) if name == _PATH[-1])
    return next((colour[7:8] for colour in colours if colour[:4] == b"nclx"), b"")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and where the content starts and ends, of each box that lies in a part of the file."""
    for _ in range(_MAXIMUM_BOXES):
        size = int.from_bytes(data[start : start + 4])
        if size < 8 or start + size > end:
            return
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size
