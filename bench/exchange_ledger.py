# SPDX-License-Identifier: Apache-2.0
"""What the ledger costs: one append by itself, a feed page of 500 and an acknowledgement with and without it, a case's proofs.

    python bench/exchange_ledger.py [--count 20000] [--turns 200]

In one process on SQLite, without HTTP; commits wait for the disk as in service. With and without are timed in turn.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

from exchange_stocked import PER_CASE, stocked
from measuring import machine, measure, milliseconds, versions

from stillmine.exchange.transaction.context import Context

PAGE = 500


def waiting_for_the_disk() -> None:
    """Make commits wait again: what `stocked` had set for its connection ends with it."""
    from django.db import connection

    connection.close()


def append_alone(exchange: Context, turns: int) -> None:
    """Time the append itself, inside an open transaction."""
    from stillmine.exchange.protection.entries import record_of
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.transaction.tx import tx
    from stillmine.ledger.entry import EventName

    ids = list(Fingerprint.objects.values_list("id", flat=True)[:PAGE])
    for name, event, named in (
        ("nothing", EventName.SETTINGS_CHANGED, []),
        ("1 fingerprint, withdrawn", EventName.WITHDRAWN, ids[:1]),
        (f"{PAGE} fingerprints, disclosed", EventName.DISCLOSED, ids),
    ):
        with tx("bench.append", exchange.clock) as transaction:
            spent = [milliseconds(lambda: record_of(exchange, transaction, event, named)) for _ in range(turns)]  # noqa: B023 (called before the loop goes on)
        print(f"| append that names {name} | {statistics.median(spent) * 1000:,.0f} |", flush=True)


def actions_with_and_without(exchange: Context, key: str, turns: int) -> None:
    """Time two actions whole, commit included."""
    from stillmine.exchange.feed import actions
    from stillmine.exchange.feed.entries import read_entries
    from stillmine.exchange.partners.queries import caller
    from stillmine.exchange.protection.given import head_sequence
    from stillmine.exchange.rows.feed import Disclosure, Shape

    partner, newest = caller(key, exchange.clock()).partner, head_sequence()
    found = iter(range(2 * turns))
    confirmed = iter(range(1, 2 * turns + 1))

    def page() -> None:
        actions.hand_out(exchange, partner, after=next(found), limit=PAGE, shape=Shape.NATIVE, read=partial(read_entries, exchange))

    def acknowledgement() -> None:
        actions.acknowledge(exchange, partner, next(confirmed))

    def without(call: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with patch.object(actions, "record", return_value=None), patch.object(actions, "record_of", return_value=None):
                call()

        return run

    assert newest > 2 * turns + PAGE
    for name, call in ((f"feed page of {PAGE}", page), ("acknowledgement", acknowledgement)):
        timing = measure(call, without(call), turns)
        print(f"| {name}: with, without, difference | {timing.ours * 1000:,.0f}, {timing.theirs * 1000:,.0f}, ", end="")
        print(f"{(timing.ours - timing.theirs) * 1000:,.0f} |", flush=True)
    assert Disclosure.objects.count() == 2 * turns


def reads(exchange: Context, turns: int) -> None:
    """Time what is asked of the log."""
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.log.actions import give_checkpoint
    from stillmine.exchange.person import log_proofs as queries
    from stillmine.exchange.rows.cases import Case

    size, _ = give_checkpoint(exchange)
    case = Case.objects.order_by("id")[2 * turns // PER_CASE // 2]
    entries, promised = queries.entries_of(exchange, case, size)
    named = [entry.items for entry in entries] + [entry.items for entry in promised]
    for name, call in (
        ("consistency proof", lambda: queries.consistency(size // 3, size)),
        (f"{min(size, 4096):,} leaf hashes", lambda: queries.leaves(0, 4096)),
        (
            f"a case's {len(named)} entries with {sum(map(len, named))} items",
            lambda: queries.entries_of(exchange, case, size),
        ),
    ):
        print(f"| {name}, log of {size:,} | {statistics.median([milliseconds(call) for _ in range(20)]) * 1000:,.0f} |", flush=True)
    print(f"| fsck of everything | {milliseconds(findings) * 1000:,.0f} |", flush=True)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=200)
    options = parser.parse_args()
    print(
        f"{machine()}, {versions('stillmine', 'django', 'cryptography')}; {options.count:,} pictures, SQLite, median of {options.turns}\n"
    )
    with tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        exchange, key, _ = stocked(Path(folder) / "home", options.count)
        waiting_for_the_disk()
        print("| what | µs |\n|---|---:|")
        actions_with_and_without(exchange, key, options.turns)
        reads(exchange, options.turns)
        append_alone(exchange, options.turns)


if __name__ == "__main__":
    main()
