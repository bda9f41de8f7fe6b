# SPDX-License-Identifier: Apache-2.0
"""What can hurt on a page: a number that can't be touched, suicide spoken of with nobody to ring, blocking before safety.

Reads the built files, without a browser.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.portal.portal_pages import COUNTRIES, DIST, LANGUAGES, address
from tests.portal.test_portal_facts import NUMBER, dialled, rows

NO_NUMBER = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b|\b\d{1,2}[:.]\d{2}\b|\b\d{1,3}(?: 000)+\b|\b\d{3}-\d{3}-[A-Z]+")
"""Dates, times, sums in other languages, and a number spelt in letters beside itself in digits."""
SUICIDE = re.compile(r"suicid|self-harm|ending your life|itsemur|elämäsi päättämi|vahingoittami", re.IGNORECASE)


class Untouched(HTMLParser):
    """The text of a page that no link rings or writes to; links that lead elsewhere and names of sources are left out too.

    So are names of services that can't be rung ("999 BSL"): another test sees that their own ways stand below them.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._within: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        left_out = {"data-source", "data-silent"} & dict(attrs).keys()
        if tag in ("script", "style", "a") or left_out or (self._within and self._within[-1] == tag):
            self._within.append(tag)
        if tag in ("li", "p", "dd", "dt", "h2", "h3", "td", "summary"):
            self.seen.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.seen.append(data)


def page(path: str) -> str:
    return (DIST / path.lstrip("/") / "index.html").read_text(encoding="utf-8")


def main_of(html: str) -> str:
    return html[html.index("<main") : html.index("</main>")]


def numbers_of(kind: str, country: str) -> set[str]:
    """Return what is dialled or texted to reach the services of a kind in a country."""
    found = set()
    for row in rows():
        if row.get("kind") == kind and row["country"] == country:
            found |= {f"tel:{dialled(one['number'])}" for one in row["shown"].get("phone", {}).get("value", [])}
            if sms := row["shown"].get("sms"):
                found.add(f"sms:{dialled(sms['value'].partition(' (')[0])}")
    return found


@pytest.mark.parametrize("path", sorted(path.relative_to(DIST).as_posix() for path in DIST.rglob("*.html")))
def test_every_number_that_one_could_ring_can_be_touched(path: str) -> None:
    text = "".join(Untouched(main_of((DIST / path).read_text(encoding="utf-8"))).seen)
    assert [found.group() for found in NUMBER.finditer(NO_NUMBER.sub(" ", text))] == []


def test_a_service_that_cannot_be_rung_has_its_own_way_below_its_name() -> None:
    seen = 0
    for path in sorted(DIST.rglob("*.html")):
        for below in main_of(path.read_text(encoding="utf-8")).split("<span data-silent")[1:]:
            entry = re.split(r"<h[1-4]|<strong|<article|</section|</details", below, maxsplit=1)[0]
            assert re.search(r'<a [^>]*href="(?:sms:|https:)', entry), (path.relative_to(DIST), below[:80])
            seen += 1
    assert seen > 0


def sections(html: str) -> Iterator[str]:
    """Return the smallest parts that a person sees together: a section, an article, an entry of a plan."""
    yield from re.split(r"<section|<article|<li id=|<div class=\"service", main_of(html))


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_suicide_is_spoken_of_a_line_can_be_rung_there(language: str) -> None:
    lonely = []
    for path in DIST.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        if f'<html lang="{language}"' not in html or "/facts/" in path.as_posix():
            continue
        for part in sections(html):
            text = re.sub(r"<[^>]+>", " ", part)
            if SUICIDE.search(text) and not re.search(r'href="(?:tel|sms):|href="https://www\.sekasin', part):
                lonely.append((path.relative_to(DIST).as_posix(), text.split()[:20]))
    assert lonely == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_feelings_and_threats_show_the_crisis_lines_of_each_country(language: str, country: str) -> None:
    lines = numbers_of("mental_health", country)
    feelings, threat = (main_of(page(address(path, language))) for path in ("/feelings/", f"/threat/{country}/"))
    assert any(f'href="{line}"' in feelings for line in lines)
    assert any(f'href="{line}"' in threat for line in lines)


def test_on_feelings_the_crisis_lines_come_before_everything_else() -> None:
    html = main_of(page("/feelings/"))
    assert html.index("tel:") < html.index("Sleeping badly")


@pytest.mark.parametrize("plan", ["threat", "unwanted"])
@pytest.mark.parametrize("country", COUNTRIES)
def test_safety_from_a_partner_comes_before_blocking(plan: str, country: str) -> None:
    html = main_of(page(f"/{plan}/{country}/"))
    steps = re.split(r'<li id="', html)
    known = next(place for place, step in enumerate(steps) if step.startswith("known"))
    blocking = [place for place, step in enumerate(steps) if re.search(r"\bblock", re.sub(r"<[^>]+>", " ", step))]
    assert min(place for place in blocking if place != known) > known
    assert re.search(r'href="(?:tel:|https://)', steps[known])


def test_what_the_law_says_is_said_no_more_sharply_than_it_is() -> None:
    assert "A threat to share can be an offence." in page("/threat/nz/")
    assert "Jakamisella uhkaaminen voi olla rikos." in page("/fi/threat/nz/")
    assert "ask there" not in page("/deepfake/")
    assert "guidance on downblousing" not in page("/filmed/gb/")
    assert "can be an offence since 29 June 2026" in page("/filmed/gb/")
    assert "is a crime" in re.split(r'<li id="police"', page("/unwanted/gb/"))[1]
    assert "since 2023" in re.split(r'<li id="police"', page("/unwanted/fi/"))[1]
    assert 'href="tel:101"' in re.split(r'<li id="police"', page("/unwanted/gb/"))[1]
