# SPDX-License-Identifier: Apache-2.0
"""Which way requests go: threads side by side, a proxy of the environment, and nothing through it that stays on this machine."""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor

import httpcore
import pytest

from stillmine.client import AsyncExchange, Exchange, ExchangeSettings
from stillmine.client.deadline_transport import TimedStream, TimeLeft
from stillmine.wire.ask import Answer, AskAnswer, AskQuery, Outcome, decode_ask, encode_answer
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError, NotConfiguredError
from stillmine.wire.kinds import Kind
from tests.client.client_parts import KEY, ClientOf, Connection, ScriptedExchange, http

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def match_by_value(connection: Connection, request: bytes) -> None:
    queries = decode_ask(request.partition(b"\r\n\r\n")[2]).queries
    answers = [Answer(Outcome.MATCH, query.value) for query in queries]
    connection.send(http("200 OK", encode_answer(AskAnswer(1, answers))))


def queries_of(number: int) -> list[AskQuery]:
    return [AskQuery(Kind.MD5, f"{number * 10 + place + 1:032x}", "ab" * 16) for place in range(3)]


def test_threads_share_one_exchange_and_each_gets_its_own_answers() -> None:
    with ScriptedExchange(match_by_value) as server, Exchange(server.settings) as exchange, ThreadPoolExecutor(8) as threads:
        answered = list(threads.map(lambda number: exchange.ask(queries_of(number)), range(200)))
        assert server.connections <= 8
    assert [[answer.id for answer in own] for own in answered] == [[query.value for query in queries_of(number)] for number in range(200)]


def test_tasks_share_one_exchange_and_each_gets_its_own_answers() -> None:
    async def asked(settings: ExchangeSettings) -> list[list[Answer]]:
        async with AsyncExchange(settings) as exchange:
            return await asyncio.gather(*(exchange.ask(queries_of(number)) for number in range(20)))

    with ScriptedExchange(match_by_value) as server:
        answered = asyncio.run(asked(server.settings))
    assert [[answer.id for answer in own] for own in answered] == [[query.value for query in queries_of(number)] for number in range(20)]


def test_a_proxy_of_the_environment_is_used_and_never_sees_the_key(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    away = ExchangeSettings("https://exchange.example", Secret(KEY.encode()))
    with ScriptedExchange(lambda connection, request: connection.send(http("403 Forbidden", b""))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.settings.url.replace("//", "//name:password@"))
        with pytest.raises(ExchangeUnreachableError, match="ProxyError") as raised:
            client_of(settings=away).status()
    assert [request.split(b"\r\n")[0] for request in proxy.requests] == [b"CONNECT exchange.example:443 HTTP/1.1"]
    assert b"Basic bmFtZTpwYXNzd29yZA==" in proxy.requests[0]
    assert KEY.encode() not in proxy.requests[0]
    assert "password" not in str(raised.value)


def test_nothing_goes_through_a_proxy_to_this_machine_or_past_no_proxy(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedExchange(lambda connection, request: connection.hang_up()) as proxy, ScriptedExchange(match_by_value) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.settings.url)
        assert client_of(settings=server.settings).ask(queries_of(1))[0].outcome is Outcome.MATCH
        monkeypatch.setenv("NO_PROXY", "nowhere.invalid")
        with pytest.raises(ExchangeUnreachableError):
            client_of(settings=ExchangeSettings("https://exchange.nowhere.invalid", Secret(KEY.encode()))).status()
        assert proxy.requests == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1", "http://", "nonsense://x"])
def test_a_proxy_that_cannot_be_used_says_so(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(NotConfiguredError, match="ALL_PROXY"):
        client_of(settings=ExchangeSettings("https://exchange.example", Secret(KEY.encode())))


class SlowStream(httpcore.NetworkStream):
    """A connection of which each step takes a second."""

    def __init__(self) -> None:
        self.now = 0.0
        self.given: list[float | None] = []

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._step(timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._step(timeout)
        return self

    def _step(self, timeout: float | None) -> None:
        self.given.append(timeout)
        self.now += 1


def test_each_step_gets_what_is_left_of_the_time_and_none_begins_after_it() -> None:
    """Whoever takes a byte now and then keeps each step short, not all of them."""
    slow = SlowStream()
    left = TimeLeft(lambda: slow.now)
    with left.until(4.5), pytest.raises(httpcore.WriteTimeout):
        TimedStream(slow, left).start_tls(ssl.create_default_context(), "exchange.example", 10.0).write(bytes(1024 * 1024), 4.0)
    assert slow.given == [4.5, 3.5, 2.5, 1.5, 0.5]
