# SPDX-License-Identifier: Apache-2.0
"""Whoever the pages name as somebody to turn to can be reached from there: a number, an address or a path to touch stands beside each name.

Reads the built files, without a browser.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

import pytest
import yaml

from tests.portal.portal_pages import CONTENT, COUNTRIES, DIST, LANGUAGES, address
from tests.portal.test_portal_facts import dialled, rows

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
REACHED = ("tel:", "sms:", "mailto:", "https:")


@dataclass
class Part:
    """An element of a page, with what is in it."""

    tag: str
    attributes: dict[str, str]
    children: list["Part"] = field(default_factory=list)
    text: str = ""

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def all(self) -> Iterator["Part"]:
        yield self
        for child in self.children:
            yield from child.all()

    def links(self) -> set[str]:
        """Return where its links lead, but for sources, which reach nobody."""
        here = {self.attributes.get("href", "")} if self.tag == "a" else set()
        inner = [child.links() for child in self.children if "data-source" not in child.attributes and "sources" not in child.classes]
        return here.union(*inner)


class Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Part("html", {})
        self._open = [self.root]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        part = Part(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(part)
        if tag not in VOID:
            self._open.append(part)

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and len(self._open) > 1 and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for part in self._open:
            part.text += data


@cache
def tree(page: str) -> Part:
    return Tree((DIST / page).read_text(encoding="utf-8")).root


def pages() -> list[str]:
    return sorted(path.relative_to(DIST).as_posix() for path in DIST.rglob("index.html"))


def is_somebody(part: Part, parents: set[str]) -> bool:
    """Whether a part of a page is one service or one site."""
    own = part.classes
    return bool(own & {"service", "talk-to", "site"}) or (part.tag == "li" and bool(parents & {"short-services", "numbers", "strip"}))


def everybody(part: Part) -> Iterator[Part]:
    for child in part.children:
        if is_somebody(child, part.classes):
            yield child
        else:
            yield from everybody(child)


@pytest.mark.parametrize("page", pages())
def test_each_service_and_site_on_a_page_can_be_reached_from_there(page: str) -> None:
    for one in everybody(tree(page)):
        if one.attributes.get("data-site") == "":
            continue  # The empty card of a site that a person types.
        ways = [link for link in one.links() if link.startswith(REACHED)]
        said = " ".join(one.text.split())
        assert ways or any(path in said for path in paths_within_apps()), f"{page} names {said[:60]}, whom nobody can reach from there"


def paths_within_apps() -> list[str]:
    return [" ".join(row["shown"]["in_app_path"]["value"].split()) for row in rows() if "in_app_path" in row["shown"]]


NOT_HIDDEN: dict[str, tuple[str, ...]] = {
    "gb-report-remove": ("under-18/gb", "young/gb", "carer/gb", "help/gb"),
    "global-take-it-down": ("under-18", "young", "sites", "threat", "help/us", "help/gb"),
    "global-stopncii": ("threat", "shared", "deepfake", "sites", "help/nz", "help/gb", "help/fi"),
    "nz-netsafe": ("talk/nz", "threat/nz", "shared/nz", "deepfake/nz", "help/nz"),
    "gb-rph": ("talk/gb", "threat/gb", "shared/gb", "deepfake/gb", "help/gb"),
    "gb-ew-victim-support": ("talk/gb", "threat/gb", "shared/gb", "help/gb"),
    "fi-riku": ("talk/fi", "threat/fi", "shared/fi", "help/fi"),
    "au-esafety": ("help/au", "under-18/au", "carer/au"),
    "gb-crimestoppers": ("shared/gb", "help/gb"),
    "gb-ceop": ("under-18/gb", "help/gb"),
    "gb-report-harmful-content": ("shared/gb", "help/gb"),
}
"""Those of the three first texts and of the largest countries, and where somebody looks for each."""


def ways_of(service: str) -> set[str]:
    shown = next(row for row in rows() if row["id"] == service)["shown"]
    phones = {f"tel:{dialled(phone['number'])}" for phone in shown.get("phone", {}).get("value", [])}
    return phones | {shown[name]["value"] for name in ("url", "local_url", "chat_url") if name in shown}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", NOT_HIDDEN)
def test_those_who_help_most_are_hidden_nowhere(service: str, language: str) -> None:
    for path in NOT_HIDDEN[service]:
        links = tree(address(f"/{path}/", language).lstrip("/") + "index.html").links()
        assert ways_of(service) & links, f"{path} ({language}) doesn't lead to {service}"


def listed(need: str) -> set[str]:
    """Return the ids of the services that any country names for a need."""
    files = [yaml.safe_load((CONTENT / f"countries/{code}.yaml").read_text(encoding="utf-8")) for code in COUNTRIES]
    return {one for country in files for one in country["services"].get(need, [])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_shared_a_picture_is_led_to_lines_made_for_that_and_to_no_victims_helpline(language: str) -> None:
    talk = address("/sent/talk/", language)
    for path in ("/sent/", "/might/", "/sent/gb/", "/might/nz/", "/sent/talk/"):
        page = tree(address(path, language).lstrip("/") + "index.html")
        bars = [part.attributes["href"] for part in page.all() if "bar-talk" in part.classes]
        assert bars == [talk], path
    links = tree(talk.lstrip("/") + "index.html").links()
    for service in listed("own"):
        assert ways_of(service) & links, service
    for service in (listed("talk") | listed("partner")) - listed("own") - listed("crisis"):
        assert not ways_of(service) & links, f"{service} is for people who were harmed"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("plan", ["shared", "threat", "deepfake", "seen", "unwanted", "filmed"])
def test_plans_lead_to_the_list_of_sites(plan: str, language: str) -> None:
    assert address("/sites/", language) in tree(address(f"/{plan}/", language).lstrip("/") + "index.html").links()
