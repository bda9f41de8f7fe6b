# SPDX-License-Identifier: Apache-2.0
"""Video to vpdq against PyPI `vpdq` and against plain decoding, in one run: time, ratio, and how far the fingerprints are apart.

PyPI `vpdq` runs in a process of its own, as it brings its own FFmpeg; only its call is timed. Best of several runs each, taken in turn.
Must never leave out a file because it looks bad.

    python bench/video.py [FILE or FOLDER …]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from stillmine.fingerprint.errors import MediaError
from stillmine.fingerprint.image import distance_bits
from stillmine.fingerprint.video import fingerprint_video
from stillmine.wire.fingerprint import MINIMUM_QUALITY

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".3gp"}

THEIRS = """
import json, sys, time, vpdq
for line in sys.stdin:
    start = time.perf_counter()
    made = vpdq.computeHash(line.strip())
    print(json.dumps([time.perf_counter() - start, [[f.hex, f.quality, f.timestamp] for f in made]]), flush=True)
"""


@dataclass(frozen=True)
class Row:
    """One file; times in milliseconds."""

    name: str
    ours: float
    theirs: float | None
    decoding: float
    distances: tuple[int, ...]


class Peer:
    """PyPI `vpdq`, if it is installed."""

    def __init__(self) -> None:
        check = subprocess.run([sys.executable, "-c", "import vpdq"], capture_output=True, check=False)
        self._process = None
        if check.returncode == 0:
            self._process = subprocess.Popen(
                [sys.executable, "-c", THEIRS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )

    def run(self, path: Path) -> tuple[float, list[tuple[str, int, float]]] | None:
        """Return milliseconds and frames (hex, quality, seconds)."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        print(path, file=self._process.stdin, flush=True)
        seconds, frames = json.loads(self._process.stdout.readline())
        return seconds * 1000, [(str(hex_), int(quality), float(at)) for hex_, quality, at in frames]

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()


def decode_everything(path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass


def milliseconds(work: Callable[[Path], object], path: Path) -> float:
    start = time.perf_counter()
    work(path)
    return (time.perf_counter() - start) * 1000


def measure(path: Path, peer: Peer, repeats: int) -> Row:
    made = fingerprint_video(path)
    ours, theirs, decoding = [], [], []
    answer = None
    for _ in range(repeats):
        ours.append(milliseconds(fingerprint_video, path))
        answer = peer.run(path)
        if answer is not None:
            theirs.append(answer[0])
        decoding.append(milliseconds(decode_everything, path))
    distances = []
    for value, quality, seconds in answer[1] if answer else []:
        frame = next((f for f in made.frames if f.start_seconds <= round(seconds) <= f.end_seconds), None)
        if quality >= MINIMUM_QUALITY and frame is not None and abs(seconds - round(seconds)) < 0.02:
            distances.append(distance_bits(bytes.fromhex(value), frame.pdq))
    return Row(path.name, min(ours), min(theirs, default=None), min(decoding), tuple(distances))


def files(paths: Iterable[Path]) -> list[Path]:
    found = []
    for path in paths:
        found += sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES) if path.is_dir() else [path]
    return found


def print_row(row: Row) -> None:
    theirs = "–" if row.theirs is None else f"{row.theirs:.0f}"
    ratio = "–" if row.theirs is None else f"{row.theirs / row.ours:.1f}x"
    spread = f"{np.mean(row.distances):.1f} / {max(row.distances)}" if row.distances else "–"
    print(
        f"{row.name[:36]:36} {row.ours:8.0f} {theirs:>8} {ratio:>7} {row.decoding:8.0f} {row.decoding / row.ours:8.2f} {spread:>12}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "media" / "video"])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}; milliseconds, best of {arguments.repeats}")
    print(f"{'file':36} {'ours':>8} {'vpdq':>8} {'ratio':>7} {'decode':>8} {'of it':>8} {'bits mean/max':>12}")
    peer = Peer()
    rows = []
    for path in files(arguments.paths):
        try:
            rows.append(measure(path, peer, arguments.repeats))
        except MediaError as error:
            print(f"{path.name[:36]:36} {error.code}")
            continue
        print_row(rows[-1])
    peer.close()
    if rows:
        both = [row for row in rows if row.theirs is not None]
        total = Row(
            f"all {len(rows)}",
            sum(row.ours for row in rows),
            sum(row.theirs or 0 for row in both) if both else None,
            sum(row.decoding for row in rows),
            tuple(bits for row in rows for bits in row.distances),
        )
        print_row(total)


if __name__ == "__main__":
    main()
