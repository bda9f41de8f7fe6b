# SPDX-License-Identifier: Apache-2.0
"""Ids with several values in C: against a plain model, with every form of lines, under sanitizers, and while others change them."""

from pathlib import Path

import pytest

from tests.kernel.test_index_c import KERNEL, build, run

PROGRAM = KERNEL / "tests/groups_check.c"
PACKED = ["-DSTILLMINE_NARROW_SLOTS=4096u"]
WIDE = ["-DSTILLMINE_NARROW_SLOTS=2300u", "-DSTILLMINE_PACKED_SLOTS=4700u"]
MANY = ["-DSTILLMINE_MANY_NEAR=50u"]
HEAVY = ["-DSTILLMINE_MAX_GROUP_CHAIN=4u"]
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@pytest.mark.parametrize("limits", [[], PACKED + MANY, WIDE + HEAVY], ids=["narrow", "packed, many near", "wide, heavy"])
def test_operations_are_the_models_and_removal_leaves_zeros(c_compiler: list[str], tmp_path: Path, limits: list[str]) -> None:
    program = build(c_compiler, ["-O2", *limits], tmp_path / "check", PROGRAM)
    for seed in range(2):
        run(program, "operations", str(seed), "120")


def test_lines_hold_slots_of_every_width(c_compiler: list[str], tmp_path: Path) -> None:
    run(build(c_compiler, ["-O2"], tmp_path / "check", PROGRAM), "lines")


@pytest.mark.parametrize("limits", [[], PACKED, WIDE], ids=["narrow", "packed", "wide"])
def test_every_band_finds_what_it_alone_can_find(c_compiler: list[str], tmp_path: Path, limits: list[str]) -> None:
    program = build(c_compiler, ["-O2", *limits], tmp_path / "check", PROGRAM)
    for ids in (4000, 10_000, 60_000, 300_000):
        run(program, "bands", str(ids))


@pytest.mark.long
@pytest.mark.parametrize("limits", [[], PACKED + MANY, WIDE + HEAVY], ids=["narrow", "packed, many near", "wide, heavy"])
def test_operations_under_address_and_undefined_behaviour_sanitizers(c_compiler: list[str], tmp_path: Path, limits: list[str]) -> None:
    program = build(c_compiler, [*SANITIZED, *limits], tmp_path / "check", PROGRAM)
    for seed in range(10, 15):
        run(program, "operations", str(seed), "400")


@pytest.mark.long
def test_threads_under_the_thread_sanitizer(c_compiler: list[str], tmp_path: Path) -> None:
    program = build(c_compiler, ["-O1", "-g", "-fsanitize=thread"], tmp_path / "check", PROGRAM)
    run(program, "threads", "20")
