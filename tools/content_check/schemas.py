# SPDX-License-Identifier: Apache-2.0
"""What each YAML file of content/ may hold, as types: an unknown field, a missing source or an unchecked value is refused.

A new kind of file needs a line in `SCHEMAS`; a new country, situation, regime, law or platform needs none.
"""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Address = Annotated[str, Meta(pattern=r"^https?://\S+$")]
Confidence = Literal["seed", "sourced"]
Country = Annotated[str, Meta(pattern=r"^[a-z]{2}$")]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}-[a-z]{3}$")]
CountryOrRegion = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]{3})?$")]
CountryOrAnywhere = Annotated[str, Meta(pattern=r"^([a-z]{2}|global)$")]
CountryOrAll = Annotated[str, Meta(pattern=r"^([a-z]{2}|all)$")]
ANYWHERE = "global"
Names = Annotated[list[Text], Meta(min_length=1)]


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """What all tables have in common: nothing but the named fields."""


class Source(Row):
    title: Text
    url: Address | None
    date: Text | None
    reliability: Literal["seed", "primary", "secondary", "weak"]


class Shown(Row):
    value: Text | Annotated[list[Text | dict[str, Text | None]], Meta(min_length=1)]
    confidence: Confidence
    note: Text | None = None


Sources = Annotated[list[Source], Meta(min_length=1)]
ServiceField = Literal[
    "local_name", "local_url", "can_do", "phone", "sms", "email", "url", "chat_url", "hours", "chat_hours", "languages", "cost",
    "confidentiality", "accessibility",
]  # fmt: skip
LawField = Literal[
    "statute", "section", "what", "covers_threats", "covers_deepfakes", "penalty", "in_force", "who_can_use", "time_limit", "platform_duty",
    "notice_must_contain", "route_url",
]  # fmt: skip
PlatformField = Literal[
    "operator", "report_url", "more_urls", "in_app_path", "form_kind", "account_needed", "asks_for", "stopncii_partner",
    "take_it_down_partner", "us_tida_route", "child_images_route", "notes",
]  # fmt: skip
ServiceKind = Literal[
    "emergency", "police", "crime_hotline", "victim_support", "ncii_helpline", "child_protection", "hash_service", "content_regulator",
    "platform_reporting_help", "mental_health", "prevention",
]  # fmt: skip


class Service(Row):
    id: Text
    name: Text
    country: CountryOrAnywhere
    kind: ServiceKind
    audience: Literal["all", "adult", "under_18"] | None
    regions: list[Text] | None
    confidence: Confidence
    reviewed: Day
    shown: dict[ServiceField, Shown]
    source: Sources


class Law(Row):
    id: Text
    name: Text
    country: Country
    type: Literal["offence", "civil", "administrative", "platform_duty", "data_right", "bill"]
    topic: list[Text]
    regions: list[Text] | None
    confidence: Confidence
    reviewed: Day
    shown: dict[LawField, Shown]
    source: Sources


class Platform(Row):
    id: Text
    name: Text
    confidence: Confidence
    reviewed: Day
    shown: dict[PlatformField, Shown]
    source: Sources


class Opening(Row, rename={"source": "from"}):
    service: Text
    source: Text
    text: Text
    week: Literal["always"] | Names
    zone: Text | None = None
    part: Literal["phone"] | None = None
    holidays: Literal["closed"] | None = None


class Reviewed(Row):
    """A source that guidance or a regime was written from."""

    title: Text
    url: Address | None
    date: Text | None
    reviewed: Day


class GuidanceSource(Reviewed):
    id: Text


class Places(Row):
    """Where a country stands in two lists: those of the help pages, and those of plans."""

    help: Annotated[int, Meta(ge=1)]
    plans: Annotated[int, Meta(ge=1)]


class CountryLists(Row, omit_defaults=True):
    """Services that parts of the pages show, in order."""

    danger: list[Text] = []
    police: list[Text] = []
    crisis: list[Text] = []
    partner: list[Text] = []
    talk: list[Text] = []
    under_18: list[Text] = []
    family: list[Text] = []
    own: list[Text] = []
    relay: list[Text] = []


class CountryFile(Row):
    id: Country
    place: Places
    services: CountryLists
    part_of: Country | None = None
    parts: list[Region] = []
    without: dict[Text, Text] = {}


Circumstance = Literal["is_fake", "shows_under_clothes", "recorded_unknowing"]


class Step(Row, rename={"source": "from", "only_if": "if"}):
    step: Text
    source: Names
    sources: list[Text]
    minutes: Annotated[int, Meta(ge=1)]
    to: Text | None = None
    read: bool = False
    says: Circumstance | None = None
    only: list[Country] = []
    countries: dict[Country, Names] = {}
    services: dict[CountryOrAll, Names] = {}
    list: Literal["crisis", "partner", "police", "talk", "under_18", "family", "own"] | None = None
    words: Annotated[str, Meta(pattern=r"^[a-z]+\.[a-z]+$")] | None = None
    only_if: dict[Text, Names] = {}


