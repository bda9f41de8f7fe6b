# SPDX-License-Identifier: Apache-2.0
"""How soon the portal's pages can be read on a slow phone, and how much script they load.

    python bench/portal.py [--runs 7]

A real exchange serves the built portal to Chromium, slowed down as Lighthouse does for phones: a processor a quarter as fast, 1.6 Mbit/s
down, 0.75 Mbit/s up, 150 ms there and back. Nothing is cached between runs. Against nothing: the pages of others can't be asked from here.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import tempfile
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
from exchange_stocked import serving, stocked, waited
from measuring import machine, versions
from playwright.sync_api import Browser, sync_playwright

PAGES = ("/", "/threat/", "/threat/nz/", "/police/", "/help/nz/", "/facts/gb/", "/protect/", "/case/", "/evidence/", "/remove/", "/fi/")
SLOWDOWN = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
DIST = Path(__file__).resolve().parent.parent / "portal/dist"
FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  const [paint] = list.getEntriesByName('first-contentful-paint');
  if (paint) done(paint.startTime);
}).observe({ type: 'paint', buffered: true }))"""


def opened(browser: Browser, address: str) -> tuple[float, set[str]]:
    """Open a page in a new browser profile; returns first contentful paint in ms and the paths of its scripts."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    scripts: set[str] = set()
    page.on("request", lambda request: scripts.add(urlsplit(request.url).path) if request.resource_type == "script" else None)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(address, wait_until="networkidle")
    paint = float(page.evaluate(FIRST_PAINT))
    context.close()
    return paint, scripts


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    print(f"{machine()}, {versions('stillmine', 'playwright')}; {runs} runs each, processor 1/{SLOWDOWN}, 1.6 Mbit/s, 150 ms\n")
    print("| page | first contentful paint, ms | most, ms | script, kB compressed |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="stillmine-bench-") as folder:
        home = Path(folder) / "home"
        stocked(home, 10)
        with serving(home, 1) as url, sync_playwright() as playwright:
            waited(lambda: _answers(url))
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for path in PAGES:
                found = [opened(browser, url + path) for _ in range(runs)]
                paints = [paint for paint, _ in found]
                size = sum(len(gzip.compress((DIST / script.lstrip("/")).read_bytes(), mtime=0)) for script in found[0][1])
                print(f"| `{path}` | {median(paints):.0f} | {max(paints):.0f} | {size / 1000:.1f} |", flush=True)
            browser.close()


if __name__ == "__main__":
    main()
