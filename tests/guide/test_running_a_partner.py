# SPDX-License-Identifier: Apache-2.0
"""docs/running-a-partner.md, run as a newcomer would: it goes on from the first fifteen minutes, before the person takes it back."""

import shutil
from pathlib import Path

from stillmine.demo.processes import free_ports
from tests.guide.shown_blocks import NOT_RUN, blocks_of, run_guide

FIRST = "docs/first-fifteen-minutes.md"
PHOTOGRAPHS = {"photo.jpg": "media/skimage/rocket.jpg", "other.jpg": "media/clothing/hat.jpg"}
TICK = {"STILLMINE_EXCHANGE_FEED_TICK_SECONDS": "1"}


def test_every_command_of_the_guide_does_what_the_guide_says(root: Path, tmp_path: Path) -> None:
    before, after = (root / FIRST).read_text().split("## 7. ")
    assert "kill %1 %2" in after, "what stops both is not run before this guide"
    (tmp_path / "examples").symlink_to(root / "examples")
    for name, photograph in PHOTOGRAPHS.items():
        shutil.copy(root / photograph, tmp_path / name)
    ports = dict(zip(("8080", "8460"), map(str, free_ports(0, 0)), strict=True))
    patience = {"sleep 2\n": "sleep 8\n"}  # a busy machine is no failure
    guide = before + (root / "docs/running-a-partner.md").read_text()
    run_guide(guide, tmp_path, {blocks_of(before)[0].text: "", **ports, **patience}, TICK)


def test_six_blocks_are_not_run_and_say_why(root: Path) -> None:
    left_out = [block.text for block in blocks_of((root / "docs/running-a-partner.md").read_text()) if NOT_RUN in block.text]
    assert [text.splitlines()[0].removeprefix(NOT_RUN) for text in left_out] == [
        ": exchange.example is an exchange that somebody else runs",
        ": it needs a container daemon",
        ": media.example is yours",
        ": the key and the ids are those of your Coop",
        ": these run until they are told to stop",
        ": the first two name what you hold",
    ]
