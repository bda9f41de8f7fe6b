# SPDX-License-Identifier: Apache-2.0
"""What a country, a situation, a regime or a language lacks is named by `make check-content`: each piece is taken away in turn."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from content_check.schemas import documents, schema_problems
from content_check.variants import NEEDED, own_texts, variant_problems

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A copy of the project's content beside a copy of the sample for a web server."""
    shutil.copytree(ROOT / "content", tmp_path / "content")
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    assert problems(tmp_path) == []
    return tmp_path


def problems(folder: Path) -> list[str]:
    return [*schema_problems(folder / "content"), *variant_problems(folder / "content", folder / "deploy/nginx.conf")]


def spoil(path: Path, change: Callable[[Any], object]) -> None:
    """Change a YAML or JSON document in place."""
    text = path.read_text(encoding="utf-8")
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    change(document)
    path.write_text(json.dumps(document) if path.suffix == ".json" else yaml.safe_dump(document), encoding="utf-8")


@pytest.mark.parametrize("name", list(NEEDED))
def test_each_list_of_services_that_a_country_lacks_is_named(whole: Path, name: str) -> None:
    spoil(whole / "content/countries/nz.yaml", lambda country: country["services"].pop(name))
    said = f"content/countries/nz.yaml: lacks {NEEDED[name]}: add `{name}`, or say under `without` why there is none"
    assert problems(whole) == [said]
    spoil(whole / "content/countries/nz.yaml", lambda country: country.update(without={name: "nobody looked"}))
    assert problems(whole) == []


def test_a_country_without_a_regime_or_a_word_in_plans_is_named(whole: Path) -> None:
    def forget_canada(plan: Any) -> None:
        for step in plan["steps"]:
            step.get("countries", {}).pop("ca", None)
            step.get("services", {}).pop("ca", None)

    for plan in (whole / "content/situations").glob("*.yaml"):
        spoil(plan, forget_canada)
    for words in whole.glob("content/messages/*/countries/ca.json"):
        spoil(words, lambda texts: texts.pop("plan.sent.law.ca"))
    spoil(whole / "content/countries/ca.yaml", lambda country: country.update(without={"police": "none"}))
    assert problems(whole) == [
        "content/countries/ca.yaml: lacks a regime for notices: add `regime`, or say under `without` why there is none",
        "content/countries/ca.yaml: lacks a word or service of its own in any plan: add `plans`, or say under `without` why there is none",
    ]


