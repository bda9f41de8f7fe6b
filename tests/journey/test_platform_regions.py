# SPDX-License-Identifier: Apache-2.0
"""A crop of a protected picture is stopped, a forged match is left to a reviewer, and both end when the person takes the picture back."""

import io
import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillmine.demo.person import Person
from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.picture.regions import base_of, regions_value
from stillmine.wire.base64url import base64url_text
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Judges, MatchClass, RegionsChoice, ScreenOutcome
from tests.journey.parties import PLATFORM, Exchange, Service, wait_until


@pytest.fixture
def picture(root: Path) -> Image.Image:
    return Image.open(root / "media/skimage/chelsea.png").convert("RGB")


@pytest.fixture(params=["ask", pytest.param("list", marks=pytest.mark.long)])
def service(request: pytest.FixtureRequest, system_folder: Path, exchange: Exchange) -> Iterator[Service]:
    key = exchange.add_partner(PLATFORM, "--way", request.param)
    exchange.wait_for_index(key)
    with Service(system_folder, "service", exchange.url, key) as service:
        service.start("--way", request.param)
        yield service


def protects(image: Image.Image, pdq: bytes) -> list[Fingerprint]:
    """What a device sends of a picture, with this `pdq`."""
    value = regions_value(base_of(np.asarray(image)), pdq)
    assert value is not None
    return [Fingerprint(Kind.PDQ, pdq.hex(), 100), Fingerprint(Kind.REGIONS, base64url_text(value), 100)]


def saved(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def test_a_crop_is_stopped_until_the_picture_is_taken_back(service: Service, exchange: Exchange, picture: Image.Image) -> None:
    crop = saved(picture.crop((50, 33, 401, 267)))
    assert service.health().regions is RegionsChoice.ALL
    assert service.screen(crop).outcome is ScreenOutcome.NO_MATCH
    with Person(exchange.url, secrets.token_bytes(10)) as person:
        person.open_case(protects(picture, fingerprint_image(saved(picture)).pdq))
        wait_until(lambda: service.screen(crop).outcome is ScreenOutcome.MATCH, every_seconds=1)
        result = service.screen(crop)
        assert [(match.kind, match.match_class, match.found_by) for match in result.matches] == [
            (Kind.REGIONS, MatchClass.NEAR, [Kind.REGIONS])
        ]
        transform = result.matches[0].transform
        assert transform is not None
        assert transform.words.startswith("about the middle")
        assert [match.transform for match in service.matches()] == [transform]
        wait_until(lambda: person.show_case().fingerprints[1].partners)
        (whole,) = (match for match in service.screen(saved(picture)).matches if match.kind is Kind.PDQ)
        assert (whole.judges, whole.found_by) == (Judges.AGREED, [Kind.PDQ, Kind.REGIONS])
        assert whole.transform is not None
        assert whole.transform.words == "all of it"
        person.withdraw_case()
        wait_until(lambda: service.screen(crop).outcome is ScreenOutcome.NO_MATCH, every_seconds=1)


def test_a_match_that_was_forged_is_for_a_reviewer(root: Path, service: Service, exchange: Exchange, picture: Image.Image) -> None:
    upload = (root / "media/skimage/rocket.jpg").read_bytes()
    with Person(exchange.url, secrets.token_bytes(10)) as person:
        person.open_case(protects(picture, fingerprint_image(upload).pdq))
        wait_until(lambda: service.screen(upload).outcome is ScreenOutcome.MATCH, every_seconds=1)
        (match,) = service.screen(upload).matches
        assert (match.kind, match.match_class, match.judges) == (Kind.PDQ, MatchClass.DISPUTED, Judges.DISPUTED)
