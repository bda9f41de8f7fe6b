# SPDX-License-Identifier: Apache-2.0
"""An ask about regions: rounds until the exchange has no more to look at, one answer of all, and nothing for a hostile one to win."""

from collections.abc import Callable, Sequence

import httpx
import pytest

from stillmine.client import ExchangeAnswerError, RegionsFound
from stillmine.client.weight import queries_of_regions
from stillmine.wire.ask_regions import (
    HASHES_BYTES,
    LOOK_BYTES,
    MAXIMUM_ROUNDS,
    PLACES_BYTES,
    MatchedPdq,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsMap,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    View,
    encode_regions_answer,
    map_text,
    regions_answer,
)
from stillmine.wire.base64url import base64url_text
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import ExchangeUnreachableError, NotFoundError, StillmineError
from stillmine.wire.partner_errors import ScopeMissingError
from tests.client.client_parts import Client, ClientOf, InALoop, ScriptedExchange, streamed

TOKEN, PDQ_ID, FOUND_ID = "ab" * 16, "01" * 16, "02" * 16
ASK = RegionsAsk(1, 256, 256, [View(256, 256, base64url_text(b"r" * 69))], [MatchedPdq(PDQ_ID)], TOKEN)
PLACES = b"\1\2" * (PLACES_BYTES // 2)
HASHES = b"h" * HASHES_BYTES
LOOK = base64url_text(b"\1" * LOOK_BYTES)
STANDS = map_text(RegionsMap((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 256, 256))
MATCH = RegionsRow(RegionsOutcome.MATCH, FOUND_ID, map=STANDS)
PART = RegionsRow(RegionsOutcome.PART, FOUND_ID, map=STANDS)
AGREED = RegionsRow(id=PDQ_ID, verdict=Verdict.AGREED)


def more(found: Sequence[RegionsRow] = ()) -> RegionsAnswer:
    """An answer after which another look is wanted."""
    return regions_answer(found=found, look=LOOK, places=base64url_text(PLACES))


class Rounds:
    """Answers each request with the next of some answers, the last one for ever."""

    def __init__(self, *answers: RegionsAnswer) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = "/below/api/v1/ask/regions/look" if self.requests else "/below/api/v1/ask/regions"
        assert (request.method, request.url.path) == ("POST", path)
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return streamed(200, encode_regions_answer(answer))


def asked(client: Client, hashes_at: Callable[[bytes], bytes] = lambda _frames: HASHES, seconds: float | None = None) -> RegionsFound:
    """Ask with either client."""
    if not isinstance(client, InALoop):
        return client.ask_regions(ASK, hashes_at, seconds)

    async def hashes_later(frames: bytes) -> bytes:
        return hashes_at(frames)

    found: RegionsFound = client.ask_regions(ASK, hashes_later, seconds)
    return found


def test_what_nothing_is_near_is_one_request(client_of: ClientOf) -> None:
    exchange = Rounds(regions_answer())
    assert asked(client_of(exchange)) == RegionsFound([RegionsRow()], [])
    assert [decode(request.content, RegionsAsk, 10**6) for request in exchange.requests] == [ASK]


def test_places_are_hashed_until_there_are_no_more(client_of: ClientOf) -> None:
    exchange = Rounds(more(), more([PART]), regions_answer([AGREED], [MATCH]))
    frames: list[bytes] = []

    def hashes_at(places: bytes) -> bytes:
        frames.append(places)
        return HASHES

    assert asked(client_of(exchange), hashes_at) == RegionsFound([AGREED], [MATCH])
    assert frames == [PLACES, PLACES]
    looks = [decode(request.content, RegionsLook, 10**6) for request in exchange.requests[1:]]
    assert [(look.look, look.data) for look in looks] == [(LOOK, HASHES)] * 2


def test_a_match_of_an_early_round_is_kept(client_of: ClientOf) -> None:
    assert asked(client_of(Rounds(more([MATCH]), regions_answer(found=[PART])))).found == [MATCH]


def test_fewer_hashes_than_places_are_filled_up(client_of: ClientOf) -> None:
    exchange = Rounds(more(), regions_answer())
    asked(client_of(exchange), lambda _frames: b"few")
    assert decode(exchange.requests[1].content, RegionsLook, 10**6).data == b"few".ljust(HASHES_BYTES, b"\0")


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (404, NotFoundError(), NotFoundError),
        (405, NotFoundError(), NotFoundError),
        (403, ScopeMissingError("scope: ask"), ScopeMissingError),
        (503, NotFoundError(), ExchangeUnreachableError),
    ],
)
def test_refusals(client_of: ClientOf, status: int, error: StillmineError, expected: type[StillmineError]) -> None:
    with pytest.raises(expected):
        asked(client_of(lambda _request: streamed(status, encode(error.message()))))


@pytest.mark.parametrize(
    "answer",
    [
        regions_answer(found=[RegionsRow(RegionsOutcome.MATCH)]),
        regions_answer(found=[RegionsRow(RegionsOutcome.MATCH, FOUND_ID)]),
        regions_answer([RegionsRow(id=FOUND_ID, verdict=Verdict.AGREED)]),
        regions_answer([AGREED, AGREED]),
    ],
    ids=["of nothing", "nowhere", "of another match", "of a match that nobody named"],
)
def test_an_answer_that_makes_no_sense_is_refused(client_of: ClientOf, answer: RegionsAnswer) -> None:
    with pytest.raises(ExchangeAnswerError):
        asked(client_of(Rounds(answer)))


def test_rounds_without_end_are_refused(client_of: ClientOf) -> None:
    exchange = Rounds(more())
    with pytest.raises(ExchangeAnswerError):
        asked(client_of(exchange))
    assert len(exchange.requests) == 1 + MAXIMUM_ROUNDS


def test_an_answer_of_another_size_is_refused(client_of: ClientOf) -> None:
    for content in (b"{}", b" " * 65_537, encode(regions_answer()).replace(b'"clear"', b'"maybe"', 1)):
        with pytest.raises(ExchangeAnswerError):
            asked(client_of(lambda _request, content=content: streamed(200, content)))


def test_no_time_is_no_answer(client_of: ClientOf) -> None:
    with ScriptedExchange(lambda connection, _request: connection.say_nothing()) as exchange, pytest.raises(ExchangeUnreachableError):
        asked(client_of(settings=exchange.settings), seconds=0.05)


def test_what_hashing_raises_ends_the_ask(client_of: ClientOf) -> None:
    def fails(_frames: bytes) -> bytes:
        raise ZeroDivisionError

    exchange = Rounds(more())
    with pytest.raises(ZeroDivisionError):
        asked(client_of(exchange), fails)
    assert len(exchange.requests) == 1


def test_a_broken_connection_is_tried_once_more(client_of: ClientOf) -> None:
    exchange, broken = Rounds(regions_answer()), [httpx.ReadError("broken")]

    def answer(request: httpx.Request) -> httpx.Response:
        if broken:
            raise broken.pop()
        return exchange(request)

    assert asked(client_of(answer)).found == []


def test_each_view_is_a_query_of_the_quota() -> None:
    assert queries_of_regions(ASK) == 1
