# SPDX-License-Identifier: Apache-2.0
"""Proof of work: how a challenge is solved and a proof is checked. Contract: spec/intake.md.

A challenge is opaque here; only the exchange can make one, and only it can say whether one is its own. Nothing of a case is in a proof.
"""

import hashlib
from itertools import count

from stillmine.wire.errors import WorkNeeded

PROOF_HEADER = "Proof-Of-Work"
MAXIMUM_PROOF_CHARACTERS = 2000
MAXIMUM_ZERO_BITS = 24
_MAXIMUM_DIGITS = 15
"""A number that a browser can count to exactly."""


def solve(needed: WorkNeeded) -> str:
    """Return what goes into the header `Proof-Of-Work`; takes about parts * 2^zero_bits hashes."""
    numbers = (_solve_part(needed.challenge, part, needed.zero_bits) for part in range(needed.parts))
    return f"{needed.challenge} {'.'.join(map(str, numbers))}"


def is_solved(challenge: str, parts: int, zero_bits: int, numbers: str) -> bool:
    """True where `numbers`, joined by dots, solve every part; whatever text was sent."""
    found = numbers.split(".")
    return len(found) == parts and all(
        number.isascii() and number.isdigit() and len(number) <= _MAXIMUM_DIGITS and _digest(challenge, part, number) < _limit(zero_bits)
        for part, number in enumerate(found)
    )


def _solve_part(challenge: str, part: int, zero_bits: int) -> int:
    start, limit = hashlib.sha256(f"{challenge}.{part}.".encode()), _limit(zero_bits)
    for number in count():
        tried = start.copy()
        tried.update(b"%d" % number)
        if tried.digest() < limit:
            return number
    raise AssertionError  # count() has no end


def _digest(challenge: str, part: int, number: str) -> bytes:
    return hashlib.sha256(f"{challenge}.{part}.{number}".encode()).digest()


def _limit(zero_bits: int) -> bytes:
    """Digests that begin with so many zero bits are smaller than this."""
    return (1 << (32 - zero_bits)).to_bytes(4)
