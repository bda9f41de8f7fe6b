# SPDX-License-Identifier: Apache-2.0
"""What regions say of pictures that share something and are no copies: one app's or sheet's template, one room, one poster, one studio.

Every picture of a template is enrolled and every other one of it asked about, in all sizes and views; of a room, one moment is enrolled and
the other asked about, and the reverse. Photographs are those of robustness.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from copies_kept import upright
from measuring import machine, versions
from photo_edits import Picture
from region_asking import Upload, ask, enrol
from robustness import photographs
from rooms import ROOMS, Scene
from templates import FAMILIES, HELD_BACK

from stillmine.matching.region_look import Verdict
from stillmine.matching.region_values import StoredRegions

TEMPLATES = FAMILIES | HELD_BACK
PHOTOGRAPHS_A_SCENE = 5
Outcome = tuple[str, float, float, int, int]
"""Verdict, share and spread of the second look; the numbers of the enrolled picture and of the one asked about."""


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=80, help="of each template")
    parser.add_argument("--scenes", type=int, default=100, help="pairs of each kind of room")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args()
    print("| no copies of each other | pairs | too few regions | second looks | part | match | largest share |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with ProcessPoolExecutor(wanted.processes, get_context("spawn")) as pool:
        for name in TEMPLATES:
            jobs = [(name, wanted.pictures, asked) for asked in range(wanted.pictures)]
            report(f"{name}, other contents", list(chain.from_iterable(pool.map(_ask_template, jobs))))
        for name in ROOMS:
            jobs = [(name, 0, number) for number in range(wanted.scenes)]
            report(name, list(chain.from_iterable(pool.map(_ask_room, jobs))))
    print(f"\n{machine()}, {versions('stillmine', 'pillow', 'numpy')}")
    return 0


def report(name: str, outcomes: Sequence[Outcome | str]) -> None:
    """Print a row; and on standard error, what matched."""
    looks = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    by = Counter(outcome[0] for outcome in looks)
    few = sum(outcome == "few" for outcome in outcomes)
    largest = max((outcome[1] for outcome in looks), default=0.0)
    print(f"| {name} | {len(outcomes):,} | {few} | {len(looks)} | {by[Verdict.PART]} | {by[Verdict.MATCH]} | {largest:.2f} |", flush=True)
    for verdict, share, spread, stored, asked in looks:
        if verdict == Verdict.MATCH:
            print(f"{name}: {stored} and {asked}, share {share:.2f}, spread {spread:.2f}", file=sys.stderr)


def _ask_template(job: tuple[str, int, int]) -> list[Outcome | str]:
    name, count, asked = job
    upload = Upload(np.asarray(template(name, asked)))
    return [_outcome(stored, upload, number, asked) for number, stored in enumerate(_enrolled(name, count)) if number != asked]


def _ask_room(job: tuple[str, int, int]) -> list[Outcome | str]:
    name, _, number = job
    pair = [np.asarray(picture) for picture in room(name, number)]
    return [_outcome(enrol(pair[0]), Upload(pair[1]), number, number), _outcome(enrol(pair[1]), Upload(pair[0]), number, number)]


def _outcome(stored: StoredRegions | None, upload: Upload, number: int, asked: int) -> Outcome | str:
    if stored is None:
        return "few"
    found = ask(stored, upload)
    return "none" if found is None else (str(found.verdict), found.seen.share, found.seen.spread, number, asked)


def template(name: str, number: int) -> Picture:
    """Return a template's picture of that number."""
    return TEMPLATES[name](upright(_rest()[number]), number)


def room(name: str, number: int) -> Scene:
    """Return two pictures of one place."""
    rest, whole = _rest(), _wholes()
    people = [upright(rest[(PHOTOGRAPHS_A_SCENE * number + each) % len(rest)]) for each in range(PHOTOGRAPHS_A_SCENE)]
    places = [upright(whole[(number + each * 17) % len(whole)]) for each in range(2)]
    if "poster" in name:
        return ROOMS[name](number, [people[0], places[0], people[1], places[1], people[2]])
    return ROOMS[name](number, [places[0], *people])


@cache
def _enrolled(name: str, count: int) -> list[StoredRegions | None]:
    return [enrol(np.asarray(template(name, number))) for number in range(count)]


@cache
def _rest() -> list[Path]:
    """Garments, which people wear."""
    return [path for path in photographs([]) if path.parent.name == "clothing"]


@cache
def _wholes() -> list[Path]:
    """Pictures with much in them, as rooms have."""
    return [path for path in photographs([]) if path.parent.name != "clothing"]


if __name__ == "__main__":
    raise SystemExit(main())
