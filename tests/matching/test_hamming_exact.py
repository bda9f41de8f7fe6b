# SPDX-License-Identifier: Apache-2.0
"""No false negative, no false positive: against comparing with everything, on data made to defeat bands."""

import re
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from stillmine.matching.hamming import HammingIndex
from tests.matching.hamming_oracle import (
    BITS,
    Oracle,
    Rows,
    clustered_values,
    flipped,
    index_of,
    numbered_ids,
    random_values,
    with_bits_flipped,
)

ROOT = Path(__file__).resolve().parents[2]
THRESHOLDS = (*range(0, 65, 4), 31, 32, 63, 100, 128, 255, 256)
LEVELS = (0, 1, 2)


def permutation(header_name: str = "index_permutation.h") -> list[int]:
    header = (ROOT / "kernel/src" / header_name).read_text()
    return [int(number) for number in re.findall(r"\d+(?=[,\s])", header[header.index("{") : header.index("}")])]


@pytest.mark.parametrize("header_name", ["index_permutation.h", "index_region_permutation.h"])
def test_the_permutation_is_one(header_name: str) -> None:
    assert sorted(permutation(header_name)) == list(range(BITS))


def near_queries(rng: np.random.Generator, values: Rows, count: int) -> Rows:
    distances = rng.choice([0, 1, 2, 15, 30, 31, 32, 33, 47, 63, 64, 65], count)
    chosen = values[rng.integers(0, len(values), count)] if len(values) else random_values(rng, count)
    return np.stack([flipped(rng, value, int(distance)) for value, distance in zip(chosen, distances, strict=True)])


def assert_exact(index: HammingIndex, oracle: Oracle, queries: Rows, thresholds: tuple[int, ...] = THRESHOLDS) -> None:
    for query in queries:
        for threshold in thresholds:
            assert index.search(query.tobytes(), threshold) == oracle.search(query, threshold)


SIZES = [
    *((size, THRESHOLDS) for size in (0, 1, 2, 7, 100, 2047, 2048, 2049, 5000)),
    (70_000, (0, 31, 32, 64, 256)),
    pytest.param(70_000, THRESHOLDS, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("size", "thresholds"), SIZES)
@pytest.mark.parametrize("make", [random_values, clustered_values])
def test_same_as_comparing_with_everything(size: int, thresholds: tuple[int, ...], make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(size)
    values, ids = make(rng, size), numbered_ids(size)
    assert_exact(index_of(ids, values), Oracle(ids, values), near_queries(rng, values, 12), thresholds)


@pytest.mark.parametrize("level", LEVELS)
def test_every_processors_loops_find_the_same(level: int) -> None:
    rng = np.random.default_rng(level)
    for size in (1000, 30_000):
        values, ids = clustered_values(rng, size), numbered_ids(size)
        index = index_of(ids, values)
        if not index._native.choose_level(level):
            pytest.skip("this processor can't")
        assert_exact(index, Oracle(ids, values), near_queries(rng, values, 10))


@pytest.mark.long
def test_a_million() -> None:
    rng = np.random.default_rng(6)
    ids = numbered_ids(1_000_000)
    values = np.concatenate([random_values(rng, 900_000), clustered_values(rng, 100_000, clusters=200)])
    assert_exact(index_of(ids, values), Oracle(ids, values), near_queries(rng, values, 100), (0, 16, 31, 32, 48, 64))


# Every way to cut 256 permuted bits evenly, and the layouts' own: widths as the planner makes them.
SPLITS = [[BITS // bands + (number < BITS % bands) for number in range(bands)] for bands in range(8, 33)]
SPLITS += [[16] * 16, [24] * 9 + [23] + [17], [22] * 8 + [20] * 4, [24] * 6 + [23] * 4 + [20], [24] * 7 + [23] * 3 + [19]]


@pytest.mark.parametrize("size", [3000, 40_000])
@pytest.mark.parametrize("total", [31, 32])
def test_errors_spread_over_every_split_into_bands(size: int, total: int) -> None:
    """As even as can be over the bands of each split, so that no band has fewer errors than it must."""
    rng = np.random.default_rng(total)
    places = permutation()
    values, ids = random_values(rng, size), numbered_ids(size)
    index, oracle = index_of(ids, values), Oracle(ids, values)
    for split in SPLITS:
        starts = [0, *accumulate(split)]
        for first in range(0, len(split), 3):
            errors = [total // len(split) + ((band - first) % len(split) < total % len(split)) for band in range(len(split))]
            bits = [
                places[starts[band] + int(offset)]
                for band, count in enumerate(errors)
                for offset in rng.choice(split[band], count, replace=False)
            ]
            stored = int(rng.integers(size))
            query = with_bits_flipped(values[stored], bits)
            found = index.search(query.tobytes())
            assert found == oracle.search(query, 31)
            assert (ids[stored].tobytes() in {near.id for near in found}) == (total == 31)


def test_errors_that_leave_only_one_band_to_find_it() -> None:
    """All errors at the lowest bits of the permuted value, then moved on: most bands are equal, some are all wrong."""
    rng = np.random.default_rng(8)
    places = permutation()
    values, ids = random_values(rng, 5000), numbered_ids(5000)
    index = index_of(ids, values)
    for start in range(0, BITS, 5):
        query = with_bits_flipped(values[start], [places[(start + place) % BITS] for place in range(31)])
        assert [near.id for near in index.search(query.tobytes())] == [ids[start].tobytes()]
        assert index.search(query.tobytes(), 30) == []


def test_batches_are_the_same_with_any_number_of_threads() -> None:
    rng = np.random.default_rng(9)
    values, ids = clustered_values(rng, 20_000), numbered_ids(20_000)
    index = index_of(ids, values)
    queries = near_queries(rng, values, 100)
    one = index.search_many(queries.tobytes(), 40)
    for threads in (2, 3, 16, 256):
        assert [part.tobytes() for part in index.search_many(queries.tobytes(), 40, threads)] == [part.tobytes() for part in one]
    assert [(int(q), bytes(i), int(d)) for q, i, d in zip(*one, strict=True)] == [
        (number, near.id, near.distance_bits) for number, query in enumerate(queries) for near in index.search(query.tobytes(), 40)
    ]


def test_variants_give_each_id_once_by_its_nearest() -> None:
    rng = np.random.default_rng(10)
    values, ids = random_values(rng, 5000), numbered_ids(5000)
    index = index_of(ids, values)
    near, nearer = flipped(rng, values[7], 20), flipped(rng, values[7], 10)
    found = index.search_variants([near.tobytes(), nearer.tobytes(), nearer.tobytes()])
    assert [(one.id, one.distance_bits, one.variant) for one in found] == [(ids[7].tobytes(), 10, 1)]
