# SPDX-License-Identifier: Apache-2.0
"""The binary forms of ask: what one side writes the other reads, and nothing else is read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.wire.ask import (
    MAXIMUM_ASK_FRAMES,
    NO_TAGS,
    Answer,
    Ask,
    AskAnswer,
    AskQuery,
    Outcome,
    decode_answer,
    decode_ask,
    encode_answer,
    encode_ask,
    tags_of,
)
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import MalformedMessageError, StillmineError
from stillmine.wire.kinds import Kind

SAID = {"upload_token": st.none() | st.binary(min_size=16, max_size=16).map(bytes.hex), "as_it_is": st.booleans()}
VALUES = st.one_of(
    st.tuples(st.just(Kind.PDQ), st.binary(min_size=32, max_size=32).map(bytes.hex)),
    st.tuples(st.just(Kind.SHA256), st.binary(min_size=32, max_size=32).map(bytes.hex)),
    st.tuples(st.just(Kind.MD5), st.binary(min_size=16, max_size=16).map(bytes.hex)),
    st.binary(min_size=32, max_size=32).map(lambda data: (Kind.VPDQ, f'["{data.hex()},90,0.0"]')),
)
QUERIES = st.builds(lambda value, **said: AskQuery(*value, **said), VALUES, **SAID)


@given(st.lists(QUERIES, min_size=1, max_size=20))
def test_an_ask_comes_back_as_it_was(queries: list[AskQuery]) -> None:
    assert decode_ask(encode_ask(queries)) == Ask(1, queries)


def test_the_vectors(root: Path) -> None:
    vectors = json.loads((root / "vectors/ask.json").read_text())
    for row in vectors["asks"]:
        message = decode(json.dumps(row["json"]).encode(), Ask)
        assert decode_ask(bytes.fromhex(row["binary"])) == message, row["name"]
        assert encode_ask(message.queries).hex() == row["binary"], row["name"]
        assert json.loads(encode(message)) == row["json"], row["name"]
    for row in vectors["refused"]:
        with pytest.raises(StillmineError) as refusal:
            decode_ask(bytes.fromhex(row["binary"])) if "binary" in row else decode(json.dumps(row["json"]).encode(), Ask)
        assert refusal.value.code == row["code"], row["name"]


@given(st.binary(max_size=200), st.lists(QUERIES, min_size=1, max_size=3), st.data())
def test_nonsense_and_cuts_are_refused_with_a_code(data: bytes, queries: list[AskQuery], draw: st.DataObject) -> None:
    with pytest.raises(StillmineError):
        decode_ask(data)
    whole = encode_ask(queries)
    last = len(encode_ask(queries[:-1]))
    with pytest.raises(StillmineError):
        decode_ask(whole[: draw.draw(st.integers(last + 1, len(whole) - 1))])


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=16, max_size=16).filter(any)), min_size=1, max_size=20))
def test_an_answer_has_one_size_and_comes_back(rows: list[tuple[bool, bytes]]) -> None:
    message = AskAnswer(1, [Answer(Outcome.MATCH, own.hex(), "s-------") if is_match else Answer() for is_match, own in rows])
    data = encode_answer(message)
    assert len(data) == 4 + 18 * len(rows)
    assert decode_answer(data, len(rows)) == [(True, own, 1) if is_match else (False, bytes(16), 0) for is_match, own in rows]
    assert len({len(encode(row)) for row in message.answers}) == 1
    with pytest.raises(MalformedMessageError):
        decode_answer(data, len(rows) + 1)


def test_videos_of_one_ask_are_bounded_together() -> None:
    frames = [f'"{"5a" * 32},90,{second}.0"' for second in range(MAXIMUM_ASK_FRAMES // 2 + 1)]
    text = f"[{','.join(frames)}]"
    decode_ask(encode_ask([AskQuery(Kind.VPDQ, text)]))
    with pytest.raises(MalformedMessageError):
        decode_ask(encode_ask([AskQuery(Kind.VPDQ, text)] * 2))


@pytest.mark.parametrize("row", [bytes([2]) + b"a" * 16 + b"\0", bytes([1]) + bytes(17), bytes(1) + b"a" * 16 + b"\0", bytes(17) + b"\1"])
def test_a_row_that_is_neither_match_nor_clear_is_refused(row: bytes) -> None:
    with pytest.raises(MalformedMessageError, match=r"answers\[1\]"):
        decode_answer(b"SMR1" + bytes(18) + row, 2)


@pytest.mark.parametrize(
    ("is_synthetic", "is_flagged", "first"), [(False, False, "--"), (True, False, "s-"), (False, True, "-f"), (True, True, "sf")]
)
def test_the_tags_of_a_match(is_synthetic: bool, is_flagged: bool, first: str) -> None:
    assert tags_of(is_synthetic, is_flagged) == first + NO_TAGS[2:]
