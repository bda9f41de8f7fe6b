# SPDX-License-Identifier: Apache-2.0
"""What each answer of an exchange means to its client, whatever way it came."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from stillmine.client import ExchangeAnswerError
from stillmine.client.errors import ExchangeFailedError
from stillmine.client.refusals import MAXIMUM_RETRY_AFTER_SECONDS
from stillmine.wire import ask_errors, partner_errors, storage_errors
from stillmine.wire.ask import Answer, Ask, AskAnswer, AskQuery, Outcome, decode_ask, encode_answer
from stillmine.wire.ask_errors import IndexLoadingError, QuotaUsedUpError
from stillmine.wire.codec import encode
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import (
    ExchangeUnreachableError,
    FingerprintMalformedError,
    KeysMissingError,
    MessageTooLargeError,
    StillmineError,
)
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import ScopeMissingError
from stillmine.wire.storage_errors import DatabaseBusyError
from tests.client.client_parts import KEY, Client, ClientOf, streamed

PDQ = "0f" * 32
MODULES = {module.__name__ for module in (ask_errors, partner_errors, storage_errors)}
TOKEN = "ab" * 16


def test_an_ask_travels_in_binary_and_comes_back_in_words(client_of: ClientOf) -> None:
    asked: list[Ask] = []
    told = [Answer(Outcome.MATCH, "ab" * 16, "sf------"), Answer(), Answer(Outcome.MATCH, "cd" * 16, "-f------")]

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://exchange.example/below/api/v1/ask"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Accept-Encoding"] == "identity", "nothing that swells on arrival"
        asked.append(decode_ask(request.content))
        return streamed(200, encode_answer(AskAnswer(1, told)))

    queries = [AskQuery(Kind.PDQ, PDQ, TOKEN), AskQuery(Kind.SHA256, PDQ), AskQuery(Kind.MD5, "ef" * 16)]
    assert client_of(answer).ask(queries) == told
    assert asked[0].queries == queries


def test_nothing_is_asked_about_nothing(client_of: ClientOf) -> None:
    assert client_of(lambda request: pytest.fail("asked")).ask([]) == []


@pytest.mark.parametrize("content", [b"", b"SMR1", b"SMR1" + bytes(17), b"SMR1" + bytes(36), b"<html>", b'{"version":1,"answers":[]}'])
def test_other_than_one_answer_for_each_query_is_none(client_of: ClientOf, content: bytes) -> None:
    with pytest.raises(ExchangeAnswerError):
        client_of(lambda request: streamed(200, content)).ask([AskQuery(Kind.PDQ, PDQ)])


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (503, "index_loading", IndexLoadingError),
        (429, "quota_used_up", QuotaUsedUpError),
        (403, "scope_missing", ScopeMissingError),
        (503, "database_busy", DatabaseBusyError),
        (503, "keys_missing", KeysMissingError),
        (503, "busy", BusyError),
        (503, "of_a_later_version", ExchangeUnreachableError),
        (500, "internal_error", ExchangeFailedError),
        (502, "<html>", ExchangeUnreachableError),
        (404, "not_found", ExchangeAnswerError),
        (413, "<html>", MessageTooLargeError),
        (302, "", ExchangeAnswerError),
    ],
)
def test_a_refusal_is_the_error_of_its_code(client_of: ClientOf, status: int, code: str, error: type[StillmineError]) -> None:
    client = client_of(
        lambda request: streamed(status, encode(StillmineError("<words>").message()).replace(b"internal_error", code.encode()))
    )
    with pytest.raises(error) as raised:
        client.ask([AskQuery(Kind.PDQ, PDQ)])
    assert "words" not in str(raised.value)


@pytest.mark.parametrize(
    ("detail", "kept"), [("queries[17]: 64 digits", "queries[17]"), ("scope: ask", "scope: ask"), ("a value: 0f0f", ""), ("queries[x]", "")]
)
def test_of_a_detail_a_place_or_a_scope_is_kept(client_of: ClientOf, detail: str, kept: str) -> None:
    client = client_of(lambda request: streamed(422, encode(FingerprintMalformedError(detail).message())))
    with pytest.raises(FingerprintMalformedError) as raised:
        client.status()
    assert raised.value.detail == kept


NOW = "Fri, 17 May 2030 12:34:56 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "999999999"}, MAXIMUM_RETRY_AFTER_SECONDS),
        ({"Retry-After": "Fri, 17 May 2030 12:35:56 GMT", "Date": NOW}, 60),
        ({"Retry-After": "Fri, 17 May 2130 12:35:56 GMT", "Date": NOW}, MAXIMUM_RETRY_AFTER_SECONDS),
        ({"Retry-After": "Fri, 17 May 2030 12:33:56 GMT", "Date": NOW}, 5),
        ({"Retry-After": "Fri, 17 May 2030 12:35:56 GMT"}, 5),
        ({"Retry-After": "Fri, 17 May 2030 12:35:56", "Date": NOW}, 5),
        ({"Retry-After": "-1"}, 5),
        ({"Retry-After": "1e3"}, 5),
        ({"Retry-After": "9" * 5000}, 5),
        ({"Retry-After": "soon"}, 5),
        ({}, 5),
    ],
)
def test_retry_after_is_bounded_and_nonsense_is_left_out(client_of: ClientOf, headers: dict[str, str], seconds: int) -> None:
    client = client_of(lambda request: streamed(503, encode(IndexLoadingError().message()), headers))
    with pytest.raises(IndexLoadingError) as raised:
        client.ask([AskQuery(Kind.PDQ, PDQ)])
    assert raised.value.retry_after_seconds == seconds
    assert IndexLoadingError.retry_after_seconds == 5


@pytest.mark.parametrize("error", [httpx.RemoteProtocolError("x"), httpx.ReadError("x"), httpx.WriteError("x")])
@pytest.mark.parametrize(
    ("request_of", "times"),
    [
        (lambda client: client.status(), 2),
        (lambda client: client.ask([AskQuery(Kind.PDQ, PDQ, TOKEN)]), 2),
        (lambda client: client.ask([AskQuery(Kind.PDQ, PDQ, TOKEN), AskQuery(Kind.PDQ, PDQ)]), 1),
        (lambda client: client.acknowledge("cursor"), 2),
        (lambda client: client.acknowledge_erased(), 2),
        (lambda client: client.feed_page(), 2),
        (lambda client: client.submit_feedback([]), 2),
        (lambda client: client.submit_votes([]), 2),
        (lambda client: client.submit([Fingerprint(Kind.PDQ, PDQ, 90)]), 1),
        (lambda client: client.take_back([TOKEN]), 1),
    ],
)
def test_what_is_sent_again_over_a_broken_connection(
    client_of: ClientOf, error: Exception, request_of: Callable[[Client], Any], times: int
) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        raise error

    with pytest.raises(ExchangeUnreachableError):
        request_of(client_of(answer))
    assert len(sent) == times


def test_nothing_is_sent_again_where_nobody_is_or_nobody_answers(client_of: ClientOf) -> None:
    for error in (httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ReadTimeout("x"), httpx.ProxyError("x")):
        sent: list[str] = []

        def answer(request: httpx.Request, sent: list[str] = sent, error: Exception = error) -> httpx.Response:
            sent.append(request.url.path)
            raise error

        with pytest.raises(ExchangeUnreachableError):
            client_of(answer).status()
        assert len(sent) == 1


@pytest.mark.parametrize(
    "error",
    [known for known in StillmineError.__subclasses__() if known.__module__ in MODULES],
)
def test_every_code_that_a_partner_can_meet_there_is_known(client_of: ClientOf, error: type[StillmineError]) -> None:
    with pytest.raises(error):
        client_of(lambda request: streamed(error.status, encode(error().message()))).status()
