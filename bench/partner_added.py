# SPDX-License-Identifier: Apache-2.0
"""What a partner's service adds to its exchange's answer, and what the exchange takes by itself.

The service is sent the fingerprints of an upload as JSON, the exchange the queries that the service makes of them, in turn, by one client
with a connection kept to each. No value is sent twice, but for that pair, and all are random, so that nothing matches.
"""

from __future__ import annotations

import math
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np
from clients import NothingLeftError, side_by_side
from exchange_stocked import SEED
from measuring import milliseconds
from partner_services import Exchange, Target, screen_fault

from stillmine.wire import codec
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, Kind
from stillmine.wire.screen import ScreenFingerprints

BATCH, BATCHES = 1_000, 5
TURNS = 8
QUERIES = TURNS + 2
"""Of one photograph."""
WARM_UP = 20


def upload(rng: np.random.Generator, pictures: int, digests: bool) -> list[Fingerprint]:
    """Return random fingerprints, as of one upload."""
    made = [Fingerprint(Kind.PDQ, rng.bytes(32).hex(), FULL_QUALITY) for _ in range(pictures)]
    if digests:
        made += [Fingerprint(kind, rng.bytes(size).hex(), FULL_QUALITY) for kind, size in ((Kind.SHA256, 32), (Kind.MD5, 16))]
    return made


def asked(rng: np.random.Generator, fingerprints: list[Fingerprint]) -> bytes:
    """Return the request that asks an exchange about them."""
    token = rng.bytes(16).hex()
    return encode_ask([AskQuery(one.kind, one.value, token, as_it_is=one.kind is Kind.PDQ) for one in fingerprints])


class Pair:
    """A client with a connection to the service and one to the exchange."""

    def __init__(self, target: Target, exchange: Exchange) -> None:
        self._target = target
        self._exchange = exchange
        self._rng = np.random.default_rng([SEED, 2])
        self._service, self._bare = (HTTPConnection(urlsplit(url).netloc, timeout=60) for url in (target.url, exchange.url))

    def close(self) -> None:
        """Close both connections."""
        self._service.close()
        self._bare.close()

    def spent(self, pictures: int, digests: bool) -> tuple[float, float]:
        """Ask both about one upload, in either order; returns the milliseconds of the service and of the exchange."""
        made = upload(self._rng, pictures, digests)
        body, request = codec.encode(ScreenFingerprints(1, made)), asked(self._rng, made)
        if self._rng.integers(2):
            at_service = milliseconds(lambda: self._screen(body))
            return at_service, milliseconds(lambda: ask(self._bare, self._exchange, request, len(made)))
        at_exchange = milliseconds(lambda: ask(self._bare, self._exchange, request, len(made)))
        return milliseconds(lambda: self._screen(body)), at_exchange

    def _screen(self, body: bytes) -> None:
        headers = {**self._target.headers, "Content-Type": "application/json"}
        fault = screen_fault(*_answered(self._service, self._target.path, headers, body))
        assert fault is None, fault


def print_added(target: Target, exchange: Exchange, asks: int) -> None:
    """Print what the service takes, the exchange by itself, and how much more the service does."""
    print("\n| fingerprints as JSON, 1 client | service p50, ms | p99 | exchange p50, ms | p99 | added p50, ms | p99 |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    pair = Pair(target, exchange)
    for name, pictures, digests in ((f"{TURNS} `pdq`, `sha256`, `md5`", TURNS, True), ("1 `pdq`", 1, False)):
        spent = np.array([pair.spent(pictures, digests) for _ in range(WARM_UP + asks)])
        at_service, at_exchange = spent[WARM_UP:].T
        columns = [np.percentile(times, [50, 99]) for times in (at_service, at_exchange, at_service - at_exchange)]
        print(f"| {name} | {' | '.join(f'{value:.2f}' for both in columns for value in both)} |", flush=True)
    pair.close()


def ask(connection: HTTPConnection, exchange: Exchange, request: bytes, queries: int) -> None:
    """Ask the exchange itself; anything but an answer to each query ends the bench."""
    headers = {"Authorization": f"Bearer {exchange.key}", "Content-Type": BINARY_CONTENT_TYPE}
    status, data = _answered(connection, "/api/v1/ask", headers, request)
    assert status == 200, data[:200]
    decode_answer(data, queries)


def print_exchange(exchange: Exchange, clients: list[int], asks: int) -> None:
    """Print what asks take at the exchange itself."""
    print("\n| the exchange by itself | clients | p50, ms | p99, ms | a second |\n|---|---:|---:|---:|---:|")
    rng = np.random.default_rng([SEED, 3])
    uploads = [asked(rng, upload(rng, TURNS, digests=True)) for _ in range(asks * len(clients))]
    for place, count in enumerate(clients):
        _print_asks(exchange, QUERIES, count, uploads[place * asks : (place + 1) * asks])
    batches = [encode_ask([AskQuery(Kind.PDQ, rng.bytes(32).hex(), as_it_is=True) for _ in range(BATCH)]) for _ in range(BATCHES)]
    _print_asks(exchange, BATCH, 1, batches)


def _print_asks(exchange: Exchange, queries: int, clients: int, requests: list[bytes]) -> None:
    left = iter(requests)

    def ask_next(connection: HTTPConnection) -> bool:
        request = next(left, None)
        if request is None:
            raise NothingLeftError
        ask(connection, exchange, request, queries)
        return True

    times, spent = side_by_side(exchange.url, math.inf, clients, ask_next)
    p50, p99 = np.percentile(times, [50, 99])
    print(f"| ask of {queries:,} queries | {clients} | {p50:.1f} | {p99:.1f} | {len(times) / spent:,.0f} |", flush=True)


def _answered(connection: HTTPConnection, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()
