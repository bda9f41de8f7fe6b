# SPDX-License-Identifier: Apache-2.0
"""Noise, checkerboards, tiles, fences, crowds, pages: each is found as itself or has no regions, and none is taken for another."""

from functools import cache
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from region_asking import Found, Numbers, Upload, ask, enrol

from stillmine.matching.region_look import Verdict
from stillmine.matching.region_values import StoredRegions
from tests.kernel.bad_pictures import BAD, Picture, shapes

FEW = {"a gradient", "lines of one pixel", "a page"}
"""Of these a case is given no regions at all."""

LIKE_ITSELF = {"a checkerboard", "tiles", "a fence"}
"""These have only what grain leaves to tell places apart: a copy may be found or not."""

SEEDS = (1, 2)
AS_IT_IS = Numbers(has_stretches=False)


@cache
def picture(name: str, seed: int) -> Picture:
    return BAD[name](seed) if name in BAD else shapes(640, 480, seed)


@cache
def stored(name: str, seed: int) -> StoredRegions | None:
    return enrol(picture(name, seed))


def enrolled(seeds: tuple[int, ...] = SEEDS) -> dict[tuple[str, int], StoredRegions]:
    """Everything that has regions, and pictures that look like photographs among it."""
    every = {(name, seed): stored(name, seed) for name in (*BAD, "shapes") for seed in seeds}
    return {one: regions for one, regions in every.items() if regions is not None}


@pytest.mark.parametrize("name", FEW)
def test_these_have_no_regions(name: str) -> None:
    assert [stored(name, seed) for seed in SEEDS] == [None, None]


def test_what_has_regions_is_found_as_itself() -> None:
    """Else nothing could be wrong below."""
    others = {one: regions for one, regions in enrolled().items() if one[0] not in LIKE_ITSELF}
    assert {name for name, _ in others} == {*BAD, "shapes"} - FEW - LIKE_ITSELF
    for (name, seed), regions in others.items():
        found = ask(regions, Upload(saved_again(picture(name, seed)), AS_IT_IS))
        assert found is not None, (name, seed)
        assert found.verdict is Verdict.MATCH, (name, seed)


def saved_again(shown: Picture) -> Picture:
    """As a JPEG of quality 90, in grey; what is transparent stays as it is."""
    if shown.ndim == 3:
        return shown
    file = BytesIO()
    Image.fromarray(shown).save(file, "JPEG", quality=90)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("name", [*BAD, "shapes"])
def test_none_is_taken_for_another(name: str) -> None:
    assert taken_for_another(name, SEEDS, AS_IT_IS) == []


@pytest.mark.long
@pytest.mark.parametrize("name", [*BAD, "shapes"])
def test_none_is_taken_for_another_in_any_view(name: str) -> None:
    assert taken_for_another(name, (*range(1, 7),), Numbers()) == []


def taken_for_another(name: str, seeds: tuple[int, ...], numbers: Numbers) -> list[tuple[str, int, str, int, Found]]:
    """Every wrong match and every wrong part of one of uploads of this sort."""
    wrong = []
    for seed in seeds:
        upload = Upload(picture(name, seed), numbers)
        for (other, other_seed), regions in enrolled(seeds).items():
            found = None if (other, other_seed) == (name, seed) else ask(regions, upload)
            if found is not None and found.verdict is not Verdict.CLEAR:
                wrong.append((name, seed, other, other_seed, found))
    return wrong
