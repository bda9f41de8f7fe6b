# SPDX-License-Identifier: Apache-2.0
"""Whoever follows any one document about backups keeps all that a restore needs."""

import re
from pathlib import Path

from stillmine.exchange.backup.whole import BACKUP_SET

ROOT = Path(__file__).resolve().parents[2]


def about_backups() -> dict[str, str]:
    """The documents that speak of backups and name any file of the set."""
    found = {}
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("spec/*.md")]:
        text = path.read_text()
        if path.name != "CHANGELOG.md" and re.search(r"back(ed)?[ -]?up", text, re.I) and any(name in text for name in BACKUP_SET):
            found[path.relative_to(ROOT).as_posix()] = text
    return found


def test_every_document_names_the_whole_set() -> None:
    found = about_backups()
    assert {"SECURITY.md", "docs/operators.md", "spec/at-rest.md"} <= found.keys()
    assert {name: missing for name, text in found.items() if (missing := [file for file in BACKUP_SET if f"`{file}`" not in text])} == {}


def test_the_set_is_what_is_written_and_what_the_home_holds() -> None:
    assert set(BACKUP_SET) == {"data-<time>.jsonl", "data-keys.jsonl", "exchange.secret", "key-encryption.keys"}
