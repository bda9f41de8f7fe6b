# SPDX-License-Identifier: Apache-2.0
"""Asking about regions, in rounds: what a partner's picture has, where the exchange wants it hashed, what is there.

No hash leaves the exchange, and every RegionsAnswer has the same size, whatever it says. Bytes alone are read here: what a frame and a map
mean belongs to `matching`. Contract: spec/regions.md, "Asking".
"""

import struct
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

import msgspec

from stillmine.wire import codec
from stillmine.wire.ask import NO_ID, NO_TAGS
from stillmine.wire.base64url import base64url_bytes, base64url_length, base64url_text
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.feedback import OpaqueId, UploadToken
from stillmine.wire.regions import MOST_REGIONS, REGION_HASH_BYTES, REGION_PLACE_BYTES, is_of_small_view

MAXIMUM_REGIONS_ASK_BYTES = 1024 * 1024
"""Largest RegionsAsk or RegionsLook."""

MAXIMUM_VIEWS = 14
MAXIMUM_VIEW_REGIONS = 200
MAXIMUM_MATCHED = 8
"""Fingerprints of kind `pdq` that one upload is said to match already."""

TURNS = 8
BOX_UNITS = 4096
"""Sides of a box are in this part of the upload's width or height."""

ASKED_REGION_BYTES = 2 * REGION_HASH_BYTES + REGION_PLACE_BYTES
"""Hash, mirrored hash, place."""

CANDIDATES_A_ROUND = 8
MAXIMUM_ROUNDS = 4
"""Of looks after one ask."""

FRAMES_A_ROUND = CANDIDATES_A_ROUND * MOST_REGIONS
FRAME_BYTES = 12

PLACES_BYTES = FRAMES_A_ROUND * FRAME_BYTES
HASHES_BYTES = FRAMES_A_ROUND * REGION_HASH_BYTES
LOOK_BYTES = 2048
LOOK_SECONDS = 60
"""How long a look may take."""

ANSWER_ROWS = CANDIDATES_A_ROUND * MAXIMUM_ROUNDS
MAXIMUM_FOUND = ANSWER_ROWS - MAXIMUM_MATCHED
REGIONS_ANSWER_BYTES = 16 * 1024
"""Each RegionsAnswer as JSON, with spaces behind it."""

_MAP = struct.Struct("<6i2H")
_MAP_UNIT = 1 << 16
_MAP_LIMIT = (1 << 31) - 1

Look = Annotated[str, msgspec.Meta(min_length=base64url_length(LOOK_BYTES), max_length=base64url_length(LOOK_BYTES))]
Places = Annotated[str, msgspec.Meta(min_length=base64url_length(PLACES_BYTES), max_length=base64url_length(PLACES_BYTES))]
Hashes = Annotated[str, msgspec.Meta(min_length=base64url_length(HASHES_BYTES), max_length=base64url_length(HASHES_BYTES))]
MapText = Annotated[str, msgspec.Meta(min_length=base64url_length(_MAP.size), max_length=base64url_length(_MAP.size))]
Side = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
BoxSide = Annotated[int, msgspec.Meta(ge=0, le=BOX_UNITS)]
Box = tuple[BoxSide, BoxSide, BoxSide, BoxSide]

NO_LOOK = base64url_text(bytes(LOOK_BYTES))
NO_PLACES = base64url_text(bytes(PLACES_BYTES))
NO_MAP = base64url_text(bytes(_MAP.size))


class RegionsOutcome(StrEnum):
    """`part`: so much agrees that a reviewer should look, and not enough for a rule."""

    MATCH = "match"
    PART = "part"
    CLEAR = "clear"


class Verdict(StrEnum):
    """What the regions of a picture say of a match of its `pdq`; `-` in rows that are not about one."""

    AGREED = "agreed"
    DISPUTED = "disputed"
    ONE_JUDGE = "one_judge"
    NONE = "-"


class RegionsMap(NamedTuple):
    """Where the stored picture lies in the upload, both from 0 to 1 on each axis: x' = a x + b y + c, y' = d x + e y + f.

    `width` and `height` are those of the stored picture at 65,536 pixels.
    """

    affine: tuple[float, float, float, float, float, float]
    width: int
    height: int


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Regions of the upload, found in one size and one stretch; sides are in pixels of the view at 65,536 pixels."""

    width: Side
    height: Side
    regions: str

    def __post_init__(self) -> None:
        if not is_of_small_view(self.width, self.height):
            raise MalformedMessageError("views: width and height of a view of 65,536 pixels")
        data = base64url_bytes(self.regions)
        if data is None or len(data) % ASKED_REGION_BYTES or len(data) > MAXIMUM_VIEW_REGIONS * ASKED_REGION_BYTES:
            raise MalformedMessageError(f"views: base64url of at most {MAXIMUM_VIEW_REGIONS} regions of {ASKED_REGION_BYTES} bytes")

    @property
    def data(self) -> bytes:
        """69 bytes for each region: hash, mirrored hash, place."""
        return base64url_bytes(self.regions) or b""


class MatchedPdq(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `pdq` that the upload matched already: in which of the eight turns, and what part of the upload was compared."""

    id: OpaqueId
    turn: Annotated[int, msgspec.Meta(ge=0, lt=TURNS)] = 0
    box: Box = (0, 0, BOX_UNITS, BOX_UNITS)

    def __post_init__(self) -> None:
        left, top, right, bottom = self.box
        if not (left < right and top < bottom):
            raise MalformedMessageError("matched: box is left, top, right, bottom")


class RegionsAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One upload, seen in 1 to 14 views; sides are those that it has at 65,536 pixels."""

    version: Literal[1]
    width: Side
    height: Side
    views: Annotated[list[View], msgspec.Meta(min_length=1, max_length=MAXIMUM_VIEWS)]
    matched: Annotated[list[MatchedPdq], msgspec.Meta(max_length=MAXIMUM_MATCHED)] = []
    upload_token: UploadToken | None = None

    def __post_init__(self) -> None:
        if not is_of_small_view(self.width, self.height):
            raise MalformedMessageError("width and height of a picture of 65,536 pixels")
        if len({row.id for row in self.matched}) < len(self.matched):
            raise MalformedMessageError("matched: each id once")


class RegionsLook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is at each of the places of an answer: one hash for each frame, anything where a frame is zeros."""

    version: Literal[1]
    look: Look
    hashes: Hashes

    def __post_init__(self) -> None:
        if base64url_bytes(self.look) is None or base64url_bytes(self.hashes) is None:
            raise MalformedMessageError("look, hashes: base64url without padding")

    @property
    def data(self) -> bytes:
        """288 x 32 bytes, in the order of the frames."""
        return base64url_bytes(self.hashes) or b""


class RegionsRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One picture; `id` is this partner's own id of its fingerprint, zeros where there is none."""

    outcome: RegionsOutcome = RegionsOutcome.CLEAR
    id: OpaqueId = NO_ID
    tags: Annotated[str, msgspec.Meta(pattern="^[a-z-]{8}$", max_length=8)] = NO_TAGS
    verdict: Verdict = Verdict.NONE
    map: MapText = NO_MAP

    def __post_init__(self) -> None:
        if self.map != NO_MAP:
            read_map(self.map)


class RegionsAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first rows are those of `matched`, in their order, the others what the regions found. Zeros in `look`: nothing is left to do."""

    version: Literal[1]
    look: Look
    places: Places
    answers: Annotated[list[RegionsRow], msgspec.Meta(min_length=ANSWER_ROWS, max_length=ANSWER_ROWS)]

    def __post_init__(self) -> None:
        if base64url_bytes(self.look) is None or base64url_bytes(self.places) is None:
            raise MalformedMessageError("look, places: base64url without padding")

    @property
    def frames(self) -> bytes:
        """288 x 12 bytes: six numbers of 16 bits, signed, little-endian, for each place; zeros where there is none."""
        return base64url_bytes(self.places) or b""


def regions_answer(
    matched: Sequence[RegionsRow] = (), found: Sequence[RegionsRow] = (), look: str = NO_LOOK, places: str = NO_PLACES
) -> RegionsAnswer:
    """Return an answer with rows for up to 8 that were `matched` and up to 24 that were found, and clear rows in every other place."""
    rows = [*matched, *_clear(MAXIMUM_MATCHED - len(matched)), *found]
    return RegionsAnswer(1, look, places, rows + _clear(ANSWER_ROWS - len(rows)))


def encode_regions_answer(answer: RegionsAnswer) -> bytes:
    """Return the JSON form, which always has the same size; raises ValueError where it has not."""
    text = codec.encode(answer).ljust(REGIONS_ANSWER_BYTES, b" ")
    if len(text) != REGIONS_ANSWER_BYTES:
        raise ValueError(f"an answer has {REGIONS_ANSWER_BYTES} bytes")
    return text


def frames_of(data: bytes) -> Iterator[list[bytes]]:
    """Yield the frames of each candidate, 36 of 12 bytes."""
    size = MOST_REGIONS * FRAME_BYTES
    for first in range(0, len(data), size):
        yield [data[start : start + FRAME_BYTES] for start in range(first, first + size, FRAME_BYTES)]


def map_text(stands: RegionsMap) -> str:
    """Return the text of a map, in 1/65,536 of a side; what is beyond 32,768 sides away is brought there."""
    numbers = (max(-_MAP_LIMIT, min(_MAP_LIMIT, round(number * _MAP_UNIT))) for number in stands.affine)
    return base64url_text(_MAP.pack(*numbers, stands.width, stands.height))


def read_map(text: str) -> RegionsMap:
    """Read a map; raises MalformedMessageError where it is none, of no picture, or leaves nothing of one."""
    data = base64url_bytes(text)
    if data is None or len(data) != _MAP.size:
        raise MalformedMessageError(f"map: base64url of {_MAP.size} bytes")
    a, b, c, d, e, f, width, height = _MAP.unpack(data)
    if not is_of_small_view(width, height):
        raise MalformedMessageError("map: width and height of a picture of 65,536 pixels")
    if a * e == b * d:
        raise MalformedMessageError("map: a picture of no area")
    affine = (a / _MAP_UNIT, b / _MAP_UNIT, c / _MAP_UNIT, d / _MAP_UNIT, e / _MAP_UNIT, f / _MAP_UNIT)
    return RegionsMap(affine, width, height)


def _clear(count: int) -> list[RegionsRow]:
    return [RegionsRow()] * count