class Question(Row, rename={"only_if": "if"}):
    """A question before one of the steps; an answer may lead to another page."""

    ask: Text
    before: Text
    answers: Names
    to: dict[Text, Text] = {}
    only_if: dict[Text, Names] = {}


class Situation(Row):
    """A situation and its plan; `start` and `not_sure` are its places among the choices of these pages."""

    id: Annotated[str, Meta(pattern=r"^[a-z]+$")]
    sources: Names
    steps: Annotated[list[Step], Meta(min_length=1)]
    questions: list[Question] = []
    group: Literal["mine", "feelings"] | None = None
    start: Annotated[int, Meta(ge=1)] | None = None
    not_sure: list[Annotated[int, Meta(ge=1)]] = []
    door: Text | None = None
    numbers: list[Literal["crisis", "danger", "under_18", "family"]] = []
    see_also: Text | None = None


class Section(Row):
    section: Text
    lines: Annotated[list[list[Text]], Meta(min_length=1)]
    to: Text | None = None
    numbers: Literal["crisis", "partner"] | None = None
    only: list[CountryOrRegion] = []


class Sentence(Row):
    """What a law says of content like this: in words of its own, no stronger than the row."""

    when: Circumstance | Literal["is_real"]
    law: Text
    only: Country | None = None


class Statement(Row, rename={"text": "from"}):
    """What one of the three first texts says, and where a page says it: `row`, or a phrase in each language."""

    id: Annotated[int, Meta(ge=1, le=115)]
    text: Literal["nz", "fi", "ew"]
    says: Text
    page: Text
    may: bool = False
    row: Annotated[str, Meta(pattern=r"^[a-z0-9-]+\.[a-z_]+$")] | None = None
    en: Text | None = None
    fi: Text | None = None


class Regime(msgspec.Struct):
    """What every regime says of itself; the notices' own tests judge the rest."""

    id: Annotated[str, Meta(pattern=r"^[a-z_]+$")]
    place: Annotated[int, Meta(ge=1)]
    law: Text | None
    countries: Annotated[list[Country], Meta(min_length=1)] | Literal["others"]
    elements: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    sentences: list[Sentence]
    without: dict[Circumstance, Text]
    text: Names
    unverified: list[Text]
    source: Reviewed
    data: Literal["article_16"] | None = None


class Target(Row):
    lix: Annotated[int, Meta(ge=10, le=80)]
    words_per_sentence: Annotated[int, Meta(ge=5, le=25)]
    longest_sentence: Annotated[int, Meta(ge=10, le=40)]


SCHEMAS: tuple[tuple[str, Any], ...] = (
    ("directory/pages.yaml", dict[Text, Names]),
    ("directory/opening.yaml", list[Opening]),
    ("directory/*.yaml", list[Service]),
    ("laws/*.yaml", list[Law]),
    ("platforms.yaml", list[Platform]),
    ("statements.yaml", list[Statement]),
    ("guidance/sources.yaml", list[GuidanceSource]),
    ("countries/*.yaml", CountryFile),
    ("situations/*.yaml", Situation),
    ("guidance/guides.yaml", dict[Text, list[Section]]),
    ("regimes/*.yaml", Regime),
    ("reading.yaml", dict[Text, Target]),
)


def documents(content: Path) -> Iterator[tuple[str, Any]]:
    """Return each YAML file of the content with its name in it."""
    for path in sorted(content.rglob("*.yaml")):
        yield path.relative_to(content).as_posix(), yaml.safe_load(path.read_text(encoding="utf-8"))


def is_table(name: str) -> bool:
    """Whether a file holds rows of facts: services, laws or platforms."""
    is_service = name.startswith("directory/") and name not in ("directory/pages.yaml", "directory/opening.yaml")
    return is_service or name.startswith("laws/") or name == "platforms.yaml"


def schema_problems(content: Path) -> list[str]:
    """Return what does not fit its schema, row by row where a file is a list."""
    problems = []
    for name, document in documents(content):
        schema = next((schema for pattern, schema in SCHEMAS if fnmatch(name, pattern)), None)
        if schema is None:
            problems.append(f"content/{name}: no schema: move it where spec/content.md says, or add one to tools/content_check/schemas.py")
            continue
        is_list = isinstance(document, list) and getattr(schema, "__origin__", None) is list
        parts = [(schema.__args__[0], one) for one in document] if is_list else [(schema, document)]
        problems += [f"content/{name}: {problem}" for kind, part in parts for problem in _misfits(part, kind)]
    return problems


def _misfits(part: Any, kind: Any) -> list[str]:
    try:
        msgspec.convert(part, kind)
    except msgspec.ValidationError as error:
        own = part.get("id") or part.get("service") if isinstance(part, dict) else None
        return [f"{own}: {error}; spec/content.md lists what it may hold" if own else f"{error}; spec/content.md lists what it may hold"]
    return []
