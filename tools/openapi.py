# SPDX-License-Identifier: Apache-2.0
"""Writes spec/openapi.json from the exchange's routes and the wire messages.

python tools/openapi.py [--check]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.web.app import configure

TARGET = Path(__file__).resolve().parent.parent / "spec/openapi.json"


def main() -> int:
    """Write the file, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(description="Writes spec/openapi.json.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the file is not up to date")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        configure(ExchangeConfig(home=Path(home)))
        from stillmine.exchange.web.openapi import document  # noqa: PLC0415 (needs the configured apps)

        text = json.dumps(document(), indent=1, sort_keys=True) + "\n"
    if wanted.check:
        is_same = TARGET.read_text("utf-8") == text
        if not is_same:
            sys.stderr.write("spec/openapi.json is not up to date: run python tools/openapi.py\n")
        return 0 if is_same else 1
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
