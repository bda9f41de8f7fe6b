# SPDX-License-Identifier: Apache-2.0
"""Which altered copies of videos are found, per edit: by us, by threatexchange's VPDQIndex and by MD5; and what matches wrongly.

We ask with two frames a second, in every turn, and with the sound, as a partner does; the field's index with one, made by PyPI `vpdq`
where that is installed, else by us. Must never leave out an edit because it looks bad.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
import tempfile
import types
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata, util
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from measuring import machine
from moving_files import read_clip
from recall import Recall, one_of_each_scene, scene
from video_edits import EDITS, h264

from stillmine.fingerprint import MediaError
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.picture.image import VARIANTS
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.matching.sound import SoundIndex
from stillmine.matching.video import VideoIndex
from stillmine.wire.vpdq import VideoFrame, parse_vpdq

SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".3gp"}
METHODS = ("stillmine", "its frames", "its sound", "VPDQIndex", "MD5")
LONGEST_SECONDS = 12
SHORTEST_SECONDS = 1.5
LONGEST_SIDE = 480
FRAMES_PER_SECOND = 2
STORED_QUALITY = 18

# A process of its own: it brings its own FFmpeg, which must not meet PyAV's.
THEIRS = """
import json, sys, vpdq
for line in sys.stdin:
    made = vpdq.computeHash(line.strip(), thread_count=1)
    print(json.dumps([f"{f.hex},{f.quality},{f.timestamp:.3f}" for f in made]), flush=True)
"""


@dataclass(frozen=True)
class Seen:
    """A file as each method knows it; `turned` are its frames once for each turn, as it is first."""

    turned: tuple[tuple[VideoFrame, ...], ...]
    sound: tuple[int, ...]
    theirs: str
    md5: bytes
    seconds: float


HAS_PEER = util.find_spec("vpdq") is not None


@cache
def peer() -> subprocess.Popen[str] | None:
    """Return PyPI `vpdq` for this process, if it is installed."""
    if not HAS_PEER:
        return None
    return subprocess.Popen([sys.executable, "-c", THEIRS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def field_text(data: bytes, ours: str) -> str:
    """Return what the field makes of a file, in its own text form."""
    process = peer()
    if process is None or process.stdin is None or process.stdout is None:
        return ours
    with tempfile.NamedTemporaryFile(suffix=".video") as file:
        file.write(data)
        file.flush()
        process.stdin.write(file.name + "\n")
        return process.stdout.readline().strip()


def see(data: bytes, frames_per_second: int) -> Seen:
    """Return what each method makes of a file's bytes."""
    made = fingerprint_video(data, samples_per_second=frames_per_second, is_asking=True)
    one_a_second = made if frames_per_second == 1 else fingerprint_video(data)
    text = write_vpdq(one_a_second.frames) if one_a_second.frames else "[]"
    try:
        sound = fingerprint_sound(data).values
    except MediaError:
        sound = ()
    turned = [tuple(replace(frame, pdq=frame.turned[place]) for frame in made.frames) for place in range(len(VARIANTS))]
    return Seen(
        tuple(parse_vpdq(write_vpdq(frames)) for frames in turned if frames),
        sound,
        field_text(data, text),
        hashlib.md5(data, usedforsecurity=False).digest(),
        made.duration_seconds,
    )


def store(path: Path) -> Seen | None:
    """Return what a case would hold of the beginning of a video; None where no frame has detail or it is too short."""
    clip = read_clip(path, LONGEST_SECONDS, LONGEST_SIDE)
    if clip.seconds < SHORTEST_SECONDS:
        return None
    seen = see(h264(clip, STORED_QUALITY), 1)
    return seen if seen.turned else None


def alter(task: tuple[Path, Path]) -> list[Seen]:
    """Return all edits of a video, as asked; the other one is what is added where an edit adds something."""
    clip, other = (read_clip(path, LONGEST_SECONDS, LONGEST_SIDE) for path in task)
    return [see(edit.make(clip, other), FRAMES_PER_SECOND) for edit in EDITS]


class Library:
    """All videos as stored, to be asked by each method."""

    def __init__(self, stored: dict[str, Seen]) -> None:
        self._videos, self._sounds, self._field = VideoIndex(), SoundIndex(), field_index()
        self._md5: defaultdict[bytes, set[str]] = defaultdict(set)
        for name, seen in stored.items():
            self._videos.add(name.encode(), seen.turned[0])
            self._md5[seen.md5].add(name)
            if seen.sound:
                self._sounds.add(name.encode(), seen.sound)
            # Refused where no frame is good enough, which is a video that the field would not hold.
            if any(int(frame.split(",")[1]) >= 50 for frame in json.loads(seen.theirs)):
                self._field.add(seen.theirs, name)

    def ask(self, seen: Seen) -> dict[str, set[str]]:
        """Return which stored videos match, by each method."""
        frames = {match.id.decode() for turn in seen.turned for match in self._videos.search(turn, FRAMES_PER_SECOND)}
        sound = {match.id.decode() for match in self._sounds.search(seen.sound)} if seen.sound else set()
        field = {match.metadata for match in self._field.query(seen.theirs)}
        found = (frames | sound, frames, sound, field, set(self._md5.get(seen.md5, ())))
        return dict(zip(METHODS, found, strict=True))


def field_index() -> Any:
    """Return threatexchange's index at its own thresholds. It names `vpdq` in annotations alone, so an empty stand-in will do."""
    if not HAS_PEER:
        sys.modules.setdefault("vpdq", types.SimpleNamespace(VpdqFeature=object))  # type: ignore[arg-type]
    return importlib.import_module("threatexchange.extensions.vpdq.vpdq_index").VPDQIndex()


def run(paths: Sequence[Path], at_most: int, processes: int) -> None:
    """Run and print."""
    paths = [path for path in paths if path.suffix.lower() in SUFFIXES]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        stored = {path: seen for path, seen in zip(paths, pool.map(store, paths), strict=True) if seen}
        chosen = one_of_each_scene(list(stored), at_most)
        tasks = [(path, chosen[place - 1]) for place, path in enumerate(chosen)]
        copies = []
        for place, made in enumerate(pool.map(alter, tasks), 1):
            copies.append(made)
            sys.stderr.write(f"\r{place} of {len(chosen)} videos")
    library = Library({path.name: seen for path, seen in stored.items()})
    recall = Recall(METHODS, [(edit.group, edit.name) for edit in EDITS], {path.name: scene(path) for path in stored})
    for (path, other), made in zip(tasks, copies, strict=True):
        for number, asked in enumerate(made):
            recall.count(number, path.name, library.ask(asked), scene(other) if EDITS[number].holds_other else "")
    report(len(chosen), recall, {path.name: seen for path, seen in stored.items()})


def report(count: int, recall: Recall, stored: dict[str, Seen]) -> None:
    """Print the tables."""
    sys.stderr.write("\n")
    out = sys.stdout.write
    out(f"Recall of altered copies of {count} videos among {len(stored)} stored ones, per cent, by the rules of spec/screen.md\n\n")
    recall.print_edits()
    notes = {n: f"{s.seconds:.0f} s, {len(s.turned[0])} frames{', sound' if s.sound else ''}" for n, s in stored.items()}
    recall.print_originals(notes)
    names = ["stillmine", "threatexchange", "av", "numpy", *(["vpdq"] if HAS_PEER else [])]
    out(f"\n{machine()}, {', '.join(f'{name} {metadata.version(name)}' for name in names)}\n")
