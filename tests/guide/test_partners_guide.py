# SPDX-License-Identifier: Apache-2.0
"""docs/partners.md, run as written: every command and program in it, against an exchange that its own first commands start."""

import shutil
from pathlib import Path

import pytest

from stillmine.demo.processes import free_ports
from tests.guide.shown_blocks import NOT_RUN, blocks_of, run_guide

pytest.importorskip("threatexchange")

TICK = {"STILLMINE_EXCHANGE_FEED_TICK_SECONDS": "1"}
"""The one thing that a reader has otherwise: they wait for two minutes."""


def test_every_command_of_the_page_does_what_the_page_says(root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "media/skimage/rocket.jpg", tmp_path / "photo.jpg")
    shutil.copy(root / "media/clothing/hat.jpg", tmp_path / "other.jpg")
    guide = (root / "docs/partners.md").read_text()
    exchange, service = free_ports(0, 0)
    printed = run_guide(guide, tmp_path, {"8080": str(exchange), "8460": str(service)}, TICK)
    assert "204" in printed


def test_two_blocks_are_not_run_and_say_why(root: Path) -> None:
    left_out = [block.text for block in blocks_of((root / "docs/partners.md").read_text()) if NOT_RUN in block.text]
    assert [text.splitlines()[0] for text in left_out] == [
        f"{NOT_RUN}: Hasher-Matcher-Actioner is no package that can be installed",
        f"{NOT_RUN} here, but in tests/exchange/test_threatexchange_extension.py, from the checkout",
    ]
