# SPDX-License-Identifier: Apache-2.0
"""The bar at the top: where its ways lead, without scripts, on paper, within a flow; nothing is lost by a touch on it but by leaving."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from portal_pages import EXIT, language_of, one_of_each
from portal_server import PortalServer
from portal_steps import to_files, to_key

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
    page.wait_for_url("**/help/fi/")
    page.get_by_role("link", name="My case", exact=True).click()
    page.wait_for_url("**/case/")


def test_every_page_has_the_whole_bar_in_its_language(portal: PortalServer, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 740}).new_page()
    for path in one_of_each():
        page.goto(portal.address + path)
        expect(page.locator(".bar")).to_have_count(1)
        expect(page.get_by_role("link", name=EXIT[language_of(path)], exact=True)).to_be_visible()
        assert page.locator(".bar a").count() == 4, path
        box = page.locator(".bar").bounding_box()
        assert box is not None
        assert (box["x"], box["y"], box["width"]) == (0, 0, 1280), path
    page.context.close()


def test_within_a_flow_the_way_back_is_a_step_back(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_key(page, portal, picture_file)
    page.locator("[data-back]").click()
    expect(page.get_by_role("heading", name="Choose the files")).to_be_visible()
    expect(page.locator("[data-outcome=ready]")).to_have_count(1)


@pytest.mark.parametrize("way", [".bar-talk", ".bar-case"])
def test_a_touch_on_another_way_asks_before_a_flow_is_lost(portal: PortalServer, page: Page, way: str) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if len(asked) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    to_files(page, portal)
    page.locator(way).click()
    expect(page.get_by_role("heading", name="Choose the files")).to_be_visible()
    page.locator(way).click()
    page.wait_for_url("**/help/" if way == ".bar-talk" else "**/case/")
    assert asked == ["What you did on this page will be lost. Go on all the same?"] * 2


def test_leaving_never_asks(portal: PortalServer, page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    to_files(page, portal)
    page.locator(".bar-leave").click()
    page.wait_for_url("about:blank")
    assert asked == []


def test_on_paper_there_is_no_bar(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/gb/")
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
