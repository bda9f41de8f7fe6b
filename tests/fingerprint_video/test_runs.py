# SPDX-License-Identifier: Apache-2.0
"""Runs of samples are merged and written as in the browser: the same vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from stillmine.fingerprint.moving.sampling import Sample
from stillmine.fingerprint.moving.video import merge_samples
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.wire.kinds import MINIMUM_QUALITY
from stillmine.wire.vpdq import parse_vpdq, vpdq_quality

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/runs.json").read_text())["runs"]


def hash_of(bits: int) -> bytes:
    return ((1 << bits) - 1).to_bytes(32)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["samples"]))
def test_runs_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    samples = [Sample(hash_of(bits), quality, first, last) for bits, quality, first, last in vector["samples"]]
    frames = merge_samples([sample for sample in samples if sample.quality >= MINIMUM_QUALITY], 1)
    if not frames:
        assert (vector["entries"], vector["quality"]) == ([], None)
        return
    entries = parse_vpdq(write_vpdq(frames))
    assert [(entry.pdq, entry.quality, entry.seconds) for entry in entries] == [
        (hash_of(bits), quality, second) for bits, quality, second in vector["entries"]
    ]
    assert vpdq_quality(entries) == vector["quality"]
