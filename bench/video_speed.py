# SPDX-License-Identifier: Apache-2.0
"""Video files to `vpdq` against PyPI `vpdq` and against plain decoding: time, what limits it, and how far the hashes are apart.

A part of `bench/fingerprint.py`. PyPI `vpdq` runs in a process of its own, as it brings its own FFmpeg; only its call is timed.
Must never leave out a file because it looks bad.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av import VideoFrame
from made_clips import made_clips
from measuring import milliseconds

from stillmine.fingerprint.container.opening import open_container, open_source
from stillmine.fingerprint.ground.errors import MediaError
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, no_deadline
from stillmine.fingerprint.moving.frames import ShownFrame, VideoReader
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.picture.image import distance_bits
from stillmine.wire.kinds import MINIMUM_QUALITY

SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".3gp"}
GOAL, GOAL_OF_DECODING = 3, 80
ONE_THREAD = replace(DEFAULT_MEDIA_LIMITS, decoder_threads=1)

THEIRS = """
import json, sys, time, vpdq
for line in sys.stdin:
    start = time.perf_counter()
    made = vpdq.computeHash(line.strip())
    print(json.dumps([time.perf_counter() - start, [[f.hex, f.quality, f.timestamp] for f in made]]), flush=True)
"""
HEAD = f"""
| size | {{what}} | files | ours, ms | vpdq, ms | faster, goal {GOAL}x | decoding all, ms | of decoding, goal {GOAL_OF_DECODING} % | must be decoded | decoder's share | distance, mean | most |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""  # noqa: E501 (a table of a report)
READING = """
"Of decoding": the time of decoding everything with the decoder's own threads, over ours. "Must be decoded": of the decoder's time for everything, how much those frames take
that are sampled or that these depend on; "decoder's share": of our time, how much that is; both on one core. `vpdq` decodes everything, so where nearly everything must be decoded, no more than the
number of cores that it leaves idle can be won. "Distance": to `vpdq`'s own hash of the same second, in bits; of a file with black bars it is large, as `vpdq` leaves them in.
"""  # noqa: E501 (a table of a report)


