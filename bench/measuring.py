# SPDX-License-Identifier: Apache-2.0
"""How benches take times and say what they were taken on. Must never be used by a test: a busy machine would make it fail."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

LARGER_MEDIA = Path(os.environ["STILLMINE_MEDIA"]).resolve() if os.environ.get("STILLMINE_MEDIA") else None
"""More media than this repository's, where somebody has them: docs/develop.md."""


@dataclass(frozen=True)
class Timing:
    """Median of some runs, in milliseconds."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times faster we are."""
        return self.theirs / self.ours


def measure(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> Timing:
    """Time both in turn, so that a busy moment of the machine meets both."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for times, call in zip(spent, (ours, theirs), strict=True):
            times.append(milliseconds(call))
    return Timing(statistics.median(spent[0]), statistics.median(spent[1]))


def milliseconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def machine() -> str:
    """Return what this ran on."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def versions(*names: str) -> str:
    """Return what of these distributions is installed, with versions."""
    return ", ".join(f"{name} {version}" for name in names if (version := _version(name)))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
