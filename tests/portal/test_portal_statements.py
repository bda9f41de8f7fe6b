# SPDX-License-Identifier: Apache-2.0
"""What the three texts that the project began with say is on our pages, in every language, and no stronger than they say it.

Reads the built files, without a browser. The table is content/statements.yaml; a person judges whether a phrase says what its line claims.
"""

import json
import re
from functools import cache
from html import unescape
from typing import Any

import pytest
import yaml

from tests.portal.portal_pages import CONTENT, DIST, LANGUAGES, address
from tests.portal.test_portal_facts import dialled, rows

STATEMENTS: list[dict[str, Any]] = yaml.safe_load((CONTENT / "statements.yaml").read_text(encoding="utf-8"))
NUMBERS = range(1, 116)
"""The table of the three texts, read line by line: New Zealand's to 39, Finland's to 67, that of England and Wales to the end."""
MAY = {
    "en": re.compile(r"\b(?:can|may|might|could)\b", re.IGNORECASE),
    "fi": re.compile(r"\b(?:voi|voivat|voit|saattaa|ehkä)\b", re.IGNORECASE),
}
"""How each language says that something is possible; a new language adds its own."""
CASES = [(one, language) for one in STATEMENTS for language in LANGUAGES]


def name_of(value: Any) -> str:
    return value if isinstance(value, str) else f"{value['id']}-{value['page']}"


@cache
def main_of(path: str, language: str) -> str:
    html = (DIST / address(f"/{path}/", language).lstrip("/") / "index.html").read_text(encoding="utf-8")
    return html[html.index("<main") : html.index("</main>")]


@cache
def lines_of(path: str, language: str) -> tuple[str, ...]:
    """Return what a page says, part by part; a number that can be touched stays within its sentence."""
    parts = re.split(r"</?(?:p|li|h[1-4]|ul|ol|section|div|dt|dd|summary|article)\b[^>]*>", main_of(path, language))
    return tuple(re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", part))).strip() for part in parts)


def sentences_with(phrase: str, path: str, language: str) -> list[str]:
    """Return the sentences of a page that hold a phrase, which may begin in one and end in the next."""
    found = []
    for line in lines_of(path, language):
        if phrase.lower() in line.lower():
            at = line.lower().index(phrase.lower())
            start = max(line.rfind(end, 0, at) for end in (". ", "! ", "? ", ": ", "; "))
            ends = [place for end in (".", "!", "?") if (place := line.find(end, at + len(phrase))) >= 0]
            found.append(line[start + 1 : min(ends, default=len(line))])
    return found


@cache
def own_words(language: str) -> dict[str, str]:
    file = CONTENT / f"directory/{language}.json"
    words: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return words


def reached(row: str) -> list[str]:
    """Return how a page would show a field of a row: as a link, or in the row's own words."""
    service, field = row.split(".")
    shown = next(one for one in rows() if one["id"] == service)["shown"][field]["value"]
    if field == "phone":
        return [f'href="tel:{dialled(one["number"])}"' for one in shown]
    return [f'href="{shown}"'] if field == "url" else [shown] if isinstance(shown, str) else list(shown)


def test_every_statement_of_the_three_texts_is_in_the_table() -> None:
    assert sorted({one["id"] for one in STATEMENTS}) == list(NUMBERS)


def test_each_says_where_it_stands_in_every_language() -> None:
    for one in STATEMENTS:
        assert {"id", "from", "says", "page"} <= one.keys(), one
        assert "row" in one or set(LANGUAGES) <= one.keys(), one
    assert {language: language in MAY for language in LANGUAGES} == dict.fromkeys(LANGUAGES, True)


@pytest.mark.parametrize(("one", "language"), CASES, ids=name_of)
def test_a_statement_has_its_place(one: dict[str, Any], language: str) -> None:
    if "row" not in one:
        assert sentences_with(one[language], one["page"], language), one["says"]
        return
    html, text = main_of(one["page"], language), " ".join(lines_of(one["page"], language)).lower()
    for value in reached(one["row"]):
        said = own_words(language).get(value, value)
        assert value in html if value.startswith("href=") else said.lower() in text or value.lower() in text, value


@pytest.mark.parametrize(("one", "language"), [case for case in CASES if case[0].get("may")], ids=name_of)
def test_what_can_be_is_not_said_as_what_is(one: dict[str, Any], language: str) -> None:
    for sentence in sentences_with(one[language], one["page"], language):
        assert MAY[language].search(sentence), sentence


WHOM_TO_ASK = {
    "after_sct": "0800 160 1985",
    "after_nir": "0808 802 1414",
    "after_ie": "116 006",
    "after_us": "800-656-4673",
    "after_ca": "1-888-685-6222",
    "after_au": "1800 737 732",
    "after_eu": "116 006",
}
"""Where nothing was found of what follows a report to the police, somebody to ask stands in its stead."""


@pytest.mark.parametrize(("section", "number"), WHOM_TO_ASK.items())
@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_report_it_is_said_whom_to_ask(section: str, number: str, language: str) -> None:
    html = main_of("police", language)
    start = html.index(f'aria-labelledby="{section}"')
    assert f'href="tel:{dialled(number)}"' in html[start : html.index("</section>", start)]
