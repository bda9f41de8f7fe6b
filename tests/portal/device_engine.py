# SPDX-License-Identifier: Apache-2.0
"""The portal's engine in a real browser, without the pages around it: files in, everything that it gives out.

The page is built with the portal's own settings, and a test compares its worker with the portal's, byte by byte.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Route

from tests.portal.portal_server import PortalServer


@dataclass(frozen=True)
class Made:
    """What one file gave; `problem` where it gave nothing."""

    file_type: str | None
    values: dict[str, str]
    qualities: dict[str, int]
    notes: list[str]
    problem: str | None
    progress: list[float]


def besides_regions(made: Made) -> tuple[list[str], list[str]]:
    """Return kinds and notes but what is said of regions, of which drawn pictures may have few."""
    return [kind for kind in made.values if kind != "regions"], [note for note in made.notes if note != "few_regions"]


@dataclass
class Engine:
    """A page that is opened with the first file, so that a test may change the browser before."""

    page: Page
    server: PortalServer

    def open(self) -> None:
        """Open the page unless it is open."""
        if self.page.url == "about:blank":
            self.page.goto(f"{self.server.address}/index.html")
            self.page.wait_for_selector("body[data-ready]")

    def make(self, *files: Path) -> list[Made]:
        """Hand all files over at once."""
        self.open()
        self.page.locator("#chooser").set_input_files(list(files))
        return [made_of(outcome) for outcome in self.page.evaluate("() => makeAll()")]


def made_of(outcome: dict[str, object]) -> Made:
    """Return what the page kept of one file."""
    made = json.loads(json.dumps(outcome.get("made"))) or {"type": None, "fingerprints": [], "notes": []}
    values = {one["kind"]: one["value"] for one in made["fingerprints"]}
    qualities = {one["kind"]: one["quality"] for one in made["fingerprints"]}
    assert list(values) == [one["kind"] for one in made["fingerprints"]], "a kind twice"
    progress = outcome["progress"]
    assert isinstance(progress, list)
    assert progress == sorted(progress)
    problem = outcome.get("problem")
    assert problem is None or isinstance(problem, str)
    return Made(made["type"], values, qualities, made["notes"], problem, progress)


def build_page(root: Path, folder: Path) -> Path:
    """Build the page into a folder."""
    command = ["node_modules/.bin/vite", "build", "--config", "../tests/portal/device_page/vite.config.mjs"]
    subprocess.run(command, cwd=root / "portal", env=os.environ | {"DEVICE_PAGE": str(folder)}, check=True, capture_output=True)
    (folder / "404.html").write_text("")
    return folder


def with_worker_prefix(page: Page, prefix: str) -> None:
    """Let the worker begin with something else, as another browser would."""

    def changed(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=prefix + answer.text())

    page.route("**/assets/worker-*.js", changed)


def distance_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def seconds_of(text: str) -> dict[int, str]:
    """The hash at each second of a `vpdq`, runs filled."""
    entries = [entry.split(",") for entry in json.loads(text)]
    at: dict[int, str] = {}
    before: tuple[str, int] | None = None
    for value, _, second in entries:
        now = int(float(second))  # the server writes 0.0
        if before and before[0] == value:
            at |= dict.fromkeys(range(before[1], now), value)
        at[now] = value
        before = (value, now)
    return at
