# SPDX-License-Identifier: Apache-2.0
"""What the Python client adds to an ask: `Exchange.ask` and `AsyncExchange.ask` beside a bare socket that sends the same bytes.

    python bench/client.py [--count 20000] [--asks 1000]

All take turns at one real exchange, each over one connection that it keeps, with the ten queries of a photograph that matches nothing
(eight hashes as they are, two digests, one upload token). So a busy moment of the machine, and of the exchange, meets all three.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from exchange_stocked import SEED, serving, stocked, waited
from measuring import machine, versions

from stillmine.client import AsyncExchange, Exchange, ExchangeSettings
from stillmine.wire.ask import BINARY_CONTENT_TYPE, Answer, AskQuery, IndexState, encode_ask
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError
from stillmine.wire.kinds import Kind

WARM_UP = 20


class BareSocket:
    """One connection that sends the same request again and again, and reads the answer by its length."""

    def __init__(self, settings: ExchangeSettings, body: bytes) -> None:
        netloc = urlsplit(settings.url).netloc
        host, _, port = netloc.partition(":")
        self._own = socket.create_connection((host, int(port)))
        self._own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = [
            "POST /api/v1/ask HTTP/1.1",
            f"Host: {netloc}",
            f"Authorization: Bearer {bytes(settings.partner_key).decode()}",
            "Accept: */*",
            "Accept-Encoding: identity",
            "User-Agent: stillmine",
            f"Content-Type: {BINARY_CONTENT_TYPE}",
            f"Content-Length: {len(body)}",
        ]
        self._request = "\r\n".join([*head, "", ""]).encode() + body

    def ask(self) -> bytes:
        """Send it; return the answer's content."""
        self._own.sendall(self._request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._own.recv(65_536)
        head, _, content = data.partition(b"\r\n\r\n")
        length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
        while len(content) < length:
            content += self._own.recv(65_536)
        return content

    def close(self) -> None:
        """Hang up."""
        self._own.close()


def photograph() -> list[AskQuery]:
    """Return the queries of a photograph that nobody protects."""
    rng = np.random.default_rng(SEED + 1)
    token = rng.bytes(16).hex()
    made = [AskQuery(Kind.PDQ, rng.bytes(32).hex(), token, as_it_is=True) for _ in range(8)]
    return [*made, AskQuery(Kind.SHA256, rng.bytes(32).hex(), token), AskQuery(Kind.MD5, rng.bytes(16).hex(), token)]


async def in_turns(settings: ExchangeSettings, asks: int) -> dict[str, list[float]]:
    """Time each way, one after the other, `asks` times; milliseconds."""
    queries = photograph()
    bare = BareSocket(settings, encode_ask(queries))
    async with AsyncExchange(settings) as awaited:
        with Exchange(settings) as exchange:
            ways: dict[str, Callable[[], object]] = {"bare socket": bare.ask, "Exchange": lambda: exchange.ask(queries)}
            times: dict[str, list[float]] = {name: [] for name in (*ways, "AsyncExchange")}
            for turn in range(WARM_UP + asks):
                for name, ask in ways.items():
                    start = time.perf_counter()
                    ask()
                    times[name].append((time.perf_counter() - start) * 1000)
                times["AsyncExchange"].append(await _milliseconds(awaited.ask(queries)))
                if turn == 0 and exchange.ask(queries) != [Answer()] * len(queries):
                    raise RuntimeError("a photograph that nobody protects was matched")
    bare.close()
    return {name: own[WARM_UP:] for name, own in times.items()}


def _is_ready(exchange: Exchange) -> bool:
    try:
        return exchange.status().index is IndexState.READY
    except ExchangeUnreachableError:  # not listening yet
        return False


async def _milliseconds(call: Awaitable[object]) -> float:
    start = time.perf_counter()
    await call
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--asks", type=int, default=1_000)
    options = parser.parse_args()
    run_with = versions("stillmine", "httpx", "httpcore", "h11")
    with tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        _, key, _ = stocked(home, options.count)
        with serving(home, 1) as url:
            settings = ExchangeSettings(url, Secret(key.encode()))
            with Exchange(settings) as exchange:
                waited(lambda: _is_ready(exchange))
            times = asyncio.run(in_turns(settings, options.asks))
    print(f"{machine()}, {run_with}; {options.count:,} pictures, SQLite, 1 worker; load {os.getloadavg()[0]:.1f}\n")
    print(f"| ask of 10 queries, {options.asks:,} each in turn | p50, ms | p99, ms | added at p50, ms |\n|---|---:|---:|---:|")
    bare = float(np.median(times["bare socket"]))
    for name, own in times.items():
        p50, p99 = np.percentile(own, [50, 99])
        print(f"| {name} | {p50:.2f} | {p99:.2f} | {'' if name == 'bare socket' else f'{p50 - bare:.2f}'} |")


if __name__ == "__main__":
    main()
