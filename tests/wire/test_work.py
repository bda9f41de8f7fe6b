# SPDX-License-Identifier: Apache-2.0
"""Proof of work: the vectors that the portal reads too, and what is no proof."""

import json
from pathlib import Path

import pytest

from stillmine.wire.errors import ProofOfWorkNeededError, WorkNeeded
from stillmine.wire.work import is_solved, solve

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/proof_of_work.json").read_text())["proof_of_work"]


@pytest.mark.parametrize("vector", VECTORS)
def test_solving_gives_the_vectors(vector: dict[str, object]) -> None:
    needed = WorkNeeded(
        code="", message="", challenge=str(vector["challenge"]), parts=int(str(vector["parts"])), zero_bits=int(str(vector["zero_bits"]))
    )
    proof = solve(needed)
    assert proof == vector["proof"]
    numbers = proof.removeprefix(f"{needed.challenge} ")
    assert is_solved(needed.challenge, needed.parts, needed.zero_bits, numbers)
    assert not is_solved(needed.challenge + "0", needed.parts, needed.zero_bits + 12, numbers)


@pytest.mark.parametrize("numbers", ["", ".", "22", "22.503.465", "22.503.465.637", "22.503.465.636.1", "22.503.465.-1", "22.503.465.٣"])
def test_what_is_no_proof(numbers: str) -> None:
    vector = VECTORS[0]
    assert not is_solved(vector["challenge"], vector["parts"], vector["zero_bits"], numbers)


def test_the_error_carries_the_challenge() -> None:
    message = ProofOfWorkNeededError("text", 16, 14, "too old").message()
    assert (message.code, message.challenge, message.parts, message.zero_bits, message.detail) == (
        "proof_of_work_needed",
        "text",
        16,
        14,
        "too old",
    )
