# SPDX-License-Identifier: Apache-2.0
"""Measures PDQ from pixels against PyPI `pdqhash`, in one run, on one core, on a real photograph resized.

Prints a table and what it was measured on. Must never be a test: a busy machine would make it fail, and only the ratio
means anything elsewhere.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from stillmine.fingerprint import _kernel, distance_bits

PHOTOGRAPH = Path(__file__).resolve().parent.parent / "media" / "exif_orientation" / "Landscape_1.jpg"
SIZES = ((4000, 3000), (1366, 1200), (512, 512))
GOALS = {4000: 40, 1366: 15, 512: 8}
Picture = NDArray[np.uint8]


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
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) * 1000)
    return Timing(statistics.median(spent[0]), statistics.median(spent[1]))


def pixels_of(width: int, height: int) -> Picture:
    """Return the photograph at a size, as contiguous RGB."""
    with Image.open(PHOTOGRAPH) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)))


def print_row(name: str, picture: Picture, timing: Timing, distance: int, goal: int | None) -> None:
    """Print one line of the table."""
    height, width = picture.shape[:2]
    wanted = f"{goal:4d}x" if goal else "    –"
    sys.stdout.write(
        f"{width:5d} x {height:4d}  {name:16}  {timing.ours:9.3f}  {timing.theirs:9.3f}  {timing.ratio:6.1f}x  {wanted}  {distance:8d}\n",
    )


def compare(picture: Picture, repeats: int) -> None:
    """Print our line for the original, and for all eight variants, beside `pdqhash`."""
    height, width = picture.shape[:2]
    (original,), _ = _kernel.pdq(picture, width, height, _kernel.RGB8, 1)
    distance = distance_bits(np.packbits(pdqhash.compute(picture)[0]).tobytes(), original)
    one = measure(lambda: _kernel.pdq(picture, width, height, _kernel.RGB8, 1), lambda: pdqhash.compute(picture), repeats)
    print_row("original", picture, one, distance, GOALS[width])
    eight = measure(lambda: _kernel.pdq(picture, width, height, _kernel.RGB8), lambda: pdqhash.compute_dihedral(picture), repeats)
    print_row("eight variants", picture, eight, distance, None)


def processor() -> str:
    """Return the processor's name where the system tells it."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    sys.stdout.write(f"PDQ from pixels, median of {repeats} runs each, milliseconds; one core, baseline x86-64 build\n\n")
    sys.stdout.write("       size   hashes                 ours    pdqhash   faster   goal  distance\n")
    for width, height in SIZES:
        compare(pixels_of(width, height), repeats)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("stillmine", "pdqhash", "numpy"))
    sys.stdout.write(f"\n{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}\n")
    sys.stdout.write(f"Python {platform.python_version()}, {versions}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
