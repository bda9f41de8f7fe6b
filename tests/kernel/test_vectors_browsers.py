# SPDX-License-Identifier: Apache-2.0
"""The committed WASM gives the vectors' bytes in Firefox and in WebKit too, where these are installed."""

from pathlib import Path

import pytest

from tests.kernel.test_vectors_chromium import address as address  # noqa: PLC0414 (a fixture)
from tests.other_browsers import missing_programs, running

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", ["firefox", "webkit"])
def test_same_bytes(name: str, address: str, tmp_path: Path) -> None:
    if missing := missing_programs(name):
        pytest.skip(f"not run: install {missing}")
    folder = tmp_path / name
    folder.mkdir()
    with running(name, folder) as run:
        result = run(address, "window.result")
    assert result["failures"] == []
    assert result["checked"] > 0
