# SPDX-License-Identifier: Apache-2.0
"""A limit that is generated for the portal is written by hand nowhere in it: a second copy would stay when the first changes."""

import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "portal/src"
GENERATED = tuple(SOURCE / name for name in ("fingerprint/limits.ts", "try/region_numbers.ts", "wire/types.ts"))
LEAST_TELLING = 50_000
"""A smaller number, such as 20,000 milliseconds, may stand for anything."""

_CONSTANT = re.compile(r"^export const ([A-Z][A-Z0-9_]+) = ([\d_]+);", re.MULTILINE)


def limits() -> dict[str, int]:
    return {name: int(number) for path in GENERATED for name, number in _CONSTANT.findall(path.read_text())}


def copies(text: str) -> Iterator[str]:
    """Yield each generated name that a file declares, and each generated number that it writes."""
    known = limits()
    yield from sorted(known.keys() & set(re.findall(r"\bconst ([A-Z][A-Z0-9_]+)\b", text)))
    numbers = {number for number in known.values() if number >= LEAST_TELLING}
    yield from sorted(str(number) for number in numbers & {int(found) for found in re.findall(r"(?<![\w.])\d[\d_]*(?![\w.])", text)})


def test_a_copy_is_found() -> None:
    assert limits()["MAXIMUM_PIXELS"] == 89_000_000
    assert list(copies("const MAXIMUM_PIXELS = 5;\n")) == ["MAXIMUM_PIXELS"]
    assert list(copies("if (pixels > 89_000_000) {\n")) == ["89000000"]


def test_no_generated_limit_is_written_by_hand() -> None:
    paths = [path for ending in ("ts", "tsx", "astro") for path in sorted(SOURCE.rglob(f"*.{ending}")) if path not in GENERATED]
    assert len(paths) > 100
    found = [f"{path.relative_to(SOURCE)}: {copy}" for path in paths for copy in copies(path.read_text())]
    assert not found, "import it from one of GENERATED"
