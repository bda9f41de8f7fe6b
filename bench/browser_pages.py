# SPDX-License-Identifier: Apache-2.0
"""What benches in browsers share: photographs, a server, and Chromium, Firefox and WebKit by one call.

Firefox and WebKit are those of the system (tests/other_browsers.py).
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from measuring import LARGER_MEDIA
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.kernel.test_vectors_chromium import QuietHandler  # noqa: E402 (after the path is set)
from tests.other_browsers import PATIENCE_SECONDS, running  # noqa: E402 (after the path is set)

Run = Callable[[str, str], Any]
"""Opens an address, and returns what an expression gives there once it gives something."""
FOLDERS = ("kodak", "clic", "clothing", "grocery")
OWN = ("tests/media/photos", "media/clothing", "media/skimage")


def photographs(count: int) -> list[Path]:
    """Return so many photographs, as many of each folder as there are."""
    folders = [LARGER_MEDIA / "photos" / name for name in FOLDERS] if LARGER_MEDIA else [ROOT / name for name in OWN]
    lists = [sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"}) for folder in folders]
    mixed = [files[place] for place in range(max(map(len, lists))) for files in lists if place < len(files)]
    return mixed[:count]


def chromium_path() -> str:
    """Return where Chromium is; raises SystemExit where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("no chromium: see docs/develop.md")
    return path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Run]:
    """Start a browser by its name."""
    if name != "chromium":
        folder.mkdir()
        with running(name, folder) as run:
            yield run
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        page = browser.new_page()

        def run_in_chromium(address: str, expression: str) -> Any:
            page.goto(address)
            return page.wait_for_function(f"() => {expression}", timeout=1000 * PATIENCE_SECONDS).json_value()

        yield run_in_chromium
        browser.close()
