# SPDX-License-Identifier: Apache-2.0
"""Whether a country, a situation, a regime and a language are whole: nothing that a page needs of them is silently missing.

Each is a file, or a few named by convention; no list in code names any. What a country lacks on purpose it says under `without`,
with the reason; anything else that it lacks is a problem here, by name. spec/content.md has the same in words.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from content_check.schemas import ANYWHERE, documents, is_table
from content_check.words import DEFAULT_LANGUAGE, messages

NEEDED = {
    "danger": "an emergency number",
    "police": "the police",
    "crisis": "someone who listens, where the pages speak of ending one's life",
    "partner": "a line against domestic abuse",
    "talk": "someone to talk to",
    "under_18": "services for under-18s",
}
"""The lists of services that every country needs, with what a person would miss."""
OWN_PARTS = ("copies", "clock")
"""Parts of a notice's text that each regime words for itself, beside its name, subject and opening."""
Words = dict[str, set[str]]
"""Keys of messages by the country, situation or regime that needs them."""


def variant_problems(content: Path, site: Path) -> list[str]:
    """Return everything that a country, situation, regime or language lacks; `site` is the sample for a web server."""
    found = dict(documents(content))
    words = messages(content).get(DEFAULT_LANGUAGE, {})
    return [
        *_file_problems(found),
        *_country_problems(found),
        *_situation_problems(found),
        *_regime_problems(found),
        *_word_problems("countries", _country_words(found), words),
        *_word_problems("situations", _situation_words(found), words),
        *_word_problems("regimes", _regime_words(found), words),
        *_language_problems(content, found, site),
    ]


def _of(found: dict[str, Any], folder: str) -> dict[str, Any]:
    return {Path(name).stem: document for name, document in found.items() if name.startswith(f"{folder}/")}


def _services(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for name, rows in found.items() if is_table(name) and name.startswith("directory/") for row in rows}


def _file_problems(found: dict[str, Any]) -> Iterator[str]:
    """Files whose name is not their id, places that two take, and facts of a country that no file offers."""
    for folder in ("countries", "situations", "regimes"):
        for stem, document in _of(found, folder).items():
            if document["id"] != stem:
                yield f"content/{folder}/{stem}.yaml: its id is {document['id']}: give both the same name"
    countries = _of(found, "countries")
    places = [(f"countries: place.{of}", country["place"][of]) for country in countries.values() for of in ("help", "plans")]
    places += [("regimes: place", regime["place"]) for regime in _of(found, "regimes").values()]
    for situation in _of(found, "situations").values():
        places += [("situations: start", situation["start"])] if "start" in situation else []
        places += [("situations: not_sure", place) for place in situation.get("not_sure", [])]
    for (of, place), count in Counter(places).items():
        if count > 1:
            yield f"content/{of}: {count} files have the place {place}: give each its own"
    for name in found:
        if is_table(name) and "/" in name and Path(name).stem not in (*countries, ANYWHERE):
            yield f"content/{name}: no content/countries/{Path(name).stem}.yaml offers this country: add it"


def _country_problems(found: dict[str, Any]) -> Iterator[str]:
    services = _services(found)
    for code, country in _of(found, "countries").items():
        place = f"content/countries/{code}.yaml"
        for folder in ("directory", "laws"):
            if f"{folder}/{code}.yaml" not in found:
                yield f"{place}: no {folder}: add content/{folder}/{code}.yaml"
        if country.get("part_of", code) not in _of(found, "countries"):
            yield f"{place}: is part of {country['part_of']}, which is not there"
        has = {name for name in NEEDED if country["services"].get(name)} | _named_elsewhere(found, code)
        needed = NEEDED | {"regime": "a regime for notices", "plans": "a word or service of its own in any plan"}
        without = country.get("without", {})
        for name, what in needed.items():
            if name not in has and name not in without:
                yield f"{place}: lacks {what}: add `{name}`, or say under `without` why there is none"
        for name in without:
            if name in has or name not in needed:
                yield f"{place}: says `without: {name}`, but " + ("it has it" if name in has else "nothing needs it") + ": take that out"
        yield from (f"{place}: {problem}" for problem in _service_problems(code, country, services))


