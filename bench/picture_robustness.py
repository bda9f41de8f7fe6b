# SPDX-License-Identifier: Apache-2.0
"""Which altered copies of photographs are found, and what matches wrongly: PDQ, regions, both, SSCD, plain PDQ, pHash and MD5.

PDQ asks with all that `query_image` gives, at the standard threshold; regions as a partner does, in stretched views only where the picture
as it is gave no match. The others ask as they are used in the field, with one hash. Must never leave out an edit because it looks bad.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from chart import Row, draw
from copies_kept import OTHERS, STORED, Hashes, Kept, keep, pixels, read
from measuring import machine, versions
from photo_copies import COPIES
from region_asking import Found, Numbers, Upload, enrol
from region_judges import judge_all
from region_library import RegionLibrary, ask_in_rounds
from sscd import LOWEST, NOT_RUN, PUBLISHED, Descriptors, peer

from stillmine.fingerprint.picture.region_views import AS_IT_IS, STRETCHED
from stillmine.matching.hamming import HammingIndex
from stillmine.matching.region_look import Judgement, Look, Verdict, verdict
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY

PHASH_BITS = 10
"""Of 64: what ImageHash's users take for the same picture."""
METHODS = ("PDQ", "regions", "both", "for a reviewer", f"SSCD {PUBLISHED}", f"SSCD {LOWEST}", "plain PDQ", "pHash", "MD5")
"""`both`: PDQ matches and the regions don't contradict, or regions match. `for a reviewer`: regions say `part`, or contradict PDQ."""
DRAWN = ("PDQ", "with those for a reviewer", "match: PDQ or regions")
REGIONS_A_PICTURE = 36
Matches = dict[str, set[int]]


@dataclass
class Recall:
    """Counts of one run, by edit (a number in COPIES) and method."""

    photographs: int
    found: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: Counter[str] = field(default_factory=Counter)
    named: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    """Photographs that matched each other, by method, to be looked at."""

    def count(self, edit: int, own: int, matches: Matches, names: Sequence[str]) -> None:
        """Count one copy of photograph `own`."""
        for method, numbers in matches.items():
            self.found[edit][method] += own in numbers
            self.wrong[method] += len(numbers - {own})
            self.named[method].update((names[own], names[other]) for other in numbers - {own})


class Came(NamedTuple):
    """What the second look said of one copy and a stored photograph."""

    other: int
    visible: int
    agreeing: int
    share: float
    spread: float
    support: int
    is_stretched: bool
    bits: list[int]

    @property
    def look(self) -> Look:
        """The second look."""
        return Look(self.visible, self.agreeing, self.share, self.spread)

    @property
    def verdict(self) -> Verdict:
        """Of the second look, by today's limits."""
        return verdict(self.look)


class Hashed:
    """All photographs as stored, to be asked with hashes of a whole picture."""

    def __init__(self, kept: Sequence[Kept], described: Sequence[Descriptors] | None) -> None:
        self._ours, self._pdq = HammingIndex(), HammingIndex()
        self._md5: defaultdict[bytes, set[int]] = defaultdict(set)
        for number, photograph in enumerate(kept):
            self._ours.add(number.to_bytes(16), photograph.stored)
            self._pdq.add(number.to_bytes(16), photograph.original.pdq)
            self._md5[photograph.original.md5].add(number)
        self._perceptual = np.array([photograph.original.perceptual for photograph in kept], np.uint64)
        self._described = np.stack([each[0] for each in described]) if described else None

    def ask(self, hashes: Hashes, descriptor: Descriptors | None) -> Matches:
        """Return which photographs match, by each method without regions."""
        near = np.bitwise_count(self._perceptual ^ np.uint64(hashes.perceptual)) <= PHASH_BITS
        matches = {
            "PDQ": {number for value in hashes.ours for number in _numbers(self._ours, value.tobytes())},
            "plain PDQ": _numbers(self._pdq, hashes.pdq) if hashes.quality >= MINIMUM_QUALITY else set(),
            "pHash": set(np.flatnonzero(near).tolist()),
            "MD5": set(self._md5.get(hashes.md5, ())),
        }
        if self._described is not None and descriptor is not None:
            cosines = self._described @ descriptor
            matches |= {f"SSCD {limit}": set(np.flatnonzero(cosines >= limit).tolist()) for limit in (PUBLISHED, LOWEST)}
        return matches


