# SPDX-License-Identifier: Apache-2.0
"""What was added is found and what was removed is not, while tables grow and shrink, from many threads, on hostile data."""

import threading
import time

import numpy as np
import pytest

from stillmine.matching.hamming import HammingIndex
from tests.matching.hamming_oracle import Oracle, Rows, clustered_values, flipped, index_of, numbered_ids, random_values


def fill(index: HammingIndex, ids: Rows, values: Rows) -> None:
    for id_, value in zip(ids, values, strict=True):
        index.add(id_.tobytes(), value.tobytes())


def assert_same(index: HammingIndex, ids: Rows, values: Rows, queries: Rows, threshold: int = 31) -> None:
    oracle = Oracle(ids, values)
    assert len(index) == len(ids)
    for query in queries:
        assert index.search(query.tobytes(), threshold) == oracle.search(query, threshold)


def test_growing_one_by_one_and_shrinking_again() -> None:
    rng = np.random.default_rng(1)
    values, ids = clustered_values(rng, 20_000, clusters=300), numbered_ids(20_000)
    index = HammingIndex()
    for end in range(2000, 20_001, 2000):
        fill(index, ids[end - 2000 : end], values[end - 2000 : end])
        assert_same(index, ids[:end], values[:end], values[rng.integers(0, end, 5)])
    index._native.settle()
    assert_same(index, ids, values, values[:5])
    for start in range(0, 19_500, 1500):
        for id_ in ids[start : start + 1500]:
            assert index.remove(id_.tobytes())
        assert_same(index, ids[start + 1500 :], values[start + 1500 :], values[rng.integers(0, 20_000, 10)])
    index._native.settle()
    assert_same(index, ids[19_500:], values[19_500:], values[-20:])


def test_random_changes_with_bulk_additions_and_reopening(tmp_path) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(2)
    stored: dict[int, Rows] = {}
    index = HammingIndex()
    for round_number in range(25):
        numbers = rng.integers(0, 30_000, int(rng.choice([5, 300, 6000, 9000])))
        values = clustered_values(rng, len(numbers), clusters=5)
        keys = np.concatenate([numbered_ids(1, int(number)) for number in numbers])
        if round_number % 3 == 0:
            fill(index, keys, values)
        else:
            index.add_many(keys.tobytes(), values.tobytes(), threads=1 + round_number % 2)
        stored.update(zip(numbers.tolist(), values, strict=True))
        for number in rng.integers(0, 30_000, 2000).tolist():
            assert index.remove(numbered_ids(1, number).tobytes()) == (stored.pop(number, None) is not None)
        if round_number % 5 == 4:
            index.write_snapshot(tmp_path / "snapshot")
            index = HammingIndex.open_snapshot(tmp_path / "snapshot")
        ids = np.concatenate([numbered_ids(1, number) for number in stored])
        assert_same(index, ids, np.stack(list(stored.values())), values[:6], int(rng.integers(0, 65)))


