# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/ask_regions.json: a value of kind `regions` as bytes and text, maps, messages of an ask in rounds, and what is refused."""

import json
from typing import Any

import msgspec

from stillmine.wire.ask_regions import (
    ANSWER_ROWS,
    HASHES_BYTES,
    LOOK_BYTES,
    MAXIMUM_MATCHED,
    PLACES_BYTES,
    REGIONS_ANSWER_BYTES,
    MatchedPdq,
    RegionsAsk,
    RegionsMap,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    View,
    map_text,
)
from stillmine.wire.base64url import base64url_length, base64url_text
from stillmine.wire.kinds import Kind
from stillmine.wire.regions import LEAST_REGIONS, REGION_BYTES, parse_regions, regions_bytes
from vectors.makers.kinds import sample, sample_bytes

COMMENT = (
    "A made-up value of kind `regions`, maps, an ask in rounds, and what is refused: spec/regions.md. `bytes` is hexadecimal. "
    "Made by vectors/generate.py."
)
HEAD_BYTES = 38

Json = dict[str, Any]
"""What a case of these vectors holds: it goes into a file and is read by tests alone."""


def _refused_values(data: bytes) -> dict[str, str]:
    """Return texts that are no value, by what is wrong with them."""
    regions = data[HEAD_BYTES:]
    few, place_of_second = LEAST_REGIONS - 1, data[HEAD_BYTES + REGION_BYTES + 32 : HEAD_BYTES + 2 * REGION_BYTES]
    changed = {
        "nothing": b"",
        "a head alone": data[:HEAD_BYTES],
        "another format": b"\2" + data[1:],
        "fewer regions than it says": data[:-REGION_BYTES],
        "more regions than it says": data + sample_bytes("more") + bytes(5),
        "a region cut": data[:-1],
        "too few regions": bytes([1, few]) + data[2 : HEAD_BYTES + few * REGION_BYTES],
        "sides of a larger picture": data[:2] + (400).to_bytes(2, "little") + data[4:],
        "no width": data[:2] + bytes(2) + data[4:],
        "a hash twice": data[:HEAD_BYTES] + regions[REGION_BYTES : REGION_BYTES + 32] + regions[32:],
        "a place twice": data[:HEAD_BYTES] + sample_bytes("other") + place_of_second + regions[REGION_BYTES:],
    }
    text = base64url_text(data)
    return {name: base64url_text(wrong) for name, wrong in changed.items()} | {
        "padded": text + "=",
        "base64 of another alphabet": text[:-1] + "+",
        "a sign over": text + "A",
        "a bit over": text[:-1] + chr(ord(text[-1]) + 1),
        "hexadecimal": data.hex(),
    }


def _ask() -> RegionsAsk:
    asked = sample_bytes("asked") + sample_bytes("asked mirrored") + (2048 << 12 | 1024).to_bytes(3) + b"\x48\x10"
    views = [View(296, 222, base64url_text(asked)), View(242, 272, "")]
    return RegionsAsk(1, 296, 222, views, [MatchedPdq("ab" * 16, 4, (0, 512, 4096, 3584))], "00112233445566778899aabbccddeeff")


def _refused_asks(good: Json) -> list[Json]:
    matched, view = good["matched"][0], good["views"][0]
    wrong: dict[str, Json] = {
        "no view": {"views": []},
        "15 views": {"views": [view] * 15},
        "a region cut": {"views": [{**view, "regions": view["regions"][:-3]}]},
        "201 regions": {"views": [{**view, "regions": base64url_text(bytes(201 * 69))}]},
        "regions of another alphabet": {"views": [{**view, "regions": "+" + view["regions"][1:]}]},
        "a view of another size": {"views": [{**view, "width": 512}]},
        "an upload of another size": {"width": 1024},
        "a ninth turn": {"matched": [{**matched, "turn": 8}]},
        "an empty box": {"matched": [{**matched, "box": [9, 0, 9, 4096]}]},
        "a box that reaches out": {"matched": [{**matched, "box": [0, 0, 4097, 4096]}]},
        "a box of three sides": {"matched": [{**matched, "box": [0, 0, 4096]}]},
        "an id twice": {"matched": [matched, matched]},
        "nine that matched": {"matched": [{**matched, "id": f"{number:032x}"} for number in range(9)]},
        "another version": {"version": 2},
        "a field more": {"distance": 3},
    }
    return [{"name": name, "code": "malformed_message", "json": {**good, **changes}} for name, changes in wrong.items()]


def _document() -> Json:
    value = parse_regions(str(sample(Kind.REGIONS)["value"]))
    data = regions_bytes(value)
    ask = msgspec.to_builtins(_ask())
    stands = RegionsMap((0.5, -0.125, 0.25, 0.0625, -1.5, 1.0), 296, 222)
    row = RegionsRow(RegionsOutcome.PART, "ab" * 16, "s-------", Verdict.AGREED, map_text(stands))
    parts = {"width": value.width, "height": value.height, "pdq": value.pdq.hex(), "regions": value.regions.hex()}
    sizes = {"look": LOOK_BYTES, "places": PLACES_BYTES, "hashes": HASHES_BYTES}
    return {
        "_comment": COMMENT,
        "value": {"text": base64url_text(data), "bytes": data.hex(), **parts},
        "refused_values": [{"name": name, "text": text} for name, text in _refused_values(data).items()],
        "maps": [{"affine": list(stands.affine), "width": 296, "height": 222, "text": map_text(stands)}],
        "row": msgspec.to_builtins(row),
        "sizes": {
            "answer_bytes": REGIONS_ANSWER_BYTES,
            "rows": ANSWER_ROWS,
            "rows_of_matched": MAXIMUM_MATCHED,
            "signs": {name: base64url_length(size) for name, size in sizes.items()},
        },
        "asks": [{"name": "a view and an empty one", "json": ask}],
        "refused": _refused_asks(ask),
    }


def texts() -> dict[str, str]:
    """Return ask_regions.json."""
    return {"ask_regions.json": json.dumps(_document(), indent=1) + "\n"}
