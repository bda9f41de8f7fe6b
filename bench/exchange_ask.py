# SPDX-License-Identifier: Apache-2.0
"""Asks at an exchange: single ones at the index service and over HTTP, batches of 1,000, how long loading takes and what it holds.

    python bench/exchange_ask.py [--count 1000000] [--asks 2000] [--workers 1] [--large]

`--large` asks among ten million. Half of the asks are copies (some bits changed, half of them turned), half are strangers; no query is
asked twice. Against nothing: no peer has this interface; `bench/matching.py` compares the search itself.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from exchange_stocked import SEED, memory_bytes, service_id, serving, stocked, waited
from measuring import machine, versions

from stillmine.exchange.ask.client import candidates, service_status
from stillmine.matching.turned import turned
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.ask_errors import IndexLoadingError
from stillmine.wire.kinds import Kind

BATCH = 1_000
CHANGED_BITS = 12


def queries(values: bytes, count: int, seed: int) -> list[AskQuery]:
    """Return copies and strangers in turn."""
    rng = np.random.default_rng(SEED + seed)
    made = []
    for number in range(count):
        bits = np.frombuffer(rng.bytes(32), dtype=np.uint8)
        if number % 2 == 0:
            place = int(rng.integers(len(values) // 32))
            bits = np.unpackbits(np.frombuffer(values[32 * place : 32 * place + 32], dtype=np.uint8))
            bits[rng.choice(256, CHANGED_BITS, replace=False)] ^= 1
            bits = np.packbits(bits)
        value = bits.tobytes()
        turn = 32 * int(rng.integers(8)) if number % 4 == 0 else 0
        made.append(AskQuery(Kind.PDQ, turned(value)[turn : turn + 32].hex()))
    return made


def line(name: str, call: Callable[[AskQuery], object], asked: list[AskQuery]) -> None:
    """Time each alone and print the distribution."""
    times = []
    for query in asked:
        start = time.perf_counter()
        call(query)
        times.append((time.perf_counter() - start) * 1000)
    p50, p99 = np.percentile(times, [50, 99])
    print(f"| {name} | {p50:.2f} | {p99:.2f} | {max(times):.2f} |", flush=True)


def _is_ready(home: Path) -> bool:
    """Whether the service answers: loaded, and caught up with what came while it loaded."""
    if service_status(home) is None:
        return False
    try:
        candidates(home, [AskQuery(Kind.PDQ, "00" * 32)])
    except IndexLoadingError:
        return False
    return True


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="ten million")
    options = parser.parse_args()
    count = 10_000_000 if options.large else options.count
    run_with = versions("stillmine", "django", "uvicorn", "httptools", "numpy")
    print(f"{machine()}, {run_with}; {count:,} pictures, SQLite, {options.workers} worker(s)")
    with tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        _, key, values = stocked(home, count)
        with serving(home, options.workers) as url:
            loading = waited(lambda: _is_ready(home))
            print(f"\nfrom start of `serve` to loaded: {loading:.1f} s; the service holds {memory_bytes(service_id(home)) / 1e6:,.0f} MB\n")
            measured(home, url, key, values, options.asks)


def measured(home: Path, url: str, key: str, values: bytes, asks: int) -> None:
    """Print the table."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": BINARY_CONTENT_TYPE}
    print("| ask | p50, ms | p99, ms | most, ms |\n|---|---:|---:|---:|")
    with httpx.Client(base_url=url, headers=headers, timeout=60) as web:
        line("single, at the service", lambda query: candidates(home, [query]), queries(values, asks, 1))
        line("single, over HTTP", lambda query: web.post("/api/v1/ask", content=encode_ask([query])), queries(values, asks // 4, 2))
        batches = [queries(values, BATCH, 10 + number) for number in range(5)]
        spent, found = [], 0
        for batch in batches:
            start = time.perf_counter()
            answer = web.post("/api/v1/ask", content=encode_ask(batch))
            spent.append((time.perf_counter() - start) * 1000)
            found += sum(is_match for is_match, _, _ in decode_answer(answer.content, BATCH))
        print(f"| batch of {BATCH:,}, over HTTP | {np.median(spent):.0f} | | {max(spent):.0f} |")
        print(f"\nOf {BATCH * len(batches) // 2:,} copies in batches {found:,} were found.")


if __name__ == "__main__":
    main()
