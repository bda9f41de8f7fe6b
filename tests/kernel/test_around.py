# SPDX-License-Identifier: Apache-2.0
"""What stands around pictures: the vectors' answers, and that each threshold of the kernel, moved by one step, changes one of them."""

import ctypes
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stillmine.fingerprint.ground import _kernel
from tests.kernel.kernel_vectors import ROOT
from vectors.makers import around

TRIMS: list[dict[str, Any]] = json.loads((ROOT / "vectors/trims.json").read_text())["trims"]
BARS: list[dict[str, Any]] = json.loads((ROOT / "vectors/bars.json").read_text())["bars"]
THRESHOLD = re.compile(r"^#define ([A-Z_]+) \(?(-?\d+)\)?", re.M)
NO_THRESHOLDS = {"ROWS_AT_ONCE"}
SAME_ANSWERS = {("BLACK", -1)}
"""Values are whole, so a doubled ground of -1 has the same ones as -2."""


@pytest.mark.parametrize("vector", TRIMS)
def test_parts_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    found = _kernel.find_parts(around.paint(vector["width"], vector["height"], vector["paint"]))
    assert [[*bounds, *sides] for *bounds, sides in found] == vector["parts"]


def test_no_bar_is_learned_of_nothing() -> None:
    assert _kernel.find_bars(bytes(90), bytes(120)) == (0, 0, 120, 90)


def moved_thresholds(source: Path) -> list[tuple[str, int, str]]:
    text = source.read_text()
    found = [(name, int(value)) for name, value in THRESHOLD.findall(text) if name not in NO_THRESHOLDS]
    moved = [(name, value + step) for name, value in found for step in (-1, 1)]
    return [
        (name, value, re.sub(rf"^#define {name} \(?-?\d+\)?", f"#define {name} ({value})", text, flags=re.M))
        for name, value in moved
        if (name, value) not in SAME_ANSWERS
    ]


def build(text: str, compiler: list[str], folder: Path, headers: Path = ROOT / "kernel/include") -> ctypes.CDLL:
    """A library of one source; each in a folder of its own, as a loaded one is not loaded again."""
    folder.mkdir()
    (folder / "source.c").write_text(text)
    command = [*compiler, "-std=c11", "-O1", "-shared", "-fPIC", f"-I{headers}", str(folder / "source.c"), "-o", str(folder / "library.so")]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "library.so"))


def parts_of(library: ctypes.CDLL, vector: dict[str, Any]) -> list[list[int]]:
    luma = around.paint(vector["width"], vector["height"], vector["paint"]).tobytes()
    found = (ctypes.c_uint32 * 32)()
    count = library.stillmine_find_parts(luma, ctypes.c_size_t(vector["width"]), vector["width"], vector["height"], found)
    return [list(found[8 * place : 8 * place + 8]) for place in range(count)]


def bars_of(library: ctypes.CDLL, vector: dict[str, Any]) -> tuple[list[int], list[bool]]:
    width, height = vector["width"], vector["height"]
    rows, columns = (ctypes.c_uint8 * height)(), (ctypes.c_uint8 * width)()
    for picture in vector["pictures"]:
        rgb = around.paint(width, height, picture).repeat(3).tobytes()
        library.stillmine_learn_bars(rgb, ctypes.c_size_t(3 * width), width, height, 3, rows, columns)
    bounds = (ctypes.c_uint32 * 4)()
    library.stillmine_find_bars(rows, height, columns, width, bounds)
    others = [(ctypes.c_uint32 * 4)(*close["other"]) for close in vector["close"]]
    return list(bounds), [bool(library.stillmine_are_close_bounds(bounds, other, width, height)) for other in others]


def answers_trims(library: ctypes.CDLL) -> bool:
    return all(parts_of(library, vector) == vector["parts"] for vector in TRIMS)


def answers_bars(library: ctypes.CDLL) -> bool:
    return all(bars_of(library, vector) == (vector["bounds"], [close["is_close"] for close in vector["close"]]) for vector in BARS)


def test_every_threshold_of_trims_is_held(c_compiler: list[str], tmp_path: Path) -> None:
    source = ROOT / "kernel/src/trims.c"
    assert answers_trims(build(source.read_text(), c_compiler, tmp_path / "as_it_is"))
    moved = moved_thresholds(source)
    assert len(moved) > 20
    survivors = [f"{name} {value}" for name, value, text in moved if answers_trims(build(text, c_compiler, tmp_path / f"{name}_{value}"))]
    assert survivors == []


@pytest.mark.parametrize("pixels", [63, 65])
def test_the_smallest_part_is_held(c_compiler: list[str], tmp_path: Path, pixels: int) -> None:
    (tmp_path / "stillmine").mkdir()
    for header in (ROOT / "kernel/include/stillmine").glob("*.h"):
        text = header.read_text().replace("STILLMINE_MIN_PART_PIXELS 64", f"STILLMINE_MIN_PART_PIXELS {pixels}")
        (tmp_path / "stillmine" / header.name).write_text(text)
    library = build((ROOT / "kernel/src/trims.c").read_text(), c_compiler, tmp_path / "moved", tmp_path)
    assert not answers_trims(library)


def test_every_threshold_of_bars_is_held(c_compiler: list[str], tmp_path: Path) -> None:
    source = ROOT / "kernel/src/bars.c"
    assert answers_bars(build(source.read_text(), c_compiler, tmp_path / "as_it_is"))
    moved = moved_thresholds(source)
    assert len(moved) == 12
    survivors = [f"{name} {value}" for name, value, text in moved if answers_bars(build(text, c_compiler, tmp_path / f"{name}_{value}"))]
    assert survivors == []