CHANGES: list[tuple[str, str, Callable[[Any], object], str]] = [
    (
        "an excuse for what is there",
        "content/countries/nz.yaml",
        lambda country: country.update(without={"danger": "none"}),
        "content/countries/nz.yaml: says `without: danger`, but it has it: take that out",
    ),
    (
        "an excuse for nothing",
        "content/countries/nz.yaml",
        lambda country: country.update(without={"beaches": "none"}),
        "content/countries/nz.yaml: says `without: beaches`, but nothing needs it: take that out",
    ),
    (
        "a service of another country",
        "content/countries/nz.yaml",
        lambda country: country["services"]["talk"].append("fi-riku"),
        "content/countries/nz.yaml: talk names fi-riku, which is of fi: name a service of its own",
    ),
    (
        "an emergency number that is none",
        "content/countries/nz.yaml",
        lambda country: country["services"].update(danger=["nz-netsafe"]),
        "content/countries/nz.yaml: danger names nz-netsafe, which is no emergency service with a checked number",
    ),
    (
        "a group that is not there",
        "content/countries/fi.yaml",
        lambda country: country.update(part_of="xx"),
        "content/countries/fi.yaml: is part of xx, which is not there",
    ),
    (
        "a place that two have",
        "content/countries/fi.yaml",
        lambda country: country["place"].update(help=1),
        "content/countries: place.help: 2 files have the place 1: give each its own",
    ),
    (
        "a country's name",
        "content/messages/en/countries/nz.json",
        lambda words: words.pop("country.nz"),
        "content/countries/nz.yaml: no words for country.nz: add it to messages/en/countries/nz.json",
    ),
    (
        "a region's name",
        "content/messages/en/countries/gb.json",
        lambda words: words.pop("region.gb-wls"),
        "content/countries/gb.yaml: no words for region.gb-wls: add it to messages/en/countries/gb.json",
    ),
    (
        "a country's line in a plan",
        "content/messages/en/countries/nz.json",
        lambda words: words.pop("plan.shared.police.nz"),
        "content/countries/nz.yaml: no words for plan.shared.police.nz: add it to messages/en/countries/nz.json",
    ),
    (
        "a word that nothing says",
        "content/messages/en/countries/nz.json",
        lambda words: words.update({"plan.shared.note.nz": "x"}),
        "content/messages/en/countries/nz.json: content/countries/nz.yaml does not say plan.shared.note.nz: take it out",
    ),
    (
        "a country in a plan that is not there",
        "content/situations/seen.yaml",
        lambda plan: plan["steps"][0].update(only=["xx"]),
        "content/situations/seen.yaml: pass: names the country xx, which is not there",
    ),
    (
        "a situation's place that two have",
        "content/situations/seen.yaml",
        lambda plan: plan.update(start=1),
        "content/situations: start: 2 files have the place 1: give each its own",
    ),
    (
        "what someone might say on the page for the unsure",
        "content/messages/en/situations/threat.json",
        lambda words: words.pop("unsure.threat.2"),
        "content/situations/threat.yaml: no words for unsure.threat.2: add it to messages/en/situations/threat.json",
    ),
    (
        "a choice on the start page",
        "content/messages/en/situations/seen.json",
        lambda words: words.pop("start.choice.seen"),
        "content/situations/seen.yaml: no words for start.choice.seen: add it to messages/en/situations/seen.json",
    ),
    (
        "a step's words",
        "content/messages/en/situations/seen.json",
        lambda words: words.pop("plan.seen.pass.why"),
        "content/situations/seen.yaml: no words for plan.seen.pass.why: add it to messages/en/situations/seen.json",
    ),
    (
        "a regime's text",
        "content/messages/en/regimes/gb_osa.json",
        lambda words: words.pop("notice.clock.gb_osa"),
        "content/regimes/gb_osa.yaml: no words for notice.clock.gb_osa: add it to messages/en/regimes/gb_osa.json",
    ),
    (
        "a regime's country that is not there",
        "content/regimes/gb_osa.yaml",
        lambda regime: regime["countries"].append("xx"),
        "content/regimes/gb_osa.yaml: names the country xx, which is not there",
    ),
    (
        "a regime's place that two have",
        "content/regimes/gb_osa.yaml",
        lambda regime: regime.update(place=1),
        "content/regimes: place: 2 files have the place 1: give each its own",
    ),
    (
        "another name than its file's",
        "content/regimes/plain.yaml",
        lambda regime: regime.update(id="simple"),
        "content/regimes/plain.yaml: its id is simple: give both the same name",
    ),
    (
        "a service's words in a language",
        "content/directory/fi.json",
        lambda words: words.pop("immediate danger"),
        "content/directory/fi.json: no words for: immediate danger",
    ),
    (
        "a service's words that no service says",
        "content/directory/fi.json",
        lambda words: words.update({"juggling": "jonglööraus"}),
        "content/directory/fi.json: no service says: juggling: take it out",
    ),
]


@pytest.mark.parametrize(("name", "change", "message"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_what_is_missing_or_wrong_is_named(whole: Path, name: str, change: Callable[[Any], object], message: str) -> None:
    spoil(whole / name, change)
    assert message in problems(whole)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("content/countries/nz.yaml", "content/directory/nz.yaml: no content/countries/nz.yaml offers this country: add it"),
        ("content/laws/nz.yaml", "content/countries/nz.yaml: no laws: add content/laws/nz.yaml"),
        ("content/directory/nz.yaml", "content/countries/nz.yaml: no directory: add content/directory/nz.yaml"),
        ("content/directory/fi.json", "content/directory/fi.json: not there: it says what services say of themselves in fi"),
    ],
)
def test_a_file_that_is_not_there_is_named(whole: Path, name: str, message: str) -> None:
    (whole / name).unlink()
    assert message in problems(whole)


def test_a_language_without_its_page_for_what_is_not_there_is_named(whole: Path) -> None:
    site = whole / "deploy/nginx.conf"
    site.write_text(site.read_text(encoding="utf-8").replace("/fi/404.html", "/404.html"), encoding="utf-8")
    assert problems(whole) == ["deploy/nginx.conf: no page for what is not there below /fi/: add its line"]


def test_the_words_of_a_service_are_those_that_the_pages_translate() -> None:
    """portal/tests/translated.test.ts holds the same list against what the portal asks for."""
    services = [row for name, rows in documents(ROOT / "content") if name == "directory/nz.yaml" for row in rows]
    said = {text for service in services for text in own_texts(service)}
    assert not any(text in said for text in ("111", "https://netsafe.org.nz/", "en"))
    assert said <= set(json.loads((ROOT / "content/directory/fi.json").read_text(encoding="utf-8")))
