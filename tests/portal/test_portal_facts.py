# SPDX-License-Identifier: Apache-2.0
"""Every number, hour and address on the built pages is traced to a checked row of content/, and every such row is on a page.

Reads the built files, without a browser: what is not in them, nobody can see.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "portal/dist"
ALLOWED = ("seed", "sourced")
NUMBER = re.compile(r"(?<![\d/.])\+?\d(?:[ -]?\d){5,}|(?<![\d,.])(?:000|101|105|111|112|911|988|999|1737)(?!\w)")
HOURS = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b24/7\b|\b24 hours\b|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", re.IGNORECASE)


class Text(HTMLParser):
    """What a reader sees of a page, the addresses that its links go to, and the ids of its parts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self._hidden = 0
        self._is_in_text = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._hidden += tag in ("script", "style")
        self.ids |= {given["id"] or ""} if "id" in given else set()
        self._mark_number(tag == "a" and given.get("class") == "in-text")
        if tag == "a" and "data-exit" not in given:
            self.links.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")
        self._mark_number(tag == "a" and self._is_in_text, is_end=True)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)

    def _mark_number(self, is_number: bool, is_end: bool = False) -> None:
        """A number that is a link within a text is part of that text's words."""
        if is_number:
            self.seen.append("\0")
            self._is_in_text = not is_end

    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.seen).replace(" \0 ", ""))


@cache
def rows() -> tuple[dict[str, Any], ...]:
    """Return all rows of services, laws and platforms."""
    files = [*(ROOT / "content/directory").glob("*.yaml"), *(ROOT / "content/laws").glob("*.yaml"), ROOT / "content/platforms.yaml"]
    kept = [path for path in files if path.name not in ("pages.yaml", "opening.yaml")]
    return tuple(row for path in kept for row in yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def pages() -> dict[str, Text]:
    built = {path.relative_to(DIST).as_posix(): Text(path.read_text(encoding="utf-8")) for path in sorted(DIST.rglob("*.html"))}
    assert len(built) > 20, "the portal is not built: run `make .build/portal`"
    return built


def leaves(value: Any) -> Iterator[str]:
    """Return all texts within a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None:
        yield str(value)


def checked() -> Iterator[str]:
    """Return every text that a page may show: of rows with a source, fields with an allowed confidence, and their sources."""
    for row in rows():
        assert row["confidence"] in ALLOWED, row["id"]
        assert row["source"], row["id"]
        yield row["name"]
        yield from leaves(row["source"])
        for field in row["shown"].values():
            assert field["confidence"] in ALLOWED, row["id"]
            yield from leaves([field["value"], field.get("note")])
    for source in yaml.safe_load((ROOT / "content/guidance/sources.yaml").read_text(encoding="utf-8")):
        assert source["reviewed"], source["id"]
        yield from leaves(source)


def said(values: Iterable[str]) -> Iterator[str]:
    """Checked values, and what each is called in another language: content/directory/<language>.json."""
    words = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "content/directory").glob("*.json")]
    for value in values:
        yield value
        yield re.sub(r"(?<=\d) \(.*", "", value)  # a number without its note, which is in another language there
        yield from (each[value] for each in words if value in each)


def dialled(number: str) -> str:
    return re.sub(r"[ -]", "", number)


def numbers(field: str) -> set[str]:
    found = (row["shown"].get(field, {}).get("value") for row in rows())
    values = [one["number"] if isinstance(one, dict) else re.sub(r" \(.*", "", one) for value in found if value for one in _many(value)]
    return {dialled(one) for one in values}


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@cache
def known() -> tuple[str, ...]:
    """Return the checked values that look like a number or an hour, the longest first."""
    values = {re.sub(r"\s+", " ", value) for value in said(checked())} | {value[:1].upper() + value[1:] for value in said(checked())}
    return tuple(sorted((value for value in values if re.search(r"\d|day|hour", value) or HOURS.search(value)), key=len, reverse=True))


def unknown_in(text: str) -> list[str]:
    """Return what looks like a number to ring or an hour in a text and stands in no checked value."""
    for value in known():
        if value in text:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " § ", text)
    return [found.group() for pattern in (NUMBER, HOURS) for found in pattern.finditer(text)]


@pytest.mark.parametrize("page", sorted(path.relative_to(DIST).as_posix() for path in DIST.rglob("*.html")))
def test_every_number_and_hour_on_a_page_stands_in_a_checked_row(page: str) -> None:
    assert unknown_in(pages()[page].text()) == []


def test_the_finder_finds_what_is_not_in_a_row() -> None:
    assert unknown_in("Ring 0800 123 001, Mon-Fri 08:15-17:00") == ["0800 123 001", "Mon", "Fri", "08:15", "17:00"]
    assert unknown_in("Ring 116 006, Mon-Thu 09:00-18:00, Fri 09:00-16:00") == []
    assert unknown_in("Ring 116 0067") == ["116 0067"]


def test_every_link_that_rings_writes_or_leads_elsewhere_stands_in_a_checked_row() -> None:
    in_texts = {f"tel:{dialled(found)}" for text in checked() for found in re.findall(r"(?<![\w-])1-\d{3}-\d{3}-\d{4}(?![\w-])", text)}
    allowed = in_texts | {f"tel:{number}" for number in numbers("phone")} | {f"sms:{number}" for number in numbers("sms")}
    texts = set(checked())
    allowed |= {f"mailto:{text}" for text in texts if re.fullmatch(r"\S+@\S+", text)} | {
        text for text in texts if text.startswith(("https://", "http://"))
    }
    allowed |= {found for text in texts for found in re.findall(r"https://[^\s;,()]*[^\s;,().]", text)}
    links = {link for page in pages().values() for link in page.links if not link.startswith(("/", "#"))}
    assert len(links) > 100
    assert sorted(links - allowed) == []


def test_no_part_of_a_page_has_the_name_of_a_place() -> None:
    """Behind the `#` it would be taken for a part of the page, and the place would be lost."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "content/countries").glob("*.yaml")]
    places = {one["id"] for one in files} | {part for one in files for part in one.get("parts", [])}
    assert {name: page.ids & places for name, page in pages().items() if page.ids & places} == {}


def test_every_row_is_on_the_pages_that_are_made_for_it() -> None:
    missing = []
    for row in rows():
        country = row.get("country", "platforms")
        places = [f"facts/{country}/index.html"]
        if row.get("kind", "prevention") != "prevention":
            places.append("help/index.html" if country == "global" else f"help/{country}/index.html")
        missing += [(row["id"], place) for place in places if row["id"] not in pages()[place].ids]
    assert len(rows()) > 150
    assert missing == []


def test_every_seed_row_shows_all_that_was_checked_of_it() -> None:
    seeds = [row for row in rows() if row["confidence"] == "seed"]
    assert len(seeds) == 24
    missing = []
    for row in seeds:
        text = pages()[f"facts/{row['country']}/index.html"].text()
        own = leaves([row["name"], *(field["value"] for name, field in row["shown"].items() if not name.startswith("covers_"))])
        missing += [(row["id"], value) for value in own if re.sub(r"\s+", " ", value) not in text]
    assert missing == []


def test_no_part_of_a_page_says_nothing() -> None:
    part = re.compile(r"<(p|li|dd|dt|h[1-6])\b[^>]*>\s*[^\w<>\s][^\w<>]*</\1>")
    assert part.search('<p class="a">.</p>')
    assert [
        (path.relative_to(DIST).as_posix(), found[0]) for path in DIST.rglob("*.html") for found in part.finditer(path.read_text("utf-8"))
    ] == []
