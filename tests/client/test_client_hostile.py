# SPDX-License-Identifier: Apache-2.0
"""A broken or hostile exchange, over real connections: whoever calls gets an error in bounded time and memory, never a wrong answer."""

import gzip
import threading
from collections.abc import Callable

import pytest

from stillmine.client import ExchangeAnswerError, TimeLimits
from stillmine.wire.ask import Answer, AskQuery
from stillmine.wire.errors import ExchangeUnreachableError, StillmineError
from stillmine.wire.kinds import Kind
from tests.client.client_parts import KEY, ClientOf, Connection, ScriptedExchange, http

PDQ = "0f" * 32
QUERY = AskQuery(Kind.PDQ, PDQ, "ab" * 16)
CLEAR = http("200 OK", b"SMR1" + bytes(18))
SHORT = TimeLimits(connect_seconds=5, silence_seconds=60, answer_seconds=1)
STATUS = b'{"version":1,"index":"ready","behind_seconds":0,"queries_today":0,"queries_a_day":9,"scopes":["ask"]}'


def endless(connection: Connection, request: bytes) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(2000):
        connection.send(bytes(65_536))


def endless_in_chunks(connection: Connection, request: bytes) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2000):
        connection.send(b"10000\r\n" + bytes(65_536) + b"\r\n")


@pytest.mark.parametrize("script", [endless, endless_in_chunks])
def test_an_answer_without_end_is_given_up_early(client_of: ClientOf, script: Callable[[Connection, bytes], None]) -> None:
    with ScriptedExchange(script) as exchange:
        with pytest.raises(ExchangeAnswerError, match="more than 65536 bytes"):
            client_of(settings=exchange.settings).ask([QUERY])
        assert len(exchange.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        lambda connection, request: connection.say_nothing(),
        lambda connection, request: connection.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, 0.05),
        lambda connection, request: connection.drip(http("200 OK", bytes(10_000)), 0.05),
    ],
    ids=["nothing", "head", "content"],
)
def test_an_answer_that_drips_is_given_up_in_time(client_of: ClientOf, script: Callable[[Connection, bytes], None]) -> None:
    """Each of its steps is far within the limit of silence. Without a limit for all of it, this would take minutes."""
    with ScriptedExchange(script) as exchange:
        with pytest.raises(ExchangeUnreachableError):
            client_of(settings=exchange.settings, limits=SHORT).ask([QUERY])
        assert len(exchange.requests) == 1


def test_a_cut_answer_is_no_answer_and_is_asked_for_again_once(client_of: ClientOf) -> None:
    def cut(connection: Connection, request: bytes) -> None:
        connection.send(CLEAR[:-5])
        connection.hang_up()

    with ScriptedExchange(cut) as exchange:
        with pytest.raises(ExchangeUnreachableError):
            client_of(settings=exchange.settings).ask([QUERY])
        assert len(exchange.requests) == 2


def test_a_kept_connection_that_is_gone_is_opened_again(client_of: ClientOf) -> None:
    def hang_up_on_the_second(connection: Connection, request: bytes) -> None:
        if connection.number == 0 and len(exchange.requests) == 2:
            connection.hang_up()
        else:
            connection.send(CLEAR)

    with ScriptedExchange(hang_up_on_the_second) as exchange:
        client = client_of(settings=exchange.settings)
        assert [client.ask([QUERY]) for _ in range(4)] == [[Answer()]] * 4
        assert len(exchange.requests) == 5
        assert exchange.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_not_used_for_what_is_never_repeated(client_of: ClientOf) -> None:
    has_hung_up = threading.Event()

    def hang_up_after_the_answer(connection: Connection, request: bytes) -> None:
        connection.send(http("200 OK", STATUS if b"/status" in request else b'{"withdrawn":1,"repeated":0,"unknown":[]}'))
        connection.hang_up()
        has_hung_up.set()

    with ScriptedExchange(hang_up_after_the_answer) as exchange:
        client = client_of(settings=exchange.settings)
        client.status()
        assert has_hung_up.wait(60)
        assert client.take_back(["ab" * 16]).withdrawn == 1
        assert len(exchange.requests) == 2


def test_one_connection_is_kept_for_one_caller(client_of: ClientOf) -> None:
    with ScriptedExchange(lambda connection, request: connection.send(CLEAR)) as exchange:
        client = client_of(settings=exchange.settings)
        for _ in range(5):
            client.ask([QUERY])
        assert exchange.connections == 1


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(client_of: ClientOf) -> None:
    with ScriptedExchange(lambda connection, request: connection.send(CLEAR)) as elsewhere:
        moved = http("302 Found", b"", f"Location: {elsewhere.settings.url}/api/v1/ask")
        with (
            ScriptedExchange(lambda connection, request: connection.send(moved)) as exchange,
            pytest.raises(ExchangeAnswerError, match="302"),
        ):
            client_of(settings=exchange.settings).ask([QUERY])
        assert elsewhere.requests == []


def test_a_cookie_is_not_kept(client_of: ClientOf) -> None:
    answer = http("200 OK", b"SMR1" + bytes(18), "Set-Cookie: a=b; Path=/")
    with ScriptedExchange(lambda connection, request: connection.send(answer)) as exchange:
        client = client_of(settings=exchange.settings)
        client.ask([QUERY])
        client.ask([QUERY])
        assert not [request for request in exchange.requests if b"cookie" in request.lower()]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http("200 OK", b"<html>welcome</html>", "Content-Type: text/html"), ExchangeAnswerError),
        (http("200 OK", gzip.compress(STATUS), "Content-Encoding: gzip"), ExchangeAnswerError),
        (http("200 OK", STATUS.replace(b'"scopes"', b'"other":1,"scopes"')), ExchangeAnswerError),
        (http("204 No Content", b""), ExchangeAnswerError),
        (http("502 Bad Gateway", b"<html>"), ExchangeUnreachableError),
        (http("403 Forbidden", b'{"code":' * 5000), ExchangeAnswerError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ExchangeUnreachableError),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 200_000 + b"\r\n\r\n", ExchangeUnreachableError),
    ],
)
def test_what_is_no_answer_of_an_exchange(client_of: ClientOf, answer: bytes, error: type[StillmineError]) -> None:
    def script(connection: Connection, request: bytes) -> None:
        connection.send(answer)
        connection.hang_up()

    with ScriptedExchange(script) as exchange, pytest.raises(error) as raised:
        client_of(settings=exchange.settings).status()
    for private in (KEY, "welcome", "SSH", PDQ):
        assert private not in str(raised.value)


def test_nobody_there(client_of: ClientOf) -> None:
    with ScriptedExchange(lambda connection, request: connection.send(CLEAR)) as exchange:
        settings = exchange.settings
    with pytest.raises(ExchangeUnreachableError, match="ConnectError"):
        client_of(settings=settings).status()


def test_nothing_sent_or_received_stands_in_logs_errors_and_tracebacks(client_of: ClientOf, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    answer = http("400 Bad Request", b"told in confidence")
    with ScriptedExchange(lambda connection, request: connection.send(answer)) as exchange, pytest.raises(ExchangeAnswerError) as raised:
        client_of(settings=exchange.settings).ask([QUERY])
    for private in (KEY, "told in confidence", PDQ):
        assert private not in caplog.text + repr(raised.value) + str(raised.value)
    frames = [entry.frame for entry in raised.traceback if "stillmine/client" in str(entry.path)]
    local = [repr(own) for frame in frames for name, own in frame.f_locals.items() if name != "queries"]
    assert local
    for private in (KEY, "told in confidence"):
        assert not [one for one in local if private in one]
