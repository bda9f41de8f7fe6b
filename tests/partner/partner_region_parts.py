# SPDX-License-Identifier: Apache-2.0
"""Pictures and what protects them, and an exchange that answers every ask about regions in one way."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.picture.regions import base_of, regions_value
from stillmine.wire.ask_regions import LOOK_BYTES, PLACES_BYTES, RegionsAnswer, RegionsAsk, RegionsLook
from stillmine.wire.base64url import base64url_text
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.fake_regions import FakeRegions

OWN, OTHER = "skimage/chelsea.png", "skimage/rocket.jpg"

Open = Callable[..., AskingPartner]


def saved(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def middle_of(image: Image.Image, share: float = 0.6) -> Image.Image:
    side = share**0.5
    left, top = ((1 - side) * length / 2 for length in image.size)
    return image.crop((round(left), round(top), round(left + side * image.width), round(top + side * image.height)))


def pdq_of(data: bytes) -> bytes:
    return fingerprint_image(data).pdq


def protect(exchange: FakeExchange, image: Image.Image, *, value: bytes | None = None, name: str = "own") -> str:
    """Protect a picture by its regions and a `pdq` of the same name, its own unless `value` says another; return the regions' id."""
    assert exchange.regions is not None
    pdq = value or pdq_of(saved(image, 95))
    regions = regions_value(base_of(np.asarray(image)), pdq)
    assert regions is not None
    own = exchange.id_of(f"{name} regions")
    exchange.regions.add(own, regions, exchange.add(name, pdq))
    return own


class Answers(FakeRegions):
    """Gives one answer to every ask, and one to every look."""

    def __init__(self, to_asks: RegionsAnswer, to_looks: RegionsAnswer | None = None) -> None:
        super().__init__()
        self._to_asks = to_asks
        self._to_looks = to_looks or to_asks

    def ask(self, message: RegionsAsk) -> RegionsAnswer:
        self.asks.append(message)
        return self._to_asks

    def look(self, message: RegionsLook) -> RegionsAnswer:
        self.looks.append(message)
        return self._to_looks


ANY_LOOK = base64url_text(b"\1" * LOOK_BYTES)


def places_of(*frames: tuple[int, ...]) -> str:
    return base64url_text(np.array(frames, "<i2").tobytes().ljust(PLACES_BYTES, b"\0"))
