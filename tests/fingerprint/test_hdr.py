# SPDX-License-Identifier: Apache-2.0
"""Pictures of high dynamic range give the fingerprint of what an ordinary screen shows: "HDR" in spec/fingerprint.md."""

import pytest
from PIL import Image

from stillmine.fingerprint import distance_bits, fingerprint_image
from stillmine.fingerprint.picture.transfer import HdrColours, Transfer, hdr_colours_of, to_sdr
from tests.fingerprint.damaged_files import chunk
from tests.fingerprint.hdr_files import BT2020, HDR_FILES, PQ, SRGB, hdr_png
from tests.fingerprint.picture_files import save, scene

SHOWN = fingerprint_image(save(scene(), "PNG"))


@pytest.mark.parametrize("name", HDR_FILES)
def test_is_near_what_is_shown(name: str) -> None:
    assert distance_bits(fingerprint_image(HDR_FILES[name]).pdq, SHOWN.pdq) <= 4


def test_a_damaged_one_is_mapped_too() -> None:
    data = hdr_png(BT2020, PQ)
    assert distance_bits(fingerprint_image(data[:33] + chunk(b"tEXt", b"a\0b", is_wrong=True) + data[33:]).pdq, SHOWN.pdq) <= 4


@pytest.mark.parametrize("code", [bytes((1, 13, 0, 1)), bytes((1, 16, 0)), b""])
def test_others_are_left_alone(code: bytes) -> None:
    plain = save(scene(), "PNG")
    assert fingerprint_image(plain[:33] + chunk(b"cICP", code) + plain[33:]).pdq == SHOWN.pdq
    assert hdr_colours_of(save(scene(), "AVIF")) is None
    assert hdr_colours_of(b"\0\0\0\x18ftypavif" + bytes(20)) is None


def test_black_white_and_alpha_stay() -> None:
    for colours in [HdrColours(primaries, transfer) for primaries in (SRGB, BT2020) for transfer in Transfer]:
        assert to_sdr(Image.new("RGBA", (1, 1), (0, 0, 0, 77)), colours).getpixel((0, 0)) == (0, 0, 0, 77)
        assert to_sdr(Image.new("L", (1, 1), 255), colours).getpixel((0, 0)) == 255
        assert to_sdr(Image.new("RGB", (1, 1), (255, 255, 255)), colours).getpixel((0, 0)) == (255, 255, 255)
