# SPDX-License-Identifier: Apache-2.0
"""Made-up pictures that have regions, uploads that show them moved and scaled, and a partner that asks about uploads in rounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Frames, Map, frames_through
from stillmine.matching.region_look import from_wire
from stillmine.matching.region_values import frames_of_geometry
from stillmine.wire import codec
from stillmine.wire.ask_regions import PLACES_BYTES, RegionsAnswer, RegionsRow
from stillmine.wire.base64url import base64url_bytes, base64url_text
from stillmine.wire.regions import RegionsValue, format_regions
from tests.exchange.exchange_parts import PartnerClient, value

SIDE = 256
COLUMNS = 5
HASH_BYTES = 32
NO_PLACES = bytes(PLACES_BYTES)


@dataclass(frozen=True)
class Picture:
    """A square picture of 25 regions that belongs to nobody; its `pdq` is that of the same number."""

    number: int

    @property
    def hashes(self) -> NDArray[np.uint8]:
        drawn = np.random.default_rng(self.number).integers(0, 256, (COLUMNS**2, HASH_BYTES), dtype=np.uint8)
        drawn[:, ::2] = ~drawn[:, 1::2]  # as many bits set as not, as a patch has
        return drawn

    @property
    def geometry(self) -> NDArray[np.uint8]:
        rows = []
        for place in range(COLUMNS**2):
            x, y = (4096 * (2 * number + 1) // (2 * COLUMNS) for number in (place % COLUMNS, place // COLUMNS))
            rows.append([*(x << 12 | y).to_bytes(3), 80 + place, (37 * place) % 256])
        return np.array(rows, np.uint8)

    @property
    def frames(self) -> Frames:
        return frames_of_geometry(self.geometry, SIDE, SIDE)

    @property
    def pdq(self) -> dict[str, object]:
        return {"kind": "pdq", "value": value(self.number), "quality": 90}

    @property
    def regions(self) -> dict[str, object]:
        rows = np.concatenate([self.hashes, self.geometry], axis=1).tobytes()
        text = format_regions(RegionsValue(SIDE, SIDE, bytes.fromhex(value(self.number)), rows))
        return {"kind": "regions", "value": text, "quality": 100}

    @property
    def both(self) -> list[dict[str, object]]:
        return [self.pdq, self.regions]


WHOLE: Map = np.eye(3)


def part(left: float, top: float, size: float) -> Map:
    """The map of a picture onto an upload that is a square cut out of it; all in parts of the picture's side."""
    return np.array([[1 / size, 0, -left * SIDE / size], [0, 1 / size, -top * SIDE / size], [0, 0, 1]])


def shrunk(left: float, top: float, size: float) -> Map:
    """The map of a picture onto a place of an upload, in parts of the upload's side."""
    return np.array([[size, 0, left * SIDE], [0, size, top * SIDE], [0, 0, 1.0]])


@dataclass
class Upload:
    """A square upload that shows pictures; a region is `noise` bits off what is stored, those at `covered` places show something else."""

    shown: Sequence[tuple[Picture, Map]]
    noise: int = 8
    covered: frozenset[int] = frozenset()
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def _seen(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
        """Each region in the upload: its hash and its frame."""
        for picture, map_ in self.shown:
            frames = frames_through(map_, picture.frames)
            for place, (hash_, frame) in enumerate(zip(picture.hashes, frames, strict=True)):
                if place not in self.covered and 0 <= frame[0] < SIDE and 0 <= frame[1] < SIDE:
                    yield self._noisy(hash_), frame

    def _noisy(self, hash_: NDArray[np.uint8]) -> NDArray[np.uint8]:
        bits = np.unpackbits(hash_)
        bits[self.chance.choice(256, self.noise, replace=False)] ^= 1
        return np.packbits(bits)

    def _other(self) -> NDArray[np.uint8]:
        return self.chance.integers(0, 256, HASH_BYTES, dtype=np.uint8)

    def view(self) -> dict[str, object]:
        rows = b""
        for hash_, frame in self._seen():
            x, y = (min(4095, round(4096 * at / SIDE)) for at in frame[:2])
            radius = round(48 * np.log2(np.hypot(frame[2], frame[3]) / 6))
            angle = round(np.arctan2(frame[3], frame[2]) / (2 * np.pi) * 256) % 256
            geometry = (x << 12 | y).to_bytes(3) + bytes([min(255, max(0, radius)), angle])
            rows += hash_.tobytes() + self._other().tobytes() + geometry
        return {"width": SIDE, "height": SIDE, "regions": base64url_text(rows)}

    def hashes_at(self, places: str) -> str:
        """Return what a partner finds at the places of an answer."""
        steps = np.frombuffer(base64url_bytes(places) or b"", "<i2").reshape(-1, 6)
        seen = list(self._seen())
        found = [self._hash_at(frame, seen) for frame in from_wire(steps, SIDE, SIDE)]
        return base64url_text(b"".join(one.tobytes() for one in found))

    def _hash_at(self, frame: NDArray[np.float64], seen: Sequence[tuple[NDArray[np.uint8], NDArray[np.float64]]]) -> NDArray[np.uint8]:
        for hash_, there in seen:
            reach = 0.3 * np.hypot(there[2], there[3])
            if np.abs(frame - there).max() <= reach and np.any(frame):
                return hash_
        return self._other()


def ask_regions(partner: PartnerClient, upload: Upload, views: int = 1, **fields: Any) -> httpx.Response:
    body = {"version": 1, "width": SIDE, "height": SIDE, "views": [upload.view()] + [{**upload.view(), "regions": ""}] * (views - 1)}
    return partner.web.post("/api/v1/ask/regions", json={**body, **fields}, headers=partner.headers)


def look(partner: PartnerClient, upload: Upload, answer: RegionsAnswer) -> httpx.Response:
    body = {"version": 1, "look": answer.look, "hashes": upload.hashes_at(answer.places)}
    return partner.web.post("/api/v1/ask/regions/look", json=body, headers=partner.headers)


def read(response: httpx.Response) -> RegionsAnswer:
    assert response.status_code == 200, response.text
    return codec.decode(response.content, RegionsAnswer)


def has_look(answer: RegionsAnswer) -> bool:
    return bool(answer.look.strip("A"))


def rounds(partner: PartnerClient, upload: Upload, **fields: Any) -> list[RegionsAnswer]:
    """All answers about an upload, the last one says everything."""
    answers = [read(ask_regions(partner, upload, **fields))]
    while has_look(answers[-1]):
        answers.append(read(look(partner, upload, answers[-1])))
    return answers


def found(partner: PartnerClient, upload: Upload, **fields: Any) -> list[RegionsRow]:
    """The rows that are not about what was matched before, and not clear."""
    return [row for row in rounds(partner, upload, **fields)[-1].answers[8:] if row.outcome != "clear"]
