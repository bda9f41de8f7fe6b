# SPDX-License-Identifier: Apache-2.0
"""A made-up country, language, regime and situation, written into a copy of the repository: content only, never code.

Numbers and names are invented and belong to nobody. Each function writes what the list of its name in docs/develop.md names.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from content_check.variants import own_texts

COUNTRY, LANGUAGE, REGIME, SITUATION = "zz", "eo", "zz_act", "madeup"
"""No country's code, a language that the pages have not, and two names that nothing has."""
MARK = "[eo] "
AS_IT_IS = ("locale.dates", "locale.is_reviewed")
SOURCE = [{"title": "Made up for a test", "url": None, "date": None, "reliability": "primary"}]
EMERGENCY, POLICE, UNDER_18 = "0999 001 001", "0999 001 002", "0999 001 003"


def languages(root: Path) -> list[str]:
    return sorted(folder.name for folder in (root / "content/messages").iterdir())


def change(path: Path, by: Callable[[Any], object]) -> None:
    """Change a YAML or JSON document in place."""
    text = path.read_text(encoding="utf-8")
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    by(document)
    write(path, document)


def write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_words = path.suffix == ".json"
    text = json.dumps(document, ensure_ascii=False, indent=2) if is_words else yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    path.write_text(text + ("\n" if is_words else ""), encoding="utf-8")


def write_words(root: Path, folder: str, name: str, words: dict[str, str]) -> None:
    """Write a file of messages in every language; the made-up language has its mark before each."""
    for language in languages(root):
        mark = MARK if language == LANGUAGE else ""
        write(root / f"content/messages/{language}/{folder}/{name}.json", {key: mark + text for key, text in words.items()})


def service(name: str, kind: str, number: str, reviewed: str, audience: str = "all") -> dict[str, Any]:
    phone = {"value": [{"number": number, "note": None}], "confidence": "sourced"}
    shown = {"can_do": {"value": [f"made-up {name}"], "confidence": "sourced"}, "phone": phone}
    head = {"id": f"{COUNTRY}-{name}", "name": f"Made-up {name}", "country": COUNTRY, "kind": kind, "audience": audience, "regions": []}
    return head | {"confidence": "sourced", "reviewed": reviewed, "shown": shown, "source": SOURCE}


def add_language(root: Path, reviewed: str) -> None:
    content = root / "content"
    for path in sorted((content / "messages/en").rglob("*.json")):
        words = json.loads(path.read_text(encoding="utf-8"))
        marked = {key: text if key in AS_IT_IS else MARK + text for key, text in words.items()}
        write(content / f"messages/{LANGUAGE}" / path.relative_to(content / "messages/en"), marked)
    texts = json.loads((content / "directory/fi.json").read_text(encoding="utf-8"))
    write(content / f"directory/{LANGUAGE}.json", {text: MARK + text for text in texts})
    change(content / "reading.yaml", lambda all_: all_.update({LANGUAGE: {"lix": 80, "words_per_sentence": 25, "longest_sentence": 40}}))
    site = root / "deploy/nginx.conf"
    line = "    ~^/fi/ /fi/404.html;\n"
    site.write_text(site.read_text(encoding="utf-8").replace(line, line + line.replace("fi", LANGUAGE)), encoding="utf-8")


def add_country(root: Path, reviewed: str) -> None:
    content = root / "content"
    rows = [
        service("emergency", "emergency", EMERGENCY, reviewed),
        service("police", "police", POLICE, reviewed),
        service("listener", "mental_health", "0999 001 004", reviewed),
        service("shelter", "victim_support", "0999 001 005", reviewed),
        service("youth", "child_protection", UNDER_18, reviewed, audience="under_18"),
    ]
    write(content / f"directory/{COUNTRY}.yaml", rows)
    law = {"id": f"{COUNTRY}-act", "name": "Made-up Act", "country": COUNTRY, "type": "offence", "topic": ["sharing"], "regions": []}
    shown = {"statute": {"value": "Made-up Act", "confidence": "sourced"}}
    write(content / f"laws/{COUNTRY}.yaml", [law | {"confidence": "sourced", "reviewed": reviewed, "shown": shown, "source": SOURCE}])
    lists = {"danger": "emergency", "police": "police", "crisis": "listener", "talk": "listener", "partner": "shelter", "under_18": "youth"}
    own = {name: [f"{COUNTRY}-{service}"] for name, service in lists.items()}
    write(content / f"countries/{COUNTRY}.yaml", {"id": COUNTRY, "place": {"help": 90, "plans": 90}, "services": own})
    write_words(
        root, "countries", COUNTRY, {f"country.{COUNTRY}": "Zedland", f"plan.threat.police.{COUNTRY}": "At any station of Zedland."}
    )
    for language in (one for one in languages(root) if one != "en"):
        path = content / f"directory/{language}.json"
        said = {text: f"{language} {text}" for row in rows for text in own_texts(row)}
        write(path, json.loads(path.read_text(encoding="utf-8")) | said)

    def add_line(plan: dict[str, Any]) -> None:
        next(step for step in plan["steps"] if step["step"] == "police")["countries"][COUNTRY] = ["fi"]

    change(content / "situations/threat.yaml", add_line)


def add_regime(root: Path, reviewed: str) -> None:
    content = root / "content"
    plain = yaml.safe_load((content / "regimes/plain.yaml").read_text(encoding="utf-8"))
    own = {"id": REGIME, "place": 90, "law": f"{COUNTRY}-act", "countries": [COUNTRY], "text": [*plain["text"], "clock"]}
    own |= {
        "clock": {"hours": 24, "starts": "sent"},
        "escalation": [f"{COUNTRY}-police"],
        "source": plain["source"] | {"reviewed": reviewed},
    }
    write(content / f"regimes/{REGIME}.yaml", plain | own)
    words = {"law": "Zedland: Made-up Act", "subject": "Made-up notice", "opening": "To {to}.", "clock": "You have 24 hours."}
    write_words(root, "regimes", REGIME, {f"notice.{part}.{REGIME}": text for part, text in words.items()})


def add_situation(root: Path, reviewed: str) -> None:
    head = {"id": SITUATION, "start": 90, "not_sure": [90], "sources": ["made_up"]}
    steps = [{"step": "look", "from": ["1.1"], "sources": ["made_up"], "minutes": 1, "to": "help"}]
    steps += [{"step": "talk", "from": ["1.1"], "sources": [], "minutes": 2, "list": "partner"}]
    write(root / f"content/situations/{SITUATION}.yaml", head | {"steps": steps})
    source = {"id": "made_up", "title": "Made up for a test", "url": None, "date": None, "reviewed": reviewed}
    change(root / "content/guidance/sources.yaml", lambda sources: sources.append(source))
    words = {f"plan.{SITUATION}.title": "A made-up situation", f"plan.{SITUATION}.first": "This is a test."}
    words |= {f"start.choice.{SITUATION}": "Something made up", f"unsure.{SITUATION}.1": "It is all made up"}
    for step in ("look", "talk"):
        words |= {f"plan.{SITUATION}.{step}.{part}": f"Made-up {part} of {step}." for part in ("title", "why", "need")}
    write_words(root, "situations", SITUATION, words)


ADD = {"A language": add_language, "A country": add_country, "A regime": add_regime, "A situation": add_situation}
"""By the heading in docs/develop.md; the language first, so that the others are said in it as well."""
