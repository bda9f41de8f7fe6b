# SPDX-License-Identifier: Apache-2.0
"""Measures `RegionIndex`: memory, filling, and how long it takes to look up the regions of one upload, on uniform and on realistic regions.

600 lookups are what an upload is asked with as it is (100 and 200 regions, each mirrored too), 4,200 those of all seven views. On a machine
with other work the wall clock says little: processor time is printed beside it. Planted pictures must be found with all their pairs; with
`--flat` every answer is compared with FAISS flat's. Must never be a test.

    python bench/region_index.py [--pictures 1e5,1e6] [--regions 36] [--data uniform,realistic] [--threads 2] [--flat] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matching_data import Rows, collisions, kept_pairs, realistic, uniform
from measuring import machine, versions

from stillmine.matching.region_index import RegionIndex

LOOKUPS = {"as it is": 600, "all views": 4200}
PAGE = 20_000
"""Pictures added at once, as from a database."""
HEAD = bytes([1]), (256).to_bytes(2, "little") * 2 + bytes(32)
PAIRS = Path(__file__).with_name("region_pairs.npy")
SHARED = 20
"""Regions that a planted query shares."""
WATERMARK, BEARERS = 6, 3000
"""Regions of a watermark, and pictures that bear it."""
UPDATES = 300

Draw = Callable[[np.random.Generator, int], Rows]


@dataclass(frozen=True)
class Setting:
    """What is measured with."""

    draw: Draw
    rng: np.random.Generator
    regions: int
    threads: int

    def hashes(self, count: int) -> Rows:
        """Return new hashes, to be changed."""
        return self.draw(self.rng, count).copy()


def values_of(rng: np.random.Generator, hashes: Rows, regions: int) -> list[bytes]:
    """Return values of so many regions each, anywhere."""
    rows = np.concatenate([hashes, uniform(rng, len(hashes))[:, :5]], axis=1).reshape(-1, regions * 37)
    return [HEAD[0] + bytes([regions]) + HEAD[1] + row.tobytes() for row in rows]


def ids_of(first: int, count: int) -> list[bytes]:
    """Return ids of 16 bytes."""
    return [
        (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "little") + number.to_bytes(8, "little") for number in range(first, first + count)
    ]


def fill(index: RegionIndex, setting: Setting, pictures: int) -> tuple[Rows, float]:
    """Fill the index as a service does at its start; returns the first page's hashes, and seconds without those of drawing."""
    spent, first = 0.0, np.empty((0, 32), np.uint8)
    started = time.perf_counter()
    with index.loading(setting.threads):
        for start in range(0, pictures, PAGE):
            drawing = time.perf_counter()
            count = min(PAGE, pictures - start)
            hashes = setting.hashes(count * setting.regions)
            values = values_of(setting.rng, hashes, setting.regions)
            first = hashes if start == 0 else first
            spent += time.perf_counter() - drawing
            index.add_many(ids_of(start, count), values)
    return first, time.perf_counter() - started - spent


