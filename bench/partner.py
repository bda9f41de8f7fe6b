# SPDX-License-Identifier: Apache-2.0
"""A partner's service in the way `ask` beside the way `list`: photographs over HTTP, what the service adds, the exchange by itself.

`list` and `ask` without regions; `ask-small` and `ask-all` with those of the views that are not stretched, and of all.

    python bench/partner.py [--fingerprints 100000] [--seconds 6] [--clients 1 4 32] [--megapixels 0.3 1.6 12]
        [--ways list ask ask-small ask-all]

Real processes: an exchange on SQLite and a service for each way, each as it comes; clients run on the same machine and take their share of
it. No service sees a photograph twice, so that what it remembers answers nothing, but in the rows that say so. Where STILLMINE_BENCH_HMA
is the address of a Hasher-Matcher-Actioner, it is sent the same photographs in the same run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measuring import machine, versions
from partner_added import print_added, print_exchange
from partner_services import PEER_VARIABLE, Services, started
from photographs import PHOTOGRAPHS, SIZES, Sources, make_photographs, sources
from upload_load import Cell, measured

MOST_PHOTOGRAPHS = {0.3: 600, 1.6: 400, 12.0: 120}
"""In one cell, by megapixels: it ends when they are all sent, if its time is not over before."""
USUAL_PHOTOGRAPHS = 200
WARM_UP = 16
REPEATED_MEGAPIXELS, REPEATED_CLIENTS = 1.6, 4
WAYS = ["list", "ask", "ask-small", "ask-all"]
REPEATED = 400
"""Times that one photograph is sent again."""
TIMES = ("sent", "p50, ms", "p99, ms", "a second", "of `list`")
PROCESSOR = ("service, ms of a processor each", "exchange, the same")
HEADS = ("photograph", "clients", "way", *TIMES, *PROCESSOR, "queries each", "errors")


def print_photographs(services: Services, folder: Path, found: Sources, options: argparse.Namespace) -> None:
    """Print a row for each size, number of clients and way."""
    for megapixels in options.megapixels:
        count = options.photographs or MOST_PHOTOGRAPHS.get(megapixels, USUAL_PHOTOGRAPHS)
        made = make_photographs(folder / f"{megapixels:g}", found, megapixels, count * len(options.clients))
        for place, clients in enumerate(options.clients):
            own = made[place * count : (place + 1) * count]
            _print_cells(f"{megapixels:g} MP", services, own, clients, options.seconds)
        for path in made:
            path.unlink()
    again = make_photographs(folder / "again", found, REPEATED_MEGAPIXELS, 1)
    times = options.photographs or REPEATED
    _print_cells(f"{REPEATED_MEGAPIXELS:g} MP, one uploaded again and again", services, again * times, REPEATED_CLIENTS, options.seconds)


def _print_cells(name: str, services: Services, photographs: Sequence[Path], clients: int, seconds: float) -> None:
    cells = measured(
        services.targets, services.exchange.served, photographs, clients, seconds, queries_today=services.exchange.queries_today
    )
    listed = cells.get("list")
    for way, cell in cells.items():
        per_photograph = f"{cell.queries / len(cell.milliseconds):.1f}" if way.startswith("ask") else ""
        print(f"| {name} | {clients} | {way} | {_numbers(cell, listed)} | {per_photograph} | {cell.faults_in_words()} |", flush=True)


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
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--workers", type=int, default=1, help="web workers of the exchange")
    parser.add_argument("--media", type=Path, default=PHOTOGRAPHS, help="folder of larger photographs")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print tables."""
    options = _parsed(None)
    found = sources(options.media)
    run_with = versions("stillmine", "django", "starlette", "uvicorn", "httptools", "httpx", "pillow", "numpy")
    print(f"{machine()}, {run_with}; load {os.getloadavg()[0]:.1f} at the start")
    print(f"{options.fingerprints:,} pictures, SQLite, {options.workers} web worker(s); {len(found.images)} sources in {found.folder}")
    if not os.environ.get(PEER_VARIABLE):
        print(f"Hasher-Matcher-Actioner: not run ({PEER_VARIABLE} is not set)")
    with (
        tempfile.TemporaryDirectory(prefix="stillmine-bench-") as name,
        started(Path(name), options.fingerprints, options.workers, options.ways) as services,
    ):
        folder = Path(name)
        warm = make_photographs(folder / "warm", found, min(SIZES), WARM_UP)
        measured(services.targets, services.exchange.served, warm, REPEATED_CLIENTS, options.seconds)
        print(f"\n| {' | '.join(HEADS)} |\n|---|---:|---|{'---:|' * (len(HEADS) - 4)}---|")
        print_photographs(services, folder, found, options)
        for target in services.targets:
            if target.name == "ask":
                print_added(target, services.exchange, options.asks)
        print_exchange(services.exchange, options.clients, options.asks)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
