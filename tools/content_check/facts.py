# SPDX-License-Identifier: Apache-2.0
"""Whether the rows of services, laws and platforms are fit to be shown: what a schema can't see of them.

A wrong number shown to a frightened person is worse than none, and so is a note of the compiler that reads like one: nothing
here is ever mended or guessed, it is only named.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from content_check.schemas import documents, is_table

MARK = re.compile(r"\b(seed|sourced|from_general_knowledge|GK)\b|^as [a-z]{2}-[a-z-]+$")
"""Words between compilers that mean nothing to a reader, and values that only point to another row."""
NOTHING = ("unknown", "none", "n/a", "-", "?")
WAYS = {"directory": ("phone", "sms", "email", "url", "chat_url"), "platforms": ("report_url", "in_app_path")}
"""How somebody can be reached whom pages name; laws have no such fields."""
IN_GENERAL = ("web-hosts",)
"""No site of its own: its notes say how to find the address of any."""


def fact_problems(content: Path) -> list[str]:
    """Return what is wrong with rows of facts: marks of the compilers, empty words, no way to reach them, weak beside better sources."""
    problems = []
    for name, document in documents(content):
        if not is_table(name):
            continue
        for row in document:
            problems += [f"content/{name}: {row['id']}: {problem}" for problem in _row_problems(name, row)]
    return problems


def _row_problems(name: str, row: dict[str, Any]) -> Iterator[str]:
    own = Path(name).stem
    if "country" in row and row["country"] != own:
        yield f"is of the country {row['country']}: move it to {Path(name).with_stem(row['country'])}"
    ways = WAYS.get(Path(name).parts[0].removesuffix(".yaml"), ())
    if ways and row["id"] not in IN_GENERAL and not row["shown"].keys() & set(ways):
        yield f"has no way to reach it: add {', '.join(ways[:-1])} or {ways[-1]} from a source, or take the row out"
    for field, fact in row["shown"].items():
        for text in _texts([fact["value"], fact.get("note")]):
            if text.strip().lower() in NOTHING:
                yield f"{field} says `{text}`: leave out what nobody knows"
            elif MARK.search(text):
                yield f"{field} holds a mark of the review, say it in words or leave it out: {text}"
    reliabilities = {source["reliability"] for source in row["source"]}
    if "weak" in reliabilities and len(reliabilities) > 1:
        yield "a source is `weak` beside a better one: leave the weak one out"


def _texts(value: Any) -> Iterator[str]:
    """Return all texts within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