def _named_elsewhere(found: dict[str, Any], code: str) -> set[str]:
    """Return which of `regime` and `plans` another file gives to a country."""
    part_of = _of(found, "countries")[code].get("part_of")
    has = set()
    if any(isinstance(one["countries"], list) and {code, part_of} & set(one["countries"]) for one in _of(found, "regimes").values()):
        has.add("regime")
    steps = [step for plan in _of(found, "situations").values() for step in plan["steps"]]
    if any(code in step.get("countries", {}) or code in step.get("services", {}) for step in steps):
        has.add("plans")
    return has


def _service_problems(code: str, country: dict[str, Any], services: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, ids in country["services"].items():
        for service in (services[one] for one in ids if one in services):
            if service["country"] != code:
                yield f"{name} names {service['id']}, which is of {service['country']}: name a service of its own"
            if name == "danger" and ("phone" not in service["shown"] or service["kind"] != "emergency"):
                yield f"danger names {service['id']}, which is no emergency service with a checked number"
            if name == "under_18" and service["audience"] == "adult":
                yield f"under_18 names {service['id']}, which is for adults"


def _situation_problems(found: dict[str, Any]) -> Iterator[str]:
    countries = _of(found, "countries")
    for name, plan in _of(found, "situations").items():
        for step in plan["steps"]:
            named = {*step.get("countries", {}), *step.get("services", {}), *step.get("only", [])} - {"all", *countries}
            yield from (
                f"content/situations/{name}.yaml: {step['step']}: names the country {one}, which is not there" for one in sorted(named)
            )
        yield from (f"content/situations/{name}.yaml: {problem}" for problem in _question_problems(plan, found))


def _question_problems(plan: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    """Questions before a step that is not there, answers that nobody can give, and words of a step that is not there."""
    steps = {f"{of}.{step['step']}" for of, other in _of(found, "situations").items() for step in other["steps"] if "words" not in step}
    answers = {one["ask"]: set(one["answers"]) for one in plan.get("questions", [])}
    for one in plan.get("questions", []):
        if one["before"] not in {step["step"] for step in plan["steps"]}:
            yield f"the question {one['ask']} stands before {one['before']}, which is no step: name one"
        if unknown := set(one.get("to", {})) - answers[one["ask"]]:
            yield f"the question {one['ask']} leads on from {sorted(unknown)[0]}, which is no answer of it"
    for one in [*plan.get("questions", []), *plan["steps"]]:
        for ask, wanted in one.get("if", {}).items():
            if not set(wanted) <= answers.get(ask, set()):
                yield f"{one.get('step', one.get('ask'))}: is shown if {ask} is {', '.join(wanted)}, which nobody can answer"
    for step in plan["steps"]:
        if step.get("words", next(iter(steps))) not in steps:
            yield f"{step['step']}: has the words of {step['words']}, which is no step with words of its own"


def _regime_problems(found: dict[str, Any]) -> Iterator[str]:
    for name, regime in _of(found, "regimes").items():
        named = [] if regime["countries"] == "others" else regime["countries"]
        unknown = sorted(set(named) - set(_of(found, "countries")))
        yield from (f"content/regimes/{name}.yaml: names the country {one}, which is not there" for one in unknown)


def _country_words(found: dict[str, Any]) -> Words:
    """Return what each country is called, its regions, and the lines that plans have for it."""
    keys = {code: {f"country.{code}"} for code in _of(found, "countries")}
    for name, rows in found.items():
        for region in (region for row in rows if is_table(name) for region in row.get("regions") or []):
            keys.setdefault(region[:2], set()).add(f"region.{region}")
    for name, plan in _of(found, "situations").items():
        for step in plan["steps"]:
            words = step.get("words", f"{name}.{step['step']}")
            for code in step.get("countries", {}):
                keys.setdefault(code, set()).add(f"plan.{words}.{code}")
    return keys


def _situation_words(found: dict[str, Any]) -> Words:
    keys = {}
    for name, plan in _of(found, "situations").items():
        own = {f"plan.{name}.title", f"plan.{name}.first", f"title.plan.{name}"}
        own |= {f"start.choice.{name}"} if "start" in plan else set()
        own |= {f"unsure.{name}.{number}" for number, _ in enumerate(plan.get("not_sure", []), 1)}
        own |= {f"plan.go.{step['to']}" for step in plan["steps"] if "to" in step}
        own |= {f"plan.{name}.{step['step']}.{part}" for step in plan["steps"] if "words" not in step for part in ("title", "why", "need")}
        keys[name] = own
    return keys


def _regime_words(found: dict[str, Any]) -> Words:
    keys = {}
    for name, regime in _of(found, "regimes").items():
        parts = ["law", "subject", "opening", *(part for part in OWN_PARTS if part in regime["text"])]
        own = {f"notice.{part}.{name}" for part in parts} | {f"notice.missing.{one['element']}" for one in regime["elements"]}
        own |= {f"notice.says.{name}.{f'{only}.' if (only := one.get('only')) else ''}{one['when']}" for one in regime["sentences"]}
        if (regime.get("clock") or {}).get("for") == "passing_on":
            own.add(f"notice.then.{name}")
        keys[name] = own | {f"notice.unverified.{one}" for one in regime["unverified"]}
    return keys


def _word_problems(folder: str, wanted: Words, words: dict[str, dict[str, str]]) -> Iterator[str]:
    """Words that are not there, and words in a country's, situation's or regime's own file that nothing says."""
    known = {key for own in words.values() for key in own}
    for name, keys in sorted(wanted.items()):
        for key in sorted(keys - known):
            yield f"content/{folder}/{name}.yaml: no words for {key}: add it to messages/{DEFAULT_LANGUAGE}/{folder}/{name}.json"
    for file, own in words.items():
        if file.startswith(f"{folder}/"):
            for key in sorted(set(own) - wanted.get(Path(file).name, set())):
                yield f"content/messages/{DEFAULT_LANGUAGE}/{file}.json: content/{file}.yaml does not say {key}: take it out"


def _language_problems(content: Path, found: dict[str, Any], site: Path) -> Iterator[str]:
    """Languages that lack the words of services, or the page for what is not there in the sample for a web server."""
    own = {text for service in _services(found).values() for text in own_texts(service)}
    sample = site.read_text(encoding="utf-8")
    for language in messages(content):
        if language == DEFAULT_LANGUAGE:
            continue
        if f"~^/{language}/ /{language}/404.html;" not in sample:
            yield f"{site.parent.name}/{site.name}: no page for what is not there below /{language}/: add its line"
        path = content / f"directory/{language}.json"
        if not path.is_file():
            yield f"content/directory/{language}.json: not there: it says what services say of themselves in {language}"
            continue
        translated = json.loads(path.read_text(encoding="utf-8"))
        yield from (f"content/directory/{language}.json: no words for: {text}" for text in sorted(own) if not translated.get(text))
        yield from (f"content/directory/{language}.json: no service says: {text}: take it out" for text in sorted(set(translated) - own))


def own_texts(service: dict[str, Any]) -> Iterator[str]:
    """Return what a service says of itself in words, which a language has to translate: never names, numbers or addresses."""
    shown = service["shown"]

    def value(field: str) -> Any:
        return shown[field]["value"] if field in shown else None

    yield from value("can_do") or []
    yield from (one for one in value("languages") or [] if not (len(one) == 2 and one.islower()))
    yield from (phone["note"] for phone in value("phone") or [] if phone["note"])
    sms = str(value("sms") or "")
    if "(" in sms:
        yield sms[sms.index("(") + 1 : -1]
    yield from (str(value(field)) for field in ("hours", "chat_hours", "cost", "confidentiality", "accessibility") if value(field))
