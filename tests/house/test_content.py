# SPDX-License-Identifier: Apache-2.0
"""`make check-content` sees each thing that it is there for: every check is shown content that it has to refuse.

The project's own content is judged here on the day of its latest review, so that these tests pass in any year; that a review
gets old is for the command itself to say, on the real day.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import check_content
import pytest
import yaml
from content_check.facts import fact_problems
from content_check.links import link_problems
from content_check.reviews import STALE, TO_COME, a_year_after, reference_problems, review_problems, reviews
from content_check.schemas import documents, schema_problems
from content_check.variants import variant_problems
from content_check.words import measure, reading_problems, translation_problems

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "deploy/nginx.conf"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the project's content, to be spoilt; all of it reviewed on one day."""
    copy = Path(shutil.copytree(ROOT / "content", tmp_path / "content"))
    for path in copy.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(\breviewed: ['\"]?)[0-9-]{10}", r"\g<1>2026-11-22", text), encoding="utf-8")
    return copy


def spoil(path: Path, change: Callable[[Any], object]) -> None:
    """Change a YAML document in place."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def row(name: str) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    return lambda rows: next(one for one in rows if one["id"] == name)


def test_the_projects_own_content_is_as_it_has_to_be() -> None:
    content = ROOT / "content"
    assert schema_problems(content) == []
    assert fact_problems(content) == []
    latest = max(text for _, document in documents(content) for _, text in reviews(document))
    assert review_problems(content, date.fromisoformat(latest)) == []
    assert reference_problems(content) == []
    assert variant_problems(content, SITE) == []
    assert translation_problems(content) == []
    assert reading_problems(content) == []


SPOILT: list[tuple[str, str, Callable[[Any], object], str]] = [
    (
        "a missing source",
        "directory/fi.yaml",
        lambda rows: row("fi-riku")(rows).update(source=[]),
        "fi-riku: Expected `array` of length >= 1",
    ),
    ("a law without a source", "laws/nz.yaml", lambda rows: rows[0].pop("source"), "missing required field `source`"),
    ("a platform without a source", "platforms.yaml", lambda rows: rows[0].update(source=[]), "facebook: Expected `array` of length >= 1"),
    ("a source without a title", "platforms.yaml", lambda rows: rows[0]["source"][0].update(title=""), "Expected `str` of length >= 1"),
    ("a regime without a source", "regimes/gb_osa.yaml", lambda regime: regime.pop("source"), "missing required field `source`"),
    ("a row without a review", "laws/fi.yaml", lambda rows: rows[0].pop("reviewed"), "missing required field `reviewed`"),
    (
        "a row that was not checked",
        "directory/gb.yaml",
        lambda rows: rows[0].update(confidence="from_general_knowledge"),
        "Invalid enum value",
    ),
    (
        "a field that was not checked",
        "directory/fi.yaml",
        lambda rows: row("fi-riku")(rows)["shown"]["phone"].update(confidence="from_general_knowledge"),
        "fi-riku: Invalid enum value",
    ),
    ("an unknown field", "directory/us.yaml", lambda rows: rows[0].update(rating=5), "unknown field `rating`"),
    (
        "an unknown fact",
        "directory/us.yaml",
        lambda rows: rows[0]["shown"].update(fax={"value": "1", "confidence": "seed"}),
        "Invalid enum value",
    ),
    ("an unknown kind", "directory/ie.yaml", lambda rows: rows[0].update(kind="clairvoyant"), "Invalid enum value"),
    ("opening hours without words", "directory/opening.yaml", lambda rows: rows[0].pop("text"), "missing required field `text`"),
]


@pytest.mark.parametrize(("name", "change", "message"), [each[1:] for each in SPOILT], ids=[each[0] for each in SPOILT])
def test_a_schema_refuses(content: Path, name: str, change: Callable[[Any], object], message: str) -> None:
    spoil(content / name, change)
    found = schema_problems(content)
    assert len(found) == 1
    assert found[0].startswith(f"content/{name}: ")
    assert message in found[0]


def test_a_file_without_a_schema_is_refused(content: Path) -> None:
    (content / "recipes.yaml").write_text("soup: salt\n", encoding="utf-8")
    assert schema_problems(content) == [
        "content/recipes.yaml: no schema: move it where spec/content.md says, or add one to tools/content_check/schemas.py"
    ]


MISFITS: list[tuple[str, str, Callable[[Any], object], str]] = [
    (
        "a mark of the review",
        "directory/fi.yaml",
        lambda rows: row("fi-riku")(rows)["shown"]["hours"].update(value="always (seed)"),
        "fi-riku: hours holds a mark of the review, say it in words or leave it out: always (seed)",
    ),
    (
        "a mark in a note",
        "laws/gb.yaml",
        lambda rows: row("gb-ew-66b-threat")(rows)["shown"]["covers_deepfakes"].update(note="not sourced"),
        "gb-ew-66b-threat: covers_deepfakes holds a mark of the review, say it in words or leave it out: not sourced",
    ),
    (
        "a value that points to another row",
        "directory/ie.yaml",
        lambda rows: row("ie-samaritans")(rows)["shown"]["cost"].update(value="as gb-samaritans"),
        "ie-samaritans: cost holds a mark of the review, say it in words or leave it out: as gb-samaritans",
    ),
    (
        "a value that says nothing",
        "platforms.yaml",
        lambda rows: row("facebook")(rows)["shown"]["operator"].update(value="unknown"),
        "facebook: operator says `unknown`: leave out what nobody knows",
    ),
    (
        "a weak source beside a better one",
        "directory/fi.yaml",
        lambda rows: row("fi-riku")(rows)["source"].append({"title": "x", "url": None, "date": None, "reliability": "weak"}),
        "fi-riku: a source is `weak` beside a better one: leave the weak one out",
    ),
    (
        "a service in the file of another country",
        "directory/fi.yaml",
        lambda rows: row("fi-riku")(rows).update(country="ie"),
        "fi-riku: is of the country ie: move it to directory/ie.yaml",
    ),
    (
        "a service that nobody can reach",
        "directory/gb.yaml",
        lambda rows: row("gb-iwf")(rows)["shown"].pop("url"),
        "gb-iwf: has no way to reach it: add phone, sms, email, url or chat_url from a source, or take the row out",
    ),
    (
        "a site where nobody can report",
        "platforms.yaml",
        lambda rows: row("aylo-sites")(rows)["shown"].pop("in_app_path"),
        "aylo-sites: has no way to reach it: add report_url or in_app_path from a source, or take the row out",
    ),
]


@pytest.mark.parametrize(("name", "change", "message"), [each[1:] for each in MISFITS], ids=[each[0] for each in MISFITS])
def test_a_row_that_must_not_be_shown_is_named(content: Path, name: str, change: Callable[[Any], object], message: str) -> None:
    spoil(content / name, change)
    assert schema_problems(content) == []
    assert fact_problems(content) == [f"content/{name}: {message}"]


def test_a_review_gets_stale_after_twelve_months(content: Path) -> None:
    assert review_problems(content, date(2027, 11, 22)) == []
    found = review_problems(content, date(2027, 11, 23))
    assert f"content/directory/fi.yaml: fi-riku: reviewed on 2026-11-22, {STALE}" in found
    assert f"content/laws/nz.yaml: nz-hdca-22a: reviewed on 2026-11-22, {STALE}" in found
    assert f"content/platforms.yaml: facebook: reviewed on 2026-11-22, {STALE}" in found
    assert f"content/guidance/sources.yaml: nz: reviewed on 2026-11-22, {STALE}" in found
    everything = [review for _, document in documents(content) for review in reviews(document)]
    assert len(everything) > 170
    assert len(review_problems(content, date(2030, 1, 1))) == len(everything)


def test_a_review_in_the_future_is_no_review(content: Path) -> None:
    spoil(content / "directory/fi.yaml", lambda rows: row("fi-riku")(rows).update(reviewed="2026-11-26"))
    said = f"content/directory/fi.yaml: fi-riku: reviewed on 2026-11-26, {TO_COME}"
    assert review_problems(content, date(2026, 11, 25)) == [said]


def test_a_year_after_a_leap_day() -> None:
    assert a_year_after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert a_year_after(date(2027, 2, 28)) == date(2028, 2, 28)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("directory/pages.yaml", lambda pages: pages["similar"].append("xx-nobody"), "names the service xx-nobody"),
        ("directory/opening.yaml", lambda rows: rows[0].update(service="xx-nobody"), "names the service xx-nobody"),
        ("countries/fi.yaml", lambda country: country["services"]["talk"].append("xx-nobody"), "names the service xx-nobody"),
        ("situations/threat.yaml", lambda plan: plan["steps"][0]["sources"].append("nowhere"), "names the source nowhere"),
        ("situations/threat.yaml", lambda plan: plan["steps"][0].update(services={"all": ["xx-nobody"]}), "names the service xx-nobody"),
        ("regimes/gb_osa.yaml", lambda regime: regime.update(law="gb-no-law"), "names the law gb-no-law"),
    ],
)
def test_a_name_that_leads_nowhere_is_seen(content: Path, name: str, change: Callable[[Any], object], message: str) -> None:
    spoil(content / name, change)
    assert reference_problems(content) == [f"content/{name}: {message}, which is not there: add it or mend the name"]


def test_an_id_twice_is_seen(content: Path) -> None:
    spoil(content / "laws/fi.yaml", lambda rows: rows[0].update(id="fi-riku"))
    assert "content: fi-riku is the id of two rows: rename one" in reference_problems(content)


def write_messages(content: Path, language: str, **words: str) -> None:
    shutil.rmtree(content / "messages" / language, ignore_errors=True)
    (content / "messages" / language).mkdir(parents=True)
    keys = {key.replace("_", "."): text for key, text in words.items()}
    (content / "messages" / language / "site.json").write_text(json.dumps(keys), encoding="utf-8")


def test_a_message_without_translation_is_seen_in_any_language(tmp_path: Path) -> None:
    write_messages(tmp_path, "en", a_one="One.", a_other="Some.", b="Yes", c="No")
    write_messages(tmp_path, "fi", a_one="Yksi.", a_other="Monta.", b="Joo", c=" ")
    write_messages(tmp_path, "pl", a_one="1", a_few="2", a_other="5", b="tak", d="co")
    assert translation_problems(tmp_path) == [
        "content/messages/fi: no words for c: translate it from en",
        "content/messages/pl: no words for c: translate it from en",
        "content/messages/pl: d is no message in en: take it out",
    ]


def test_the_measure_counts_sentences_words_and_long_words() -> None:
    found = measure(["One two three four. “Five six {name} eight nine!” Short label", "Extraordinary complications are rare"])
    assert found is not None
    assert (found.sentences, found.longest_words) == (3, 5)
    assert found.words_per_sentence == pytest.approx(13 / 3)
    assert found.lix == pytest.approx(13 / 3 + 100 * 2 / 13)
    assert measure(["A label", "Yes"]) is None


def test_a_text_that_reads_too_hard_is_seen(content: Path) -> None:
    path = content / "messages/en/privacy.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    long_sentence = " ".join(["we"] * 31) + "."
    path.write_text(json.dumps(words | {"privacy.lead": long_sentence}), encoding="utf-8")
    assert reading_problems(content) == [f"content/messages/en/privacy.json: a sentence of 31 words, at most 30: {long_sentence}"]
    hard = dict.fromkeys(words, "Organisational responsibilities necessitate comprehensive documentation.")
    path.write_text(json.dumps(hard), encoding="utf-8")
    assert reading_problems(content) == ["content/messages/en/privacy.json: LIX 105.0, at most 28"]
    wordy = dict.fromkeys(words, "we do not say it as if it were so or as it is in a book of old")
    path.write_text(json.dumps(wordy), encoding="utf-8")
    assert reading_problems(content) == ["content/messages/en/privacy.json: 19.0 words per sentence, at most 14"]


def test_a_language_without_a_target_is_seen(content: Path) -> None:
    spoil(content / "reading.yaml", lambda targets: targets.pop("en"))
    assert reading_problems(content) == [
        "content/reading.yaml: no target for en: measure it with `python tools/check_content.py --measure`"
    ]


def test_a_link_within_the_pages_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    (tmp_path / "help").mkdir()
    (tmp_path / "icon.svg").touch()
    good = '<link href="/icon.svg"><h1 id="top"></h1><a href="/help/#here">a</a><a href="#top">b</a><a href="https://example.org/x">c</a>'
    good += '<a href="tel:111">d</a><a href="about:blank">e</a><a href="/help/#said">f</a>'
    (tmp_path / "help/index.html").write_text('<p id="here" data-anchors="said heard"></p><a href="/">back</a>', encoding="utf-8")
    (tmp_path / "index.html").write_text(good, encoding="utf-8")
    assert link_problems(tmp_path) == []
    bad = '<a href="/gone/">a</a><a href="/help/#there">b</a><a href="#bottom">c</a><script src="/assets/gone.js"></script>'
    (tmp_path / "index.html").write_text(good + bad, encoding="utf-8")
    assert link_problems(tmp_path) == [
        "index.html: /gone/ leads nowhere",
        "index.html: /help/#there names a part that is not there",
        "index.html: #bottom names a part that is not there",
        "index.html: /assets/gone.js leads nowhere",
    ]


def test_a_portal_that_is_not_built_is_no_portal_without_broken_links(tmp_path: Path) -> None:
    assert link_problems(tmp_path) == [f"{tmp_path.name}: no built pages: run `make .build/portal`"]


def run(content: Path, dist: Path, today: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["check_content", "--content", str(content), "--dist", str(dist), "--today", today])
    with pytest.raises(SystemExit) as ended:
        check_content.main()
    return int(ended.value.code or 0)


def test_the_command_ends_with_1_and_says_what_is_wrong(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/index.html").write_text("<p>nothing</p>", encoding="utf-8")
    assert run(content, tmp_path / "dist", "2026-11-25", monkeypatch) == 0
    assert capsys.readouterr().out == ""
    assert run(content, tmp_path / "dist", "2028-01-01", monkeypatch) == 1
    assert "fi-riku: reviewed on 2026-11-22, more than 12 months ago" in capsys.readouterr().out
    spoil(content / "directory/fi.yaml", lambda rows: row("fi-riku")(rows).update(source=[]))
    assert run(content, tmp_path / "dist", "2026-11-25", monkeypatch) == 1
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("target", ["check", "check-content"])
def test_make_check_runs_it(target: str) -> None:
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "python tools/check_content.py" in done.stdout
