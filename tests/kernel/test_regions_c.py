# SPDX-License-Identifier: Apache-2.0
"""The C kernel finds the vectors' regions however it is compiled and however the rows arrive, and wipes what it used."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.kernel_vectors import REGIONS, ROOT, SOURCES, STATUSES

CHANNELS = {"luma8": 1, "rgb8": 3, "rgba8": 4}
ZIG = [sys.executable, "-m", "ziglang", "cc"]
BUILDS = {
    "gcc -O0": (None, ["-O0"]),
    "gcc -O3": (None, ["-O3"]),
    "gcc -O3 native": (None, ["-O3", "-march=native"]),
    "gcc -O3 fast-math": (None, ["-O3", "-ffast-math"]),
    "sanitizers": (None, ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]),
    "clang": (ZIG, ["-O2"]),
}
Pixels = Callable[[dict[str, Any]], bytes]


@pytest.fixture(scope="module", params=BUILDS, ids=list(BUILDS))
def harness(request: pytest.FixtureRequest, c_compiler: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler, options = BUILDS[request.param]
    target = tmp_path_factory.mktemp("regions") / "harness"
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
    paths = [f"-I{ROOT / 'kernel/include'}", *map(str, SOURCES), str(ROOT / "kernel/tests/regions_harness.c"), "-o", str(target)]
    done = subprocess.run([*(compiler or c_compiler), *warnings, *options, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def run(harness: Path, numbers: list[int], pixels: bytes) -> list[str]:
    done = subprocess.run([str(harness), *map(str, numbers)], input=pixels, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return [line.rstrip() for line in done.stdout.decode().splitlines()]


def base_line(entry: dict[str, Any]) -> str:
    base = entry["base"]
    return f"base {base['width']} {base['height']} {base['fnv1a']}"


def test_every_build_finds_the_same_regions(harness: Path, pixels_of: Pixels) -> None:
    for entry in REGIONS["pictures"]:
        for batch, view in zip((entry["height"], 7, 1), entry["views"], strict=False):
            picture = [entry["width"], entry["height"], CHANNELS[entry["format"]], batch]
            lines = run(harness, [*picture, view["area"], view["stretch"], view["count"]], pixels_of(entry))
            assert lines[0] == base_line(entry), entry["name"]
            wanted = [f"{one} {' '.join(map(str, frame))}" for one, frame in zip(view["regions"], view["frames"], strict=True)]
            assert [line.rsplit(" ", 1)[0] for line in lines[1:]] == wanted, entry["name"]


def test_every_build_gives_a_case_the_same(harness: Path, pixels_of: Pixels) -> None:
    for entry in REGIONS["pictures"]:
        numbers = [entry["width"], entry["height"], CHANNELS[entry["format"]], 16, 65536, 100, 0]
        lines = run(harness, numbers, pixels_of(entry))[1:]
        assert [" ".join(line.split()[:2]) for line in lines] == entry["enrolled"], entry["name"]


def test_every_build_refuses_what_must_fail(harness: Path) -> None:
    for entry in REGIONS["refused"]:
        if entry["status"] == "bad_format":
            numbers = [entry["width"], entry["height"], 1, 1, entry["area"], entry["stretch"], 9]
            pixels = bytes(entry["width"] * entry["height"])
            assert run(harness, numbers, pixels)[-1] == f"status {STATUSES.index(entry['status'])}", entry["name"]
