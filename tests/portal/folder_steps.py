# SPDX-License-Identifier: Apache-2.0
"""The way through the evidence log and the notices, as a person goes it."""

from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page, expect
from portal_server import PortalServer

PASSPHRASE = "four quiet words here"


def begin_log(
    page: Page, portal: PortalServer, *, adults: bool = True, passphrase: str | None = PASSPHRASE, path: str = "/evidence/"
) -> None:
    """From the page to an empty folder, kept under a passphrase or in the window only."""
    page.goto(portal.address + path)
    page.get_by_role("button", name="No, all are and were adults" if adults else "Yes, or I don’t know").click()
    if passphrase is None:
        page.get_by_role("button", name="Only in this window").click()
    else:
        page.get_by_role("button", name="On this device, locked").click()
        page.get_by_label("Passphrase", exact=True).fill(passphrase)
        page.get_by_label("The same once more").fill(passphrase)
        page.get_by_role("button", name="Lock and begin").click()
    name = "Your notes" if path == "/evidence/" else "Your notices"
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def unlock(page: Page, portal: PortalServer, passphrase: str = PASSPHRASE, path: str = "/evidence/") -> None:
    """Come back and type the passphrase."""
    page.goto(portal.address + path)
    page.get_by_label("Passphrase", exact=True).fill(passphrase)
    page.get_by_role("button", name="Open", exact=True).click()


def write_entry(page: Page, fields: Mapping[str, str], *files: Path, keep: bool = False) -> None:
    """Write an entry; `fields` by their names in the log."""
    page.get_by_role("button", name="Write something down").click()
    fill(page, fields)
    if files:
        page.locator("[data-files=yes] input[type=file]").set_input_files(list(files))
        expect(page.locator("[data-file]")).to_have_count(len(files))
        if keep:
            page.get_by_label("Keep the pictures here too, locked").check()
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_role("heading", name="Your notes")).to_be_visible()


def fill(page: Page, fields: Mapping[str, str]) -> None:
    """Fill fields by their names: texts, choices and statements (`yes` ticks)."""
    for name, value in fields.items():
        field = page.locator(f"[data-field={name}]")
        kind = field.evaluate("field => field.tagName === 'INPUT' ? field.type : field.tagName")
        if kind == "checkbox":
            field.set_checked(value == "yes")
        elif kind == "SELECT":
            field.select_option(value)
        elif kind == "FIELDSET":
            field.locator(f"label:nth-of-type({value})").click()
        else:
            field.fill(value)


def new_notice(page: Page, law: str, platform: str = "Example Forum") -> None:
    """From the notices to an empty form under one set of rules."""
    page.get_by_role("button", name="Write a notice").click()
    fill(page, {"platform_name": platform})
    page.get_by_text(law).click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name=f"Notice to {platform}")).to_be_visible()
