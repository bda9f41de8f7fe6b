# SPDX-License-Identifier: Apache-2.0
"""A snapshot in steps that suit the store: an empty list takes many rows at once."""

from collections.abc import Generator, Iterable

from stillmine.wire.snapshot import SnapshotBlock

ROWS_AT_ONCE = 100_000
"""Where nothing is held yet: each transaction on a large list writes most of its pages, so few are better than many."""

VALUE_BYTES_AT_ONCE = 16 * 1024 * 1024
"""Values of other kinds are larger than those of pictures."""


def joined(blocks: Iterable[SnapshotBlock], rows: int) -> Generator[SnapshotBlock]:
    """Join blocks of one kind that follow each other until they have so many rows, or are large."""
    some: list[SnapshotBlock] = []
    count = value_bytes = 0
    for block in blocks:
        if some and (some[0].kind != block.kind or count >= rows or value_bytes >= VALUE_BYTES_AT_ONCE):
            yield _joint(some)
            some, count, value_bytes = [], 0, 0
        some.append(block)
        count += len(block.values)
        value_bytes += sum(map(len, block.values))
    if some:
        yield _joint(some)


def _joint(blocks: list[SnapshotBlock]) -> SnapshotBlock:
    ids, qualities = (b"".join(parts) for parts in zip(*((one.ids, one.qualities) for one in blocks), strict=True))
    return SnapshotBlock(blocks[0].kind, ids, qualities, [value for one in blocks for value in one.values])
