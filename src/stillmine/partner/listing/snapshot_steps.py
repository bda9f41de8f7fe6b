# SPDX-License-Identifier: Apache-2.0
"""A snapshot in steps that suit the store: some are read ahead while one is applied, and an empty list takes many rows at once."""

import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from stillmine.wire.snapshot import SnapshotBlock

ROWS_AT_ONCE = 100_000
"""Where nothing is held yet: each transaction on a large list writes most of its pages, so few are better than many."""

VALUE_BYTES_AT_ONCE = 16 * 1024 * 1024
"""Values of other kinds are larger than those of pictures."""

READ_AHEAD = 8
"""Blocks of at most 4 MiB of values."""


@contextmanager
def read_ahead(blocks: Iterable[SnapshotBlock]) -> Generator[Iterable[SnapshotBlock]]:
    """Read blocks in a thread of their own, a few ahead; what is raised there is raised where the next block would have come.

    Whoever leaves early leaves the thread to what it waits for: it ends with the connection, or with the process.
    """
    found: queue.Queue[SnapshotBlock | BaseException | None] = queue.Queue(maxsize=READ_AHEAD)
    is_left = threading.Event()

    def put(one: SnapshotBlock | BaseException | None) -> None:
        while not is_left.is_set():
            try:
                found.put(one, timeout=0.1)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for block in blocks:
                put(block)
                if is_left.is_set():
                    return
        except BaseException as error:  # raised again where the next block would have come
            put(error)
        else:
            put(None)

    def taken() -> Generator[SnapshotBlock]:
        while (one := found.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one

    threading.Thread(target=read, name="snapshot", daemon=True).start()
    try:
        yield taken()
    finally:
        is_left.set()


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
