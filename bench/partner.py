# SPDX-License-Identifier: Apache-2.0
"""A partner's service beside Hasher-Matcher-Actioner, in the way `ask` beside the way `list`, with regions beside without.

    python bench/partner.py [--fingerprints 100000] [--seconds 6] [--clients 1 4 32] [--megapixels 0.3 1.6 12]
        [--parts beside ways] [--ways list ask ask-small ask-all] [--searchable 1000000 [--kept HOME]] [--out FILE]

`beside`: Hasher-Matcher-Actioner, where STILLMINE_HMA is a checkout of facebook/ThreatExchange, and our service in the way `list` without
regions, each with one worker and with two; we also as two instances. `ways`: `list` and `ask` without regions; `ask-small` and `ask-all`
with those of the views that are not stretched, and of all; there no service sees a photograph twice, but in the rows that say so.

Real processes: an exchange on SQLite and a service for each way; clients run on the same machine and take their share of it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import partner_hma
from measuring import machine, versions
from partner_added import print_added, print_exchange
from partner_beside import LOOKUP, Setting, Sides, longest_p99, of_lookups, of_photographs, print_heads, values
from partner_beside import Cell as Beside
from partner_services import Services, Target, running_service, searchable, started, two_instances
from photographs import PHOTOGRAPHS, SIZES, Sources, make_photographs, sources
from upload_load import Cell, measured

MOST_PHOTOGRAPHS = {0.3: 600, 1.6: 400, 12.0: 120}
"""In one cell, by megapixels: it ends when they are all sent, if its time is not over before."""
USUAL_PHOTOGRAPHS = 200
WARM_UP = 16
REPEATED_MEGAPIXELS, REPEATED_CLIENTS = 1.6, 4
WAYS = ["list", "ask", "ask-small", "ask-all"]
PARTS = ["beside", "ways"]
WORKERS = (1, 2)
"""Of each side in `beside`; the better counts."""
BESIDE_PHOTOGRAPHS = {0.3: 200, 1.6: 100, 12.0: 24}
"""Sent again and again: neither side remembers what matched nothing."""
LOOKUP_SHARE = 0.5
"""Of a cell's time: lookups are many."""
SEARCHABLE_GOALS = {100_000: 10, 1_000_000: 30}
REPEATED = 400
"""Times that one photograph is sent again."""
TIMES = ("sent", "p50, ms", "p99, ms", "a second", "of `list`")
PROCESSOR = ("service, ms of a processor each", "exchange, the same")
HEADS = ("photograph", "clients", "way", *TIMES, *PROCESSOR, "queries each", "errors")


@dataclass
class Kept:
    """What is written to `--out`."""

    run: str
    load_at_start: float
    hma: str | None = None
    searchable_seconds: dict[int, float] = field(default_factory=dict)
    beside: list[dict[str, object]] = field(default_factory=list)
    ways: list[dict[str, object]] = field(default_factory=list)

    def write(self, file: Path | None) -> None:
        """Write it, where a file is named."""
        if file is not None:
            file.write_text(json.dumps({**vars(self), "load_at_end": os.getloadavg()[0]}, indent=1) + "\n")


