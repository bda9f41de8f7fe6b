# SPDX-License-Identifier: Apache-2.0
"""A snapshot in steps: nothing is lost or reordered, and memory stays bounded."""

import pytest

from stillmine.partner.listing import snapshot_steps
from stillmine.partner.listing.snapshot_steps import joined
from stillmine.wire.kinds import Kind
from stillmine.wire.snapshot import SnapshotBlock


def block(number: int, rows: int = 1, kind: Kind = Kind.PDQ, size: int = 32) -> SnapshotBlock:
    return SnapshotBlock(kind, bytes([number] * 16 * rows), bytes([90] * rows), [bytes([number] * size) for _ in range(rows)])


def test_blocks_of_one_kind_are_joined_until_they_have_so_many_rows() -> None:
    found = list(joined([block(1, 2), block(2, 2), block(3, 2), block(4, 1, Kind.SHA256), block(5)], 3))
    assert [(one.kind, len(one.values)) for one in found] == [(Kind.PDQ, 4), (Kind.PDQ, 2), (Kind.SHA256, 1), (Kind.PDQ, 1)]
    assert found[0] == SnapshotBlock(Kind.PDQ, bytes([1] * 32 + [2] * 32), bytes([90] * 4), [*block(1, 2).values, *block(2, 2).values])


def test_large_values_are_not_gathered_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_steps, "VALUE_BYTES_AT_ONCE", 100)
    assert [len(one.values) for one in joined([block(1, size=60), block(2, size=60), block(3, size=60)], 1000)] == [2, 1]
