# SPDX-License-Identifier: Apache-2.0
"""Messages of a case have a few sizes: the same steps as on the device."""

import json
from pathlib import Path

from stillmine.wire.case import MAXIMUM_CASE_MESSAGE_BYTES
from stillmine.wire.padding import PADDING_STEPS, padded, padded_size


def test_the_vectors(root: Path) -> None:
    sizes = json.loads((root / "vectors/padding.json").read_text())["padded_sizes"]
    assert [[size, padded_size(size)] for size, _ in sizes] == sizes


def test_the_largest_message_still_fits() -> None:
    assert PADDING_STEPS[-1] == MAXIMUM_CASE_MESSAGE_BYTES


def test_only_spaces_are_added_and_nothing_stays_nothing() -> None:
    assert padded(b"{}") == b"{}" + b" " * 16382
    assert padded(b"") == b""


def test_what_is_longer_than_every_step_is_a_multiple_of_the_largest() -> None:
    assert padded_size(PADDING_STEPS[-1] + 1) == 2 * PADDING_STEPS[-1]