@dataclass
class Row:
    """Files of one form; times in milliseconds, the last three on one core."""

    size: str
    form: str
    files: int = 0
    ours: float = 0
    theirs: float | None = None
    decoding: float = 0
    decoding_alone: float = 0
    reading_alone: float = 0
    ours_alone: float = 0
    distances: list[int] = field(default_factory=list)

    def add(self, other: Row) -> None:
        """Take in another file's row."""
        for name in ("files", "ours", "decoding", "decoding_alone", "reading_alone", "ours_alone"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.theirs = None if other.theirs is None else (self.theirs or 0) + other.theirs
        self.distances += other.distances

    def line(self) -> str:
        """Return the line of the table."""
        theirs, faster = ("–", "–") if self.theirs is None else (f"{self.theirs:.0f}", f"{self.theirs / self.ours:.1f}x")
        mean, most = (f"{np.mean(self.distances):.1f}", str(max(self.distances))) if self.distances else ("–", "–")
        return (
            f"| {self.size} | {self.form} | {self.files} | {self.ours:.0f} | {theirs} | {faster} | {self.decoding:.0f} "
            f"| {100 * self.decoding / self.ours:.0f} % | {100 * self.reading_alone / self.decoding_alone:.0f} % "
            f"| {100 * self.reading_alone / self.ours_alone:.0f} % | {mean} | {most} |"
        )


class Peer:
    """PyPI `vpdq`, if it is installed."""

    def __init__(self) -> None:
        check = subprocess.run([sys.executable, "-c", "import vpdq"], capture_output=True, check=False)
        self._process = None
        if check.returncode == 0:
            self._process = subprocess.Popen(
                [sys.executable, "-c", THEIRS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                bufsize=1,
            )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def run(self, path: Path) -> tuple[float, list[tuple[str, int, float]]] | None:
        """Return milliseconds and frames (hex, quality, seconds); None without the peer, or if it gave up on a file."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        print(path, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            self._process.wait()
            self.__init__()  # type: ignore[misc]
            return None
        seconds, frames = json.loads(answer)
        return seconds * 1000, [(str(hex_), int(quality), float(at)) for hex_, quality, at in frames]


class UnconvertedReader(VideoReader):
    """Reads as we do, but leaves the pictures as the decoder gives them."""

    def _shown(self, frame: VideoFrame, first: int, last: int) -> ShownFrame:
        del frame
        return ShownFrame(np.empty((0, 0, 3), dtype=np.uint8), "original", first, last)


def decode_everything(path: Path, threads: int = 0) -> None:
    """Decode each frame of the video, and nothing else."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        for _ in container.decode(stream):
            pass


def read_only(path: Path) -> None:
    """Decode what our sampling needs, on one core."""
    with open_source(path, ONE_THREAD.max_file_bytes) as stream, open_container(stream, ONE_THREAD) as container:
        for _ in UnconvertedReader(container, ONE_THREAD, no_deadline).frames():
            pass


def measure(path: Path, peer: Peer, repeats: int) -> Row:
    """Return the row of one file."""
    row = Row(*_form_of(path), files=1)
    made = fingerprint_video(path)
    calls: tuple[Callable[[], object], ...] = (
        lambda: fingerprint_video(path),
        lambda: decode_everything(path),
        lambda: decode_everything(path, 1),
        lambda: read_only(path),
        lambda: fingerprint_video(path, ONE_THREAD),
    )
    best = [float("inf")] * len(calls)
    theirs: list[float] = []
    for _ in range(repeats):
        best = [min(least, milliseconds(call)) for least, call in zip(best, calls, strict=True)]
        answer = peer.run(path)
        if answer is not None:
            theirs.append(answer[0])
            row.distances = _distances(made, answer[1])
    row.ours, row.decoding, row.decoding_alone, row.reading_alone, row.ours_alone = best
    row.theirs = min(theirs, default=None)
    return row


def _form_of(path: Path) -> tuple[str, str]:
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return f"{context.width} x {context.height}", f"{path.suffix[1:]}, {context.codec.canonical_name}"


def _distances(made: VideoFingerprint, theirs: Iterable[tuple[str, int, float]]) -> list[int]:
    """Of the seconds that both have; theirs is the frame nearest to a second by count, so one off by more is another picture."""
    distances = []
    for value, quality, seconds in theirs:
        frame = next((f for f in made.frames if f.start_seconds <= round(seconds) <= f.end_seconds), None)
        if quality >= MINIMUM_QUALITY and frame is not None and abs(seconds - round(seconds)) < 0.02:
            distances.append(distance_bits(bytes.fromhex(value), frame.pdq))
    return distances


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the videos of folders, and files as they are."""
    found = []
    for path in paths:
        found += sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES) if path.is_dir() else [path]
    return found


def print_rows(what: str, paths: Sequence[Path], peer: Peer, repeats: int, *, is_joined: bool) -> None:
    """Print a table: a line for each file, or for each form of them; then one for all."""
    sys.stdout.write(HEAD.format(what=what))
    rows: dict[str, Row] = {}
    everything = Row("all", "")
    for path in paths:
        try:
            row = measure(path, peer, repeats)
        except MediaError as error:
            sys.stdout.write(f"| | {path.suffix[1:]}: {error.code} | 1 | | | | | | | | | |\n")
            continue
        everything.add(row)
        joined = rows.setdefault(f"{row.size} {row.form}" if is_joined else str(path), Row(row.size, row.form))
        joined.add(row)
        if not is_joined:
            sys.stdout.write(joined.line() + "\n")
            sys.stdout.flush()
    for row in rows.values() if is_joined else ():
        sys.stdout.write(row.line() + "\n")
    if everything.files:
        sys.stdout.write(everything.line() + "\n")
    sys.stdout.flush()


def print_video(paths: Sequence[Path], seconds: int, repeats: int) -> None:
    """Print both tables: clips made here, one for each container and codec, and those given."""
    start = time.perf_counter()
    clips = made_clips(seconds)
    sys.stderr.write(f"{len(clips)} clips made or found in {time.perf_counter() - start:.0f} s\n")
    with Peer() as peer:
        sys.stdout.write(f"\nClips of {seconds} seconds with moving content, made by `bench/made_clips.py`:\n")
        print_rows("container, codec", clips, peer, repeats, is_joined=False)
        sys.stdout.write("\nClips as they come, those of one form together:\n")
        print_rows("container, codec", files_of(paths), peer, repeats, is_joined=True)
    sys.stdout.write(READING)
