# SPDX-License-Identifier: Apache-2.0
"""The committed WASM and its TypeScript wrapper give the vectors' bytes in a real Chromium."""

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.kernel.kernel_vectors import REGIONS, ROOT, VECTORS
from tests.kernel.test_vectors_node import node_path

STRIP = """
import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
const [source, target] = process.argv.slice(1);
writeFileSync(target, stripTypeScriptTypes(readFileSync(source, "utf8")));
"""
PAGE = """<!doctype html><title>vectors</title><script type="module">
import * as wrapper from "./kernel.ts";
import { RegionKernel } from "./regions.ts";
import { checkRegions } from "./check_regions.mjs";
import { checkVectors } from "./check_vectors.mjs";
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const json = async (name) => (await fetch(name)).json();
const wasm = await bytes("stillmine_pdq.wasm");
const [pdq, regions] = [await json("pdq.json"), await json("regions.json")];
Promise.all([checkVectors(wrapper, wasm, pdq, bytes), checkRegions({ ...wrapper, RegionKernel }, wasm, regions, bytes)])
  .then(([one, other]) => ({ checked: one.checked + other.checked, failures: [...one.failures, ...other.failures] }))
  .then((result) => { window.result = result; }, (error) => { window.result = { failures: [String(error)] }; });
</script>"""


class QuietHandler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".ts": "text/javascript"}  # noqa: RUF012 (declared so where it comes from)

    def log_message(self, *words: object) -> None:
        """Say nothing: the output belongs to the tests."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    wrapper = ROOT / "kernel/bindings/wasm"
    command = [node_path(), "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", STRIP]
    for name in ("kernel.ts", "memory.ts", "regions.ts"):
        subprocess.run([*command, str(wrapper / name), str(tmp_path / name)], check=True)
    (tmp_path / "index.html").write_text(PAGE)
    checks = [ROOT / "tests/kernel" / f"check_{name}.mjs" for name in ("vectors", "regions")]
    for path in (wrapper / "stillmine_pdq.wasm", *checks, ROOT / "vectors/pdq.json", ROOT / "vectors/regions.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for path in (ROOT / "vectors/pixels").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_same_bytes_in_chromium(address: str, chromium_path: str, chromium_flags: list[str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=chromium_flags)
        try:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_function("window.result !== undefined", timeout=120_000)
            result = page.evaluate("window.result")
        finally:
            browser.close()
    assert result["failures"] == []
    assert result["checked"] == sum(len(vectors[part]) for vectors in (VECTORS, REGIONS) for part in ("pictures", "refused"))
