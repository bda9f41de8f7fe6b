# SPDX-License-Identifier: Apache-2.0
"""The scan that the index is measured against is the definition itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching import _kernel

values = st.binary(min_size=32, max_size=32)


def distance(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


@pytest.mark.parametrize("distance_bits", [-1, 257])
def test_impossible_distances_are_refused(distance_bits: int) -> None:
    with pytest.raises(ValueError, match="256 bits"):
        _kernel.scan(bytes(32), bytes(32), distance_bits)


def test_a_torn_buffer_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        _kernel.scan(bytes(63), bytes(32), 31)


@given(st.lists(values, max_size=50), values, st.integers(0, 256))
def test_kernel_is_the_definition(stored: list[bytes], query: bytes, max_distance_bits: int) -> None:
    wanted = [(index, distance(query, value)) for index, value in enumerate(stored) if distance(query, value) <= max_distance_bits]
    assert _kernel.scan(b"".join(stored), query, max_distance_bits) == wanted


def test_more_results_than_were_expected() -> None:
    assert len(_kernel.scan(bytes(32 * 1000), bytes(32), 0)) == 1000
