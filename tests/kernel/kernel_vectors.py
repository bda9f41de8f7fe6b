# SPDX-License-Identifier: Apache-2.0
"""The vectors, the statuses by number, and the programs of tools/, for every suite of the kernel."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REGION_PARTS = ("angles", "base", "blur", "enrol", "extrema", "frame", "hash", "numbers", "view")
SOURCE_NAMES = (
    *("bars.c", "pdq.c", "pdq_axis.c", "pdq_block.c", "pdq_rows.c", "trims.c", "regions.c"),
    *(f"regions_{part}.c" for part in REGION_PARTS),
)
SOURCES = [ROOT / "kernel/src" / name for name in SOURCE_NAMES]
STATUSES = (
    "ok",
    "missing_buffer",
    "bad_format",
    "image_too_small",
    "image_too_large",
    "bad_stride",
    "too_many_rows",
    "too_few_rows",
    "wrong_order",
)
VECTORS: dict[str, Any] = json.loads((ROOT / "vectors/pdq.json").read_text())
REGIONS: dict[str, Any] = json.loads((ROOT / "vectors/regions.json").read_text())


def load_tool(name: str) -> ModuleType:
    """A program from tools/, as a module."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module
