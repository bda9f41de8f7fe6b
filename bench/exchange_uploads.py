# SPDX-License-Identifier: Apache-2.0
"""Asks of many clients at once, on either database: of a photograph as a partner's service sends them, of one value, of a thousand.

    python bench/exchange_uploads.py [--asks photograph photographs single batch] [--database sqlite postgresql] [--count 20000 100000]
                                     [--clients 1 4 32] [--seconds 6] [--workers 1] [--one-match-in 50]

A photograph is ten queries in the binary form under one upload token: eight `pdq` as they are, `sha256` and `md5`; a hundred of them are
`photographs`, as a partner that is busy sends them. A single ask is one `pdq` under a token of its own, in all eight orientations; a batch
is a thousand of these. One photograph, or one single query, in so many is a copy of what is protected; the others match nothing, and none
is sent twice. Clients keep their connections; what they send is made before the measurement, which ends early where that is used up.
They take their share of the machine: the last column. Nothing else has this interface.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import httpx
import numpy as np
from exchange import postgresql
from exchange_stocked import SEED, stocked
from light_clients import Ready, answered, request_bytes
from measuring import machine, versions
from processes import TICKS_PER_SECOND, Running, running

from stillmine.exchange.ground.database_address import DATABASE_VARIABLE
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.kinds import Kind

TURNS, BATCH, PHOTOGRAPHS = 8, 1_000, 100
WARM_UP_SECONDS = 1.0
MOST_A_SECOND = {"photograph": 1_500, "photographs": 60, "single": 1_500, "batch": 60}
"""More than one machine of two cores answers."""
SHAPES = tuple(MOST_A_SECOND)
DATABASES = ("sqlite", "postgresql")


class Asks:
    """Makes the requests of one shape."""

    def __init__(self, shape: str, key: str, values: bytes, one_match_in: int) -> None:
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": BINARY_CONTENT_TYPE}
        self._shape = shape
        self._values = values
        self._one_match_in = one_match_in
        self._rng = np.random.default_rng([SEED, 4, *shape.encode()])
        self._made = 0
        self._copies = 0

    def ready(self, url: str, seconds: float) -> Iterator[Ready]:
        """Return as many requests as may be answered in this time, all of them made."""
        return iter([self._next(url) for _ in range(int(MOST_A_SECOND[self._shape] * seconds) + 1)])

    def _next(self, url: str) -> Ready:
        queries = self._queries()
        copies = self._copies

        def check(body: bytes) -> None:
            """Anything but the right answer ends the bench."""
            assert sum(is_match for is_match, _, _ in decode_answer(body, len(queries))) == copies

        return Ready(request_bytes(url, "/api/v1/ask", self._headers, encode_ask(queries)), check)

    def _queries(self) -> list[AskQuery]:
        self._copies = 0
        if self._shape.startswith("photograph"):
            return [query for _ in range(PHOTOGRAPHS if self._shape == "photographs" else 1) for query in self._photograph()]
        one_each = [self._value() for _ in range(BATCH if self._shape == "batch" else 1)]
        self._copies = sum(is_copy for _, is_copy in one_each)
        return [AskQuery(Kind.PDQ, value.hex(), self._rng.bytes(16).hex()) for value, _ in one_each]

    def _photograph(self) -> list[AskQuery]:
        (first, is_copy), token = self._value(), self._rng.bytes(16).hex()
        self._copies += is_copy
        hashes = [first, *(self._rng.bytes(32) for _ in range(TURNS - 1))]
        digests = ((Kind.SHA256, self._rng.bytes(32)), (Kind.MD5, self._rng.bytes(16)))
        queries = [AskQuery(Kind.PDQ, value.hex(), token, as_it_is=True) for value in hashes]
        return [*queries, *(AskQuery(kind, value.hex(), token) for kind, value in digests)]

    def _value(self) -> tuple[bytes, bool]:
        """Return the next value, and whether it is one bit off what is protected."""
        self._made += 1
        if self._made % self._one_match_in:
            return self._rng.bytes(32), False
        start = 32 * int(self._rng.integers(len(self._values) // 32))
        return self._values[start : start + 31] + bytes([self._values[start + 31] ^ 1]), True


class Spent:
    """Processor seconds of the exchange (its index among them) and of the database's processes since this was made."""

    def __init__(self, served: Running, database: str) -> None:
        self._served, self._database = served, database
        self._before = self._now()

    def milliseconds_each(self, asks: int) -> tuple[float, float]:
        """Return what an ask took of a processor: exchange, database."""
        exchange, database = (1000 * (now - before) / asks for now, before in zip(self._now(), self._before, strict=True))
        return exchange, database

    def _now(self) -> tuple[float, float]:
        return self._served.processor_seconds(), named_processor_seconds("postgres") if self._database == "postgresql" else 0.0


