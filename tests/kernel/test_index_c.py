# SPDX-License-Identifier: Apache-2.0
"""The index in C, under sanitizers: sequences of operations against a model, and threads that change and search at once."""

import subprocess
from pathlib import Path

import pytest

from tests.kernel.kernel_vectors import ROOT

KERNEL = ROOT / "kernel"
SOURCES = [*sorted((KERNEL / "src").glob("index*.c")), KERNEL / "src/hamming.c"]
PROGRAM = KERNEL / "tests/index_check.c"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def build(compiler: list[str], options: list[str], program: Path, main: Path = PROGRAM) -> Path:
    command = [*compiler, "-std=c11", "-pthread", *WARNINGS, *options, f"-I{KERNEL / 'include'}"]
    done = subprocess.run([*command, *map(str, SOURCES), str(main), "-o", str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, *arguments: str) -> None:
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")


def test_operations_are_the_models(c_compiler: list[str], tmp_path: Path) -> None:
    program = build(c_compiler, ["-O2"], tmp_path / "check")
    for seed in range(4):
        run(program, "operations", str(seed), "300", str(tmp_path / "snapshot"))


@pytest.mark.long
def test_operations_under_address_and_undefined_behaviour_sanitizers(c_compiler: list[str], tmp_path: Path) -> None:
    program = build(c_compiler, ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], tmp_path / "check")
    for seed in range(10):
        run(program, "operations", str(seed), "1500", str(tmp_path / "snapshot"))


@pytest.mark.long
def test_threads_under_the_thread_sanitizer(c_compiler: list[str], tmp_path: Path) -> None:
    program = build(c_compiler, ["-O1", "-g", "-fsanitize=thread"], tmp_path / "check")
    run(program, "threads", "30", str(tmp_path / "snapshot"))
