# SPDX-License-Identifier: Apache-2.0
"""From an empty partner to searchable: exchange and partner on one machine, over HTTP, by snapshot and by pages of the feed.

    python bench/exchange_sync.py [--count 1000000] [--pages]

The clock runs from the partner's first request until store and index hold everything and the acknowledgement is taken. `--pages` fetches
the same in pages of 1,000 too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from exchange_stocked import serving, stocked, waited
from measuring import machine, versions

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.matching.kinds import MATCHED_KINDS
from stillmine.partner.listing.index import ListIndex
from stillmine.partner.listing.sync import Sync
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.snapshot import SnapshotReader


class PagesOnly(Exchange):
    """Knows no snapshot."""

    @contextmanager
    def snapshot(self) -> Iterator[SnapshotReader | None]:
        """There is none."""
        yield None


def synced(name: str, folder: Path, client: Exchange, count: int) -> None:
    """Sync an empty partner and print how long it took."""
    folder.mkdir(mode=0o700)
    store, index = Store(folder), ListIndex()
    store.match_kinds(MATCHED_KINDS)
    start = time.perf_counter()
    report = Sync(client, store, index.follow, lambda: datetime.now(UTC)).follow()
    seconds = time.perf_counter() - start
    assert report.added == len(index) == count
    print(f"| {name} | {seconds:.1f} | {count / seconds:,.0f} |", flush=True)
    store.close()
    client.close()


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--pages", action="store_true")
    options = parser.parse_args()
    run_with = versions("stillmine", "django", "uvicorn", "httptools", "httpx")
    print(f"{machine()}, {run_with}; {options.count:,} pictures, SQLite on both sides, 1 worker\n")
    with tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        _, key, _ = stocked(home, options.count)
        with serving(home, 1) as url:
            web = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"})
            waited(lambda: _is_loaded(web))
            settings = ExchangeSettings(url, Secret(key.encode()))
            print("| empty partner to searchable | s | fingerprints a second |\n|---|---:|---:|")
            synced("snapshot", Path(folder) / "partner", Exchange(settings), options.count)
            if options.pages:
                synced("pages of the feed", Path(folder) / "partner-pages", PagesOnly(settings), options.count)


def _is_loaded(web: httpx.Client) -> bool:
    """The index service loads too at that moment, which is another measurement."""
    try:
        return bool(web.get("/api/v1/status").json()["index"] == "ready")
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
