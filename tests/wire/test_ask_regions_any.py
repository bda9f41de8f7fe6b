# SPDX-License-Identifier: Apache-2.0
"""Messages about regions, with anything anywhere in them: read and written the same again, or refused with an error of ours."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillmine.wire import codec
from stillmine.wire.ask_regions import (
    HASHES_BYTES,
    MAXIMUM_REGIONS_ASK_BYTES,
    MAXIMUM_VIEW_REGIONS,
    NO_LOOK,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsMap,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    map_text,
    read_map,
    regions_answer,
)
from stillmine.wire.base64url import base64url_bytes, base64url_text
from stillmine.wire.errors import StillmineError
from stillmine.wire.regions import is_of_small_view

MARK = "holiday-photo-of-example"
ASK = {
    "version": 1,
    "upload_token": "ab" * 16,
    "width": 300,
    "height": 218,
    "views": [{"width": 256, "height": 256, "regions": base64url_text(bytes(range(138)))}, {"width": 300, "height": 218, "regions": ""}],
    "matched": [{"id": "cd" * 16, "turn": 3, "box": [1, 2, 3, 4096]}, {"id": "ef" * 16}],
}
LOOK = {"version": 1, "look": NO_LOOK, "hashes": base64url_text(bytes(HASHES_BYTES))}
ROW = RegionsRow(RegionsOutcome.PART, "ab" * 16, "sf------", Verdict.DISPUTED, map_text(RegionsMap((1, 0, 0, 0, 1, 0), 256, 256)))
ANSWER = json.loads(codec.encode(regions_answer([ROW], [ROW, ROW])))
MESSAGES: list[tuple[type[msgspec.Struct], dict[str, Any]]] = [(RegionsAsk, ASK), (RegionsLook, LOOK), (RegionsAnswer, ANSWER)]

Read = TypeVar("Read")

texts = st.one_of(st.just(MARK), st.text(max_size=80), st.binary(max_size=300).map(base64url_text))
numbers = st.one_of(st.integers(), st.integers(-2, 70_000), st.floats(), st.booleans())
leaves = st.one_of(st.none(), numbers, texts)
anything = st.recursive(
    leaves, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=3)), max_leaves=8
)


def outcome(read: Callable[[], Read]) -> tuple[Read | None, str]:
    """What was read, or all that a refusal says; any other error is a failure."""
    try:
        return read(), ""
    except StillmineError as error:
        return None, f"{error} {error.message()!r}"


def places_in(body: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a message: the way to it."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [at, *(place for key, one in inner for place in places_in(one, (*at, key)))]


def with_change(body: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    changed = deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    return changed


@pytest.mark.parametrize(("message_type", "body"), MESSAGES, ids=lambda one: getattr(one, "__name__", ""))
@settings(max_examples=150)
@given(data=st.data())
def test_anything_anywhere_is_read_whole_or_refused(message_type: type[msgspec.Struct], body: dict[str, Any], data: st.DataObject) -> None:
    places = places_in(body)
    changed = with_change(body, data.draw(st.sampled_from(places)), data.draw(anything))
    sent = json.dumps(changed).encode()
    message, refused = outcome(lambda: codec.decode(sent, message_type, MAXIMUM_REGIONS_ASK_BYTES))
    assert MARK not in refused
    if message is None:
        return
    assert codec.decode(codec.encode(message), message_type, MAXIMUM_REGIONS_ASK_BYTES) == message
    if isinstance(message, RegionsAsk):
        assert_whole(message)


def assert_whole(message: RegionsAsk) -> None:
    """What code behind the door relies on."""
    assert is_of_small_view(message.width, message.height)
    for view in message.views:
        assert is_of_small_view(view.width, view.height)
        assert len(view.data) % 69 == 0
        assert len(view.data) <= 69 * MAXIMUM_VIEW_REGIONS
    for row in message.matched:
        left, top, right, bottom = row.box
        assert 0 <= left < right <= 4096
        assert 0 <= top < bottom <= 4096
        assert 0 <= row.turn < 8


@pytest.mark.parametrize(("message_type", "body"), MESSAGES, ids=lambda one: getattr(one, "__name__", ""))
@given(data=st.data())
def test_bytes_that_are_cut_or_turned_are_refused_in_our_words(
    message_type: type[msgspec.Struct], body: dict[str, Any], data: st.DataObject
) -> None:
    whole = bytearray(json.dumps(body).encode())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    del whole[data.draw(st.integers(place, len(whole))) :]
    message, refused = outcome(lambda: codec.decode(bytes(whole), message_type, MAXIMUM_REGIONS_ASK_BYTES))
    assert message is None or not refused


@given(st.one_of(st.text(max_size=60), st.binary(min_size=28, max_size=28).map(base64url_text)))
def test_any_map_is_finite_and_of_a_picture_or_refused(text: str) -> None:
    stands, refused = outcome(lambda: read_map(text))
    if stands is None:
        assert len(text) < 20 or text not in refused
        return
    assert base64url_bytes(text) is not None
    assert is_of_small_view(stands.width, stands.height)
    assert all(abs(number) <= 1 << 15 for number in stands.affine)
    if all(number > -(1 << 15) for number in stands.affine):
        assert map_text(stands) == text
