# SPDX-License-Identifier: Apache-2.0
"""Asks that no picture makes: views of any shape, stored hashes at places drawn at random, boxes of a hair, hashes of nothing."""

from collections.abc import Callable

import numpy as np
import pytest

from stillmine.wire import codec
from stillmine.wire.ask_regions import HASHES_BYTES, MatchedPdq, RegionsAnswer, RegionsAsk, RegionsLook, View
from stillmine.wire.base64url import base64url_text
from stillmine.wire.regions import REGIONS_AREA, is_of_small_view
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone, value
from tests.exchange.region_parts import Picture, has_look, read

OWN = Picture(1)
HAIR_BOXES = [(0, 0, 1, 1), (0, 0, 4096, 1), (4095, 0, 4096, 4096), (0, 0, 4096, 4096)]


def sides(random: np.random.Generator) -> tuple[int, int]:
    """Width and height of a view, from a square to one of a pixel's height."""
    while True:
        width = max(1, min(65_535, round(2 ** random.uniform(0, 16))))
        height = max(1, min(65_535, round(REGIONS_AREA / width)))
        if is_of_small_view(width, height):
            return width, height


def view(random: np.random.Generator) -> View:
    """Up to 120 regions with hashes as they are stored; half of these where they are stored, or all at one place."""
    count = int(random.integers(1, 120))
    chosen = random.integers(0, len(OWN.hashes), count)
    geometry = random.integers(0, 256, (count, 5), dtype=np.uint8)
    geometry[::2] = OWN.geometry[chosen[::2]] if random.random() < 0.7 else geometry[0]
    rows = np.concatenate([OWN.hashes[chosen], OWN.hashes[chosen[::-1]], geometry], axis=1)
    return View(*sides(random), base64url_text(rows.astype(np.uint8).tobytes()))


@pytest.mark.parametrize("seed", range(12))
def test_no_ask_and_no_look_of_a_stranger_breaks_it(phone: Phone, partner: PartnerClient, follower: Callable[[], None], seed: int) -> None:
    """numpy's warnings are errors here, and an accident would be answered with 500."""
    phone.open(fingerprints=OWN.both)
    follower()
    random = np.random.default_rng(seed)
    matched = [MatchedPdq(answers(partner, value(1))[0][1], seed % 8, HAIR_BOXES[seed % 4])] if seed % 2 else []
    message = RegionsAsk(1, *sides(random), [view(random) for _ in range(random.integers(1, 5))], matched)
    answer = sent(partner, "", message)
    for _ in range(4):
        if has_look(answer):
            hashes = random.integers(0, 256, HASHES_BYTES, dtype=np.uint8) if seed % 3 else np.tile(OWN.hashes.ravel(), 12)[:HASHES_BYTES]
            answer = sent(partner, "/look", RegionsLook(1, answer.look, base64url_text(hashes.tobytes())))
    assert not has_look(answer)


def sent(partner: PartnerClient, step: str, message: RegionsAsk | RegionsLook) -> RegionsAnswer:
    headers = {**partner.headers, "Content-Type": "application/json"}
    return read(partner.web.post(f"/api/v1/ask/regions{step}", content=codec.encode(message), headers=headers))
