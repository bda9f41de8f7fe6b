# SPDX-License-Identifier: Apache-2.0
"""PNGs that say by `gAMA` and `cHRM` how their colours are stored; made here, each the same every time."""

import struct
import zlib

import numpy as np
from PIL import Image

from tests.fingerprint.damaged_files import chunk
from tests.fingerprint.picture_files import save, scene

SRGB_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
WIDE_PRIMARIES = (34570, 35850, 73470, 26530, 11520, 82640, 15660, 1770)
"""Of wide gamut RGB: white as at D50."""
SWAPPED_PRIMARIES = (31270, 32900, 15000, 6000, 30000, 60000, 64000, 33000)
"""Red and blue exchanged."""


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def primaries(values: tuple[int, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


def with_colours(image: Image.Image, *chunks: bytes) -> bytes:
    """A PNG with chunks behind its header."""
    plain = save(image, "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def deep_grey(*chunks: bytes) -> bytes:
    wide = np.asarray(scene().convert("L")).astype(np.uint16) * 257
    return with_colours(Image.fromarray(wide), *chunks)


def half_clear() -> Image.Image:
    image = scene().convert("RGBA")
    image.putalpha(scene().rotate(180).convert("L"))
    return image


GAMMA_FILES = {
    **{f"gAMA {value}": with_colours(scene(), gamma(value)) for value in (22727, 30000, 43000, 50000, 55000, 100000, 220000)},
    "gAMA 220000, palette": with_colours(scene().quantize(64), gamma(220000)),
    "gAMA 22727, grey": with_colours(scene().convert("L"), gamma(22727)),
    "gAMA 220000, grey": with_colours(scene().convert("L"), gamma(220000)),
    "gAMA 22727, 16 bits": deep_grey(gamma(22727)),
    "gAMA 220000, 16 bits": deep_grey(gamma(220000)),
    "gAMA 22727, transparent": with_colours(half_clear(), gamma(22727)),
    "gAMA 220000, transparent": with_colours(half_clear(), gamma(220000)),
    "gAMA 22727 and primaries of sRGB": with_colours(scene(), gamma(22727), primaries(SRGB_PRIMARIES)),
    "gAMA 220000 and wide primaries": with_colours(scene(), gamma(220000), primaries(WIDE_PRIMARIES)),
    "gAMA 45455 and wide primaries": with_colours(scene(), gamma(45455), primaries(WIDE_PRIMARIES)),
    "gAMA 45455 and primaries exchanged": with_colours(scene(), gamma(45455), primaries(SWAPPED_PRIMARIES)),
    "gAMA 22727 and wide primaries, grey": with_colours(scene().convert("L"), gamma(22727), primaries(WIDE_PRIMARIES)),
    "gAMA 22727, behind a damaged text": with_colours(scene(), gamma(22727), chunk(b"tEXt", b"a\0b", is_wrong=True)),
    "two gAMA": with_colours(scene(), gamma(22727), gamma(45455)),
    "a profile that can't be used beside gAMA": with_colours(scene(), gamma(22727), chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(300)))),
    "gAMA 22727, a damaged one before it": with_colours(scene(), chunk(b"gAMA", bytes(4), is_wrong=True), gamma(22727)),
}
"""Shown otherwise than the stored values say."""

PLAIN_COLOURS = {
    "gAMA 45455": with_colours(scene(), gamma(45455)),
    "gAMA 45455 and primaries of sRGB": with_colours(scene(), gamma(45455), primaries(SRGB_PRIMARIES)),
    "gAMA 0": with_colours(scene(), gamma(0)),
    "primaries alone": with_colours(scene(), primaries(SWAPPED_PRIMARIES)),
    "sRGB beside gAMA": with_colours(scene(), gamma(22727), chunk(b"sRGB", b"\0")),
    "sRGB beside gAMA and primaries": with_colours(scene(), chunk(b"sRGB", b"\0"), gamma(22727), primaries(SWAPPED_PRIMARIES)),
    "a colour code beside gAMA": with_colours(scene(), gamma(22727), chunk(b"cICP", bytes((1, 13, 0, 1)))),
    "a colour code beside gAMA and primaries": with_colours(
        scene(), gamma(22727), primaries(SWAPPED_PRIMARIES), chunk(b"cICP", bytes((1, 13, 0, 1)))
    ),
    "primaries that are none": with_colours(scene(), gamma(22727), primaries((0,) * 8)),
    "primaries in one place": with_colours(scene(), gamma(22727), primaries((31270, 32900) * 4)),
    "gAMA of five bytes": with_colours(scene(), chunk(b"gAMA", struct.pack(">IB", 22727, 0))),
}
"""Shown as the stored values say."""


def moving(*chunks: bytes) -> bytes:
    plain = save(scene(), "PNG", save_all=True, append_images=[scene().rotate(90)], duration=1000)
    return plain[:33] + b"".join(chunks) + plain[33:]
