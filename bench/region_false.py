# SPDX-License-Identifier: Apache-2.0
"""Which unrelated pictures regions take for copies: every picture enrolled, many asked, in all sizes and views.

    region_false.py SET [SET ...]

Pictures in one folder below a SET are related (one sender, one shop) and counted apart; those directly in a SET are not. What matches, and
the nearest of what doesn't, is named on standard error, to be looked at: a set may hold one picture twice.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from copies_kept import LEAST_SIDE, upright
from measuring import machine, versions
from region_asking import DISTANCE, Found, Numbers, Upload, enrol
from region_library import RegionLibrary

from stillmine.matching.region_look import Look, Verdict, verdict
from stillmine.matching.region_values import StoredRegions

POISSON_NONE = 3.0
"""Upper end of a 95 % interval for a number of which none was seen."""
ENROLLED = 1_000_000
NAMED = 40


class Candidate(NamedTuple):
    """An asked and an enrolled picture that got a second look, and what it said."""

    asked: int
    stored: int
    visible: int
    agreeing: int
    share: float
    spread: float
    support: int
    is_stretched: bool

    @property
    def seen(self) -> Look:
        """The second look."""
        return Look(self.visible, self.agreeing, self.share, self.spread)


class Picture(NamedTuple):
    """A file, and what it is related to."""

    path: Path
    related: str


@dataclass(frozen=True)
class Answer:
    """What came of asking about one picture."""

    asked: int
    hashes: int
    sharing: int
    candidates: list[Candidate]


def pictures(sets: Sequence[Path]) -> Iterator[Picture]:
    """Return all pictures of sets, those that are related under one name."""
    for folder in sets:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in {".jpg", ".jpeg", ".png"}:
                yield Picture(path, str(path.parent if path.parent != folder else path))


_LIBRARIES: list[tuple[RegionLibrary, list[Picture], Numbers]] = []
"""Of a process of the pool: one."""


def _enrol_all(listed: list[Picture], numbers: Numbers) -> None:
    _LIBRARIES.append((RegionLibrary([_enrolled(picture.path) for picture in listed]), listed, numbers))


def _enrolled(path: Path) -> StoredRegions | None:
    image = upright(path)
    return enrol(np.asarray(image)) if min(image.size) >= LEAST_SIDE else None


def _candidate(asked: int, stored: int, found: Found) -> Candidate:
    seen = found.seen
    return Candidate(asked, stored, seen.visible, seen.agreeing, seen.share, seen.spread, found.place.support, found.is_stretched)


def _ask(asked: int) -> Answer:
    library, listed, numbers = _LIBRARIES[0]
    upload = Upload(np.asarray(upright(listed[asked].path)), numbers)
    library.counts.hashes = library.counts.sharing = 0
    candidates: list[Candidate] = []
    for is_stretched in (False, True) if numbers.has_stretches else (False,):
        for stored, found in library.ask(upload, is_stretched=is_stretched).items():
            if stored != asked:
                candidates.append(_candidate(asked, stored, found))
    return Answer(asked, library.counts.hashes, library.counts.sharing, candidates)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--asked", type=int, default=500, help="how many of them are asked about; all are enrolled")
    parser.add_argument("--distance", type=int, default=DISTANCE, help="bits; more than is usual gives more candidates for the second look")
    parser.add_argument("--as-it-is", action="store_true", help="no stretched views")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", type=Path, help="a file for all candidates, as JSON")
    wanted = parser.parse_args()
    listed = list(pictures(wanted.sets))
    asked = random.Random(7).sample(range(len(listed)), min(wanted.asked, len(listed)))
    numbers = Numbers(distance=wanted.distance, has_stretches=not wanted.as_it_is)
    answers = []
    with ProcessPoolExecutor(wanted.processes, get_context("spawn"), _enrol_all, (listed, numbers)) as pool:
        for answer in pool.map(_ask, asked):
            answers.append(answer)
            print(f"{len(answers)} of {len(asked)}", file=sys.stderr, flush=True)
    if wanted.write is not None:
        wanted.write.write_text(json.dumps([[*each] for answer in answers for each in answer.candidates]))
    report(listed, answers, numbers)
    return 0


def report(listed: Sequence[Picture], answers: Sequence[Answer], numbers: Numbers) -> None:
    """Print what was found among unrelated pictures, and beside it among related ones."""
    sizes = Counter(picture.related for picture in listed)
    related = sum(sizes[listed[answer.asked].related] - 1 for answer in answers)
    pairs = len(answers) * (len(listed) - 1) - related
    apart: dict[bool, list[Candidate]] = {True: [], False: []}
    for candidate in (each for answer in answers for each in answer.candidates):
        apart[listed[candidate.asked].related == listed[candidate.stored].related].append(candidate)
    views = "two sizes, and stretched" if numbers.has_stretches else "two sizes"
    print(f"{len(listed):,} enrolled, {len(answers):,} asked about in {views} at {numbers.distance} bits, ", end="")
    print(f"{sum(answer.hashes for answer in answers):,} hashes\n\n| pairs | number | second looks | part | match |")
    print("|---|---:|---:|---:|---:|")
    for name, count, is_related in (("unrelated", pairs, False), ("of one sender or shop", related, True)):
        by = Counter(verdict(candidate.seen) for candidate in apart[is_related])
        print(f"| {name} | {count:,} | {len(apart[is_related]):,} | {by[Verdict.PART]:,} | {by[Verdict.MATCH]:,} |")
    extrapolate(pairs, apart[False])
    for candidate in sorted(apart[False], key=lambda each: -each.seen.share)[:40] + [
        each for each in apart[True] if each.seen.share >= 0.4
    ]:
        names = (listed[candidate.asked].path, listed[candidate.stored].path)
        print(f"{candidate.seen}, {candidate.support}:", *names, file=sys.stderr)
    print(f"\n{machine()}, {versions('stillmine', 'pillow', 'numpy')}")


def extrapolate(pairs: int, candidates: Sequence[Candidate]) -> None:
    """Print what this says of a million enrolled pictures: directly, and by two steps that are taken to be independent."""
    matched = sum(verdict(candidate.seen) is Verdict.MATCH for candidate in candidates)
    matches, looks = (at_most(seen) / pairs * ENROLLED for seen in (matched, len(candidates)))
    print(f"\nFor {ENROLLED:,} enrolled, with 95 % certainty at most {matches:.2g} false matches and {looks:.2g} second looks an upload.")


def at_most(seen: int) -> float:
    """Return the upper end of a one-sided 95 % interval for the mean of a Poisson number that was seen once."""
    mean = float(seen) + POISSON_NONE
    for _ in range(60):
        terms = [math.exp(-mean + number * math.log(mean) - math.lgamma(number + 1)) for number in range(seen + 1)]
        mean += (sum(terms) - 0.05) * max(1.0, math.sqrt(seen + 1)) * 1.5
    return mean


if __name__ == "__main__":
    raise SystemExit(main())
