# SPDX-License-Identifier: Apache-2.0
"""Which altered copies of sounds are found, per edit: by us, with all that a partner asks, and by MD5; and what matches wrongly.

Every sound given is stored, known copies included, and copies are made of one recording each. Must never leave out an edit because it
looks bad: a copy that is refused as too short or without detail is one that is lost.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

from measuring import machine
from moving_files import read_sound
from recall import Recall, one_of_each_scene, scene
from sound_edits import EDITS

from stillmine.fingerprint import MediaError
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.matching.sound import SoundIndex

SUFFIXES = {".ogg", ".mp3", ".wav", ".flac", ".m4a", ".opus"}
METHODS = ("stillmine", "MD5")
LONGEST_SECONDS = 60


@dataclass(frozen=True)
class Heard:
    """A file as both methods know it; no values where it is refused."""

    values: tuple[int, ...]
    md5: bytes
    seconds: float = 0


def hear(data: bytes) -> Heard:
    """Return what is asked with for a file's bytes."""
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    try:
        made = fingerprint_sound(data)
    except MediaError:
        return Heard((), digest)
    return Heard(made.values, digest, made.duration_seconds)


def hear_file(path: Path) -> Heard:
    """Return what is stored of a file."""
    return hear(path.read_bytes())


def alter(task: tuple[Path, Path]) -> list[Heard | None]:
    """Return all edits of a sound, as asked; another sound is laid over it where an edit wants one. None where it is too short for one."""
    samples, other = (read_sound(path, LONGEST_SECONDS) for path in task)
    if samples is None or other is None:
        return []
    made = [edit.make(samples, other) for edit in EDITS]
    return [None if data is None else hear(data) for data in made]


def run(paths: Sequence[Path], at_most: int, processes: int) -> None:
    """Run and print."""
    paths = [path for path in paths if path.suffix.lower() in SUFFIXES]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        stored = {path: made for path, made in zip(paths, pool.map(hear_file, paths), strict=True) if made.values}
        chosen = one_of_each_scene(list(stored), at_most)
        tasks = [(path, chosen[place - 1]) for place, path in enumerate(chosen)]
        copies = []
        for place, made in enumerate(pool.map(alter, tasks), 1):
            copies.append(made)
            sys.stderr.write(f"\r{place} of {len(chosen)} sounds")
    index = SoundIndex()
    digests = defaultdict(set)
    for path, known in stored.items():
        index.add(path.name.encode(), known.values)
        digests[known.md5].add(path.name)
    recall = Recall(METHODS, [(edit.group, edit.name) for edit in EDITS], {path.name: scene(path) for path in stored})
    for (path, other), made in zip(tasks, copies, strict=True):
        for number, asked in enumerate(made):
            held = scene(other) if EDITS[number].holds_other else ""
            if asked is not None:
                ours = {match.id.decode() for match in index.search(asked.values)} if asked.values else set()
                recall.count(number, path.name, {"stillmine": ours, "MD5": digests.get(asked.md5, set())}, held)
    report(len(chosen), len(stored), recall, {path.name: f"{known.seconds:.0f} s" for path, known in stored.items()})


def report(count: int, stored: int, recall: Recall, notes: dict[str, str]) -> None:
    """Print the tables."""
    sys.stderr.write("\n")
    sys.stdout.write(f"Recall of altered copies of {count} sounds among {stored} stored ones, per cent, by the rules of spec/screen.md\n\n")
    recall.print_edits()
    recall.print_originals(notes)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("stillmine", "av", "numpy"))
    sys.stdout.write(f"\n{machine()}, {versions}\n")
