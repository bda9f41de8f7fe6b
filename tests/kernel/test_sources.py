# SPDX-License-Identifier: Apache-2.0
"""What the kernel promises about its own source: integers only, nothing from a library, tables regenerated with no diff."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernel.kernel_vectors import ROOT, SOURCES, load_tool

LIBRARY = {"memset", "memcpy", "memmove", "memcmp"}
"""What a freestanding compiler may call by itself."""


def test_cosine_table_is_what_its_generator_prints() -> None:
    assert (ROOT / "kernel/src/pdq_tables.h").read_text() == load_tool("generate_pdq_tables").render()


def test_tables_of_regions_are_what_their_generator_prints() -> None:
    assert (ROOT / "kernel/src/regions_tables.h").read_text() == load_tool("generate_regions_tables").render()


def test_rows_of_cosines_sum_to_zero() -> None:
    """Else a flat picture would not be flat to the kernel."""
    cosine = load_tool("generate_pdq_tables").cosine
    for frequency in range(1, 17):
        mirror = 1 if frequency % 2 == 0 else -1
        row = [cosine(frequency, column) for column in range(32)]
        assert sum(row) + mirror * sum(row) == 0


def test_every_length_of_an_axis_keeps_the_rules(c_compiler: list[str], tmp_path: Path) -> None:
    sources = [str(ROOT / "kernel/src/pdq_axis.c"), str(ROOT / "kernel/tests/axis_check.c")]
    program = tmp_path / "axis_check"
    subprocess.run([*c_compiler, "-std=c11", "-O2", f"-I{ROOT / 'kernel/include'}", *sources, "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "32764 lengths\n")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_kernel_needs_no_library_and_no_floating_point(source: Path, c_compiler: list[str], tmp_path: Path) -> None:
    assert not re.search(r"\b(float|double)\b", re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.S))
    target = tmp_path / "kernel.o"
    options = ["-std=c11", "-O3", "-ffreestanding", "-fno-pic", f"-I{ROOT / 'kernel/include'}", "-c", str(source), "-o", str(target)]
    subprocess.run([*c_compiler, *options], check=True)
    symbols = subprocess.run(["nm", "--undefined-only", str(target)], capture_output=True, text=True, check=True).stdout
    undefined = {line.split()[-1] for line in symbols.splitlines() if line.strip()}
    assert {name for name in undefined if not name.startswith("stillmine_")} <= LIBRARY


def test_committed_wasm_is_built_from_this_source(tmp_path: Path) -> None:
    target = tmp_path / "stillmine_pdq.wasm"
    subprocess.run([sys.executable, str(ROOT / "tools/build_wasm.py"), str(target)], check=True, capture_output=True)
    committed = (ROOT / "kernel/bindings/wasm/stillmine_pdq.wasm").read_bytes()
    assert target.read_bytes() == committed, "run `make wasm` and commit the result"
    assert len(committed) < 45056  # PDQ and what stands around pictures take 18 kB of it, regions the rest, their tables 4 kB
