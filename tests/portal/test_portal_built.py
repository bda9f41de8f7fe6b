# SPDX-License-Identifier: Apache-2.0
"""What the build says of its own files: digests that browsers check, a list that anybody can, and compressed copies of the same bytes."""

import base64
import gzip
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from stillmine.wire.portal_list import PORTAL_LIST_NAME, list_of_folder, portal_files
from tests.portal.portal_pages import DIST
from tests.portal.portal_server import PortalServer

PAGES = tuple(sorted(DIST.rglob("*.html")))
TAG = re.compile(r'<(script|link)((?: [a-z]+(?:="[^"]*")?)*)>')
ATTRIBUTE = re.compile(r' ([a-z]+)(?:="([^"]*)")?')
STATIC_IMPORT = re.compile(r'(?:^|[;}\n])(?:import|export)(?:[\w$*{},\s]+from)?"\./([^"]+\.js)"')
READ_BR = """
const { readFileSync } = require("node:fs");
const { brotliDecompressSync } = require("node:zlib");
const same = (file) => brotliDecompressSync(readFileSync(`${file}.br`)).equals(readFileSync(file));
process.stdin.setEncoding("utf-8");
let names = "";
process.stdin.on("data", (part) => (names += part));
process.stdin.on("end", () => console.log(JSON.stringify(names.split("\\n").filter((name) => name && !same(name)))));
"""


def integrity(path: Path) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()


def parts_of(page: Path) -> Iterator[tuple[str, str, str | None]]:
    """Each script and style that a page names, in order: what it is, its address and its digest."""
    for tag, written in TAG.findall(page.read_text(encoding="utf-8")):
        attributes = dict(ATTRIBUTE.findall(written))
        if tag == "script" and "src" in attributes:
            yield attributes.get("type", "script"), attributes["src"], attributes.get("integrity")
        elif attributes.get("rel") in {"stylesheet", "modulepreload"}:
            yield attributes["rel"], attributes["href"], attributes.get("integrity")


def imported_by(name: str) -> set[str]:
    found, waiting = set[str](), [name]
    while waiting:
        new = set(STATIC_IMPORT.findall((DIST / "assets" / waiting.pop()).read_text(encoding="utf-8"))) - found
        found |= new
        waiting += new
    return found


def test_every_script_and_style_of_every_page_has_its_digest() -> None:
    digests = {path.relative_to(DIST).as_posix(): integrity(path) for path in (DIST / "assets").iterdir()}
    wrong = [(page, address) for page in PAGES for _, address, digest in parts_of(page) if digest != digests[address.lstrip("/")]]
    assert wrong == []
    assert {kind for page in PAGES for kind, _, _ in parts_of(page)} == {"script", "module", "stylesheet", "modulepreload"}


def test_what_a_module_imports_is_named_with_its_digest_before_it() -> None:
    checked = 0
    for page in PAGES:
        before = set[str]()
        for kind, address, _ in parts_of(page):
            name = address.removeprefix("/assets/")
            if kind == "module":
                assert imported_by(name) <= before, page
                checked += len(imported_by(name))
            before |= {name} if kind == "modulepreload" else set()
    assert checked


def test_no_part_imports_the_file_that_a_worker_begins_with() -> None:
    """WebKit runs such a file twice, and then two engines answer each message."""
    scripts = {path.name: path.read_text(encoding="utf-8") for path in (DIST / "assets").glob("*.js")}
    workers = {name for name in scripts if re.match(r"(work_)?worker-", name)}
    assert len(workers) == 3
    assert {one: name for one in scripts for name in workers & set(STATIC_IMPORT.findall(scripts[one]))} == {}


@pytest.mark.parametrize(("path", "kind"), [("/threat/", "module"), ("/protect/", "modulepreload"), ("/threat/", "script")])
def test_a_script_of_other_bytes_does_not_run(page: Page, tmp_path: Path, path: str, kind: str) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(DIST, dist)
    named = next(address for found, address, _ in parts_of(DIST / path.strip("/") / "index.html") if found == kind)
    script = dist / named.lstrip("/")
    script.write_bytes(script.read_bytes() + b"\nglobalThis.isSpoilt = true;\n")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "integrity" in message.text else None)
    with PortalServer(dist) as portal:
        page.goto(portal.address + path, wait_until="networkidle")
        assert portal.asked_after(0).count(named) >= 1
    assert page.evaluate("globalThis.isSpoilt ?? false") is False
    assert any(named in text for text in refused)


def test_the_list_names_every_file(root: Path) -> None:
    assert (DIST / PORTAL_LIST_NAME).read_bytes() == list_of_folder(DIST)
    assert {"index.html", "fi/index.html", "404.html", "sw.js", "robots.txt"} < set(portal_files(DIST))


def test_compressed_copies_are_of_the_same_bytes_and_smaller(root: Path) -> None:
    files = list(portal_files(DIST).values())
    zipped = [path for path in files if path.with_name(f"{path.name}.gz").is_file()]
    assert [path for path in zipped if gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) != path.read_bytes()] == []
    with_br = [path for path in files if path.with_name(f"{path.name}.br").is_file()]
    read = subprocess.run(
        [root / ".venv/bin/node", "-e", READ_BR], input="\n".join(map(str, with_br)), capture_output=True, text=True, check=True
    )
    assert read.stdout == "[]\n"
    large = {path for path in files if path.stat().st_size >= 1024}
    assert large <= set(zipped) & set(with_br)
    assert all(path.with_name(path.name + ending).stat().st_size < path.stat().st_size for path in large for ending in (".gz", ".br"))


@pytest.mark.long
def test_a_second_build_in_another_place_is_the_same_byte_for_byte(root: Path, tmp_path: Path) -> None:
    """A clean copy of what the build reads, in a folder of another name and in another time zone, against what was built here."""
    built = {str(root / "portal"): {"dist", ".astro"}, str(root / "portal/node_modules"): {".vite", ".cache", ".astro"}}
    for folder in ("portal", "content", "kernel/bindings/wasm"):
        shutil.copytree(root / folder, tmp_path / folder, symlinks=True, ignore=lambda here, _: built.get(here, set()))
    environment = {
        "PATH": f"{root}/.venv/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TZ": "Pacific/Auckland",
        "ASTRO_TELEMETRY_DISABLED": "1",
    }
    subprocess.run(["npm", "run", "--silent", "build"], cwd=tmp_path / "portal", env=environment, check=True, capture_output=True)
    here, there = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (DIST, tmp_path / "portal/dist")
    )
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
