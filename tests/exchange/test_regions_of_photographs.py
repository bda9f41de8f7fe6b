# SPDX-License-Identifier: Apache-2.0
"""Photographs, really cropped and really hashed: from a case to an answer, through the kernel, the index and both steps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.picture.regions import AREA, LARGE_AREA, Base, base_of, find_regions, hash_places, regions_value
from stillmine.wire import codec
from stillmine.wire.ask_regions import MatchedPdq, RegionsAnswer, RegionsAsk, RegionsLook, RegionsRow, View, read_map
from stillmine.wire.base64url import base64url_text
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone
from tests.exchange.region_parts import has_look, read

PHOTOGRAPHS = sorted((Path(__file__).parents[1] / "media" / "photos" / "kodak").glob("*.jpg"))
ASKED = {AREA: 100, LARGE_AREA: 200}


def picture(number: int) -> Image.Image:
    return Image.open(PHOTOGRAPHS[number]).convert("RGB")


def based(shown: Image.Image) -> Base:
    return base_of(np.asarray(shown))


def sides(base: Base) -> tuple[int, int]:
    scale = (AREA / (base.width * base.height)) ** 0.5
    return round(base.width * scale), round(base.height * scale)


def fingerprints(number: int) -> list[dict[str, object]]:
    made = fingerprint_image(PHOTOGRAPHS[number].read_bytes())
    value = regions_value(based(picture(number)), made.pdq)
    assert value is not None
    own = {"file_number": number + 1}
    return [
        {"kind": "pdq", "value": made.pdq.hex(), "quality": made.quality, **own},
        {"kind": "regions", "value": base64url_text(value), "quality": 100, **own},
    ]


def rounds(partner: PartnerClient, shown: Image.Image, matched: list[MatchedPdq]) -> RegionsAnswer:
    base = based(shown)
    width, height = sides(base)
    found = [find_regions(base, area, count=count) for area, count in ASKED.items()]
    rows = [np.concatenate([one.hashes, one.mirrored, one.geometry], axis=1).tobytes() for one in found]
    message = RegionsAsk(1, width, height, [View(width, height, base64url_text(row)) for row in rows], matched)
    answer = sent(partner, "", message)
    while has_look(answer):
        hashes = hash_places(base, frames(answer)).tobytes()
        answer = sent(partner, "/look", RegionsLook(1, answer.look, base64url_text(hashes)))
    return answer


def frames(answer: RegionsAnswer) -> NDArray[np.int16]:
    return np.frombuffer(answer.frames, "<i2").reshape(-1, 6)


def sent(partner: PartnerClient, step: str, message: RegionsAsk | RegionsLook) -> RegionsAnswer:
    headers = {**partner.headers, "Content-Type": "application/json"}
    return read(partner.web.post(f"/api/v1/ask/regions{step}", content=codec.encode(message), headers=headers))


def cropped(shown: Image.Image) -> Image.Image:
    width, height = shown.size
    return shown.crop((width // 8, height // 6, width * 7 // 8, height * 5 // 6))


def in_a_post(shown: Image.Image) -> Image.Image:
    post = Image.new("RGB", (shown.width + 80, shown.height * 2), "white")
    post.paste(shown, (40, shown.height // 2))
    draw = ImageDraw.Draw(post)
    for line in range(6):
        draw.text((40, 20 + 20 * line), "words above a picture that somebody posted", "black")
    return post


@pytest.fixture
def asking(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> PartnerClient:
    """A partner of an exchange in which one person protects six photographs."""
    phone.open(fingerprints=[row for number in range(6) for row in fingerprints(number)])
    follower()
    return partner


@pytest.mark.parametrize("changed", [cropped, in_a_post, lambda shown: ImageOps.mirror(cropped(shown))], ids=["crop", "post", "mirrored"])
@pytest.mark.parametrize("number", [0, 3])
def test_a_changed_photograph_is_found_as_itself(
    asking: PartnerClient, phone: Phone, number: int, changed: Callable[[Image.Image], Image.Image]
) -> None:
    rows = [row for row in rounds(asking, changed(picture(number)), []).answers if row != RegionsRow()]
    assert [row.outcome for row in rows] == ["match"]
    stands = read_map(rows[0].map)
    assert (stands.affine[0] * stands.affine[4] - stands.affine[1] * stands.affine[3] < 0) is (changed not in {cropped, in_a_post})
    hearing = [row.file_number for row in phone.show().fingerprints if any(status.found_on for status in row.partners)]
    assert hearing == [number + 1]


def test_a_photograph_that_nobody_protects_is_clear(asking: PartnerClient) -> None:
    assert set(rounds(asking, picture(8), []).answers) == {RegionsRow()}


def test_a_copy_agrees_with_its_pdq_and_a_forged_one_is_disputed(asking: PartnerClient) -> None:
    value = str(fingerprints(2)[0]["value"])
    matched = [MatchedPdq(answers(asking, value)[0][1])]
    assert rounds(asking, picture(2), matched).answers[0].verdict == "agreed"
    assert rounds(asking, picture(8), matched).answers[0].verdict == "disputed"
