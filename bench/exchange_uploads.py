# SPDX-License-Identifier: Apache-2.0
"""Asks as a partner's service sends them, one photograph each, of many clients at once, on either database.

    python bench/exchange_uploads.py [--database sqlite postgresql] [--count 20000 100000] [--clients 1 4 32] [--seconds 6] [--workers 1]

A photograph is ten queries in the binary form under one upload token: eight `pdq` as they are, `sha256` and `md5`. One in fifty is a copy
of what is protected, the others match nothing; none is sent twice. Clients keep their connections, and take their share of the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPConnection
from pathlib import Path

import httpx
import numpy as np
from clients import side_by_side
from exchange import postgresql
from exchange_stocked import SEED, serving, stocked
from measuring import machine, versions

from stillmine.exchange.ground.database_address import DATABASE_VARIABLE
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.kinds import Kind

TURNS, QUERIES = 8, 10
ONE_COPY_IN = 50
WARM_UP_SECONDS = 1.0
DATABASES = ("sqlite", "postgresql")


class Uploads:
    """Makes the requests; a thread takes the next one."""

    def __init__(self, key: str, values: bytes) -> None:
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": BINARY_CONTENT_TYPE}
        self._values = values
        self._rng = np.random.default_rng([SEED, 4])
        self._lock = threading.Lock()
        self._made = 0

    def send_next(self, connection: HTTPConnection) -> bool:
        """Ask about one photograph; anything but the right answer ends the bench."""
        body, is_copy = self._next()
        connection.request("POST", "/api/v1/ask", body, self._headers)
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status == 200, data[:200]
        assert any(is_match for is_match, _, _ in decode_answer(data, QUERIES)) == is_copy
        return True

    def _next(self) -> tuple[bytes, bool]:
        with self._lock:
            self._made += 1
            is_copy = self._made % ONE_COPY_IN == 0
            hashes = [self._rng.bytes(32) for _ in range(TURNS)]
            if is_copy:
                start = 32 * int(self._rng.integers(len(self._values) // 32))
                hashes[0] = self._values[start : start + 31] + bytes([self._values[start + 31] ^ 1])
            token, digests = self._rng.bytes(16).hex(), ((Kind.SHA256, self._rng.bytes(32)), (Kind.MD5, self._rng.bytes(16)))
        queries = [AskQuery(Kind.PDQ, value.hex(), token, as_it_is=True) for value in hashes]
        return encode_ask([*queries, *(AskQuery(kind, value.hex(), token) for kind, value in digests)]), is_copy


def measured(database: str, count: int, options: argparse.Namespace) -> None:
    """Print the rows of one exchange."""
    own: AbstractContextManager[str | None] = postgresql() if database == "postgresql" else nullcontext(None)
    with own as address, tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        _, key, values = stocked(home, count, address)
        variables = {DATABASE_VARIABLE: address} if address else {}
        uploads = Uploads(key, values)
        with serving(home, options.workers, variables=variables) as url:
            _wait_until_loaded(url, key)
            side_by_side(url, WARM_UP_SECONDS, max(options.clients), uploads.send_next)
            for clients in options.clients:
                times, spent = side_by_side(url, options.seconds, clients, uploads.send_next)
                p50, p99 = np.percentile(times, [50, 99])
                print(f"| {database} | {count:,} | {clients} | {len(times) / spent:,.0f} | {p50:.1f} | {p99:.1f} |", flush=True)


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
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=["sqlite"])
    parser.add_argument("--count", type=int, nargs="+", default=[20_000])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 32])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    run_with = versions("stillmine", "django", "uvicorn", "httptools", "numpy", "psycopg")
    print(f"{machine()}, {run_with}; {options.workers} worker(s), load before {os.getloadavg()[0]:.1f}")
    print(f"\n| database | fingerprints | clients | photographs ({QUERIES} queries) a second | p50, ms | p99, ms |")
    print("|---|---:|---:|---:|---:|---:|")
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
