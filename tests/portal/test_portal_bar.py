# SPDX-License-Identifier: Apache-2.0
"""The bar at the top: where its ways lead, without scripts, on paper, within a flow; nothing is lost by a touch on it but by leaving.

That every page has it: test_portal_pages.py.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.portal.covered import double_text_first
from tests.portal.folder_steps import begin_log, write_entry
from tests.portal.portal_pages import LANGUAGES, address
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import to_files, to_key

WAYS = [("/threat/", "/"), ("/threat/gb/", "/threat/"), ("/help/nz/", "/help/"), ("/fi/facts/fi/", "/fi/facts/"), ("/fi/safe/", "/fi/")]


@pytest.mark.parametrize(("path", "above"), WAYS)
def test_without_scripts_the_way_back_leads_one_level_up(portal: PortalServer, browser: Browser, path: str, above: str) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()
    page.goto(portal.address + path)
    page.locator("[data-back]").click()
    assert page.url == portal.address + above
    page.locator(".bar-leave").click()
    page.wait_for_url("about:blank")
    page.context.close()


def test_who_reads_of_a_country_is_led_to_its_help(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/fi/")
    page.get_by_role("link", name="Talk to someone").click()
    page.wait_for_url("**/talk/fi/#fi")
    page.get_by_role("link", name="My case", exact=True).click()
    page.wait_for_url("**/case/#fi")


def test_within_a_flow_the_way_back_is_a_step_back(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_key(page, portal, picture_file)
    page.locator("[data-back]").click()
    expect(page.get_by_role("heading", name="Choose the files")).to_be_visible()
    expect(page.locator("[data-outcome=ready]")).to_have_count(1)


FRAME: dict[str, str | re.Pattern[str]] = {
    ".bar-talk": "**/talk/",
    ".bar-case": "**/case/",
    ".header .home": re.compile(r":\d+/$"),
    ".languages a": "**/fi/protect/",
    ".footer a[href='/help/']": "**/help/",
    ".side-card .line-link": "**/talk/",
}


def note_dialogs(page: Page, dialogs: list[str]) -> None:
    """Dismiss every dialog, and keep what it said."""

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)


@pytest.mark.parametrize("way", FRAME)
def test_a_touch_on_a_link_of_the_frame_asks_before_a_flow_is_lost(portal: PortalServer, page: Page, picture_file: Path, way: str) -> None:
    dialogs: list[str] = []
    note_dialogs(page, dialogs)
    to_key(page, portal, picture_file)
    page.locator(way).click()
    question = page.locator(".bar-ask")
    expect(question).to_contain_text("An open case stays open.")
    expect(question.get_by_role("button", name="Stay here")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    expect(page.locator(way)).to_be_focused()
    expect(page.locator("[data-case-key]")).to_be_visible()
    page.locator(way).click()
    question.get_by_role("button", name="Go on").click()
    page.wait_for_url(FRAME[way])
    assert dialogs == []


@pytest.mark.parametrize("by", ["touch", "keys"])
def test_while_it_asks_leaving_is_in_reach(portal: PortalServer, page: Page, by: str) -> None:
    to_files(page, portal)
    page.locator(".bar-talk").click()
    expect(page.locator(".bar-ask")).to_be_visible()
    if by == "touch":
        page.locator(".bar-leave").tap()
    else:
        for _ in range(3):
            page.keyboard.press("Escape")
    page.wait_for_url("about:blank")


def test_a_step_on_is_an_answer_too(portal: PortalServer, page: Page) -> None:
    to_files(page, portal)
    page.locator(".bar-talk").click()
    page.locator("[data-back]").click()
    expect(page.get_by_role("heading", name="How old were you in it?")).to_be_visible()
    expect(page.locator(".bar-ask")).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 360])
def test_the_question_fits_a_small_phone_with_letters_twice_as_large(
    portal: PortalServer, browser: Browser, language: str, width: int
) -> None:
    page = browser.new_context(viewport={"width": width, "height": 640}).new_page()
    double_text_first(page)
    page.goto(portal.address + address("/protect/", language))
    page.locator(".choice").first.click()
    page.locator(".bar-talk").click()
    for control in [page.locator(".bar-leave"), *page.locator(".bar-ask button").all()]:
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert box["y"] + box["height"] <= 640
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        hit = "([x, y]) => document.elementFromPoint(x, y).closest('button, a').className"
        assert page.evaluate(hit, middle) == control.get_attribute("class")
    page.context.close()


@pytest.mark.parametrize("way", [".bar-talk", ".bar-back", ".languages a"])
def test_notes_that_are_in_this_window_only_are_not_lost_by_a_touch(portal: PortalServer, page: Page, way: str) -> None:
    begin_log(page, portal, passphrase=None)
    write_entry(page, {"address": "https://example.net/1"})
    page.locator(way).click()
    expect(page.locator(".bar-ask")).to_be_visible()
    page.get_by_role("button", name="Stay here").click()
    expect(page.locator("[data-entry='1']")).to_be_visible()


def test_notes_that_are_kept_hold_nobody_up(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal)
    write_entry(page, {"address": "https://example.net/1"})
    page.locator(".bar-talk").click()
    page.wait_for_url("**/talk/")


def test_where_nothing_can_be_lost_nothing_is_asked(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/protect/")
    expect(page.get_by_role("button", name="I am", exact=True)).to_be_visible()
    page.locator(".bar-talk").click()
    page.wait_for_url("**/talk/")


def test_leaving_never_asks(portal: PortalServer, page: Page) -> None:
    asked: list[str] = []
    note_dialogs(page, asked)
    to_files(page, portal)
    page.locator(".bar-leave").click()
    page.wait_for_url("about:blank")
    assert asked == []


def test_on_paper_there_is_no_bar(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/gb/")
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
