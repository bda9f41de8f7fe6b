# SPDX-License-Identifier: Apache-2.0
"""What the platform gives: its own words, the same in every statement, as TOML; and facts of single uploads, as CSV.

All that is wrong with the words is named at once, so that nobody tries ten times. What is named are keys, lines and limits, never a value.
"""

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stillmine.partner.statements import rules
from stillmine.partner.statements.rules import Fields, Value, broken_rules, day_of
from stillmine.wire.errors import NotConfiguredError

DAY_OF_MATCH = "day_of_match"
CONTENT_TYPES = {"image": rules.IMAGE, "video": rules.VIDEO, "audio": rules.AUDIO}
COLUMNS = ("content_id", "content_date", "content_type", "leave_out")

_UNLESS_SAID: dict[str, Value] = {
    "decision_visibility": [rules.CONTENT_REMOVED],
    "source_type": rules.VOLUNTARY,
    "automated_decision": rules.NOT_AUTOMATED,
}
_KEYS = frozenset(
    {
        *("decision_ground", "decision_ground_reference_url", "decision_facts", "territorial_scope", "incompatible_content_illegal"),
        *(name for names in rules.TEXTS_OF_GROUND.values() for name in names),
        *("decision_visibility", "source_type", "source_identity", "automated_decision"),
    }
)
_ANY_UPLOAD: dict[str, Value] = {
    "category": rules.CYBER_VIOLENCE,
    "content_type": [rules.IMAGE],
    "content_date": "2030-01-01",
    "application_date": "2030-01-01",
    "automated_detection": rules.YES,
    "puid": "any",
}
"""Stands for what the store adds, while the words are checked by themselves."""


@dataclass(frozen=True, slots=True)
class Words:
    """Fields that are the same in every statement; `is_posted_when_matched`: an upload is screened on the day on which it is posted."""

    fields: Fields
    is_posted_when_matched: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the platform says of one upload: the day on which it was posted, the constant of its type, whether it gets no statement."""

    content_date: str | None = None
    content_type: str | None = None
    is_left_out: bool = False


def read_words(text: str) -> Words:
    """Return the platform's words; raises NotConfiguredError that names everything which is missing or wrong."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotConfiguredError(f"--words: no TOML ({error})") from None
    day = table.pop("content_date", None)
    unusable = dict(_unusable(table))
    fields: dict[str, Value] = {**_UNLESS_SAID, **{name: value for name, value in table.items() if name not in unusable}}
    wrong = [f"{name}: {why}" for name, why in unusable.items()]
    wrong += [said for said in broken_rules({**fields, **_ANY_UPLOAD}) if said.split(":")[0] not in unusable]
    if day not in (None, DAY_OF_MATCH):
        wrong.append(f"content_date: only {DAY_OF_MATCH}; dates of single uploads come with --uploads")
    if wrong:
        raise NotConfiguredError(f"--words: {'; '.join(wrong)}")
    return Words(fields, is_posted_when_matched=day == DAY_OF_MATCH)


def read_facts(text: str) -> dict[str, Facts]:
    """Return what is said of single uploads, by content id; raises NotConfiguredError with the line that can't be used."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    found: dict[str, Facts] = {}
    try:
        names = next(rows, [])
        if "content_id" not in names or len(set(names)) != len(names) or not set(names) <= set(COLUMNS):
            raise NotConfiguredError(f"--uploads, line 1: names of columns: content_id, and any of {', '.join(COLUMNS[1:])}, each once")
        for cells in filter(None, rows):
            row = dict(zip(names, cells, strict=False))
            wrong = "as many cells as line 1 has" if len(cells) != len(names) else _wrong_cell(row, found)
            if wrong is not None:
                raise NotConfiguredError(f"--uploads, line {rows.line_num}: {wrong}")
            kind = CONTENT_TYPES.get(row.get("content_type", ""))
            found[row["content_id"]] = Facts(row.get("content_date") or None, kind, bool(row.get("leave_out")))
    except csv.Error as error:
        raise NotConfiguredError(f"--uploads, line {rows.line_num}: no CSV ({error})") from None
    return found


def _unusable(table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield keys that nobody knows, or whose value is of another type, and what is wrong with each."""
    for name, value in table.items():
        if name not in _KEYS:
            yield name, "no such key"
        elif name in rules.LISTS:
            if not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
                yield name, "a list of texts"
        elif not isinstance(value, str):
            yield name, "a text"


def _wrong_cell(row: Mapping[str, str], before: Mapping[str, Facts]) -> str | None:
    if not row["content_id"] or row["content_id"] in before:
        return "content_id: one, and each once"
    if row.get("content_date") and day_of(row["content_date"]) is None:
        return "content_date: YYYY-MM-DD"
    if row.get("content_type", "") not in {"", *CONTENT_TYPES}:
        return f"content_type: {', '.join(CONTENT_TYPES)}"
    return None if row.get("leave_out", "") in {"", "yes"} else "leave_out: yes, or nothing"
