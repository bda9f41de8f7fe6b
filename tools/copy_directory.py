# SPDX-License-Identifier: Apache-2.0
"""Copies what the portal may show of a table of facts into content/: services, laws and platforms.

A wrong number shown to a frightened person is worse than none: a row and each of its fields are copied only if their own
confidence is `seed` or `sourced`. It never adds, guesses or translates anything. Run by hand when the facts were reviewed;
the portal's build and `make check-content` check the result again. What it leaves out, it names.

    python tools/copy_directory.py ../shared/facts
"""

import argparse
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

CONTENT = Path(__file__).resolve().parent.parent / "content"
READ = Path(__file__).resolve().parent / "facts_read.yaml"
ADDED = Path(__file__).resolve().parent / "facts_added.yaml"
SHOWABLE = ("seed", "sourced")
SERVICE_FIELDS = [
    "local_name",
    "can_do",
    "phone",
    "sms",
    "email",
    "url",
    "chat_url",
    "hours",
    "chat_hours",
    "languages",
    "cost",
    "confidentiality",
    "accessibility",
]
LAW_FIELDS = [
    "statute",
    "section",
    "what",
    "covers_threats",
    "covers_deepfakes",
    "penalty",
    "in_force",
    "who_can_use",
    "time_limit",
    "platform_duty",
    "notice_must_contain",
    "route_url",
]
PLATFORM_FIELDS = [
    "operator",
    "report_url",
    "more_urls",
    "in_app_path",
    "form_kind",
    "account_needed",
    "asks_for",
    "stopncii_partner",
    "take_it_down_partner",
    "us_tida_route",
    "child_images_route",
    "notes",
]
NOTES_OF = {"covers_threats": "covers_notes", "covers_deepfakes": "covers_notes", "account_needed": "account_notes"}
NOTES_OF |= {"stopncii_partner": "partner_notes", "take_it_down_partner": "partner_notes"}
MARKS = ((" (seed)", ""), ("(seed: ", "("), (", seed)", ")"), ("Netsafe seed", "Netsafe page"), ("not verified", "not checked by us"))
MARK_LEFT = re.compile(r"\b(seed|sourced|from_general_knowledge|GK)\b|^as [a-z]{2}-[a-z-]+$")
HEADING = "# SPDX-License-Identifier: Apache-2.0\n# Copied by tools/copy_directory.py; change the facts and the review there.\n"

Row = dict[str, Any]
"""One row of a table of facts; its fields are in the README beside it."""


def confidence_of(row: Row, field: str) -> str:
    """Return the confidence of one field: its own, else that of its row."""
    return str(row["field_confidence"].get(field, row["confidence"]))


def is_checked(row: Row, field: str) -> bool:
    return confidence_of(row, field) in SHOWABLE


def kept_fields(row: Row, fields: Iterable[str]) -> Row:
    """Return the fields that are checked and say something, each with its confidence and its note."""
    kept: Row = {}
    for field in fields:
        value = row[field]
        if not value or value == "unknown" or not is_checked(row, field):
            continue
        value = without_marks(value)
        if MARK_LEFT.search(str(value)):
            print(f"{row['id']}.{field}: left out, as it holds marks of the review: {value}")
            continue
        kept[field] = {"value": value, "confidence": confidence_of(row, field)}
        notes = NOTES_OF.get(field)
        if notes and field in row[notes] and is_checked(row, notes):
            kept[field]["note"] = without_marks(row[notes][field])
    return kept


def without_marks(value: object) -> object:
    """Return a value without the compilers' own marks, such as `(seed)`, which mean nothing to a reader."""
    if isinstance(value, list):
        return [without_marks(item) for item in value]
    if isinstance(value, dict):
        return {name: without_marks(item) for name, item in value.items()}
    if isinstance(value, str):
        for mark, instead in MARKS:
            value = value.replace(mark, instead)
    return value


def sources(row: Row) -> list[Row]:
    """Return the sources as a reader can follow them; weak ones only where there is no better."""
    good = [source(entry) for entry in row["source"] if entry["reliability"] in ("seed", "primary", "secondary")]
    return good or [source(entry) for entry in row["source"] if entry["reliability"] == "weak"]


def source(entry: Row) -> Row:
    """Return one source: the name of the seed's page instead of the seed's file."""
    title = re.sub(r"^Seed \S+ \((.*)\)$", r"\1", str(without_marks(entry["title"])))
    date = str(entry["date"]).removeprefix("last updated ")
    is_dated = re.fullmatch(r"[0-9-]+", date) is not None
    return {"title": title, "url": entry["url"], "date": date if is_dated else None, "reliability": entry["reliability"]}


def regions(row: Row) -> list[str] | None:
    """Return the regions, [] for a whole country, None where it is narrower but not checked which ones."""
    if not row["regions"]:
        return []
    return list(row["regions"]) if is_checked(row, "regions") else None


def service(row: Row) -> Row:
    head: Row = {field: row[field] for field in ("id", "name", "country", "kind")}
    head["audience"] = row["audience"] if is_checked(row, "audience") else None
    return head | {"regions": regions(row), "confidence": row["confidence"]}


