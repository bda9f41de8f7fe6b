# SPDX-License-Identifier: Apache-2.0
"""What the kernel's suites share: the pixels of the vectors, and compiled harnesses."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.kernel_vectors import ROOT, SOURCES
from vectors.makers import pdq


@pytest.fixture(scope="session")
def pixels_of() -> Callable[[dict[str, Any]], bytes]:
    """The bytes of a vector's picture."""
    made: dict[tuple[str, int, int, object], bytes] = {}

    def make(entry: dict[str, Any]) -> bytes:
        key = (entry["name"], entry["width"], entry["height"], entry.get("seed"))  # names are of one file of vectors
        if key not in made:
            made[key] = pdq.make_picture(entry).tobytes()
        return made[key]

    return make


@pytest.fixture(scope="session")
def compile_harness(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str], list[str]], Path]:
    """Compile the harness with a compiler's command and its options, once per combination."""
    folder = tmp_path_factory.mktemp("harness")
    built: dict[str, Path] = {}

    def build(compiler: list[str], options: list[str]) -> Path:
        key = " ".join([*compiler, *options])
        if key not in built:
            target = folder / f"harness{len(built)}"
            warnings = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
            paths = [f"-I{ROOT / 'kernel/include'}", *map(str, SOURCES), str(ROOT / "kernel/tests/harness.c"), "-o", str(target)]
            done = subprocess.run([*compiler, *warnings, *options, *paths], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            built[key] = target
        return built[key]

    return build


@pytest.fixture(scope="session")
def c_compiler() -> list[str]:
    """The system's C compiler."""
    path = shutil.which("cc") or shutil.which("gcc")
    assert path, "a C compiler is needed"
    return [path]
