# SPDX-License-Identifier: Apache-2.0
"""The value of kind `regions` and the messages of an ask about them: vectors, forms that are refused, sizes that never change."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stillmine.matching import region_look as look
from stillmine.matching.region_look import STEPS
from stillmine.wire import codec
from stillmine.wire.ask_regions import (
    ANSWER_ROWS,
    FRAME_BYTES,
    HASHES_BYTES,
    LOOK_BYTES,
    MAXIMUM_FOUND,
    MAXIMUM_MATCHED,
    MAXIMUM_REGIONS_ASK_BYTES,
    MAXIMUM_VIEW_REGIONS,
    MAXIMUM_VIEWS,
    NO_LOOK,
    NO_MAP,
    NO_PLACES,
    PLACES_BYTES,
    REGIONS_ANSWER_BYTES,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsMap,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    View,
    encode_regions_answer,
    frames_of,
    map_text,
    read_map,
    regions_answer,
)
from stillmine.wire.base64url import base64url_bytes, base64url_length, base64url_text
from stillmine.wire.errors import FingerprintMalformedError, MalformedMessageError, StillmineError
from stillmine.wire.regions import MOST_REGIONS, MOST_REGIONS_SIGNS, RegionsValue, format_regions, parse_regions, regions_bytes

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "ask_regions.json").read_text(encoding="utf-8"))
VALUE = VECTORS["value"]
MARK = "holiday-photo-of-example"


def test_the_value_is_read_as_the_vector_says_and_written_again() -> None:
    value = parse_regions(VALUE["text"])
    assert value == RegionsValue(VALUE["width"], VALUE["height"], bytes.fromhex(VALUE["pdq"]), bytes.fromhex(VALUE["regions"]))
    assert (regions_bytes(value).hex(), format_regions(value)) == (VALUE["bytes"], VALUE["text"])
    pairs = zip(value.hashes, value.places, strict=True)
    assert b"".join(part for pair in pairs for part in pair) == value.regions


@pytest.mark.parametrize("refused", VECTORS["refused_values"], ids=lambda one: one["name"])
def test_what_is_no_value_is_refused(refused: dict[str, str]) -> None:
    with pytest.raises(FingerprintMalformedError):
        parse_regions(refused["text"])


@pytest.mark.parametrize("text", [MARK, "é" * 50, "A" * (MOST_REGIONS_SIGNS + 1), "\ud800"])
def test_a_refusal_repeats_nothing(text: str) -> None:
    with pytest.raises(FingerprintMalformedError) as caught:
        parse_regions(text)
    assert text not in str(caught.value)


@given(st.binary(max_size=400))
def test_no_bytes_bring_another_error_than_malformed(data: bytes) -> None:
    try:
        value = parse_regions(base64url_text(b"\1" + data))
    except FingerprintMalformedError:
        return
    assert format_regions(value) == base64url_text(b"\1" + data)


def of_number(count: int) -> RegionsValue:
    return RegionsValue(256, 256, bytes(32), b"".join(bytes([number]) * 37 for number in range(count)))


@pytest.mark.parametrize(("count", "is_taken"), [(5, False), (6, True), (36, True), (37, False)])
def test_a_picture_has_6_to_36_regions(count: int, is_taken: bool) -> None:
    if is_taken:
        text = format_regions(of_number(count))
        assert (parse_regions(text), len(text) <= MOST_REGIONS_SIGNS) == (of_number(count), True)
    else:
        with pytest.raises(FingerprintMalformedError):
            format_regions(of_number(count))


@pytest.mark.parametrize("wrong", [{"pdq": bytes(31)}, {"pdq": bytes(33)}, {"width": -1}, {"width": 70_000}, {"regions": bytes(221)}])
def test_what_could_not_be_read_is_not_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(FingerprintMalformedError):
        format_regions(of_number(6)._replace(**wrong))


@given(st.binary(max_size=100))
def test_bytes_have_one_text(data: bytes) -> None:
    text = base64url_text(data)
    assert (base64url_bytes(text), len(text)) == (data, base64url_length(len(data)))
    assert base64url_bytes(text + "=") is None


@pytest.mark.parametrize("text", ["A", "AB", "ABC", "A A", "AAA\n", "AA==", "A+/=", "ä"])
def test_a_text_that_is_not_the_one_form_has_no_bytes(text: str) -> None:
    assert base64url_bytes(text) is None


@pytest.mark.parametrize("asked", VECTORS["asks"], ids=lambda one: one["name"])
def test_an_ask_is_read(asked: dict[str, Any]) -> None:
    message = codec.decode(json.dumps(asked["json"]).encode(), RegionsAsk, MAXIMUM_REGIONS_ASK_BYTES)
    assert json.loads(codec.encode(message)) == asked["json"]
    assert [len(view.data) // 69 for view in message.views] == [1, 0]


@pytest.mark.parametrize("refused", VECTORS["refused"], ids=lambda one: one["name"])
def test_what_is_no_ask_is_refused(refused: dict[str, Any]) -> None:
    with pytest.raises(StillmineError) as caught:
        codec.decode(json.dumps(refused["json"]).encode(), RegionsAsk, MAXIMUM_REGIONS_ASK_BYTES)
    assert caught.value.code == refused["code"]


def test_the_largest_messages_fit() -> None:
    view = View(256, 256, base64url_text(bytes(MAXIMUM_VIEW_REGIONS * 69)))
    assert len(codec.encode(RegionsAsk(1, 256, 256, [view] * MAXIMUM_VIEWS))) < MAXIMUM_REGIONS_ASK_BYTES
    look = RegionsLook(1, NO_LOOK, base64url_text(bytes(HASHES_BYTES)))
    assert len(codec.encode(look)) < MAXIMUM_REGIONS_ASK_BYTES


@pytest.mark.parametrize("field", ["look", "hashes"])
@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + "A", lambda text: "+" + text[1:]])
def test_a_look_of_another_size_or_alphabet_is_refused(field: str, change: Any) -> None:
    whole = {"version": 1, "look": NO_LOOK, "hashes": base64url_text(bytes(HASHES_BYTES))}
    assert codec.decode(json.dumps(whole).encode(), RegionsLook, MAXIMUM_REGIONS_ASK_BYTES).data == bytes(HASHES_BYTES)
    with pytest.raises(MalformedMessageError):
        codec.decode(json.dumps({**whole, field: change(whole[field])}).encode(), RegionsLook, MAXIMUM_REGIONS_ASK_BYTES)


def test_an_answer_has_one_size_whatever_it_says() -> None:
    full = RegionsRow(RegionsOutcome.PART, "ab" * 16, "sf------", Verdict.ONE_JUDGE, map_text(RegionsMap((1, 0, 0, 0, 1, 0), 256, 256)))
    full_answer = regions_answer(
        [full] * MAXIMUM_MATCHED, [full] * MAXIMUM_FOUND, base64url_text(b"\xff" * LOOK_BYTES), base64url_text(b"\xff" * PLACES_BYTES)
    )
    for answer in (regions_answer(), regions_answer([full]), regions_answer(found=[full]), full_answer):
        encoded = encode_regions_answer(answer)
        assert len(encoded) == REGIONS_ANSWER_BYTES
        assert codec.decode(encoded, RegionsAnswer) == answer


def test_rows_of_what_matched_come_first() -> None:
    found, matched = RegionsRow(RegionsOutcome.PART, "ab" * 16), RegionsRow(verdict=Verdict.DISPUTED)
    rows = regions_answer([matched], [found]).answers
    assert (len(rows), rows[0], rows[MAXIMUM_MATCHED], rows[1], rows[-1]) == (ANSWER_ROWS, matched, found, RegionsRow(), RegionsRow())


def test_the_sizes_are_those_of_the_vectors() -> None:
    sizes = VECTORS["sizes"]
    assert (sizes["answer_bytes"], sizes["rows"], sizes["rows_of_matched"]) == (REGIONS_ANSWER_BYTES, ANSWER_ROWS, MAXIMUM_MATCHED)
    signs = {"look": len(NO_LOOK), "places": len(NO_PLACES), "hashes": base64url_length(HASHES_BYTES)}
    assert sizes["signs"] == signs
    assert codec.decode(json.dumps(VECTORS["row"]).encode(), RegionsRow).outcome is RegionsOutcome.PART


def test_frames_come_by_candidate() -> None:
    data = bytes(number % 251 for number in range(PLACES_BYTES))
    frames = list(frames_of(data))
    assert [len(one) for one in frames] == [MOST_REGIONS] * 8
    assert {len(frame) for one in frames for frame in one} == {FRAME_BYTES}
    assert b"".join(frame for one in frames for frame in one) == data


@pytest.mark.parametrize("known", VECTORS["maps"], ids=lambda one: one["text"])
def test_a_map_is_read(known: dict[str, Any]) -> None:
    stands = RegionsMap(tuple(known["affine"]), known["width"], known["height"])
    assert (map_text(stands), read_map(known["text"])) == (known["text"], stands)


def has_area(a: float, b: float, d: float, e: float) -> bool:
    """Whether something of a picture is left in the units of a map."""
    a, b, d, e = (max(1 - 2**31, min(2**31 - 1, round(number * 65536))) for number in (a, b, d, e))
    return a * e != b * d


@given(st.lists(st.floats(-1e12, 1e12), min_size=6, max_size=6))
def test_any_map_comes_back_as_near_as_its_units_allow(numbers: list[float]) -> None:
    a, b, c, d, e, f = numbers
    assume(has_area(a, b, d, e))
    read = read_map(map_text(RegionsMap((a, b, c, d, e, f), 300, 220)))
    assert (read.width, read.height) == (300, 220)
    for was, became in zip(numbers, read.affine, strict=True):
        assert abs(max(-32768.0, min(32768.0, was)) - became) <= 2**-16


def test_a_map_of_no_picture_is_refused_in_an_answer() -> None:
    with pytest.raises(MalformedMessageError):
        read_map(NO_MAP)
    for affine in ((0.0,) * 6, (1.0, 1.0, 0.0, 2.0, 2.0, 0.0), (2.0**-18, 0.0, 0.0, 0.0, 1.0, 0.0)):
        with pytest.raises(MalformedMessageError, match="no area"):
            read_map(map_text(RegionsMap(affine, 256, 256)))
    assert RegionsRow().map == NO_MAP
    with pytest.raises(MalformedMessageError):
        RegionsRow(map=base64url_text(b"\1" + bytes(27)))


def test_the_wire_has_room_for_what_a_second_look_says() -> None:
    assert STEPS * 4 == 1 << 15
    assert {outcome.value for outcome in RegionsOutcome} == {verdict.value for verdict in look.Verdict}
    assert {verdict.value for verdict in Verdict} == {judgement.value for judgement in look.Judgement} | {"-"}
