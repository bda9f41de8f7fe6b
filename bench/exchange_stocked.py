# SPDX-License-Identifier: Apache-2.0
"""An exchange in a folder of its own with as many fingerprints as a bench wants, and the processes that serve it.

Rows are written straight into the database, one case for ten fingerprints, in the order in which cases would have been opened: opening a
million cases over HTTP would be another measurement. Values are uniform: real ones cluster, which `bench/matching.py` measures.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from processes import NO_VARIABLES, running

from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure
from stillmine.wire.regions import REGION_BYTES, RegionsValue, format_regions

PER_CASE = 10
AT_ONCE = 20_000
SEED = 20261125
SMALL_SIDE = 256


def stocked(home: Path, count: int, database_url: str | None = None) -> tuple[Context, str, bytes]:
    """Make an exchange with `count` pictures and one partner that is given the list; returns it, the key and the values, 32 bytes each."""
    exchange = configure(ExchangeConfig(home=home, database_url=database_url))
    from stillmine.exchange.database.migrate import migrate
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.scopes import Way

    migrate(exchange)
    _, key = add_partner(exchange, "Example Social", Way.LIST)
    _write_without_waiting()
    values = np.random.default_rng(SEED).bytes(count * 32)
    for start in range(0, count, AT_ONCE):
        end = min(count, start + AT_ONCE)
        _stock(exchange, "pdq", [values[32 * number : 32 * number + 32].hex() for number in range(start, end)], start)
    return exchange, key, values


def stock_regions(exchange: Context, count: int, regions: int) -> None:
    """Add `count` pictures, each with so many uniform regions and without its `pdq`, which only costs time here."""
    _write_without_waiting()
    for start in range(0, count, AT_ONCE):
        _stock(exchange, "regions", [_regions_text(number, regions) for number in range(start, min(count, start + AT_ONCE))], start)


def _regions_text(number: int, regions: int) -> str:
    drawn = np.random.default_rng([SEED, number]).integers(0, 256, (regions, REGION_BYTES), dtype=np.uint8)
    return format_regions(RegionsValue(SMALL_SIDE, SMALL_SIDE, hashlib.sha256(b"%d" % number).digest(), drawn.tobytes()))


def _write_without_waiting() -> None:
    """For this process alone: nothing here must survive a power cut, and a small cache makes a large table slow to fill."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("PRAGMA cache_size = -1000000")


def _stock(exchange: Context, kind: str, texts: list[str], start: int) -> None:
    from stillmine.exchange.keys.seal import blind_index
    from stillmine.exchange.protection.values import new_data_keys, sealed
    from stillmine.exchange.rows.cases import Case, Fingerprint
    from stillmine.exchange.rows.feed import Change, Head
    from stillmine.exchange.rows.keys import FingerprintDataKey
    from stillmine.exchange.transaction.tx import tx

    end = start + len(texts)
    with tx("bench.stock", exchange.clock) as transaction:
        cases = Case.objects.bulk_create(
            Case(
                case_id=hashlib.sha256(b"case %d" % number).hexdigest()[:32],
                token_hash="0" * 64,
                term_months=24,
                opened_at=transaction.now,
                expires_at=transaction.now + timedelta(days=700),
            )
            for number in range(start, end, PER_CASE)
        )
        ids = [hashlib.sha256(b"fingerprint %d" % number).hexdigest()[:32] for number in range(start, end)]
        keys, key_rows = new_data_keys(exchange, transaction, ids)
        indexes = [blind_index(exchange.secret, kind, text) for text in texts]
        rows: dict[Any, Iterator[dict[str, Any]]] = {
            Fingerprint: (
                {
                    "id": own,
                    "case_id": cases[place // PER_CASE].pk,
                    "position": place % PER_CASE + 1,
                    "is_from_opening": True,
                    "file_number": 1,
                    "kind": kind,
                    "state": "active",
                    "sealed_value": sealed(exchange, keys[own], own, text),
                    "blind_index": index,
                    "value_bytes": len(text),
                    "quality": 90,
                    "is_synthetic": False,
                    "ledger_commitment": exchange.random_bytes(32),
                    "added_at": str(transaction.now.replace(tzinfo=None)),
                }
                for place, (own, text, index) in enumerate(zip(ids, texts, indexes, strict=True))
            ),
            Change: (
                {
                    "sequence": sequence,
                    "fingerprint_id": own,
                    "state": "active",
                    "is_shown": True,
                    "changed_at": str(transaction.now.replace(tzinfo=None)),
                }
                for sequence, own in enumerate(ids, start + 1)
            ),
        }
        for model, each in rows.items():
            _insert(model._meta.db_table, list(each))
        FingerprintDataKey.objects.bulk_create(key_rows, batch_size=1000)
        Head.objects.update(sequence=end, shown_sequence=end, changed_at=max(transaction.now, datetime(2026, 1, 1, tzinfo=UTC)))


def _insert(table: str, rows: list[dict[str, Any]]) -> None:
    """Rows as the database takes them: Django's own way of so many is three times as slow."""
    from django.db import connection

    columns = list(rows[0])
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        cursor.executemany(statement, [tuple(row.values()) for row in rows])


@contextmanager
def serving(home: Path, workers: int, *options: str, variables: Mapping[str, str] = NO_VARIABLES) -> Iterator[str]:
    """Serve it in processes of its own, without the caller's settings; yields the address."""
    with running("exchange", "serve", "--home", str(home), "--workers", str(workers), *options, variables=variables) as served:
        yield served.url


def waited(claim: object) -> float:
    """Return how many seconds pass until `claim()` is true."""
    assert callable(claim)
    start = time.perf_counter()
    while not claim():
        time.sleep(0.02)
    return time.perf_counter() - start


def memory_bytes(process_id: int) -> int:
    """Return what a process holds in memory."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def service_id(home: Path) -> int:
    """Return the process that holds the index service's lock."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(link.readlink() == home.resolve() / "index.lock" for link in process.joinpath("fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    raise ProcessLookupError