def named_processor_seconds(name: str) -> float:
    """Return the processor time of all processes of this name, those among them that others started."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            before, _, after = stat.read_text().rpartition(")")
            if before.partition("(")[2] == name:
                seconds += sum(map(int, after.split()[11:15])) / TICKS_PER_SECOND
    return seconds


def measured(database: str, count: int, options: argparse.Namespace) -> None:
    """Print the rows of one exchange."""
    own: AbstractContextManager[str | None] = postgresql() if database == "postgresql" else nullcontext(None)
    with own as address, tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        _, key, values = stocked(home, count, address)
        variables = {DATABASE_VARIABLE: address} if address else {}
        with running("exchange", "serve", "--home", str(home), "--workers", str(options.workers), variables=variables) as served:
            _wait_until_loaded(served.url, key)
            for shape in options.asks:
                _print_rows(Asks(shape, key, values, options.one_match_in), shape, served, (database, count), options)


def _print_rows(asks: Asks, shape: str, served: Running, exchange: tuple[str, int], options: argparse.Namespace) -> None:
    answered(served.url, WARM_UP_SECONDS, max(options.clients), asks.ready(served.url, WARM_UP_SECONDS))
    for clients in options.clients:
        ready = asks.ready(served.url, options.seconds)
        spent = Spent(served, exchange[0])
        done = answered(served.url, options.seconds, clients, ready)
        asked = len(done.times)
        each = [*spent.milliseconds_each(asked), 1000 * done.processor_seconds / asked]
        p50, p99 = np.percentile(done.times, [50, 99])
        rate = f"{asked / done.seconds:,.0f}"
        cells = (exchange[0], f"{exchange[1]:,}", shape, clients, rate, f"{p50:.1f}", f"{p99:.1f}", *(f"{one:.2f}" for one in each))
        print("|", " | ".join(map(str, cells)), "|", flush=True)


def _wait_until_loaded(url: str, key: str) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as web:
        while True:
            try:
                if web.get("/api/v1/status").json()["index"] == "ready":
                    return
            except httpx.TransportError:
                pass  # it does not listen yet
            time.sleep(0.05)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--asks", nargs="+", choices=SHAPES, default=["photograph"])
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=["sqlite"])
    parser.add_argument("--count", type=int, nargs="+", default=[20_000])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 32])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--one-match-in", type=int, default=50)
    options = parser.parse_args()
    run_with = versions("stillmine", "django", "uvicorn", "httptools", "numpy", "psycopg")
    print(f"{machine()}, {run_with}; {options.workers} worker(s), load before {os.getloadavg()[0]:.1f}")
    took = "ms of a processor each: exchange | database | clients"
    print(f"\n| database | fingerprints | ask | clients | asks a second | p50, ms | p99, ms | {took} |")
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for database in options.database:
        for count in options.count:
            # In a process of its own: an exchange is configured once in each.
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                measured(database, count, options)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if status:
                raise SystemExit(1)
    print(f"\nload after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
