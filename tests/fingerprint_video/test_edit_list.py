# SPDX-License-Identifier: Apache-2.0
"""Edit lists as files have them, and as only hostile ones do: the same parts here and in the portal."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from stillmine.fingerprint.structure.edit_list import MAXIMUM_EDITS, WHOLE, shown_parts

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "vectors/edit_lists.json").read_text())["edit_lists"]
MOVIE_SCALE, TRACK_SCALE, TRACK = 10, 100, 2


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def header(kind: bytes, value: int) -> bytes:
    return box(kind, bytes(12), struct.pack(">I", value))


def movie(vector: dict[str, Any]) -> bytes:
    version = vector.get("version", 0)
    entries = [struct.pack(">QqI" if version else ">IiI", *edit) for edit in vector["edits"]]
    head = struct.pack(">B3xI", version, vector.get("says", len(entries)))
    own = box(b"trak", header(b"tkhd", TRACK), box(b"edts", box(b"elst", head, *entries)), media(vector.get("scale", TRACK_SCALE)))
    other = box(b"trak", header(b"tkhd", 1), media(TRACK_SCALE))
    fragments = box(b"mvex") if vector.get("is_fragmented") else b""
    return box(b"ftyp", bytes(8)) + box(b"moov", header(b"mvhd", MOVIE_SCALE), other, own, fragments)


def media(scale: int) -> bytes:
    return box(b"mdia", header(b"mdhd", scale))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_parts_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    parts = shown_parts(io.BytesIO(movie(vector)), TRACK).parts
    assert (None if parts is None else [list(part) for part in parts]) == vector["parts"]


def test_only_one_part_with_a_length_is_left_to_the_decoder() -> None:
    simple = {vector["name"] for vector in VECTORS if shown_parts(io.BytesIO(movie(vector)), TRACK).is_simple}
    assert simple == {"none", "one", "wide", "wide and empty", "far away", "half a tick", "an empty edit of another speed"}


def test_a_track_without_a_list_is_shown_whole() -> None:
    data = movie({"edits": [[10, 500, 65536]]})
    assert shown_parts(io.BytesIO(data), 1) == shown_parts(io.BytesIO(data), 3) == WHOLE


@pytest.mark.parametrize("data", [b"", bytes(64), b"\0\0\0\4" + bytes(4) + box(b"moov"), struct.pack(">I4s", 900_000_000, b"moov")])
def test_boxes_that_go_nowhere_end(data: bytes) -> None:
    assert shown_parts(io.BytesIO(data), TRACK) == WHOLE


def test_more_entries_than_anybody_needs_are_not_followed() -> None:
    edits = [[1, 0, 65536]] * (MAXIMUM_EDITS + 1)
    assert shown_parts(io.BytesIO(movie({"edits": edits})), TRACK).parts is None
