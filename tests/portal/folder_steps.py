# SPDX-License-Identifier: Apache-2.0
"""The way through the evidence log and the notices, as a person goes it."""

import json
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.portal.hands import Hands
from tests.portal.portal_pages import address
from tests.portal.portal_server import PortalServer

PASSPHRASE = "four quiet words here"
MESSAGES = Path(__file__).resolve().parents[2] / "content/messages"


class Reader:
    """A person who reads the pages in one language, where names of controls are that language's own words, and works them in one way."""

    def __init__(self, language: str = "en", hands: Hands | None = None) -> None:
        self.language = language
        self.hands = hands or Hands()
        self.words: dict[str, str] = {}
        for path in (MESSAGES / language).rglob("*.json"):
            self.words |= json.loads(path.read_text(encoding="utf-8"))

    def press(self, page: Page, key: str) -> None:
        self.hands.press(page.get_by_role("button", name=self.words[key], exact=True).first)

    def sees(self, page: Page, key: str, **values: str) -> None:
        expect(page.get_by_role("heading", name=self.words[key].format(**values), exact=True).first).to_be_visible()

    def label(self, page: Page, key: str, value: str) -> None:
        self.hands.write(page.get_by_label(self.words[key], exact=True), value)

    def fill(self, page: Page, fields: Mapping[str, str]) -> None:
        """Fill fields by their names: texts, choices by their place, and statements (`yes` ticks)."""
        for name, value in fields.items():
            field = page.locator(f"[data-field={name}]")
            kind = field.evaluate("field => field.tagName === 'INPUT' ? field.type : field.tagName")
            if kind == "checkbox":
                self.hands.tick(field, is_on=value == "yes")
            elif kind == "SELECT":
                self.hands.choose(field, value)
            elif kind == "FIELDSET":
                self.hands.mark(field.locator("input[type=radio]").nth(int(value) - 1))
            else:
                self.hands.write(field, value)


ENGLISH = Reader()


def begin_log(
    page: Page,
    portal: PortalServer,
    *,
    adults: bool = True,
    passphrase: str | None = PASSPHRASE,
    path: str = "/evidence/",
    reader: Reader = ENGLISH,
) -> None:
    """From the page to an empty folder, kept under a passphrase or in the window only."""
    page.goto(portal.address + address(path, reader.language))
    reader.press(page, "folder.age.adults" if adults else "folder.age.minor")
    if passphrase is None:
        reader.press(page, "folder.where.window")
    else:
        reader.press(page, "folder.where.device")
        reader.label(page, "folder.pass.label", passphrase)
        reader.label(page, "folder.pass.again", passphrase)
        reader.press(page, "folder.pass.create")
    reader.sees(page, "folder.log.title" if path == "/evidence/" else "notice.list.title")


def unlock(page: Page, portal: PortalServer, passphrase: str = PASSPHRASE, path: str = "/evidence/", reader: Reader = ENGLISH) -> None:
    """Come back and type the passphrase."""
    page.goto(portal.address + address(path, reader.language))
    reader.label(page, "folder.pass.label", passphrase)
    reader.press(page, "folder.pass.open")


def write_entry(page: Page, fields: Mapping[str, str], *files: Path, keep: bool = False, reader: Reader = ENGLISH) -> None:
    """Write an entry; `fields` by their names in the log."""
    reader.press(page, "folder.log.add")
    reader.fill(page, fields)
    if files:
        page.locator("[data-files=yes] input[type=file]").set_input_files(list(files))
        expect(page.locator("[data-file]")).to_have_count(len(files))
        if keep:
            reader.hands.tick(page.get_by_label(reader.words["folder.files.keep"]), is_on=True)
    reader.press(page, "folder.entry.save")
    reader.sees(page, "folder.log.title")


def fill(page: Page, fields: Mapping[str, str]) -> None:
    """As a person who reads English."""
    ENGLISH.fill(page, fields)


def new_notice(page: Page, law: str, platform: str = "Example Forum", reader: Reader = ENGLISH) -> None:
    """From the notices to an empty form under one regime."""
    reader.press(page, "notice.list.new")
    reader.fill(page, {"platform_name": platform})
    reader.hands.press(page.get_by_text(reader.words["notice.choose.others"], exact=True))
    reader.hands.mark(page.get_by_label(reader.words[f"notice.law.{law}"], exact=True))
    reader.press(page, "notice.choose.go")
    reader.sees(page, "notice.fill.title", to=platform)