def law(row: Row) -> Row:
    head: Row = {field: row[field] for field in ("id", "name", "country", "type")}
    head["topic"] = row["topic"] if is_checked(row, "topic") else []
    return head | {"regions": regions(row), "confidence": row["confidence"]}


def platform(row: Row) -> Row:
    name = row["name"] if is_checked(row, "name") else row["operator"]
    return {"id": row["id"], "name": name, "confidence": row["confidence"]}


def copied(rows: list[Row], head: Callable[[Row], Row], fields: Iterable[str], reviewed: str) -> list[Row]:
    """Return what may be shown of the rows that may be shown; a row without a day of review of its own has that of the table."""
    showable = [row for row in rows if row["confidence"] in SHOWABLE]
    for row in rows:
        if row not in showable:
            print(f"{row['id']}: left out, {row['confidence']}")
    copies = []
    for row in showable:
        day = str(row.get("reviewed", reviewed))
        copies.append(head(row) | {"reviewed": day, "shown": kept_fields(row, fields), "source": sources(row)})
    return copies


def with_read(rows: list[Row], read: dict[str, Row]) -> list[Row]:
    """Return the rows, those that were read since with what was seen and where; nothing else of them becomes more certain."""
    unknown = set(read) - {row["id"] for row in rows}
    if unknown:
        raise SystemExit(f"{READ.name} names rows that are not there: {sorted(unknown)}")
    return [seen_again(row, read[row["id"]]) if row["id"] in read else row for row in rows]


def seen_again(row: Row, read: Row) -> Row:
    confidence = {field: confidence_of(row, field) for field in SERVICE_FIELDS} | dict.fromkeys(read["seen"], "sourced")
    seen: Row = row | read["seen"]
    return seen | {"confidence": "sourced", "field_confidence": confidence, "source": read["source"], "reviewed": read["reviewed"]}


def with_additions(rows: list[Row], added: list[Row], wanted: list[str], reviewed: str, fields: list[str]) -> list[Row]:
    """Return the rows with what a later table adds to them or beside them, of those that are wanted."""
    known = {row["id"]: row for row in rows}
    for row in added:
        if row["id"] not in wanted:
            print(f"{row['id']}: left out, not named in {ADDED.name}")
        elif row.get("patch"):
            known[row["id"]] = patched(known[row["id"]], row, reviewed, fields)
        else:
            known[row["id"]] = row | {"reviewed": reviewed}
    unknown = set(wanted) - {row["id"] for row in added}
    if unknown:
        raise SystemExit(f"{ADDED.name} names rows that are not there: {sorted(unknown)}")
    return list(known.values())


def patched(row: Row, patch: Row, reviewed: str, fields: list[str]) -> Row:
    """Return a row with the fields that a patch gives; no other field becomes more certain by it."""
    before = {field: confidence_of(row, field) for field in (*fields, "name", "audience", "regions", "topic")}
    given = {field: patch.get("confidence", row["confidence"]) for field in patch if field in fields}
    known = before | given | patch.get("field_confidence", {})
    notes = {field: row[field] | patch.get(field, {}) for field in set(NOTES_OF.values()) & set(row)}
    own = {"field_confidence": known, "source": [*patch.get("source", []), *row["source"]], "reviewed": reviewed}
    return row | patch | notes | own


def write(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADING + yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")


def main() -> None:
    """Write one file of services and one of laws per country, and one of platforms; a later table adds to an earlier one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path, help="folder with services.yaml, laws.yaml, platforms.yaml and README.md")
    facts = parser.parse_args().facts
    reviewed = re.search(r"Compiled (\d{4}-\d{2}-\d{2})", (facts / "README.md").read_text(encoding="utf-8"))
    if reviewed is None:
        raise SystemExit("README.md names no date of review")

    def read(name: str) -> list[Row]:
        return list(yaml.safe_load((facts / name).read_text(encoding="utf-8")))

    since = yaml.safe_load(READ.read_text(encoding="utf-8"))

    def with_later(rows: list[Row], part: str, fields: list[str]) -> list[Row]:
        for path in sorted(facts.glob("additions-*.yaml")):
            added = yaml.safe_load(path.read_text(encoding="utf-8"))[part]
            rows = with_additions(rows, added, wanted[part], path.stem.removeprefix("additions-"), fields)
        return rows

    wanted = yaml.safe_load(ADDED.read_text(encoding="utf-8"))
    services = with_later(with_read(read("services.yaml"), since), "services", SERVICE_FIELDS)
    laws = with_later(read("laws.yaml"), "laws", LAW_FIELDS)
    for folder, rows in (
        ("directory", copied(services, service, SERVICE_FIELDS, reviewed[1])),
        ("laws", copied(laws, law, LAW_FIELDS, reviewed[1])),
    ):
        for country in dict.fromkeys(row["country"] for row in rows):
            write(CONTENT / folder / f"{country}.yaml", [row for row in rows if row["country"] == country])
    write(CONTENT / "platforms.yaml", copied(read("platforms.yaml"), platform, PLATFORM_FIELDS, reviewed[1]))


if __name__ == "__main__":
    main()
