# SPDX-License-Identifier: Apache-2.0
"""An ask that is more than one request: each within the limits, uploads kept together, answers in the order of the queries."""

from collections import Counter
from functools import cache

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.client.asking import Plan
from stillmine.wire.ask import (
    MAXIMUM_ASK_BYTES,
    MAXIMUM_ASK_FRAMES,
    MAXIMUM_QUERIES,
    Answer,
    AskAnswer,
    AskQuery,
    Outcome,
    decode_ask,
    encode_answer,
)
from stillmine.wire.codec import encode
from stillmine.wire.errors import FingerprintMalformedError
from stillmine.wire.kinds import Kind
from tests.client.client_parts import ClientOf, streamed


def pdq(number: int, upload: int | None) -> AskQuery:
    return AskQuery(Kind.PDQ, f"{number:064x}", None if upload is None else f"{upload:032x}")


@cache
def film(frames: int, number: int, upload: int | None) -> AskQuery:
    value = "[" + ",".join(f'"{number:064x},100,{second}.0"' for second in range(frames)) + "]"
    return AskQuery(Kind.VPDQ, value, None if upload is None else f"{upload:032x}")


class Asked:
    """Answers like an exchange, and matches every query, so that its answer says which one it was."""

    def __init__(self) -> None:
        self.requests: list[list[AskQuery]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert len(request.content) <= MAXIMUM_ASK_BYTES
        queries = decode_ask(request.content).queries
        self.requests.append(queries)
        return streamed(200, encode_answer(AskAnswer(1, [told_of(query) for query in queries])))


def told_of(query: AskQuery) -> Answer:
    number = query.value[:64] if query.kind is Kind.PDQ else query.value[2:66]
    return Answer(Outcome.MATCH, f"{int(number, 16) + 1:032x}")


def test_what_fits_is_one_request(client_of: ClientOf) -> None:
    asked = Asked()
    queries = [pdq(number, number % 7) for number in range(MAXIMUM_QUERIES)]
    assert client_of(asked).ask(queries) == [told_of(query) for query in queries]
    assert asked.requests == [queries]


def test_more_queries_than_one_request_holds(client_of: ClientOf) -> None:
    asked = Asked()
    queries = [pdq(number, number % 400) for number in range(2 * MAXIMUM_QUERIES + 500)]  # the queries of an upload stand far apart
    assert client_of(asked).ask(queries) == [told_of(query) for query in queries]
    assert len(asked.requests) == 3
    of_token = Counter(token for request in asked.requests for token in {query.upload_token for query in request})
    assert set(of_token.values()) == {1}


def test_more_frames_than_one_request_holds(client_of: ClientOf) -> None:
    asked = Asked()
    queries = [film(MAXIMUM_ASK_FRAMES // 8, number, 1) for number in range(8)]
    queries += [film(3000, number, number) for number in range(8, 13)]
    assert client_of(asked).ask(queries) == [told_of(query) for query in queries]
    assert [len(request) for request in asked.requests] == [8, 2, 2, 1]


def test_more_bytes_than_one_request_holds() -> None:
    queries = [AskQuery(Kind.CHROMAPRINT, "x" * 1000, "ab" * 16)] * 5000
    requests = [call.body for call in Plan(queries).calls]
    assert max(len(body or b"") for body in requests) <= MAXIMUM_ASK_BYTES
    assert len(requests) == 5  # one upload that is larger than a request has to be divided


def test_a_refusal_names_the_place_among_all_queries(client_of: ClientOf) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        queries = decode_ask(request.content).queries
        wrong = [place for place, query in enumerate(queries) if query.value.endswith("77")]
        if wrong:
            return streamed(422, encode(FingerprintMalformedError(f"queries[{wrong[0]}]: 64 digits").message()))
        return streamed(200, encode_answer(AskAnswer(1, [Answer()] * len(queries))))

    queries = [pdq(number << 8, number % 2) for number in range(1800)]
    queries[1501] = AskQuery(Kind.PDQ, "77" * 32, queries[1501].upload_token)
    with pytest.raises(FingerprintMalformedError) as raised:
        client_of(refuse).ask(queries)
    assert raised.value.detail == "queries[1501]"


def test_a_refusal_that_names_a_query_which_was_not_asked_names_none(client_of: ClientOf) -> None:
    client = client_of(lambda request: streamed(422, encode(FingerprintMalformedError("queries[1700]: 64 digits").message())))
    with pytest.raises(FingerprintMalformedError) as raised:
        client.ask([pdq(number, number % 2) for number in range(1800)])
    assert raised.value.detail == ""


@given(st.lists(st.tuples(st.sampled_from([1, 40, 3000, 7200]), st.none() | st.integers(0, 5)), max_size=12))
def test_whatever_is_asked_each_request_keeps_the_limits(wanted: list[tuple[int, int | None]]) -> None:
    queries = [pdq(place, upload) if frames == 1 else film(frames, place, upload) for place, (frames, upload) in enumerate(wanted)]
    plan = Plan(queries)
    answered = []
    for call in plan.calls:
        asked = decode_ask(call.body or b"").queries  # raises over a limit
        answered.append([told_of(query) for query in asked])
    assert plan.answers(answered) == [told_of(query) for query in queries]


def test_films_at_their_limits_are_the_exchanges_to_refuse() -> None:
    assert len(Plan([film(MAXIMUM_ASK_FRAMES + 1, 1, 1), film(1, 2, 1)]).calls) == 2
