# SPDX-License-Identifier: Apache-2.0
"""The C kernel gives the vectors' bytes however it is compiled and however the rows arrive."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillmine.fingerprint.ground import _kernel
from tests.kernel.kernel_vectors import STATUSES, VECTORS

CHANNELS = {"luma8": 1, "rgb8": 3, "rgba8": 4}
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
BUILDS = {
    "gcc -O0": (None, ["-O0"]),
    "gcc -O2": (None, ["-O2"]),
    "gcc -O3": (None, ["-O3"]),
    "gcc -O3 native": (None, ["-O3", "-march=native"]),
    "gcc -O3 fast-math": (None, ["-O3", "-ffast-math"]),
    "sanitizers": (None, SANITIZED),
    "clang": ([sys.executable, "-m", "ziglang", "cc"], ["-O2"]),
}
Build = Callable[[list[str], list[str]], Path]
Pixels = Callable[[dict[str, Any]], bytes]


def run(harness: Path, numbers: list[int], pixels: bytes) -> list[str]:
    done = subprocess.run([str(harness), *map(str, numbers)], input=pixels, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout.decode().splitlines()


def expected(entry: dict[str, Any]) -> list[str]:
    return ["status 0", *entry["hashes"], f"quality {entry['quality']}"]


@pytest.fixture(params=BUILDS, ids=list(BUILDS))
def harness(
    request: pytest.FixtureRequest, compile_harness: Build, c_compiler: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    compiler, options = BUILDS[request.param]
    return compile_harness(compiler or c_compiler, options)


def test_every_build_gives_the_same_bytes(harness: Path, pixels_of: Pixels) -> None:
    for entry in VECTORS["pictures"]:
        numbers = [entry["width"], entry["height"], CHANNELS[entry["format"]], entry["height"], entry["height"], 0, 8]
        assert run(harness, numbers, pixels_of(entry)) == expected(entry), entry["name"]


def test_every_build_refuses_what_must_fail(harness: Path) -> None:
    for entry in VECTORS["refused"]:
        pixels = bytes(entry["width"] * entry["format_number"] * entry["rows"])
        batch = 1 if entry["is_begun"] else 0
        numbers = [entry["width"], entry["height"], entry["format_number"], entry["rows"], batch, 0, 8]
        status = STATUSES.index(entry["status"])
        assert run(harness, numbers, pixels) == [f"status {status}"], entry["name"]


@pytest.mark.parametrize(("batch", "gap"), [(1, 0), (3, 1), (8, 5), (13, 64)])
def test_batches_and_gaps_change_nothing(compile_harness: Build, c_compiler: list[str], pixels_of: Pixels, batch: int, gap: int) -> None:
    harness = compile_harness(c_compiler, SANITIZED)
    for entry in VECTORS["pictures"]:
        numbers = [entry["width"], entry["height"], CHANNELS[entry["format"]], entry["height"], batch, gap, 8]
        assert run(harness, numbers, pixels_of(entry)) == expected(entry), entry["name"]


def test_the_original_alone_is_the_same(harness: Path, pixels_of: Pixels) -> None:
    for entry in VECTORS["pictures"]:
        numbers = [entry["width"], entry["height"], CHANNELS[entry["format"]], entry["height"], 5, 0, 1]
        assert run(harness, numbers, pixels_of(entry)) == [*expected(entry)[:2], expected(entry)[-1]], entry["name"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(5, 700),
    st.integers(5, 700),
    st.sampled_from([1, 3, 4]),
    st.integers(1, 40),
    st.integers(0, 9),
    st.sampled_from([1, 8]),
    st.integers(0, 2**32 - 1),
)
def test_sanitized_build_and_extension_agree_on_anything(
    compile_harness: Build, c_compiler: list[str], width: int, height: int, channels: int, batch: int, gap: int, variants: int, seed: int
) -> None:
    pixels = np.random.Generator(np.random.PCG64(seed)).bytes(width * height * channels)
    hashes, quality = _kernel.pdq(pixels, width, height, channels, variants)
    harness = compile_harness(c_compiler, SANITIZED)
    wanted = ["status 0", *(value.hex() for value in hashes), f"quality {quality}"]
    assert run(harness, [width, height, channels, height, batch, gap, variants], pixels) == wanted


@pytest.mark.parametrize("variants", [0, 2, 9])
def test_other_numbers_of_variants_are_refused(compile_harness: Build, c_compiler: list[str], variants: int) -> None:
    harness = compile_harness(c_compiler, SANITIZED)
    assert run(harness, [10, 10, 3, 10, 10, 0, variants], bytes(300)) == [f"status {STATUSES.index('bad_format')}"]
