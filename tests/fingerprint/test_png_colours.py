# SPDX-License-Identifier: Apache-2.0
"""A PNG's gamma and primary colours are applied as browsers apply them: "Gamma of PNG" in spec/fingerprint.md."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillmine.fingerprint import distance_bits, fingerprint_image
from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.picture.png_colours import png_colours_of, with_png_colours
from tests.fingerprint.damaged_files import chunk
from tests.fingerprint.gamma_files import (
    GAMMA_FILES,
    PLAIN_COLOURS,
    SRGB_PRIMARIES,
    SWAPPED_PRIMARIES,
    gamma,
    moving,
    primaries,
    with_colours,
)
from tests.fingerprint.picture_files import save, scene


def shown_with_gamma(image: Image.Image, value: int) -> Image.Image:
    light = (np.asarray(image) / 255) ** (100_000 / value)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.round(255 * shown).astype(np.uint8))


@pytest.mark.parametrize("value", [22727, 30000, 100000, 220000])
def test_gamma_gives_what_is_shown(value: int) -> None:
    stored = with_colours(scene(), gamma(value))
    assert distance_bits(fingerprint_image(stored).pdq, fingerprint_image(save(shown_with_gamma(scene(), value), "PNG")).pdq) <= 2
    assert fingerprint_image(stored).pdq != fingerprint_image(save(scene(), "PNG")).pdq


def test_exchanged_primaries_exchange_the_colours() -> None:
    red, green, blue = shown_with_gamma(scene(), 22727).split()
    stored = with_colours(scene(), gamma(22727), primaries(SWAPPED_PRIMARIES))
    expected = fingerprint_image(save(Image.merge("RGB", (blue, green, red)), "PNG"))
    assert distance_bits(fingerprint_image(stored).pdq, expected.pdq) <= 2


def test_white_of_any_light_is_white_and_alpha_stays() -> None:
    colours = png_colours_of(GAMMA_FILES["gAMA 220000 and wide primaries"])
    assert colours is not None
    for mode, value in (("L", 255), ("RGB", (255, 255, 255)), ("RGBA", (255, 255, 255, 77)), ("RGBA", (0, 0, 0, 77))):
        assert with_png_colours(Image.new(mode, (1, 1), value), colours).getpixel((0, 0)) == value


@pytest.mark.parametrize("name", PLAIN_COLOURS)
def test_what_says_it_otherwise_is_left_alone(name: str) -> None:
    assert fingerprint_image(PLAIN_COLOURS[name]).pdq == fingerprint_image(save(scene(), "PNG")).pdq
    assert png_colours_of(PLAIN_COLOURS[name]) is None, "nothing is computed"


def test_a_profile_comes_first() -> None:
    from tests.fingerprint.test_decode import SRGB, exchange_red_and_blue

    plain = save(scene(), "PNG", icc_profile=exchange_red_and_blue(SRGB))
    assert fingerprint_image(plain[:33] + gamma(22727) + plain[33:]).pdq == fingerprint_image(plain).pdq


@pytest.mark.parametrize("said", [gamma(22727), gamma(45455) + primaries(SWAPPED_PRIMARIES), gamma(45455) + chunk(b"sRGB", b"\0")])
def test_mending_keeps_them(said: bytes) -> None:
    damage = chunk(b"tEXt", b"a\0b", is_wrong=True)
    assert fingerprint_image(with_colours(scene(), damage, said)).pdq == fingerprint_image(with_colours(scene(), said)).pdq


def test_those_of_an_animation_count_too(tmp_path: Path) -> None:
    """One rule for its pictures and for the still that is shown first."""
    file = tmp_path / "moving"
    values = {}
    for name, said in {"gamma": (gamma(22727),), "plain": (gamma(45455), primaries(SRGB_PRIMARIES)), "none": ()}.items():
        file.write_bytes(moving(*said))
        video = fingerprint_file(file).video
        assert video is not None
        values[name] = [frame.pdq for frame in video.frames]
    assert values["plain"] == values["none"]
    assert distance_bits(values["gamma"][0], fingerprint_image(with_colours(scene(), gamma(22727))).pdq) <= 2
