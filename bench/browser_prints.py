# SPDX-License-Identifier: Apache-2.0
"""Fingerprints as Chromium, Firefox and WebKit make them, against the server's, kind by kind.

    STILLMINE_MEDIA=… python bench/browser_prints.py [--browsers chromium firefox webkit] [--keep FOLDER] [FILE …]

Each file (those of `media/` and of STILLMINE_MEDIA, or those named) goes through the file field of a page with the portal's engine. Prints
the table of docs/performance.md, then the files whose values lie far apart and those that a browser makes less of, with its notes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from browser_pages import ROOT, chromium_path
from measuring import LARGER_MEDIA, machine, versions
from playwright.sync_api import sync_playwright

from tests.other_browsers import Window, missing_programs, other_window
from tests.portal.browser_steps import ChromiumWindow
from tests.portal.device_engine import Made, build_page
from tests.portal.device_prints import ALIKE, Row, apart, made_in, open_engine, rows_of, server_values
from tests.portal.portal_server import PortalServer

AT_ONCE = 8
NO_MEDIA = {"", ".md", ".txt"}
FAR = {"pdq": 4, "regions": 0.25, "vpdq": 10, "chromaprint": 0.004, "sha256": 0, "md5": 0}
"""What is listed by name."""
COLUMNS = ("kind", "browser", "files", "same", "median", "most", "only browser", "only server")


def media() -> list[Path]:
    """Return the project's files and those of the larger set."""
    folders = [ROOT / "media", *([LARGER_MEDIA] if LARGER_MEDIA else [ROOT / "tests/media"])]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in files if path.suffix not in NO_MEDIA and not path.name.startswith("LICENSE")]


@contextmanager
def window_of(name: str, folder: Path) -> Iterator[Window]:
    """Start a browser by its name."""
    if name != "chromium":
        folder.mkdir()
        with other_window(name, folder) as window:
            yield window
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield ChromiumWindow(browser.new_page())
        browser.close()


def made_by(name: str, address: str, files: list[Path], folder: Path) -> dict[str, Made]:
    """Return what a browser makes of each file."""
    made: dict[str, Made] = {}
    with window_of(name, folder) as window:
        open_engine(window, address)
        for start in range(0, len(files), AT_ONCE):
            some = files[start : start + AT_ONCE]
            made |= zip(map(str, some), made_in(window, some), strict=True)
            print(f"{name}: {len(made)} of {len(files)}", file=sys.stderr)
    return made


def line(row: Row, browser: str) -> str:
    """Return one line of the table."""
    is_share = row.kind in {"regions", "chromaprint"}
    far = [f"{100 * one:.2f} %" if is_share else f"{one:g}" for one in (row.median, row.most)] if row.both else ["–", "–"]
    cells = (row.kind, browser, row.both, row.same, *far, len(row.only_here), len(row.only_server))
    return f"| {' | '.join(map(str, cells))} |"


def print_files(browser: str, made: Mapping[str, Made], server: Mapping[str, Mapping[str, str]]) -> None:
    """Print each file that needs a word."""
    for file, one in made.items():
        words = [
            f"{kind} {far:.3g}"
            for kind, most in FAR.items()
            if kind in one.values and kind in server[file] and (far := apart(kind, one.values[kind], server[file][kind])) > most
        ]
        words += [f"no {kind}" for kind in ALIKE if kind in server[file] and kind not in one.values]
        words += [f"{kind} here alone" for kind in one.values if kind not in server[file]]
        if words:
            print(f"{browser}: {Path(file).name}: {', '.join(words)} ({one.problem or ', '.join(one.notes)})")


def main() -> None:
    """Print the table, and the files behind it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--browsers", nargs="+", default=["chromium", "firefox", "webkit"])
    parser.add_argument("--keep", type=Path, help="write what each browser makes into this folder, as JSON")
    options = parser.parse_args()
    files = [path.resolve() for path in options.files] or media()
    made: dict[str, dict[str, Made]] = {}
    with tempfile.TemporaryDirectory() as name, PortalServer(build_page(ROOT, Path(name) / "page")) as portal:
        for browser in options.browsers:
            if browser != "chromium" and (missing := missing_programs(browser)):
                print(f"{browser}: not run: install {missing}")
                continue
            made[browser] = made_by(browser, portal.address, files, Path(name) / browser)
            if options.keep:
                kept = {file: one.values | {"notes": ",".join(one.notes)} for file, one in made[browser].items()}
                (options.keep / f"{browser}.json").write_text(json.dumps(kept))
    server = {str(path): server_values(path) for path in files}
    print(f"{machine()}, {versions('stillmine', 'pillow', 'av')}\n\n| {' | '.join(COLUMNS)} |")
    for browser, ones in made.items():
        for row in rows_of({file: one.values for file, one in ones.items()}, server):
            print(line(row, browser))
    for browser, ones in made.items():
        print_files(browser, ones, server)


if __name__ == "__main__":
    main()
