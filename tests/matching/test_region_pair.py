# SPDX-License-Identifier: Apache-2.0
"""The check that a value's PDQ and regions can be of one picture: photographs pass, values that were mixed up seldom do."""

import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_pixels
from stillmine.fingerprint.picture.regions import base_of, regions_value
from stillmine.matching.region_pair import LEAST_SCORE, is_one_picture, pair_score

MEDIA = Path(__file__).resolve().parents[1] / "media" / "photos"
PDQ = slice(6, 38)


def value_of(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes | None:
    made = fingerprint_pixels(pixels, pixels.shape[1], pixels.shape[0], 3, variants=1)
    return regions_value(base_of(pixels), made.pdq)


@cache
def values() -> tuple[bytes, ...]:
    """Of photographs, and of each turned by a quarter."""
    found = []
    for path in [*sorted((MEDIA / "kodak").glob("*.jpg")), *sorted((MEDIA / "clothing").glob("*.jpg"))[:22]]:
        with Image.open(path) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        found += [value_of(pixels), value_of(np.ascontiguousarray(np.rot90(pixels)))]
    return tuple(value for value in found if value is not None)


def with_pdq(value: bytes, pdq: bytes) -> bytes:
    return value[: PDQ.start] + pdq + value[PDQ.stop :]


def test_what_one_picture_gave_passes() -> None:
    assert len(values()) > 60
    assert [value[PDQ].hex() for value in values() if not is_one_picture(value)] == []


def test_nine_in_ten_values_with_another_pictures_pdq_are_refused() -> None:
    drawn = random.Random(1)
    pairs = [drawn.sample(values(), 2) for _ in range(300)]
    mixed = [with_pdq(one, other[PDQ]) for one, other in pairs if one[PDQ] != other[PDQ]]
    refused = [value for value in mixed if not is_one_picture(value)]
    assert len(refused) > 0.85 * len(mixed)


def test_a_typed_pdq_and_typed_regions_score_about_nothing() -> None:
    drawn = random.Random(2)
    typed = [pair_score(with_pdq(value, drawn.randbytes(32))) for value in values()]
    rows = [np.frombuffer(value, np.uint8, offset=PDQ.stop).reshape(-1, 37).copy() for value in values()]
    for row in rows:
        row[:, :32] = np.frombuffer(drawn.randbytes(32 * len(row)), np.uint8).reshape(-1, 32)
    hashes = [pair_score(value[: PDQ.stop] + row.tobytes()) for value, row in zip(values(), rows, strict=True)]
    assert abs(np.mean(typed)) < 0.5
    assert abs(np.mean(hashes)) < 0.5
    assert float(np.mean(np.array([*typed, *hashes]) >= LEAST_SCORE)) < 0.15


def test_the_pdq_turned_over_says_the_opposite() -> None:
    value = values()[0]
    assert pair_score(with_pdq(value, bytes(255 - byte for byte in value[PDQ]))) == pytest.approx(-pair_score(value))


@pytest.mark.parametrize("length", [0, 5, 37, 100])
def test_a_cut_value_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="37 for each region"):
        pair_score(values()[0][:length])
