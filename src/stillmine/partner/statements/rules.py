# SPDX-License-Identifier: Apache-2.0
"""The rules of the EU's DSA transparency database that our statements could break: spec/statements.md names the source and its date.

Only fields that a statement of ours has, and only constants that fit what it says.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit

Value = str | list[str]
Fields = Mapping[str, Value]
"""A statement, or a part of one: its JSON object."""

LISTS = frozenset({"decision_visibility", "content_type", "category_specification", "territorial_scope"})
"""Fields that hold several values."""

ILLEGAL = "DECISION_GROUND_ILLEGAL_CONTENT"
INCOMPATIBLE = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
CONTENT_REMOVED = "DECISION_VISIBILITY_CONTENT_REMOVED"
VOLUNTARY = "SOURCE_VOLUNTARY"
NOT_AUTOMATED = "AUTOMATED_DECISION_NOT_AUTOMATED"
CYBER_VIOLENCE = "STATEMENT_CATEGORY_CYBER_VIOLENCE"
IMAGE_SHARING = "KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"
DEEPFAKE = "KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"
IMAGE, VIDEO, AUDIO = "CONTENT_TYPE_IMAGE", "CONTENT_TYPE_VIDEO", "CONTENT_TYPE_AUDIO"
SYNTHETIC_MEDIA = "CONTENT_TYPE_SYNTHETIC_MEDIA"
YES, NO = "Yes", "No"

TEXTS_OF_GROUND = {
    ILLEGAL: ("illegal_content_legal_ground", "illegal_content_explanation"),
    INCOMPATIBLE: ("incompatible_content_ground", "incompatible_content_explanation"),
}
"""What each ground needs."""

EEA = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split())  # noqa: SIM905 (thirty words)

CHOICES = {
    "decision_ground": frozenset(TEXTS_OF_GROUND),
    "incompatible_content_illegal": frozenset({YES, NO}),
    "decision_visibility": frozenset({CONTENT_REMOVED, "DECISION_VISIBILITY_CONTENT_DISABLED"}),
    "source_type": frozenset({VOLUNTARY, "SOURCE_TYPE_OTHER_NOTIFICATION"}),
    "automated_detection": frozenset({YES, NO}),
    "automated_decision": frozenset({NOT_AUTOMATED, "AUTOMATED_DECISION_PARTIALLY", "AUTOMATED_DECISION_FULLY"}),
    "category": frozenset({CYBER_VIOLENCE}),
    "category_specification": frozenset({IMAGE_SHARING, DEEPFAKE}),
    "content_type": frozenset({IMAGE, VIDEO, AUDIO, SYNTHETIC_MEDIA}),
    "territorial_scope": EEA,
}
REQUIRED = (
    *("decision_visibility", "decision_ground", "decision_ground_reference_url", "decision_facts", "content_type", "category"),
    *("territorial_scope", "content_date", "application_date", "source_type", "automated_detection", "automated_decision", "puid"),
)
MAXIMUM_SIGNS = {
    "decision_ground_reference_url": 500,
    "illegal_content_legal_ground": 500,
    "illegal_content_explanation": 2000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "decision_facts": 5000,
    "source_identity": 500,
    "puid": 500,
}
LATEST_DAY = date(2038, 1, 1)
EARLIEST_DAYS = {"content_date": date(2000, 1, 1), "application_date": date(2020, 1, 1)}

_PUID = re.compile(r"[a-zA-Z0-9_-]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def broken_rules(fields: Fields) -> list[str]:
    """Return what the database would refuse or drop of a statement, one sentence each that begins with the field; none: it is right."""
    return [*_missing(fields), *_beside_its_ground(fields), *_not_of_its_form(fields)]


def day_of(text: str) -> date | None:
    """Return the day that `YYYY-MM-DD` names, None for anything else."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _missing(fields: Fields) -> Iterator[str]:
    ground = fields.get("decision_ground")
    texts = TEXTS_OF_GROUND.get(ground, ()) if isinstance(ground, str) else ()
    for name in (*REQUIRED, *texts):
        value = fields.get(name, "")
        if not (value.strip() if isinstance(value, str) else value):
            yield f"{name}: missing"


def _beside_its_ground(fields: Fields) -> Iterator[str]:
    for ground, names in TEXTS_OF_GROUND.items():
        others = (*names, "incompatible_content_illegal") if ground == INCOMPATIBLE else names
        if fields.get("decision_ground") != ground:
            yield from (f"{name}: goes with {ground} alone" for name in others if name in fields)
    if fields.get("source_type") == VOLUNTARY and "source_identity" in fields:
        yield f"source_identity: does not go with {VOLUNTARY}"


def _not_of_its_form(fields: Fields) -> Iterator[str]:
    for name, value in fields.items():
        words = [value] if isinstance(value, str) else value
        allowed = CHOICES.get(name)
        if allowed is not None and any(word and word not in allowed for word in words):
            yield f"{name}: one of {', '.join(sorted(allowed))}"
        if len(words) != len(set(words)):
            yield f"{name}: names something twice"
        if name in MAXIMUM_SIGNS and any(len(word) > MAXIMUM_SIGNS[name] for word in words):
            yield f"{name}: at most {MAXIMUM_SIGNS[name]} characters"
    yield from _dates(fields)
    url, puid = _text(fields, "decision_ground_reference_url"), _text(fields, "puid")
    if url and not _is_address(url):
        yield "decision_ground_reference_url: an address that begins with https:// or http://"
    if puid and not _PUID.fullmatch(puid):
        yield "puid: letters a-z and A-Z, digits, - and _"


def _dates(fields: Fields) -> Iterator[str]:
    days: dict[str, date] = {}
    for name, earliest in EARLIEST_DAYS.items():
        text = _text(fields, name)
        day = day_of(text)
        if text and (day is None or not earliest <= day <= LATEST_DAY):
            yield f"{name}: a day as YYYY-MM-DD, {earliest} to {LATEST_DAY}"
        elif day is not None:
            days[name] = day
    if len(days) == len(EARLIEST_DAYS) and days["content_date"] > days["application_date"]:
        yield f"content_date: after the decision of {days['application_date']}"


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isprintable() and " " not in text
