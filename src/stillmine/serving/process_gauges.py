# SPDX-License-Identifier: Apache-2.0
"""What this process is and takes, as metrics under the names that Prometheus' own libraries use."""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from stillmine.serving.exposition import Family, Sample


def of_process(prefix: str) -> Iterator[Family]:
    """Return which version runs, and memory and open files of this process, without those that it started."""
    sample = Sample(1, (("version", version("stillmine")),))
    yield Family(f"{prefix}build_info", "gauge", "Always 1; the label says which version runs.", [sample])
    with suppress(OSError):  # Linux alone says so
        resident = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
        open_files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (their number, not their paths)
        yield Family("process_resident_memory_bytes", "gauge", "Memory of the service itself, without its workers.", [Sample(resident)])
        yield Family("process_open_fds", "gauge", "Open files and connections.", [Sample(open_files)])
