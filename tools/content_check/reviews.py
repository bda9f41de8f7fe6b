# SPDX-License-Identifier: Apache-2.0
"""When facts were last reviewed, and whether what files name in each other is there.

A number that nobody looked at for a year is no longer a fact: the build's owner has to look again or take it away.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from content_check.schemas import documents, is_table

STALE = "more than 12 months ago: look at its sources again and set the day, or take it out"
TO_COME = "which is still to come: set the day on which its sources were looked at"


def review_problems(content: Path, today: date) -> list[str]:
    """Return every review that is older than 12 months, or in the future, on `today`."""
    problems = []
    for name, document in documents(content):
        for place, text in reviews(document):
            try:
                reviewed = date.fromisoformat(text)
            except ValueError:
                problems.append(f"content/{name}: {place}: `{text}` is no day: write it as 2026-11-25")
                continue
            if reviewed > today:
                problems.append(f"content/{name}: {place}: reviewed on {reviewed}, {TO_COME}")
            if today > a_year_after(reviewed):
                problems.append(f"content/{name}: {place}: reviewed on {reviewed}, {STALE}")
    return problems


def a_year_after(day: date) -> date:
    """Return the same day a year later; 28 February after 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def reviews(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return each `reviewed` in a document with the id of what it belongs to."""
    if isinstance(value, list):
        for one in value:
            yield from reviews(one, place)
    elif isinstance(value, dict):
        place = str(value.get("id", place))
        if "reviewed" in value:
            yield place, str(value["reviewed"])
        for one in value.values():
            yield from reviews(one, place)


def reference_problems(content: Path) -> list[str]:
    """Return ids that a file names and no table has, and ids that two rows share."""
    found = dict(documents(content))
    services = [row["id"] for name, rows in found.items() if is_table(name) and name.startswith("directory/") for row in rows]
    laws = [row["id"] for name, rows in found.items() if name.startswith("laws/") for row in rows]
    sources = [row["id"] for row in found.get("guidance/sources.yaml", [])]
    platforms = [row["id"] for row in found.get("platforms.yaml", [])]
    ids = [*services, *laws, *platforms]
    problems = [f"content: {one} is the id of two rows: rename one" for one in sorted({one for one in ids if ids.count(one) > 1})]
    for name, document in found.items():
        wanted = [("service", one, services) for one in _services_named(name, document)]
        wanted += [("law", one, laws) for one in _laws_named(name, document)]
        wanted += [("source", one, sources) for one in _sources_named(name, document)]
        problems += [
            f"content/{name}: names the {what} {one}, which is not there: add it or mend the name"
            for what, one, known in wanted
            if one not in known
        ]
    return problems


def _services_named(name: str, document: Any) -> list[str]:
    if name == "directory/opening.yaml":
        return [row["service"] for row in document]
    if name == "directory/pages.yaml":
        return [one for names in document.values() for one in names]
    if name.startswith("countries/"):
        return [one for names in document["services"].values() for one in names]
    if name.startswith("situations/"):
        return [one for step in document["steps"] for names in step.get("services", {}).values() for one in names]
    return list(document.get("escalation", [])) if name.startswith("regimes/") else []


def _laws_named(name: str, document: Any) -> list[str]:
    if not name.startswith("regimes/"):
        return []
    return [document["law"]] * (document["law"] is not None) + [sentence["law"] for sentence in document["sentences"]]


def _sources_named(name: str, document: Any) -> list[str]:
    if name == "guidance/guides.yaml":
        return [one for sections in document.values() for section in sections for line in section["lines"] for one in line]
    if not name.startswith("situations/"):
        return []
    lists = [document["sources"]] + [step["sources"] for step in document["steps"]]
    lists += [own for step in document["steps"] for own in step.get("countries", {}).values()]
    return [one for own in lists for one in own]
