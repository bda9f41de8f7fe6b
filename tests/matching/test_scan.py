# SPDX-License-Identifier: Apache-2.0
"""The exact search finds everything within the distance and nothing else, through any sequence of changes."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stillmine.matching import _kernel
from stillmine.matching.scan import Near, ScanIndex

ids = st.integers(0, 30).map(lambda number: f"fingerprint {number}".encode())
base = int.from_bytes(bytes(range(32)))
# Values that lie near each other, so that distances of 0 to 64 happen all the time.
values = st.lists(st.integers(0, 63), max_size=40).map(lambda bits: (base ^ sum({1 << (4 * bit) for bit in bits})).to_bytes(32))
anything = st.binary(min_size=32, max_size=32)


def distance(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


def naive(stored: dict[bytes, bytes], queries: list[bytes], max_distance_bits: int) -> list[Near]:
    found = []
    for key, value in stored.items():
        distances = [distance(query, value) for query in queries]
        if distances and min(distances) <= max_distance_bits:
            found.append(Near(key, min(distances), distances.index(min(distances))))
    return sorted(found, key=lambda near: (near.distance_bits, near.id))


class ScanMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.index = ScanIndex()
        self.stored: dict[bytes, bytes] = {}

    @rule(key=ids, value=values | anything)
    def add(self, key: bytes, value: bytes) -> None:
        self.index.add(key, value)
        self.stored[key] = value

    @rule(key=ids)
    def remove(self, key: bytes) -> None:
        assert self.index.remove(key) == (self.stored.pop(key, None) is not None)

    @rule(query=values | anything, max_distance_bits=st.integers(0, 256))
    def search(self, query: bytes, max_distance_bits: int) -> None:
        assert self.index.search(query, max_distance_bits) == naive(self.stored, [query], max_distance_bits)

    @rule(queries=st.lists(values, max_size=8))
    def search_variants(self, queries: list[bytes]) -> None:
        assert self.index.search_variants(queries) == naive(self.stored, queries, 31)

    @invariant()
    def holds_what_was_added(self) -> None:
        assert len(self.index) == len(self.stored)
        assert all(key in self.index for key in self.stored)


ScanMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_same_as_the_naive_search = ScanMachine.TestCase


@pytest.mark.parametrize(("bits", "is_found"), [(30, True), (31, True), (32, False)])
def test_the_standard_distance_is_31(bits: int, is_found: bool) -> None:
    index = ScanIndex()
    index.add(b"a", bytes(32))
    found = index.search(((1 << bits) - 1).to_bytes(32))
    assert found == ([Near(b"a", bits)] if is_found else [])


def test_more_results_than_were_expected() -> None:
    index = ScanIndex()
    for number in range(1000):
        index.add(str(number).encode(), bytes(32))
    assert len(index.search(bytes(32))) == 1000


def test_a_removed_fingerprint_leaves_no_bytes_behind() -> None:
    index = ScanIndex()
    for number in range(3):
        index.add(bytes([number]), bytes([0xA0 + number]) * 32)
    assert index.remove(bytes([0]))
    assert index.remove(bytes([2]))
    assert bytes(index._values) == b"\xa1" * 32
    assert not index.remove(bytes([2]))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_other_lengths_are_refused_and_change_nothing(length: int) -> None:
    index = ScanIndex()
    with pytest.raises(ValueError, match="32 bytes"):
        index.add(b"a", bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        index.search(bytes(length))
    assert len(index) == 0


@pytest.mark.parametrize("distance_bits", [-1, 257])
def test_impossible_distances_are_refused(distance_bits: int) -> None:
    with pytest.raises(ValueError, match="256 bits"):
        _kernel.scan(bytes(32), bytes(32), distance_bits)


def test_kernel_refuses_a_torn_buffer() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        _kernel.scan(bytes(63), bytes(32), 31)


@given(st.lists(anything, max_size=50), anything, st.integers(0, 256))
def test_kernel_is_the_definition(stored: list[bytes], query: bytes, max_distance_bits: int) -> None:
    wanted = [(index, distance(query, value)) for index, value in enumerate(stored) if distance(query, value) <= max_distance_bits]
    assert _kernel.scan(b"".join(stored), query, max_distance_bits) == wanted


def test_threads_may_change_and_search_at_once() -> None:
    index = ScanIndex()
    steady = b"\x55" * 32
    index.add(b"steady", steady)
    failures: list[object] = []

    def change(worker: int) -> None:
        for round_number in range(200):
            key = f"{worker} {round_number % 7}".encode()
            index.add(key, bytes([worker]) * 32)
            index.remove(key)

    def search() -> None:
        for _ in range(400):
            if [near.id for near in index.search(steady, 0)] != [b"steady"]:
                failures.append("the steady fingerprint was missed")

    threads = [threading.Thread(target=change, args=(worker,)) for worker in range(4)]
    threads += [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(index) == 1
