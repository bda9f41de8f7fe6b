# SPDX-License-Identifier: Apache-2.0
"""The Python extension gives the vectors' bytes, and says clearly what is wrong with a buffer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stillmine.fingerprint import VARIANTS
from stillmine.fingerprint.ground import _kernel
from tests.kernel.kernel_vectors import VECTORS

CHANNELS = {"luma8": 1, "rgb8": 3, "rgba8": 4}
Pixels = Callable[[dict[str, Any]], bytes]


def expected(entry: dict[str, Any]) -> tuple[tuple[bytes, ...], int]:
    return tuple(bytes.fromhex(value) for value in entry["hashes"]), entry["quality"]


def test_variants_are_named_as_in_the_vectors() -> None:
    assert list(VARIANTS) == VECTORS["variants"]


@pytest.mark.parametrize("entry", VECTORS["pictures"], ids=lambda entry: entry["name"])
def test_same_bytes_from_every_kind_of_buffer(entry: dict[str, Any], pixels_of: Pixels) -> None:
    width, height, channels = entry["width"], entry["height"], CHANNELS[entry["format"]]
    flat = pixels_of(entry)
    cube = np.frombuffer(flat, np.uint8).reshape(height, width, channels)
    framed = np.pad(cube, ((1, 2), (3, 4), (0, 0)), constant_values=99)[1:-2, 3:-4]
    for pixels in (flat, bytearray(flat), memoryview(flat), cube, cube.reshape(height, width * channels), framed):
        assert _kernel.pdq(pixels, width, height, channels) == expected(entry)
    original, quality = expected(entry)
    assert _kernel.pdq(flat, width, height, channels, 1) == (original[:1], quality)


def test_a_picture_without_colour_may_have_two_dimensions(pixels_of: Pixels) -> None:
    entry = next(entry for entry in VECTORS["pictures"] if entry["format"] == "luma8")
    plane = np.frombuffer(pixels_of(entry), np.uint8).reshape(entry["height"], entry["width"])
    assert _kernel.pdq(plane, entry["width"], entry["height"], _kernel.LUMA8) == expected(entry)


REFUSED = [entry for entry in VECTORS["refused"] if entry["is_begun"]]
WORDS = {
    "image_too_small": "at least 5",
    "image_too_large": "at most 32768",
    "bad_format": "pixel format",
    "too_few_rows": "shape",
    "too_many_rows": "shape",
}


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry["name"])
def test_refuses_what_must_fail(entry: dict[str, Any]) -> None:
    pixels = bytes(entry["width"] * entry["format_number"] * entry["rows"])
    with pytest.raises(ValueError, match=WORDS[entry["status"]]):
        _kernel.pdq(pixels, entry["width"], entry["height"], entry["format_number"])


@pytest.mark.parametrize(
    "pixels",
    [
        b"",
        bytes(299),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((11, 10, 3), np.uint8),
        np.zeros((10, 20, 3), np.uint8)[:, ::2],
        np.zeros((20, 10, 3), np.uint8)[::-1][:10],
        np.zeros((3, 10, 10), np.uint8).transpose(1, 2, 0),
        np.zeros((10, 10, 3), np.uint16),
        np.zeros((10, 10, 3), np.float32),
        np.zeros(600, np.uint8)[::2],
    ],
    ids=["empty", "short", "channels", "rows", "columns apart", "upside down", "planes", "16 bit", "floats", "bytes apart"],
)
def test_refuses_buffers_of_another_shape(pixels: Any) -> None:
    with pytest.raises(ValueError, match="pixels"):
        _kernel.pdq(pixels, 10, 10, _kernel.RGB8)


@pytest.mark.parametrize(("width", "height"), [(-1, 10), (10, -1), (2**40, 10), (10, 2**62)])
def test_refuses_sizes_beyond_any_picture(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="width and height"):
        _kernel.pdq(b"", width, height, _kernel.RGB8)


def test_refuses_what_is_no_buffer() -> None:
    with pytest.raises(TypeError):
        _kernel.pdq([0] * 300, 10, 10, _kernel.RGB8)  # type: ignore[arg-type]


def test_distance_refuses_other_lengths() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        _kernel.distance_bits(bytes(31), bytes(32))


def test_refuses_other_numbers_of_variants() -> None:
    with pytest.raises(ValueError, match="1 or 8"):
        _kernel.pdq(bytes(300), 10, 10, _kernel.RGB8, 2)
