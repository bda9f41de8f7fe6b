# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors that are made, each from the code that the others are held to; README.md lists them all.

Those written by hand are left as they are. Must never be run to make a failing reader pass: first find out which side is wrong.

    python -m vectors.generate [--check]
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from vectors.makers import (
    around,
    ask_regions,
    case_key,
    case_labels,
    file_gives,
    kinds,
    ledger,
    pdq,
    receipt,
    region_matching,
    regions,
    sniff,
)

FOLDER = Path(__file__).resolve().parent
MAKERS = (around, ask_regions, case_key, case_labels, file_gives, kinds, ledger, pdq, receipt, region_matching, regions, sniff)


def texts() -> dict[str, str]:
    """Return each file that is made, by name."""
    return {name: text for maker in MAKERS for name, text in maker.texts().items()}


def differing() -> Iterator[str]:
    """Give the names of files that are not what would be written."""
    for name, text in texts().items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield name


def main() -> None:
    """Write the files, or with --check exit 1 and name those that differ from what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on a difference")
    if parser.parse_args().check:
        if names := list(differing()):
            sys.exit(f"vectors: {', '.join(names)} would be written differently: run python -m vectors.generate")
        return
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