def _numbers(index: HammingIndex, value: bytes) -> set[int]:
    return {int.from_bytes(near.id) for near in index.search_variants([value])}


def _kept(arguments: tuple[Path, Path, list[Path]]) -> bool:
    return keep(*arguments)


def others(paths: Sequence[Path], number: int) -> list[Path]:
    """Return photographs for a collage, from the end of the list, where none is stored."""
    end = len(paths) - OTHERS * (number % (len(paths) // 5))
    return list(paths[end - OTHERS : end])


def make(folder: Path, paths: Sequence[Path], wanted: int, processes: int) -> list[Kept]:
    """Make the copies of the first `wanted` photographs that a case would take, or take those that are kept already."""
    jobs = [(folder / f"{number:04d}", path, others(paths, number)) for number, path in enumerate(paths)]
    taken: list[Kept] = []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for start in range(0, len(jobs), 4 * processes):
            part = jobs[start : start + 4 * processes]
            taken += [read(job[0]) for job, is_taken in zip(part, pool.map(_kept, part), strict=True) if is_taken]
            if len(taken) >= wanted:
                break
    return taken[:wanted]


def describe(kept: Sequence[Kept]) -> list[Descriptors] | None:
    """Return SSCD's descriptors of each photograph and of all its copies, kept beside them; None where there is no model."""
    model = peer()
    if model is None:
        return None
    made = []
    for photograph in kept:
        place = photograph.folder / "sscd.npy"
        if not place.exists():
            files = [(photograph.folder / STORED).read_bytes(), *(photograph.copy(number) for number in range(len(COPIES)))]
            np.save(place, model.describe(files))
        made.append(np.load(place))
    return made


def ask_regions(kept: Sequence[Kept], processes: int) -> list[list[list[Came]]]:
    """Return for each photograph and each of its copies what came of asking all; what is kept of a run with the same numbers is taken."""
    with ProcessPoolExecutor(processes, get_context("spawn"), _enrol_all, ([each.folder for each in kept],)) as pool:
        asked = []
        for number, came in enumerate(pool.map(_ask_all, range(len(kept)))):
            asked.append(came)
            print(f"{number + 1} of {len(kept)}", file=sys.stderr, flush=True)
    return asked


def disputed(kept: Sequence[Kept], regions: Sequence[Sequence[Sequence[Came]]], processes: int) -> list[set[int]]:
    """Return for each photograph the edits that PDQ finds and its regions contradict."""
    looks = [[[came.look for came in copy if came.other == own] for copy in copies] for own, copies in enumerate(regions)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        judged = list(pool.map(judge_all, kept, looks))
    return [{edit for edit, said in each.items() if said is Judgement.DISPUTED} for each in judged]


_LIBRARIES: list[tuple[RegionLibrary, list[Path]]] = []
"""Of a process of the pool: one."""


def _enrol_all(folders: list[Path]) -> None:
    _LIBRARIES.append((RegionLibrary([enrol(pixels((folder / STORED).read_bytes())) for folder in folders]), folders))


def _ask_all(own: int) -> list[list[Came]]:
    library, folders = _LIBRARIES[0]
    header = [
        len(folders),
        *asdict(Numbers()).values(),
        REGIONS_A_PICTURE,
        *([view.area, view.stretch] for view in (*AS_IT_IS, *STRETCHED)),
    ]
    place = folders[own] / "regions.json"
    if place.exists() and (kept := json.loads(place.read_text()))["numbers"] == header:
        return [[Came(*row) for row in rows] for rows in kept["came"]]
    came = []
    for number in range(len(COPIES)):
        found = ask_in_rounds(library, Upload(pixels(read(folders[own]).copy(number))))
        came.append([_came(other, each) for other, each in found.items()])
    place.write_text(json.dumps({"numbers": header, "came": came}))
    return came


def _came(other: int, found: Found) -> Came:
    seen = found.seen
    return Came(other, seen.visible, seen.agreeing, seen.share, seen.spread, found.place.support, found.is_stretched, list(found.bits))


def measure(kept: Sequence[Kept], names: Sequence[str], processes: int) -> Recall:
    """Ask about every copy."""
    described, recall = describe(kept), Recall(len(kept))
    hashed, regions = Hashed(kept, described), ask_regions(kept, processes)
    contradicted = disputed(kept, regions, processes)
    for own, photograph in enumerate(kept):
        for edit, hashes in enumerate(photograph.asked):
            matches = hashed.ask(hashes, described[own][edit + 1] if described else None)
            by_verdict = {name: {came.other for came in regions[own][edit] if came.verdict is name} for name in Verdict}
            matches["regions"] = by_verdict[Verdict.MATCH]
            doubted = {own} if edit in contradicted[own] else set()
            matches["both"] = (matches["PDQ"] - doubted) | matches["regions"]
            matches["for a reviewer"] = (by_verdict[Verdict.PART] | doubted) - matches["both"]
            recall.count(edit, own, matches, names)
    return recall


def report(recall: Recall) -> None:
    """Print the table."""
    out = sys.stdout.write
    methods = [method for method in METHODS if any(method in counted for counted in recall.found.values())]
    out(f"Recall of altered copies of {recall.photographs} photographs, per cent. PDQ at {MAXIMUM_DISTANCE_BITS} bits of 256 and quality ")
    out(f"{MINIMUM_ASKED_QUALITY}, pHash at {PHASH_BITS} bits of 64.{'' if f'SSCD {PUBLISHED}' in methods else f' {NOT_RUN}'}\n\n")
    out(f"| edit | | {' | '.join(methods)} |\n|---|---|{'---:|' * len(methods)}\n")
    group = ""
    for number, copy in enumerate(COPIES):
        shown = [f"{100 * recall.found[number][method] / recall.photographs:.1f}" for method in methods]
        out(f"| {copy.group if copy.group != group else ''} | {copy.name} | {' | '.join(shown)} |\n")
        group = copy.group
    pairs = recall.photographs * (recall.photographs - 1) * len(COPIES)
    out(f"| wrong | of {pairs:,} pairs of a copy and another photograph | {' | '.join(str(recall.wrong[m]) for m in methods)} |\n")
    for method in ("regions", "for a reviewer"):
        for (asked, stored), count in recall.named[method].most_common():
            print(f"{method}: {count} copies of {asked} and {stored}", file=sys.stderr)
    out(f"\n{machine()}, {versions('stillmine', 'pdqhash', 'ImageHash', 'pillow', 'numpy', 'onnxruntime')}\n")


def run(paths: Sequence[Path], folder: Path, wanted: int, processes: int, chart: Path | None) -> None:
    """Make, ask, print; and draw, where a file for it is named."""
    kept = make(folder, paths, wanted, processes)
    recall = measure(kept, [photograph.folder.name for photograph in kept], processes)
    report(recall)
    if chart is not None:
        title = f"Copies of {recall.photographs} photographs that are found"
        chart.write_text(draw(title, DRAWN, [Row(copy.group, copy.name, drawn(recall, number)) for number, copy in enumerate(COPIES)]))


def drawn(recall: Recall, number: int) -> tuple[float, float, float]:
    """Return the shares of one edit that the chart shows, in the order of DRAWN."""
    found = recall.found[number]
    shown = found["PDQ"], found["both"] + found["for a reviewer"], found["both"]
    return shown[0] / recall.photographs, shown[1] / recall.photographs, shown[2] / recall.photographs