def altered(rng: np.random.Generator, hashes: Rows, most_bits: int = 31) -> Rows:
    """Return near-duplicates at distances from 0 to `most_bits`."""
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.choice(256, int(rng.integers(0, most_bits + 1)), replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return milliseconds by the clock and of the processor, of all threads."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000


def medians(calls: list[Callable[[], object]]) -> tuple[float, float]:
    """Return the medians of `timed`."""
    clocks, processors = zip(*(timed(call) for call in calls), strict=True)
    return statistics.median(clocks), statistics.median(processors)


def planted_found(index: RegionIndex, setting: Setting, first: Rows) -> int:
    """Return how many of 20 planted pictures are found with all the regions that the query shares with them."""
    found, regions = 0, setting.regions
    for picture in range(20):
        queries = setting.hashes(LOOKUPS["as it is"])
        shared = min(SHARED, regions)
        queries[:shared] = altered(setting.rng, first[picture * regions : picture * regions + shared])
        wanted = {(place, place) for place in range(shared)}
        pictures = index.search(queries, threads=setting.threads).pictures
        answers = {one.id: {(int(own), int(asked)) for own, asked in one.pairs} for one in pictures}
        found += wanted <= answers.get(ids_of(picture, 1)[0], set())
    return found


def measure_updates(index: RegionIndex, setting: Setting, pictures: int) -> tuple[float, float]:
    """Return the median milliseconds of adding and of removing a picture."""
    values = values_of(setting.rng, setting.hashes(UPDATES * setting.regions), setting.regions)
    ids = ids_of(pictures, UPDATES)
    adding = medians([lambda id_=id_, value=value: index.add(id_, value) for id_, value in zip(ids, values, strict=True)])[0]  # type: ignore[misc]
    removing = medians([lambda id_=id_: index.remove(id_) for id_ in ids])[0]  # type: ignore[misc]
    return adding, removing


def measure_watermark(index: RegionIndex, setting: Setting, pictures: int) -> dict[str, float]:
    """Ask about a watermark while thousands of pictures bear it, and about strangers beside it."""
    mark = setting.hashes(WATERMARK)
    hashes = np.concatenate([altered(setting.rng, mark, 12) for _ in range(BEARERS)])
    ids = ids_of(2 * pictures, BEARERS)
    index.add_many(ids, values_of(setting.rng, hashes, WATERMARK))
    strangers = [setting.hashes(LOOKUPS["as it is"]) for _ in range(5)]
    bearing = [np.concatenate([mark, queries[WATERMARK:]]) for queries in strangers]
    beside, near = (medians([searching(index, queries, setting) for queries in some]) for some in (strangers, bearing))
    for id_ in ids:
        index.remove(id_)
    return {"strangers_ms": beside[0], "strangers_processor_ms": beside[1], "near_ms": near[0], "near_processor_ms": near[1]}


def searching(index: RegionIndex, queries: Rows, setting: Setting) -> Callable[[], object]:
    """Return a search to be timed."""
    return lambda: index.search(queries, threads=setting.threads)


def same_as_flat(index: RegionIndex, setting: Setting, hashes: Rows) -> float:
    """Compare all pairs of a search with FAISS flat's; returns its milliseconds for 600 lookups."""
    import faiss  # noqa: PLC0415 (a peer: not everybody has it)

    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(hashes)
    queries = setting.hashes(LOOKUPS["as it is"])
    queries[:SHARED] = altered(setting.rng, hashes[:SHARED])
    started = time.perf_counter()
    limits, _, numbers = flat.range_search(queries, 32)
    theirs_ms = (time.perf_counter() - started) * 1000
    by_picture: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for query in range(len(queries)):
        for number in numbers[limits[query] : limits[query + 1]].tolist():
            by_picture[number // setting.regions].add((number % setting.regions, query))
    wanted = {picture: pairs for picture, pairs in by_picture.items() if all(len(set(each)) > 1 for each in zip(*pairs, strict=True))}
    found = index.search(queries, maximum=4096, maximum_single=0).pictures
    ours = {int.from_bytes(one.id[8:], "little"): {(int(own), int(query)) for own, query in one.pairs} for one in found}
    assert ours == wanted, "ours is not exact"
    return theirs_ms


def measure(name: str, draw: Draw, pictures: int, wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure one size and kind of data."""
    kept: list[Rows] = []

    def drawn(rng: np.random.Generator, count: int) -> Rows:
        hashes = draw(rng, count)
        kept.extend([hashes] if wanted.flat else [])
        return hashes

    index, rng = RegionIndex(), np.random.default_rng(pictures)
    setting = Setting(draw, rng, wanted.regions, wanted.threads)
    first, seconds = fill(index, Setting(drawn, rng, wanted.regions, wanted.threads), pictures)
    row: dict[str, Any] = {"data": name, "pictures": pictures, "regions": wanted.regions, "fill_s": seconds}
    row |= {"memory_bytes": index.memory_bytes, "bytes_each": index.memory_bytes / (pictures * wanted.regions)}
    row |= {"agree_in_24_bits": collisions(first, rng), "threads": wanted.threads}
    for what, count in LOOKUPS.items():
        clock, processor = medians([searching(index, setting.hashes(count), setting) for _ in range(wanted.runs)])
        row |= {f"{what}_ms": clock, f"{what}_processor_ms": processor}
    row["planted_found_of_20"] = planted_found(index, setting, first)
    row["add_ms"], row["remove_ms"] = measure_updates(index, setting, pictures)
    row["watermark"] = measure_watermark(index, setting, pictures)
    if wanted.flat:
        row["flat_600_ms"] = same_as_flat(index, setting, np.concatenate(kept))
    return row


def table_of(row: dict[str, Any]) -> str:
    """Return the rows of a table."""
    mark = row["watermark"]
    flat = f"\n| FAISS flat, 600 lookups, one thread; same answers | {row['flat_600_ms']:.0f} ms; all |" if "flat_600_ms" in row else ""
    return f"""
### {row["pictures"]:,} pictures of {row["regions"]} {row["data"]} regions

Two agree in 24 bits drawn at random {row["agree_in_24_bits"]:.2f} times as often as uniform ones.

| {row["threads"]} threads | |
|---|---:|
| memory | {row["memory_bytes"] / 1e9:.2f} GB, {row["bytes_each"]:.1f} bytes each |
| filled and tables made | {row["fill_s"]:.1f} s |
| 600 lookups: by the clock, of the processor | {row["as it is_ms"]:.1f} ms, {row["as it is_processor_ms"]:.1f} ms |
| 4,200 lookups | {row["all views_ms"]:.0f} ms, {row["all views_processor_ms"]:.0f} ms |
| planted pictures found with all 20 regions | {row["planted_found_of_20"]} of 20 |
| add, remove a picture | {row["add_ms"]:.2f} ms, {row["remove_ms"]:.2f} ms |
| {BEARERS:,} pictures bear a watermark: 600 lookups of strangers | {mark["strangers_ms"]:.1f} ms, {mark["strangers_processor_ms"]:.1f} ms |
| 600 lookups, {WATERMARK} of the watermark | {mark["near_ms"]:.1f} ms, {mark["near_processor_ms"]:.1f} ms |{flat}"""


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", default="1e5,1e6")
    parser.add_argument("--regions", type=int, default=36, help="of each picture: 2 to 36")
    parser.add_argument("--data", default="uniform,realistic")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=15, help="of which the median is told")
    parser.add_argument("--flat", action="store_true", help="compare with FAISS flat: 32 bytes more for each region")
    parser.add_argument("--json", type=Path, help="write what was measured to this file too")
    wanted = parser.parse_args()
    draws = {"uniform": uniform, "realistic": realistic(kept_pairs(PAIRS))}
    load = os.getloadavg()[0]
    print(f"{machine()}, {versions('stillmine', 'numpy', 'faiss-cpu')}. Load {load:.1f} at the start. Distance 31.")
    rows = []
    for size in wanted.pictures.split(","):
        for name in wanted.data.split(","):
            rows.append(measure(name, draws[name], int(float(size)), wanted))
            print(table_of(rows[-1]), flush=True)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")
    if wanted.json:
        wanted.json.write_text(json.dumps({"machine": machine(), "load": load, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
