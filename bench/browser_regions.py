# SPDX-License-Identifier: Apache-2.0
"""Regions as browsers make them, against the server's: the same files, each side with its own decoder.

    STILLMINE_MEDIA=… python bench/browser_regions.py [--count 64] [--browsers chromium firefox webkit]

The portal's own engine makes the value of each file, as a case would hold it. The server's code then reads the same file: what it sees at
the places of these regions, which of them it would choose too, and what an ask about the file says of the value. One line a browser.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from browser_pages import ROOT, Run, opened, photographs, served
from measuring import machine, versions
from region_asking import Upload, ask

from stillmine.fingerprint import DEFAULT_LIMITS
from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.picture.decode import decode_image
from stillmine.fingerprint.picture.query import upright_pixels
from stillmine.fingerprint.picture.regions import hash_places, regions_value
from stillmine.matching.region_look import places, to_wire
from stillmine.matching.region_values import HEAD_BYTES, distances_between, stored_regions
from stillmine.wire.base64url import base64url_bytes
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from tests.other_browsers import missing_programs
from tests.portal.device_engine import build_page

AT_ONCE = 16
SAME_PLACE = 0.25
"""Pixels of the small view."""
FEW = bytes(HEAD_BYTES)
"""A value without a region."""
COLUMNS = ("browser", "files with regions", "within 31 bits", "least of a file", "median bits", "95 % of them", "chosen by both", "match")
MAKE = """(window.begun ??= (async () => {
  const values = {};
  for (const name of NAMES) {
    const transfer = new DataTransfer();
    transfer.items.add(new File([await (await fetch("photos/" + name)).blob()], name));
    document.querySelector("#chooser").files = transfer.files;
    const [{ made }] = await makeAll();
    values[name] = made?.fingerprints.find(({ kind }) => kind === "regions")?.value ?? "";
  }
  window.result = JSON.stringify(values);
})(), window.result)"""


@dataclass(frozen=True)
class Near:
    """What the server sees in a file of the regions that a browser made of it."""

    regions: int
    within: int
    """Regions whose place looks the same to the server: within 31 bits."""
    chosen: int
    """Regions that the server's code would choose too: one of its own lies there and is alike."""
    bits: list[int]
    verdict: str


def near(path: Path, value: str) -> Near | None:
    """Hold the regions that a browser made against the file as the server reads it; None where the browser made none."""
    if not value:
        return None
    stored = stored_regions(base64url_bytes(value) or b"")
    upload = Upload(upright_pixels(decode_image(path.read_bytes(), DEFAULT_LIMITS)))
    is_visible, frames = places(stored.frames, np.eye(3), upload.width, upload.height)
    there = hash_places(upload.base, to_wire(frames, upload.width, upload.height))
    bits = np.bitwise_count(stored.hashes ^ there).sum(axis=1, dtype=np.int64)
    seen = bits[is_visible]
    own = stored_regions(regions_value(upload.base, bytes(32)) or FEW)
    is_alike = distances_between(stored.hashes, own.hashes) <= MAXIMUM_DISTANCE_BITS
    off = np.abs(stored.frames[:, None, :2] - own.frames[None, :, :2]).max(axis=2)
    chosen = int((is_alike & (off <= SAME_PLACE)).any(axis=1).sum())
    found = ask(stored, upload)
    return Near(len(stored), int((seen <= MAXIMUM_DISTANCE_BITS).sum()), chosen, seen.tolist(), found.verdict.value if found else "clear")


def print_near(name: str, files: list[Path], values: dict[str, str]) -> None:
    """Print one line of the table."""
    found = [near(path, values[name_of(path, place)]) for place, path in enumerate(files)]
    made = [one for one in found if one]
    differing = sum((fingerprint_file(path).regions is None) != (one is None) for path, one in zip(files, found, strict=True))
    shares = sorted(one.within / one.regions for one in made)
    bits = [far for one in made for far in one.bits]
    matches = sum(one.verdict == "match" for one in made)
    regions = sum(one.regions for one in made)
    columns = (
        f"{len(made)} of {len(files)}" + (f", the server has them of {differing} others" if differing else ""),
        f"{100 * sum(one.within for one in made) / regions:.1f} %",
        f"{100 * shares[0]:.0f} %",
        f"{median(bits):.0f}",
        f"{np.percentile(bits, 95):.0f}",
        f"{100 * sum(one.chosen for one in made) / regions:.0f} %",
        str(matches),
    )
    print(f"| {name} | {' | '.join(columns)} |", flush=True)


def name_of(path: Path, place: int) -> str:
    return f"{place}{path.suffix.lower()}"


def made_by(run: Run, address: str, files: list[Path]) -> dict[str, str]:
    """Return the value that a browser makes of each file, by the name that it is served under; empty where it has too few regions."""
    names = [name_of(path, place) for place, path in enumerate(files)]
    values: dict[str, str] = {}
    for start in range(0, len(names), AT_ONCE):
        values |= json.loads(run(address, MAKE.replace("NAMES", json.dumps(names[start : start + AT_ONCE]))))
    return values


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--browsers", nargs="+", default=["chromium", "firefox", "webkit"])
    options = parser.parse_args()
    files = photographs(options.count)
    print(f"{machine()}, {versions('stillmine', 'numpy')}\n\n| {' | '.join(COLUMNS)} |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_page(ROOT, folder / "site")
        (folder / "site/photos").mkdir()
        for place, path in enumerate(files):
            shutil.copy(path, folder / "site/photos" / name_of(path, place))
        with served(folder / "site") as address:
            for browser in options.browsers:
                if browser != "chromium" and (missing := missing_programs(browser)):
                    print(f"{browser}: not run: install {missing}")
                    continue
                with opened(browser, folder / browser) as run:
                    print_near(browser, files, made_by(run, address, files))


if __name__ == "__main__":
    main()
