# SPDX-License-Identifier: Apache-2.0
"""How many queries work out a fingerprint from a copy, and how many of them the alarm of spec/ask.md counts, by how patiently one asks.

    python bench/probing.py [--runs 20]

Whoever asks outside of the threshold is mostly told `clear`, which leaves no trace: bits are flipped in twos, threes or fours from where
only all of them together make a match. Numbers alone, no exchange: a match is 31 bits or fewer, and counted from 28 on.
"""

from __future__ import annotations

import argparse
import random
from statistics import median

from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS

BITS = 256
EDGE_BITS = 4
"""As `stillmine.exchange.ask.nearby` has it, which needs a database."""

OFF = 24
"""How many bits of the copy are wrong."""

TO_THE_EDGE = MAXIMUM_DISTANCE_BITS + 1 - OFF
SPARE = 6

PLANS = (((1, 1),), ((1, 1), (2, 6)), ((1, 1), (2, 4), (3, 9)), ((1, 1), (2, 4), (3, 7), (4, 14)))
"""So many bits at once, from so many wrong ones on."""


class Exchange:
    """Says whether a value matches, and counts as the alarm does."""

    def __init__(self, protected: int) -> None:
        self._protected = protected
        self.queries = 0
        self.counted: set[int] = set()

    def matches(self, value: int) -> bool:
        """Ask about one value."""
        self.queries += 1
        distance = (value ^ self._protected).bit_count()
        if MAXIMUM_DISTANCE_BITS - EDGE_BITS < distance <= MAXIMUM_DISTANCE_BITS:
            self.counted.add(value)
        return distance <= MAXIMUM_DISTANCE_BITS


def flipped(value: int, bits: list[int]) -> int:
    """Return the value with these bits the other way."""
    for bit in bits:
        value ^= 1 << bit
    return value


def recover(plan: tuple[tuple[int, int], ...], seed: int) -> tuple[int, int]:
    """Work out a random fingerprint from a copy; returns how many queries that took and how many were counted."""
    rng = random.Random(seed)
    protected = rng.getrandbits(BITS)
    copy, exchange = flipped(protected, rng.sample(range(BITS), OFF)), Exchange(protected)
    known = rng.sample(range(BITS), TO_THE_EDGE)
    while exchange.matches(flipped(copy, known)):  # clear only where the copy was right in all of them
        known = rng.sample(range(BITS), TO_THE_EDGE)
    outside, unknown, wrong = flipped(copy, known), [bit for bit in range(BITS) if bit not in known], OFF
    for bit in rng.sample(unknown, SPARE):
        unknown.remove(bit)
        known.append(bit)
        if exchange.matches(flipped(outside, [bit])):
            copy, wrong = flipped(copy, [bit]), wrong - 1
    while wrong:
        at_once = max(bits for bits, least in plan if wrong >= least)
        start = flipped(copy, known[: MAXIMUM_DISTANCE_BITS + at_once - wrong])  # so far outside that only all of them match
        some = rng.sample(unknown, at_once)
        is_match = exchange.matches(flipped(start, some))
        if is_match:
            copy, wrong = flipped(copy, some), wrong - at_once
        if is_match or at_once == 1:
            unknown, known = [bit for bit in unknown if bit not in some], [*known, *some]
    if copy != protected:
        raise AssertionError(seed)
    return exchange.queries, len(exchange.counted)


def main() -> None:
    """Print a line for each plan."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    for plan in PLANS:
        done = [recover(plan, seed) for seed in range(runs)]
        queries, counted = (sorted(column) for column in zip(*done, strict=True))
        took = f"queries {median(queries):,.0f} (most {queries[-1]:,})"
        print(f"{plan[-1][0]} at once: {took}, counted {median(counted):.0f} (most {counted[-1]})")


if __name__ == "__main__":
    main()
