# SPDX-License-Identifier: Apache-2.0
"""docs/first-fifteen-minutes.md as written, where everything is installed already; from nothing: test_from_bare_root.py."""

import shutil
from pathlib import Path

from stillmine.demo.processes import free_ports
from tests.guide.shown_blocks import blocks_of, run_guide

PAGE = "docs/first-fifteen-minutes.md"
PHOTOGRAPHS = {"photo.jpg": "media/skimage/rocket.jpg", "other.jpg": "media/clothing/hat.jpg"}
"""The reader's own, in the tests."""


def test_every_command_but_the_installation_does_what_the_page_says(root: Path, tmp_path: Path) -> None:
    page = (root / PAGE).read_text()
    install = blocks_of(page)[0].text
    assert "pip install" in install, "the first block installs, and only that one is passed over"
    assert all("pip install" not in block.text for block in blocks_of(page)[1:])
    for name, photograph in PHOTOGRAPHS.items():
        shutil.copy(root / photograph, tmp_path / name)
    ports = dict(zip(("8080", "8460"), map(str, free_ports(0, 0)), strict=True))
    run_guide(page, tmp_path, {install: "", "sleep 2\n": "sleep 8\n", **ports}, {})


def test_nothing_on_the_page_is_left_out(root: Path) -> None:
    assert [block.text for block in blocks_of((root / PAGE).read_text()) if block.language == "sh" and not block.is_run] == []
