# SPDX-License-Identifier: Apache-2.0
"""Which way up a picture is: one rule for every format, "Orientation" in spec/fingerprint.md, whatever a decoder would do by itself."""

import json
from typing import Any

import pytest

from stillmine.fingerprint import distance_bits, fingerprint_image
from stillmine.fingerprint.structure.exif import read_orientation
from tests.fingerprint.picture_files import ROOT, save, scene
from tests.fingerprint.turned_files import SIX, TURNED, TURNS, UPRIGHT


@pytest.mark.parametrize("name", TURNS)
def test_turns(name: str) -> None:
    made = fingerprint_image(TURNS[name])
    assert (made.width, made.height) == scene().size
    assert distance_bits(made.pdq, fingerprint_image(save(scene(), "PNG")).pdq) <= 2


@pytest.mark.parametrize("name", UPRIGHT)
def test_is_upright(name: str) -> None:
    made = fingerprint_image(UPRIGHT[name])
    assert (made.width, made.height) == TURNED.size
    assert distance_bits(made.pdq, fingerprint_image(save(TURNED, "PNG")).pdq) <= 2


@pytest.mark.parametrize("case", json.loads((ROOT / "vectors/exif.json").read_text())["cases"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    assert read_orientation(bytes.fromhex(case["exif"])) == case["orientation"]


@pytest.mark.parametrize("end", range(len(SIX)))
def test_exif_that_is_cut_is_upright_or_says_its_turn(end: int) -> None:
    assert read_orientation(SIX[:end]) in {1, 6}
    assert read_orientation(SIX) == 6
