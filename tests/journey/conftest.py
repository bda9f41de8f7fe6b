# SPDX-License-Identifier: Apache-2.0
"""A whole running system for one test: exchange with portal, partner, platform, as separate processes, on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.demo.processes import System, free_port


@pytest.fixture
def system_folder(tmp_path: Path) -> Path:
    """Where everything that the running system keeps and logs lies."""
    folder = tmp_path / "system"
    folder.mkdir()
    return folder


@pytest.fixture
def system(system_folder: Path, fresh_database_url: str | None) -> Iterator[System]:
    environment = {"STILLMINE_EXCHANGE_DATABASE": fresh_database_url} if fresh_database_url else {}
    with System(system_folder, (free_port(0), free_port(0), free_port(0)), environment) as running:
        yield running


@pytest.fixture
def photograph(root: Path) -> bytes:
    """The demo's photograph, as file bytes."""
    return (root / "media/skimage/rocket.jpg").read_bytes()
