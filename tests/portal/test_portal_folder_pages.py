# SPDX-License-Identifier: Apache-2.0
"""Every step of the evidence log and of notices: both languages, narrow and wide, light and dark; asking nobody."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.portal.folder_steps import ENGLISH, PASSPHRASE, Reader, begin_log, fill, new_notice
from tests.portal.notice_data import WHOLE, shown
from tests.portal.portal_pages import address
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import wait_for

LONG_WORD = "https://example.net/" + "x" * 200


LOOKS = [
    (320, "light", "en"),
    (1280, "dark", "fi"),
    pytest.param(360, "dark", "en", marks=pytest.mark.long),
    pytest.param(360, "light", "fi", marks=pytest.mark.long),
]
"""`make test` sees each language and each scheme once, the narrowest and the widest."""


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_every_step_of_the_log_is_accessible_and_fits(
    portal: PortalServer, browser: Browser, width: int, scheme: Scheme, language: str, picture_file: Path
) -> None:
    page = open_page(browser, width, scheme)
    reader = Reader(language)
    slips: list[str] = []
    page.goto(portal.address + address("/evidence/", language))
    slips += look(page, "age")
    reader.press(page, "folder.age.adults")
    slips += look(page, "where")
    reader.press(page, "folder.where.device")
    reader.press(page, "folder.pass.create")
    slips += look(page, "passphrase")
    reader.label(page, "folder.pass.label", PASSPHRASE)
    reader.label(page, "folder.pass.again", PASSPHRASE)
    reader.press(page, "folder.pass.create")
    reader.sees(page, "folder.log.title")
    slips += look(page, "empty log")
    reader.press(page, "folder.log.add")
    reader.press(page, "folder.entry.save")
    fill(page, {"address": LONG_WORD, "what": "x" * 300, "platform": "Example Social"})
    page.locator("[data-files=yes] input[type=file]").set_input_files(picture_file)
    expect(page.locator("[data-file]")).to_have_count(1)
    slips += look(page, "entry")
    reader.press(page, "folder.entry.save")
    expect(page.locator("[data-entry='1']")).to_be_visible()
    slips += look(page, "log")
    reader.press(page, "folder.log.export")
    slips += look(page, "export")
    reader.press(page, "protect.back")
    reader.press(page, "folder.log.wipe")
    slips += look(page, "wipe")
    page.goto(portal.address + address("/remove/", language))
    reader.label(page, "folder.pass.label", "not the passphrase")
    reader.press(page, "folder.pass.open")
    expect(page.locator("[data-trouble=passphrase]")).to_be_visible()
    slips += look(page, "wrong passphrase")
    page.context.close()
    assert slips == []
    assert [request.path for request in portal.requests if request.path.startswith("/api")] == []


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_every_step_of_a_notice_is_accessible_and_fits(
    portal: PortalServer, browser: Browser, width: int, scheme: Scheme, language: str
) -> None:
    page = open_page(browser, width, scheme)
    reader = Reader(language)
    slips: list[str] = []
    page.goto(portal.address + address("/remove/", language))
    reader.press(page, "folder.age.adults")
    reader.press(page, "folder.where.window")
    slips += look(page, "no notices")
    reader.press(page, "notice.list.new")
    reader.press(page, "notice.choose.go")
    slips += look(page, "choose")
    page.locator("[data-field=platform]").select_option(index=1)
    page.get_by_text(reader.words["notice.choose.others"], exact=True).click()
    page.locator("[data-field=regime] label").nth(0).click()
    reader.press(page, "notice.choose.go")
    reader.press(page, "notice.check")
    expect(page.locator("[data-missing]")).to_be_visible()
    slips += look(page, "missing")
    fill(page, shown(page, {**WHOLE, "locations": LONG_WORD}))
    reader.press(page, "notice.check")
    reader.sees(page, "notice.text.title")
    assert page.locator("[data-notice-text]").count() == (1 if language == "en" else 2)
    slips += look(page, "text")
    reader.press(page, "notice.text.sent")
    slips += look(page, "running")
    reader.press(page, "notice.card.refused")
    expect(page.locator("[data-escalation]")).to_be_visible()
    slips += look(page, "escalation")
    page.context.close()
    assert slips == []


def look(page: Page, step: str) -> list[str]:
    """Return what axe finds on a step, and whether it scrolls sideways."""
    sideways = ["sideways"] if is_scrolled_sideways(page) else []
    return [f"{step}: {slip}" for slip in [*violations(page), *sideways]]


def test_the_printed_log_holds_the_entries_and_no_buttons(portal: PortalServer, page: Page) -> None:
    page.add_init_script("window.print = () => { window.printed = document.querySelector('.sheet').textContent; }")
    page.goto(f"{portal.address}/evidence/")
    page.get_by_role("button", name="Yes, or I don’t know").click()
    page.get_by_role("button", name="Only in this window").click()
    page.get_by_role("button", name="Write something down").click()
    fill(page, {"what": "中文 and דוגמה"})
    page.get_by_role("button", name="Keep this").click()
    page.get_by_role("button", name="Export, print, police summary").click()
    page.get_by_role("button", name="Print all entries").click()
    printed = wait_for(page, "window.printed")
    assert "中文 and דוגמה" in printed
    assert "only texts and addresses" in printed


def test_an_entry_and_a_notice_are_read_in_a_sensible_order(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None)
    ENGLISH.press(page, "folder.log.add")
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - heading "Write down what happened" [level=1]
        - paragraph: Fill in what you know. Only one field is needed. You can’t change an entry later, but you can add a correction.
        - combobox "What is it?"
        - textbox "When it happened or was seen"
        - button "Now"
        - textbox "Web address"
        - textbox "Site or app"
        - textbox "Account that posted or wrote it"
        - textbox "What happened, in your words"
        - textbox "Their words, exactly"
        - textbox "Who else saw it"
        - textbox "Number they gave you"
        - heading "Screenshots and files" [level=2]
        - button "Keep this"
        - button "Back"
        """
    )
    ENGLISH.press(page, "protect.back")
    ENGLISH.press(page, "folder.log.notices")
    new_notice(page, "us_tida")
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - heading "Notice to Example Forum" [level=1]
        - group "Who are you?":
          - radio "I am the person shown"
          - radio "The person shown asked me to act"
        - textbox "Exact web addresses, one per line"
        - textbox "What it shows, in words, so that they can find it"
        - textbox "How you know that there was no consent"
        - textbox "Your name"
        - textbox "E-mail for the answer"
        - textbox "Phone"
        - textbox "Postal address"
        - 'textbox "Signature: your name again, as you sign it"'
        - checkbox "I declare that it was posted without consent, or that I object to it now."
        - checkbox "I say this in good faith."
        - button "Check the notice"
        """
    )