@contextmanager
def both_sides(services: Services, folder: Path, kept: Kept) -> Iterator[Sides]:
    """Start both sides in all their settings."""
    with ExitStack() as stack:
        ours: list[tuple[str, tuple[Target, ...]]] = []
        for workers in WORKERS:
            options = ("list", services.exchange.url, services.list_key, f"list-{workers}", "--threads", str(workers))
            ours.append((str(workers), (stack.enter_context(running_service(folder, *options)),)))
        instances = two_instances(folder, services.exchange.url, services.list_key, "--threads", "1")
        ours.append(("2 instances of 1", stack.enter_context(instances)))
        theirs: list[tuple[int, list[Setting]]] = []
        checked_out = partner_hma.checkout()
        if checked_out is None:
            print(f"Hasher-Matcher-Actioner: not run ({partner_hma.PEER_VARIABLE} is not set)")
        else:
            hma = stack.enter_context(partner_hma.prepared(checked_out, folder / "hma", services.values))
            for workers in WORKERS:
                sides = stack.enter_context(hma.served(workers))
                theirs.append((workers, [Setting(f"{workers} {side.name.rpartition('/')[2]}", side) for side in sides]))
            kept.hma = partner_hma.versions(checked_out)
            print(f"{kept.hma}; gthread, {partner_hma.THREADS} threads each")
        _note_searchable(kept, len(services.values) // 32, min(targets[0].ready_seconds for _, targets in ours))
        yield Sides(
            [of_photographs(workers, *targets) for workers, targets in ours],
            [of_lookups(workers, *targets) for workers, targets in ours],
            [Setting(str(workers), settings[0].side) for workers, settings in theirs],
            [setting for _, settings in theirs for setting in settings[1:]],
        )


def print_beside(services: Services, folder: Path, found: Sources, options: argparse.Namespace, kept: Kept) -> None:
    """Print a row for each size and number of clients, and for lookups."""
    with both_sides(services, folder, kept) as sides:
        print_heads()
        cells: list[Beside] = []
        for megapixels in options.megapixels:
            count = options.photographs or BESIDE_PHOTOGRAPHS.get(megapixels, USUAL_PHOTOGRAPHS)
            made = make_photographs(folder / f"beside-{megapixels:g}", found, megapixels, count)
            subjects = [path.read_bytes() for path in made]
            for clients in options.clients:
                cells.append(sides.cell(f"{megapixels:g} MP", subjects, clients, options.seconds))
                print(cells[-1].row(), flush=True)
        for clients in options.clients:
            cells.append(sides.cell(LOOKUP, values(), clients, options.seconds * LOOKUP_SHARE))
            print(cells[-1].row(), flush=True)
    kept.beside = [cell.figures() for cell in cells]
    missed = [f"{cell.what} from {cell.clients} clients" for cell in cells if cell.is_missed]
    print(f"\n{longest_p99(cells)}\nGoals not reached: {', '.join(missed) or 'none'}", flush=True)


def _note_searchable(kept: Kept, count: int, seconds: float) -> None:
    kept.searchable_seconds[count] = seconds
    goal = f" (goal {SEARCHABLE_GOALS[count]} s)" if count in SEARCHABLE_GOALS else ""
    print(f"An empty service searches {count:,} fingerprints {seconds:.1f} s after its start{goal}", flush=True)


def print_photographs(services: Services, folder: Path, found: Sources, options: argparse.Namespace, kept: Kept) -> None:
    """Print a row for each size, number of clients and way."""
    for megapixels in options.megapixels:
        count = options.photographs or MOST_PHOTOGRAPHS.get(megapixels, USUAL_PHOTOGRAPHS)
        made = make_photographs(folder / f"{megapixels:g}", found, megapixels, count * len(options.clients))
        for place, clients in enumerate(options.clients):
            own = made[place * count : (place + 1) * count]
            kept.ways += _print_cells(f"{megapixels:g} MP", services, own, clients, options.seconds)
        for path in made:
            path.unlink()
    again = make_photographs(folder / "again", found, REPEATED_MEGAPIXELS, 1)
    times = options.photographs or REPEATED
    name = f"{REPEATED_MEGAPIXELS:g} MP, one uploaded again and again"
    kept.ways += _print_cells(name, services, again * times, REPEATED_CLIENTS, options.seconds)


def _print_cells(name: str, services: Services, photographs: Sequence[Path], clients: int, seconds: float) -> list[dict[str, object]]:
    """Print a row for each way, and return what is kept of them."""
    cells = measured(
        services.targets, services.exchange.served, photographs, clients, seconds, queries_today=services.exchange.queries_today
    )
    listed = cells.get("list")
    for way, cell in cells.items():
        per_photograph = f"{cell.queries / len(cell.milliseconds):.1f}" if way.startswith("ask") else ""
        print(f"| {name} | {clients} | {way} | {_numbers(cell, listed)} | {per_photograph} | {cell.faults_in_words()} |", flush=True)
    return [{"photograph": name, "clients": clients, "way": way, **_kept(cell)} for way, cell in cells.items()]


def _kept(cell: Cell) -> dict[str, object]:
    p50, p99 = cell.percentiles()
    spent = {"service_processor_s": cell.service_seconds, "exchange_processor_s": cell.exchange_seconds}
    return {"rate": cell.rate, "p50_ms": p50, "p99_ms": p99, "answers": len(cell.milliseconds), **spent, "queries": cell.queries}


def _numbers(cell: Cell, listed: Cell | None) -> str:
    p50, p99 = cell.percentiles()
    of_list = "" if listed is None or listed is cell or not listed.rate else f"{cell.rate / listed.rate:.2f}"
    times = (cell.service_seconds, cell.exchange_seconds) if cell.service_seconds else ()  # of a peer nothing is known
    took = [f"{seconds * 1000 / len(cell.milliseconds):.1f}" for seconds in times] or ["", ""]
    return f"{len(cell.milliseconds)} | {p50:.1f} | {p99:.1f} | {cell.rate:.1f} | {of_list} | {' | '.join(took)}"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fingerprints", type=int, default=100_000, help="that the exchange holds")
    parser.add_argument("--seconds", type=float, default=6, help="of each cell and way, at most")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 32])
    parser.add_argument("--megapixels", type=float, nargs="+", default=list(SIZES))
    parser.add_argument("--photographs", type=int, help="in each cell at most; unless said, as many as its size allows in the time")
    parser.add_argument(
        "--asks", type=int, default=500, help="pairs for what the service adds; and asks of the exchange, for each number of clients"
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--searchable", type=int, help="how long an empty service takes to search so many fingerprints")
    parser.add_argument("--kept", type=Path, help="home of an exchange with those, made where there is none, and left there")
    parser.add_argument("--out", type=Path, help="write all figures here, as JSON")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--workers", type=int, default=1, help="web workers of the exchange")
    parser.add_argument("--media", type=Path, default=PHOTOGRAPHS, help="folder of larger photographs")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print tables."""
    options = _parsed(None)
    found = sources(options.media)
    run_with = versions("stillmine", "django", "starlette", "uvicorn", "httptools", "httpx", "pillow", "numpy")
    kept = Kept(f"{machine()}, {run_with}", os.getloadavg()[0])
    print(f"{kept.run}; load {kept.load_at_start:.1f} at the start")
    print(f"{options.fingerprints:,} pictures, SQLite, {options.workers} web worker(s); {len(found.images)} sources in {found.folder}")
    with tempfile.TemporaryDirectory(prefix="stillmine-bench-") as name:
        folder = Path(name)
        if options.searchable:
            with searchable(folder, options.kept, options.searchable) as seconds:
                _note_searchable(kept, options.searchable, seconds)
        ways = options.ways if "ways" in options.parts else []
        with started(folder, options.fingerprints, options.workers, ways) as services:
            if "beside" in options.parts:
                print_beside(services, folder, found, options, kept)
            if ways:
                print_ways(services, folder, found, options, kept)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")
    kept.write(options.out)


def print_ways(services: Services, folder: Path, found: Sources, options: argparse.Namespace, kept: Kept) -> None:
    """Print what each way takes, what the service adds to its exchange, and the exchange by itself."""
    warm = make_photographs(folder / "warm", found, min(SIZES), WARM_UP)
    measured(services.targets, services.exchange.served, warm, REPEATED_CLIENTS, options.seconds)
    print(f"\n| {' | '.join(HEADS)} |\n|---|---:|---|{'---:|' * (len(HEADS) - 4)}---|")
    print_photographs(services, folder, found, options, kept)
    for target in services.targets:
        if target.name == "ask":
            print_added(target, services.exchange, options.asks)
    print_exchange(services.exchange, options.clients, options.asks)


if __name__ == "__main__":
    main()
