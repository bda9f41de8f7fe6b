# SPDX-License-Identifier: Apache-2.0
"""The index finds everything within the distance and nothing else, through any sequence of changes, snapshots and reopenings."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stillmine.matching.hamming import HammingIndex
from stillmine.matching.results import Near

ids = st.integers(0, 30).map(lambda number: number.to_bytes(16))
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


class HammingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.index = HammingIndex()
        self.stored: dict[bytes, bytes] = {}
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(key=ids, value=values | anything)
    def add(self, key: bytes, value: bytes) -> None:
        self.index.add(key, value)
        self.stored[key] = value

    @rule(entries=st.lists(st.tuples(ids, values | anything), max_size=20))
    def add_many(self, entries: list[tuple[bytes, bytes]]) -> None:
        self.index.add_many(b"".join(key for key, _ in entries), b"".join(value for _, value in entries))
        self.stored.update(entries)

    @rule(key=ids)
    def remove(self, key: bytes) -> None:
        assert self.index.remove(key) == (self.stored.pop(key, None) is not None)

    @rule(query=values | anything, max_distance_bits=st.integers(0, 256))
    def search(self, query: bytes, max_distance_bits: int) -> None:
        assert self.index.search(query, max_distance_bits) == naive(self.stored, [query], max_distance_bits)

    @rule(queries=st.lists(values, max_size=8), threads=st.integers(1, 3))
    def search_several(self, queries: list[bytes], threads: int) -> None:
        assert self.index.search_variants(queries) == naive(self.stored, queries, 31)
        batch = self.index.search_many(b"".join(queries), 31, threads)
        found = [(int(query), bytes(id_), int(bits)) for query, id_, bits in zip(*batch, strict=True)]
        wanted = [(number, near.id, near.distance_bits) for number, query in enumerate(queries) for near in naive(self.stored, [query], 31)]
        assert found == wanted

    @rule()
    def reopen(self) -> None:
        path = Path(self.folder.name) / "snapshot"
        self.index.write_snapshot(path)
        assert path.stat().st_mode & 0o777 == 0o600
        self.index = HammingIndex.open_snapshot(path)

    @invariant()
    def holds_what_was_added(self) -> None:
        assert len(self.index) == len(self.stored)
        assert all(key in self.index for key in self.stored)


HammingMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_same_as_the_naive_search = HammingMachine.TestCase


@pytest.mark.parametrize(("bits", "is_found"), [(30, True), (31, True), (32, False)])
def test_the_standard_distance_is_31(bits: int, is_found: bool) -> None:
    index = HammingIndex()
    index.add(b"a" * 16, bytes(32))
    found = index.search(((1 << bits) - 1).to_bytes(32))
    assert found == ([Near(b"a" * 16, bits)] if is_found else [])
