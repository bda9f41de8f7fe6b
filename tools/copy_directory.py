# SPDX-License-Identifier: Apache-2.0
"""Copies the services that the portal shows from a table of facts into content/directory/.

A wrong number shown to a frightened person is worse than none: a field is copied only if its own confidence is
`seed` or `sourced`. Run by hand when the facts were reviewed; the portal's build checks the result again.

    python tools/copy_directory.py ../shared/facts
"""

import argparse
import re
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).resolve().parent.parent / "content/directory"
SHOWABLE = ("seed", "sourced")
SHOWN_FIELDS = ("can_do", "phone", "sms", "url", "hours", "languages", "cost", "confidentiality")
HEADING = "# SPDX-License-Identifier: Apache-2.0\n# Copied by tools/copy_directory.py; change the facts and the review there.\n"

Row = dict[str, Any]
"""One row of services.yaml; its fields are in the README beside it."""


def confidence_of(row: Row, field: str) -> str:
    """Return the confidence of one field: its own, else that of its row."""
    return str(row["field_confidence"].get(field, row["confidence"]))


def copied(row: Row, reviewed: str) -> Row:
    """Return what the portal may show of a row; raises SystemExit for a row that it may not show at all."""
    if any(confidence_of(row, field) not in SHOWABLE for field in ("name", "kind")):
        raise SystemExit(f"{row['id']}: confidence {row['confidence']} can't be shown")
    kept: Row = {field: row[field] for field in ("id", "name", "country", "kind")}
    kept["audience"] = row["audience"] if confidence_of(row, "audience") in SHOWABLE else None
    kept |= {"regions": row["regions"] or [], "confidence": row["confidence"], "reviewed": reviewed}
    fields = [field for field in SHOWN_FIELDS if row[field] and confidence_of(row, field) in SHOWABLE]
    kept["shown"] = {field: {"value": without_notes(row[field]), "confidence": confidence_of(row, field)} for field in fields}
    kept["source"] = [source(entry) for entry in row["source"] if entry["reliability"] in ("seed", "primary", "secondary")]
    return kept


def without_notes(value: object) -> object:
    """Return a value without the compilers' own marks, such as `(seed)`, which mean nothing to a reader."""
    if isinstance(value, list):
        return [without_notes(item) for item in value]
    return value.replace(" (seed)", "") if isinstance(value, str) else value


def source(entry: Row) -> Row:
    """Return a source as a reader can follow it: the name of the seed's page instead of the seed's file."""
    title = re.sub(r"^Seed \S+ \((.*)\)$", r"\1", entry["title"])
    date = str(entry["date"]).removeprefix("last updated ")
    is_dated = re.fullmatch(r"[0-9-]+", date) is not None
    return {"title": title, "url": entry["url"], "date": date if is_dated else None, "reliability": entry["reliability"]}


def main() -> None:
    """Write one file per country."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path, help="folder with services.yaml and README.md")
    facts = parser.parse_args().facts
    reviewed = re.search(r"Compiled (\d{4}-\d{2}-\d{2})", (facts / "README.md").read_text(encoding="utf-8"))
    if reviewed is None:
        raise SystemExit("README.md names no date of review")
    rows = {row["id"]: row for row in yaml.safe_load((facts / "services.yaml").read_text(encoding="utf-8"))}
    pages = yaml.safe_load((DIRECTORY / "pages.yaml").read_text(encoding="utf-8"))
    wanted = list(dict.fromkeys(name for names in pages.values() for name in names))
    for country in {rows[name]["country"] for name in wanted}:
        chosen = [copied(rows[name], reviewed.group(1)) for name in wanted if rows[name]["country"] == country]
        text = yaml.safe_dump(chosen, sort_keys=False, allow_unicode=True, width=120)
        (DIRECTORY / f"{country}.yaml").write_text(HEADING + text, encoding="utf-8")


if __name__ == "__main__":
    main()
