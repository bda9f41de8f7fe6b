# SPDX-License-Identifier: Apache-2.0
"""Writes spec/openapi.json and spec/partner-openapi.json from the routes of exchange and partner and the wire messages.

python tools/openapi.py [--check]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.web.app import configure
from stillmine.partner.service.openapi import document as document_of_partner

SPEC = Path(__file__).resolve().parent.parent / "spec"


def main() -> int:
    """Write the files, or with --check say which are not up to date."""
    parser = argparse.ArgumentParser(description="Writes spec/openapi.json and spec/partner-openapi.json.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is not up to date")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        configure(ExchangeConfig(home=Path(home)))
        from stillmine.exchange.web.openapi import document  # noqa: PLC0415 (needs the configured apps)

        documents = {"openapi.json": document(), "partner-openapi.json": document_of_partner()}
    texts = {SPEC / name: json.dumps(made, indent=1, sort_keys=True) + "\n" for name, made in documents.items()}
    if wanted.check:
        old = [path.name for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text]
        for name in old:
            sys.stderr.write(f"spec/{name} is not up to date: run python tools/openapi.py\n")
        return 1 if old else 0
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
