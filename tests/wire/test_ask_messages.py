# SPDX-License-Identifier: Apache-2.0
"""The binary forms of ask: what one side writes the other reads, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.wire.ask import (
    MAXIMUM_ASK_FRAMES,
    Answer,
    Ask,
    AskAnswer,
    AskQuery,
    Outcome,
    decode_answer,
    decode_ask,
    encode_answer,
    encode_ask,
)
from stillmine.wire.codec import encode
from stillmine.wire.errors import MalformedMessageError, StillmineError
from stillmine.wire.fingerprint import Kind

QUERIES = st.one_of(
    st.binary(min_size=32, max_size=32).map(lambda data: AskQuery(Kind.PDQ, data.hex())),
    st.binary(min_size=32, max_size=32).map(lambda data: AskQuery(Kind.SHA256, data.hex())),
    st.binary(min_size=16, max_size=16).map(lambda data: AskQuery(Kind.MD5, data.hex())),
    st.binary(min_size=32, max_size=32).map(lambda data: AskQuery(Kind.VPDQ, f'["{data.hex()},90,0.0"]')),
)


@given(st.lists(QUERIES, min_size=1, max_size=20))
def test_an_ask_comes_back_as_it_was(queries: list[AskQuery]) -> None:
    assert decode_ask(encode_ask(queries)) == Ask(1, queries)


@given(st.binary(max_size=200), st.lists(QUERIES, min_size=1, max_size=3), st.data())
def test_nonsense_and_cuts_are_refused_with_a_code(data: bytes, queries: list[AskQuery], draw: st.DataObject) -> None:
    with pytest.raises(StillmineError):
        decode_ask(data)
    whole = encode_ask(queries)
    last = len(encode_ask(queries[:-1]))
    with pytest.raises(StillmineError):
        decode_ask(whole[: draw.draw(st.integers(last + 1, len(whole) - 1))])


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=16, max_size=16)), min_size=1, max_size=20))
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