def test_removed_is_never_returned_while_others_change_and_search() -> None:
    rng = np.random.default_rng(3)
    steady = random_values(rng, 1)[0]
    near = np.stack([flipped(rng, steady, 5) for _ in range(12_000)])
    ids = numbered_ids(12_000)
    index = HammingIndex()
    index.add(b"steady".ljust(16), steady.tobytes())
    removed: set[bytes] = set()
    failures: list[str] = []
    is_over = threading.Event()

    def change() -> None:
        for place in range(12_000):
            index.add(ids[place].tobytes(), near[place].tobytes())
            if place >= 2500:
                index.remove(ids[place - 2500].tobytes())
                removed.add(ids[place - 2500].tobytes())
        is_over.set()

    def add_blocks() -> None:
        block = np.random.default_rng(4)
        for number in range(10):
            index.add_many(numbered_ids(5000, 10**6 + 2500 * number).tobytes(), random_values(block, 5000).tobytes())

    def search() -> None:
        while not is_over.is_set():
            before = set(removed)
            found = {one.id for one in index.search(steady.tobytes())}
            if found & before:
                failures.append("a removed fingerprint was returned")
            if b"steady".ljust(16) not in found:
                failures.append("the steady fingerprint was missed")
            time.sleep(0)

    threads = [threading.Thread(target=target) for target in (change, add_blocks, search, search)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(index) == 1 + 2500 + 5000 + 2500 * 9


def hostile(name: str, count: int) -> Rows:
    rng = np.random.default_rng(5)
    values = np.zeros((count, 32), dtype=np.uint8)
    if name == "all equal":
        values[:] = random_values(rng, 1)
    elif name == "one byte free":
        values[:] = random_values(rng, 1)
        values[:, 7] = rng.integers(0, 256, count)
    elif name == "one word free":
        values[:, :8] = rng.integers(0, 256, (count, 8))
    elif name == "half and half":
        values[: count // 2] = random_values(rng, count // 2)
    return values


HOSTILE = ("all zero", "all equal", "one byte free", "one word free", "half and half")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_data_is_exact_and_costs_no_more_memory(name: str) -> None:
    count = 60_000
    values, ids = hostile(name, count), numbered_ids(count)
    index = index_of(ids, values)
    rng = np.random.default_rng(6)
    queries = np.stack([values[0], flipped(rng, values[-1], 20), random_values(rng, 1)[0]])
    assert_same(index, ids, values, queries)
    ordinary = index_of(ids, random_values(rng, count))
    assert index.memory_bytes < 2 * ordinary.memory_bytes
    for id_ in ids[: count // 2]:
        assert index.remove(id_.tobytes())
    assert_same(index, ids[count // 2 :], values[count // 2 :], queries)
    index._native.settle()
    fill(index, ids[:100], values[:100])
    kept = np.concatenate([np.arange(100), np.arange(count // 2, count)])
    assert_same(index, ids[kept], values[kept], queries)


def test_memory_does_not_grow_by_adding_and_removing() -> None:
    rng = np.random.default_rng(7)
    values = random_values(rng, 5000)
    index = index_of(numbered_ids(5000), values)
    before = index.memory_bytes
    for round_number in range(1, 30):
        for id_ in numbered_ids(5000, 5000 * (round_number - 1)):
            index.remove(id_.tobytes())
        fill(index, numbered_ids(5000, 5000 * round_number), values)
    index._native.settle()
    assert index.memory_bytes < before + (1 << 20)


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_a_million_hostile_values(name: str) -> None:
    values, ids = hostile(name, 1_000_000), numbered_ids(1_000_000)
    index = index_of(ids, values)
    queries = np.stack([values[0], flipped(np.random.default_rng(8), values[-1], 31)])
    assert_same(index, ids, values, queries)
    for id_ in ids[:999_000]:
        assert index.remove(id_.tobytes())
    assert_same(index, ids[999_000:], values[999_000:], queries)


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_other_lengths_of_ids_are_refused(length: int) -> None:
    index = HammingIndex()
    for call in (lambda: index.add(bytes(length), bytes(32)), lambda: index.remove(bytes(length))):
        with pytest.raises(ValueError, match="16 bytes"):
            call()
    assert bytes(length) not in index


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_other_lengths_of_values_are_refused_and_change_nothing(length: int) -> None:
    index = HammingIndex()
    for call in (
        lambda: index.add(bytes(16), bytes(length)),
        lambda: index.search(bytes(length)),
        lambda: index.search_variants([bytes(32), bytes(length)]),
    ):
        with pytest.raises(ValueError, match="32 bytes"):
            call()
    assert len(index) == 0


@pytest.mark.parametrize(("ids", "values"), [(16, 0), (16, 31), (15, 32), (32, 32), (16, 64), (0, 32)])
def test_torn_bulk_additions_are_refused(ids: int, values: int) -> None:
    index = HammingIndex()
    with pytest.raises(ValueError, match="16 bytes of id"):
        index.add_many(bytes(ids), bytes(values))
    assert len(index) == 0


@pytest.mark.parametrize("distance_bits", [-1, 257, 2**31 - 1])
def test_impossible_distances_are_refused(distance_bits: int) -> None:
    index = HammingIndex()
    for call in (
        lambda: index.search(bytes(32), distance_bits),
        lambda: index.search_variants([], distance_bits),
        lambda: index.search_many(bytes(64), distance_bits),
    ):
        with pytest.raises(ValueError, match="256"):
            call()


@pytest.mark.parametrize("threads", [-1, 0, 257])
def test_impossible_numbers_of_threads_are_refused(threads: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        HammingIndex().search_many(bytes(32), 31, threads)
    with pytest.raises(ValueError, match="threads"):
        HammingIndex().add_many(bytes(16), bytes(32), threads)


def test_torn_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        HammingIndex().search_many(bytes(33))


def test_of_two_with_one_id_the_later_stays() -> None:
    for copies in (1, 3000):  # one by one, and in bulk
        index = HammingIndex()
        values = b"".join(bytes([7]) * 32 + bytes([8]) * 32 for _ in range(copies))
        index.add_many(bytes(16) * 2 * copies, values)
        assert len(index) == 1
        assert [near.distance_bits for near in index.search(bytes([8]) * 32)] == [0]
