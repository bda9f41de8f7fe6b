# SPDX-License-Identifier: Apache-2.0
"""How long the kernel takes for regions, natively and in Chromium: processor time of one thread, which a busy machine moves little.

    STILLMINE_MEDIA=… python bench/browser_region_times.py

One photograph of about two megapixels; the least of several runs, in turn. Firefox and WebKit tell no such time.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from browser_pages import ROOT, chromium_path, photographs, served
from measuring import machine, versions
from PIL import Image
from playwright.sync_api import CDPSession, Page, sync_playwright

from stillmine.fingerprint import DEFAULT_LIMITS
from stillmine.fingerprint.picture.decode import decode_image
from stillmine.fingerprint.picture.query import upright_pixels
from stillmine.fingerprint.picture.region_views import AS_IT_IS, STRETCHED, asked_regions
from stillmine.fingerprint.picture.regions import AREA, LARGE_AREA, base_of, find_regions, frames_of, hash_places, regions_value
from tests.kernel.test_vectors_chromium import STRIP
from tests.kernel.test_vectors_node import node_path

SAMPLES = 12
PHOTOGRAPHS = 64
TIMED_PIXELS = 2_000_000
PAGE = """<!doctype html><title>times</title><script type="module">
import { Kernel } from "./kernel.ts";
import { RegionKernel } from "./regions.ts";
const kernel = await RegionKernel.load(await (await fetch("stillmine_pdq.wasm")).arrayBuffer());
const bitmap = await createImageBitmap(await (await fetch("photograph")).blob());
const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
const context = canvas.getContext("2d");
context.drawImage(bitmap, 0, 0);
const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
const base = kernel.base(data, canvas.width, canvas.height, "rgba8");
const found = kernel.findRegions(base, 65536, 100, 36);
const frames = kernel.frameRegions(found.geometry, base, 100);
const counts = { 65536: 100, 262144: 200 };
const views = [[65536, 100], [262144, 100], [65536, 67], [65536, 90], [65536, 111], [65536, 150], [262144, 80], [262144, 125]];
const steps = {
  "base of 2 megapixels": [4, () => kernel.base(data, canvas.width, canvas.height, "rgba8")],
  "value of a case from the base": [4, () => kernel.regionsValue(base, new Uint8Array(32))],
  "100 regions of the small view, with mirrored hashes": [6, () => kernel.findRegions(base, 65536, 100, 100)],
  "200 regions of the large view, the same": [3, () => kernel.findRegions(base, 262144, 100, 200)],
  "all 8 views": [1, () => views.forEach(([area, stretch]) => kernel.findRegions(base, area, stretch, counts[area]))],
  "36 hashes of a second look": [40, () => kernel.hashFrames(base, frames)],
};
window.step = (name) => { for (let left = steps[name][0]; left > 0; left -= 1) steps[name][1](); return steps[name][0]; };
</script>"""


def pixels_of(path: Path) -> int:
    """Return how many a file has."""
    with Image.open(path) as image:
        return image.width * image.height


def native_steps(path: Path) -> dict[str, Callable[[], object]]:
    """Return what is timed."""
    pixels = upright_pixels(decode_image(path.read_bytes(), DEFAULT_LIMITS))
    base = base_of(pixels)
    frames = frames_of(find_regions(base, AREA, count=36).geometry, base)
    return {
        "base of 2 megapixels": lambda: base_of(pixels),
        "value of a case from the base": lambda: regions_value(base, bytes(32)),
        "100 regions of the small view, with mirrored hashes": lambda: find_regions(base, AREA, count=100),
        "200 regions of the large view, the same": lambda: find_regions(base, LARGE_AREA, count=200),
        "all 8 views": lambda: [asked_regions(base, view) for view in (*AS_IT_IS, *STRETCHED)],
        "36 hashes of a second look": lambda: hash_places(base, frames),
    }


def natively(step: Callable[[], object]) -> float:
    """Return the processor time of one run in milliseconds."""
    start = time.thread_time()
    step()
    return 1000 * (time.thread_time() - start)


def in_page(page: Page, session: CDPSession, name: str) -> float:
    """Return the processor time of one run in milliseconds."""
    before = thread_seconds(session)
    times = page.evaluate("(name) => window.step(name)", name)
    return 1000 * (thread_seconds(session) - before) / float(times)


def thread_seconds(session: CDPSession) -> float:
    """Return the processor time of the page's thread."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))


def prepare(folder: Path, photograph: Path) -> None:
    """Write the page, the kernel and the photograph into a folder."""
    wrapper = ROOT / "kernel/bindings/wasm"
    command = [node_path(), "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", STRIP]
    for name in ("kernel.ts", "memory.ts", "regions.ts"):
        subprocess.run([*command, str(wrapper / name), str(folder / name)], check=True)
    shutil.copy(wrapper / "stillmine_pdq.wasm", folder)
    shutil.copy(photograph, folder / "photograph")
    (folder / "index.html").write_text(PAGE)


def main() -> None:
    """Print one table."""
    photograph = min(photographs(PHOTOGRAPHS), key=lambda path: abs(pixels_of(path) - TIMED_PIXELS))
    steps = native_steps(photograph)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        prepare(Path(name), photograph)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        with served(Path(name)) as address:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_function("window.step !== undefined", timeout=300_000)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            print(f"{machine()}, {versions('stillmine', 'numpy')}, Chromium {browser.version}; {pixels_of(photograph)} pixels\n")
            for step, run in steps.items():
                taken = [(natively(run), in_page(page, session, step)) for _ in range(SAMPLES)]
                native, inside = (min(column) for column in zip(*taken, strict=True))
                print(f"| {step} | {native:.2f} ms | {inside:.1f} ms |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
