# SPDX-License-Identifier: Apache-2.0
"""Sizes that files name of themselves are compared with what is there as in the browser: the same vectors."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from stillmine.fingerprint.structure.declared_size import is_shorter_than_declared

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/declared_sizes.json").read_text())["files"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_files_are_judged_as_the_vectors_say(vector: dict[str, Any]) -> None:
    data = b"".join(bytes.fromhex(digits) * times for digits, times in vector["bytes"])
    assert is_shorter_than_declared(io.BytesIO(data)) is vector["is_shorter"]
