# SPDX-License-Identifier: Apache-2.0
"""What a restart costs an exchange that has regions: from rows in the database to an index that answers.

    nice -n 10 python bench/exchange_regions.py [--pictures 20000]

One process, SQLite, uniform regions. Reading rows, opening values and putting them into the index are timed apart, in processor time too,
because the machine may be shared. Reading grows as the number of pictures does; what the index takes at a million, says
`bench/region_index.py`. Against nothing: no peer has this.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from exchange_stocked import stock_regions, stocked
from measuring import machine, versions

from stillmine.matching.region_index import RegionIndex

REGIONS = 36
MEBIBYTE = 1 << 20


def main() -> None:
    """Stock an exchange, load its index once, and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        exchange, _, _ = stocked(Path(home), 0)
        stock_regions(exchange, options.pictures, REGIONS)
        from stillmine.exchange.ask.following import Follower

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        index = _Timed()
        follower = Follower(exchange)
        follower.index.regions = index
        wall, busy = time.perf_counter(), time.process_time()
        follower.follow()
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        assert len(index) == options.pictures
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{machine()}; {versions('numpy', 'django', 'cryptography')}\n")
        print("| | seconds of the clock | of a processor | µs a picture, of a processor |\n|---|---:|---:|---:|")
        for name, clock, processor in (
            ("rows read and values opened", wall - index.wall, busy - index.busy),
            ("put into the index", index.wall, index.busy),
            ("all", wall, busy),
        ):
            print(f"| {name} | {clock:.1f} | {processor:.1f} | {processor / options.pictures * 1e6:.0f} |")
        print(f"\nmemory: {(after - before) / 1024:.0f} MiB more at the peak")


class _Timed(RegionIndex):
    """An index that says how long it was busy with additions."""

    wall = busy = 0.0

    def add_many(self, ids: Sequence[bytes], values: Sequence[bytes], threads: int = 1) -> None:
        with self._timed():
            super().add_many(ids, values, threads)

    @contextmanager
    def loading(self, threads: int = 1) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(super().loading(threads))
            yield
            with self._timed():
                stack.close()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        wall, busy = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.busy += time.process_time() - busy


if __name__ == "__main__":
    main()
