# SPDX-License-Identifier: Apache-2.0
"""Hasher-Matcher-Actioner (HMA) and our service in the way `list`, cell by cell: the same photographs and values, the same clients.

Both sides are there with one worker and with two, we also as two instances with one worker each, and each side is judged by the better of
them in each cell. All of them run all the time and take their turns, so that a busy moment of the machine meets each; only one is sent
anything at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from exchange_stocked import SEED
from partner_cells import Side, Taken, took
from partner_services import Target

from stillmine.wire import codec
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, Kind
from stillmine.wire.screen import ScreenFingerprints

GOALS = {"0.3 MP": 3.0, "1.6 MP": 8.0, "12 MP": 30.0, "lookup": 5.0}
"""How many times as many answers a second as HMA gives."""
LONGEST_P99 = ("1.6 MP", 32, 1000.0)
"""Of our service: of which photographs, from how many clients, in milliseconds."""
LOOKUP = "lookup"
VALUES = 5_000
HEADS = (
    *("what", "clients", "ours, a second", "p50, ms", "p99, ms", "HMA, a second", "p50, ms", "p99, ms"),
    *("times as many", "goal", "ms of a processor, ours", "HMA", "workers, ours", "HMA", "errors"),
)


@dataclass(frozen=True)
class Setting:
    """One side with some workers."""

    workers: str
    side: Side


@dataclass(frozen=True)
class Best:
    """The better setting of a side in one cell."""

    workers: str
    taken: Taken

    def figures(self) -> dict[str, object]:
        """Return what is kept of it."""
        taken = self.taken
        return {
            "workers": self.workers,
            "rate": taken.rate,
            "p50_ms": taken.percentile(50),
            "p99_ms": taken.percentile(99),
            "processor_ms": taken.processor_milliseconds,
            "answers": len(taken.milliseconds),
            "errors": dict(taken.faults),
        }


@dataclass(frozen=True)
class Cell:
    """What both sides did with one sort of request from a number of clients."""

    what: str
    clients: int
    ours: Best
    theirs: Best | None

    @property
    def ratio(self) -> float | None:
        """How many times as many answers a second as theirs; None without them."""
        return None if self.theirs is None or not self.theirs.taken.rate else self.ours.taken.rate / self.theirs.taken.rate

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal for it that is not reached."""
        return self.ratio is not None and self.ratio < GOALS.get(self.what, 0)

    def figures(self) -> dict[str, object]:
        """Return what is kept of it."""
        theirs = None if self.theirs is None else self.theirs.figures()
        return {"what": self.what, "clients": self.clients, "ours": self.ours.figures(), "hma": theirs, "ratio": self.ratio}

    def row(self) -> str:
        """Return its row of the table."""
        ours, theirs = self.ours, self.theirs
        bests = [ours, *([theirs] if theirs else [])]
        times = [[f"{one.taken.rate:,.1f}", *(f"{one.taken.percentile(at):.1f}" for at in (50, 99))] for one in bests]
        ratio = "" if self.ratio is None else f"**{self.ratio:.1f}**"
        nothing = [""] * (3 - 3 * (len(bests) - 1))
        processor = [f"{one.taken.processor_milliseconds:.2f}" for one in bests] + [""] * (2 - len(bests))
        workers = [one.workers for one in bests] + [""] * (2 - len(bests))
        errors = "; ".join(f"{count} {fault}" for one in bests for fault, count in one.taken.faults.items()) or "none"
        goal = f"{GOALS[self.what]:g}" if self.what in GOALS else ""
        cells = (
            self.what,
            str(self.clients),
            *(cell for one in times for cell in one),
            *nothing,
            ratio,
            goal,
            *processor,
            *workers,
            errors,
        )
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Sides:
    """Both sides in all their settings; theirs are empty where HMA is not at hand."""

    ours: Sequence[Setting]
    ours_lookups: Sequence[Setting]
    theirs: Sequence[Setting]
    theirs_lookups: Sequence[Setting]

    def cell(self, what: str, subjects: Sequence[bytes], clients: int, seconds: float) -> Cell:
        """Send the same to all settings, one after the other, for so many seconds each."""
        ours, theirs = (self.ours_lookups, self.theirs_lookups) if what == LOOKUP else (self.ours, self.theirs)
        measured = {id(one): took(one.side, subjects, clients, seconds) for one in _in_turn(ours, theirs)}
        best = [_best(settings, measured) for settings in (ours, theirs)]
        assert best[0] is not None
        return Cell(what, clients, best[0], best[1])


def print_heads() -> None:
    """Print the table's heads."""
    print(f"\n| {' | '.join(HEADS)} |\n|---|{'---:|' * (len(HEADS) - 4)}---|---|---|", flush=True)


def values() -> list[bytes]:
    """Return values to look up, 32 bytes each, that match nothing."""
    rng = np.random.default_rng([SEED, 4])
    return [rng.bytes(32) for _ in range(VALUES)]


def of_photographs(workers: str, target: Target, *others: Target) -> Setting:
    """Return our service, or several instances of it, as photographs are sent there."""
    return Setting(workers, _side(target, others, target.headers, lambda data: (target.path, data)))


def of_lookups(workers: str, target: Target, *others: Target) -> Setting:
    """Return our service, or several instances of it, as fingerprints are sent there."""

    def request(value: bytes) -> tuple[str, bytes]:
        return target.path, codec.encode(ScreenFingerprints(1, [Fingerprint(Kind.PDQ, value.hex(), FULL_QUALITY)]))

    return Setting(workers, _side(target, others, {**target.headers, "Content-Type": "application/json"}, request))


def _side(target: Target, others: Sequence[Target], headers: Mapping[str, str], request: Callable[[bytes], tuple[str, bytes]]) -> Side:
    served = [one.served for one in (target, *others) if one.served is not None]
    return Side(target.name, served[0], "POST", headers, request, target.fault, tuple(served[1:]))


def longest_p99(cells: Sequence[Cell]) -> str:
    """Say whether the goal for the slowest answers is reached."""
    what, clients, most = LONGEST_P99
    found = [cell.ours.taken.percentile(99) for cell in cells if (cell.what, cell.clients) == (what, clients)]
    return "".join(f"p99 of {what} from {clients} clients: {p99:.0f} ms (goal {most:g})" for p99 in found)


def _in_turn(ours: Sequence[Setting], theirs: Sequence[Setting]) -> list[Setting]:
    """One of each, again and again, so that neither side has the quieter half of the time."""
    most = max(len(ours), len(theirs))
    return [one for place in range(most) for side in (ours, theirs) for one in side[place : place + 1]]


def _best(settings: Sequence[Setting], measured: dict[int, Taken]) -> Best | None:
    bests = [Best(one.workers, measured[id(one)]) for one in settings]
    return max(bests, key=lambda best: best.taken.rate, default=None)
