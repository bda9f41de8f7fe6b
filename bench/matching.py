# SPDX-License-Identifier: Apache-2.0
"""Measures `HammingIndex` against FAISS and `threatexchange` in one run, on one core, on uniform and on realistic fingerprints.

Prints tables and what they were measured on. Every answer to a query is compared with FAISS flat's, and planted near-duplicates at every
distance from 0 to 31 must all be found. Must never be a test: only ratios mean anything elsewhere.

    python bench/matching.py [--sizes 1e5,1e6,1e7] [--huge] [--real FILE]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from matching_data import Rows, collisions, kept_pairs, pairs_of, real_hashes, realistic, uniform
from threatexchange.signal_type.pdq.pdq_index import PDQIndex
from threatexchange.signal_type.pdq.pdq_index2 import PDQIndex2

from stillmine.matching.hamming import HammingIndex

THRESHOLD = 31
PLANTED_EACH = 8
UPDATES = 2000
TURN = 20
"""Queries before the other's turn: one by one, each would find the caches full of what the other read."""
MOST_FOR_THREATEXCHANGE = {"PDQIndex": 1_000_000, "PDQIndex2": 100_000}
"""They add one by one in Python; PDQIndex2 also keeps 1 kB for each."""

Search = Callable[[Rows], set[tuple[int, int]]]


@dataclass(frozen=True)
class Peer:
    """Something that answers the same question; `slow` ones are asked less."""

    name: str
    search: Search
    build_seconds: float
    queries: int


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    p50: float
    p99: float


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def timing_of(seconds: list[float]) -> Timing:
    """Return the percentiles."""
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    return Timing(float(p50), float(p99))


def ids_of(count: int) -> Rows:
    """Return ids of 16 bytes that hold their own number and look random."""
    numbers = np.arange(count, dtype=np.uint64)
    return np.stack([numbers * np.uint64(0x9E3779B97F4A7C15), numbers], axis=1).view(np.uint8).reshape(count, 16)


def search_ours(index: HammingIndex, query: Rows) -> set[tuple[int, int]]:
    """Return (number, distance)."""
    return {(int.from_bytes(near.id[8:], "little"), near.distance_bits) for near in index.search(query.tobytes())}


def search_faiss(index: Any, query: Rows) -> set[tuple[int, int]]:
    """Return (number, distance); its radius is one more than the largest distance."""
    _, distances, numbers = index.range_search(query[None], THRESHOLD + 1)
    return {(int(number), int(distance)) for number, distance in zip(numbers, distances, strict=True)}


def search_threatexchange(index: Any, query: Rows) -> set[tuple[int, int]]:
    """Return (number, distance)."""
    return {(int(match.metadata), int(match.similarity_info.distance)) for match in index.query(query.tobytes().hex())}


def build_faiss(index: Any, values: Rows) -> float:
    """Add all values; returns the seconds."""
    return timed(lambda: index.add(values))


def build_ours(index: HammingIndex, values: Rows) -> float:
    """Add all values; returns the seconds."""
    ids, data = ids_of(len(values)).tobytes(), values.tobytes()
    return timed(lambda: index.add_many(ids, data))


def peers_for(values: Rows, flat_queries: int, *, is_flat_alone: bool) -> list[Peer]:
    """Build whatever is measured beside ours at this size; the first is FAISS flat."""
    flat, multi = faiss.IndexBinaryFlat(256), faiss.IndexBinaryMultiHash(256, 16, 16)
    multi.nflip = 1
    peers = [Peer("FAISS IndexBinaryFlat", lambda query: search_faiss(flat, query), build_faiss(flat, values), flat_queries)]
    if is_flat_alone:
        return peers
    if len(values) <= 10_000_000:
        seconds = build_faiss(multi, values)
        peers.append(Peer("FAISS IndexBinaryMultiHash, 16 x 16, 1 flip", lambda query: search_faiss(multi, query), seconds, flat_queries))
    for kind, name in ((PDQIndex, "PDQIndex"), (PDQIndex2, "PDQIndex2")):
        if len(values) <= MOST_FOR_THREATEXCHANGE[name]:
            theirs: Any = kind()
            entries = ((value.tobytes().hex(), number) for number, value in enumerate(values))
            seconds = timed(lambda theirs=theirs, entries=entries: theirs.add_all(entries))  # type: ignore[misc]
            search = lambda query, theirs=theirs: search_threatexchange(theirs, query)  # noqa: E731 (one line each, side by side)
            peers.append(Peer(f"threatexchange {name}", search, seconds, min(flat_queries, 100)))
    return peers


def planted(rng: np.random.Generator, values: Rows) -> tuple[Rows, list[int]]:
    """Return near-duplicates at each distance, and which values they are of."""
    queries, numbers = [], []
    for distance in range(THRESHOLD + 1):
        for number in rng.integers(0, len(values), PLANTED_EACH).tolist():
            bits = np.unpackbits(values[number])
            bits[rng.choice(256, distance, replace=False)] ^= 1
            queries.append(np.packbits(bits))
            numbers.append(number)
    return np.stack(queries), numbers


def timed_answer(search: Search, query: Rows, seconds: list[float]) -> set[tuple[int, int]]:
    """Return the answer, and note how long it took."""
    start = time.perf_counter()
    answer = search(query)
    seconds.append(time.perf_counter() - start)
    return answer


