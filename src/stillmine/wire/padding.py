# SPDX-License-Identifier: Apache-2.0
"""Messages of a case in a few sizes only, so that a line that is watched does not tell how many files they are about.

JSON is followed by spaces, which mean nothing in it, up to the next step. Contract: spec/case.md, "Sizes".
"""

PADDING_STEPS = tuple(1024 << 2 * exponent for exponent in range(2, 7))
"""16, 64, 256 KiB, 1 and 4 MiB: the regions of seven pictures are in the first."""

LEAST_ANSWER = PADDING_STEPS[1]


def padded_size(size: int) -> int:
    """Return the step that holds `size` bytes; above the largest, the next multiple of it."""
    largest = PADDING_STEPS[-1]
    return next((step for step in PADDING_STEPS if size <= step), -(-size // largest) * largest)


def padded(message: bytes) -> bytes:
    """Return a JSON message followed by spaces, of its step's size; one without a byte stays so."""
    return message.ljust(padded_size(len(message)), b" ") if message else message


def padded_answer(answer: bytes) -> bytes:
    """Return an answer about a case in the same way, of the second step at least: each partner adds lines to each fingerprint."""
    return padded(answer).ljust(LEAST_ANSWER, b" ") if answer else answer
