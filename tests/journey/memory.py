# SPDX-License-Identifier: Apache-2.0
"""What processes hold in memory, read off the system: shared pages count for their share, so that a sum over processes is right."""

import contextlib
from pathlib import Path

KIB_PER_MB = 1024


def children_of(process_id: int) -> list[int]:
    """Return all that a process has started and that still runs, and what these have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, next_ones = [], [process_id]
    while next_ones:
        next_ones = [own for own, parent in parents.items() if parent in next_ones]
        found += next_ones
    return found


def held_mb(process_ids: list[int]) -> float:
    """Return what these processes hold, in MiB; one that has ended meanwhile holds nothing."""
    total = 0
    for process_id in process_ids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / KIB_PER_MB