def compare(index: HammingIndex, peers: list[Peer], queries: Rows) -> list[str]:
    """Time ours and each peer in turns of some queries, so that a busy moment meets both; no query is asked twice. Return table rows."""
    rows = []
    left = iter(queries)
    for peer in peers:
        ours: list[float] = []
        theirs: list[float] = []
        same = 0
        for _ in range(0, peer.queries, TURN):
            turn = list(islice(left, TURN))
            answers = [timed_answer(lambda query: search_ours(index, query), query, ours) for query in turn]
            others = [timed_answer(peer.search, query, theirs) for query in turn]
            flat = [peers[0].search(query) for query in turn]
            assert answers == flat, "ours is not exact"
            same += sum(other == right for other, right in zip(others, flat, strict=True))
        we, they = timing_of(ours), timing_of(theirs)
        rows.append(
            f"| {peer.name} | {they.p50:.3f} | {they.p99:.3f} | {we.p50:.3f} | {we.p99:.3f} | {they.p50 / we.p50:.0f}x "
            f"| {peer.build_seconds:.1f} | {same} of {len(theirs)} |"
        )
    return rows


def measure_updates(index: HammingIndex, rng: np.random.Generator) -> tuple[float, float]:
    """Return the median microseconds of an addition and of a removal."""
    ids = [rng.bytes(16) for _ in range(UPDATES)]
    values = [rng.bytes(32) for _ in range(UPDATES)]
    adding = [timed(lambda id_=id_, value=value: index.add(id_, value)) for id_, value in zip(ids, values, strict=True)]  # type: ignore[misc]
    removing = [timed(lambda id_=id_: index.remove(id_)) for id_ in ids]  # type: ignore[misc]
    return float(np.median(adding)) * 1e6, float(np.median(removing)) * 1e6


def measure_snapshot(index: HammingIndex, queries: Rows) -> tuple[float, float, float]:
    """Return seconds to write, seconds to open from the page cache (best of 3), and milliseconds a query just after opening."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot"
        writing = timed(lambda: index.write_snapshot(path))
        opening = min(timed(lambda: HammingIndex.open_snapshot(path)) for _ in range(3))
        opened = HammingIndex.open_snapshot(path)
        opened._native.settle()
        after = timing_of([timed(lambda query=query: search_ours(opened, query)) for query in queries]).p50  # type: ignore[misc]
    return writing, opening, after


def measure(name: str, draw: Callable[[np.random.Generator, int], Rows], size: int, flat_queries: int, *, is_flat_alone: bool) -> None:
    """Print the tables of one size and kind of data."""
    rng = np.random.default_rng(size)
    drawn = draw(rng, size + 1000)
    values, strangers = drawn[:size], drawn[size:]
    index = HammingIndex()
    building = build_ours(index, values)
    bytes_each = index.memory_bytes / size
    near, numbers = planted(rng, values)
    hits = sum(number in {found for found, _ in search_ours(index, query)} for query, number in zip(near, numbers, strict=True))
    alone = timing_of([timed(lambda query=query: index.search(query.tobytes())) for query in strangers])  # type: ignore[misc]
    batch = strangers.tobytes() * 5
    many = min(timed(lambda: index.search_many(batch)) for _ in range(3)) / (len(batch) // 32)
    mixed = np.concatenate([strangers, near])[rng.permutation(len(strangers) + len(near))]
    print(f"\n### {size:,} {name} fingerprints\n")
    print(f"Two agree in 24 bits drawn at random {collisions(values, rng):.2f} times as often as uniform ones.\n")
    print("| peer | its p50, ms | its p99, ms | ours p50, ms | ours p99, ms | faster | its build, s | same answers as flat |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for row in compare(index, peers_for(values, flat_queries, is_flat_alone=is_flat_alone), mixed):
        print(row, flush=True)
    adding, removing = measure_updates(index, rng)
    writing, opening, after = measure_snapshot(index, strangers[:300])
    print("\n| ours | |\n|---|---:|")
    print(f"| planted at distances 0 to 31 and found | {hits} of {len(numbers)} |")
    print(f"| a stranger, p50 and p99 | {alone.p50 * 1000:.1f} µs, {alone.p99 * 1000:.1f} µs |")
    print(f"| in a batch, one thread | {1 / many:,.0f} queries/s |")
    print(f"| memory, ids and all | {bytes_each:.1f} bytes each |")
    print(f"| build | {building:.2f} s |")
    print(f"| add, remove | {adding:.1f} µs, {removing:.1f} µs |")
    print(f"| snapshot: write, open and check, a query after that | {writing:.2f} s, {opening:.2f} s, {after * 1000:.1f} µs |", flush=True)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="1e5,1e6,1e7")
    parser.add_argument("--data", default="uniform,realistic")
    parser.add_argument("--huge", action="store_true", help="100 million as well: needs 25 GB")
    parser.add_argument("--flat-alone", action="store_true", help="only FAISS flat beside ours, so that nothing else fills the memory")
    parser.add_argument("--real", type=Path, help="file of real hashes in hexadecimal to be like, instead of those of bench/pdq_pairs.npy")
    wanted = parser.parse_args()
    faiss.omp_set_num_threads(1)
    real = real_hashes(wanted.real) if wanted.real else None
    pairs = kept_pairs() if real is None else pairs_of(real)
    makers = {"uniform": uniform, "realistic": realistic(pairs)}
    origin = f"the correlations of {pairs.count:,} real ones"
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("faiss-cpu", "threatexchange", "numpy", "stillmine"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}.")
    print(f"One thread. Load {os.getloadavg()[0]:.1f} at the start. Distance 31. Realistic ones are drawn with {origin}.")
    for size in [int(float(text)) for text in wanted.sizes.split(",")] + ([100_000_000] if wanted.huge else []):
        for name in wanted.data.split(","):
            measure(name, makers[name], size, 300 if size < 5_000_000 else 200, is_flat_alone=wanted.flat_alone)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
