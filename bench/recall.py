# SPDX-License-Identifier: Apache-2.0
"""Counts which copies of videos and sounds were found, and what matched wrongly, and prints both as one table.

Must never call a match wrong because of its name alone: what matched is named on standard error, to be looked at.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

SERIES = re.compile(r"(chair|pattern)-")
"""Clips of one scene: media/README.md and the names in threatexchange's own test set."""


def scene(path: Path) -> str:
    """Return what is recorded: copies that the set itself holds have one scene ("name.hq.ogg" and "name.ogg", and the series)."""
    series = SERIES.match(path.name)
    return series[1] if series else path.name.split(".", maxsplit=1)[0]


def one_of_each_scene(paths: Sequence[Path], at_most: int) -> list[Path]:
    """Return files of different scenes, from each folder in turn, the same ones every time."""
    chosen: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (-path.stat().st_size, path.name)):
        chosen.setdefault(scene(path), path)
    folders: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in sorted(chosen.values()):
        folders[path.parent].append(path)
    for folder in folders.values():
        random.Random(7).shuffle(folder)
    rounds = zip_longest(*folders.values())
    return [path for each in rounds for path in each if path is not None][:at_most]


class Recall:
    """Counts by edit and method."""

    def __init__(self, methods: Sequence[str], edits: Sequence[tuple[str, str]], scenes: Mapping[str, str]) -> None:
        """Take the names of the methods, the group and name of each edit, and the scene of every stored file."""
        self._methods = methods
        self._edits = edits
        self._scenes = scenes
        self._made: Counter[int] = Counter()
        self._found: Counter[tuple[int, str]] = Counter()
        self._pairs = 0
        self._wrong: dict[str, Counter[tuple[str, str]]] = {method: Counter() for method in methods}
        self._added: Counter[str] = Counter()
        self.by_original: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, edit: int, original: str, matches: Mapping[str, set[str]], also_held: str = "") -> None:
        """Count one copy: which stored files matched it, by each method. What matches of a scene that it holds too is not wrong."""
        own = {self._scenes[original], also_held}
        self._made[edit] += 1
        self._pairs += sum(other not in own for other in self._scenes.values())
        self.by_original[original]["copies"] += 1
        for method in self._methods:
            found = original in matches[method]
            self._found[edit, method] += found
            self.by_original[original][method] += found
            for other in matches[method]:
                if self._scenes[other] == also_held:
                    self._added[method] += 1
                elif self._scenes[other] not in own:
                    self._wrong[method][original, other] += 1
                    group, name = self._edits[edit]
                    sys.stderr.write(f"\nlook at this: {method}: {original}, {group} {name}, matched {other}\n")

    def print_edits(self) -> None:
        """Print the table of edits, and false matches below it."""
        out = sys.stdout.write
        out(f"| edit | | copies | {' | '.join(self._methods)} |\n|---|---|---:|{'---:|' * len(self._methods)}\n")
        before = ""
        for number, (group, name) in enumerate(self._edits):
            made = self._made[number]
            shown = [f"{100 * self._found[number, method] / made:.1f}" if made else "–" for method in self._methods]
            out(f"| {group if group != before else ''} | {name} | {made} | {' | '.join(shown)} |\n")
            before = group
        copies = sum(self._made.values())
        total = [f"{100 * sum(self._found[n, method] for n in range(len(self._edits))) / copies:.1f}" for method in self._methods]
        wrong = [str(self._wrong[method].total()) for method in self._methods]
        out(f"| all | | {copies:,} | {' | '.join(total)} |\n")
        out(f"| false matches | of {self._pairs:,} pairs of a copy and another scene | | {' | '.join(wrong)} |\n")
        out(f"| | different pairs of originals among the false | | {' | '.join(str(len(self._wrong[m])) for m in self._methods)} |\n")
        out(f"| right matches | with what an edit had added | | {' | '.join(str(self._added[m]) for m in self._methods)} |\n")

    def print_originals(self, notes: Mapping[str, str]) -> None:
        """Print how many copies of each original were found."""
        out = sys.stdout.write
        out(f"\n| original | | copies | {' | '.join(self._methods)} |\n|---|---|---:|{'---:|' * len(self._methods)}\n")
        for name, counts in sorted(self.by_original.items(), key=lambda item: item[0].lower()):
            out(f"| {name} | {notes.get(name, '')} | {counts['copies']} | {' | '.join(str(counts[m]) for m in self._methods)} |\n")
