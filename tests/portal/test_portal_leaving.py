# SPDX-License-Identifier: Apache-2.0
"""Leaving quickly: the page is blank in the same task, and the history holds no entry of the portal, from wherever one leaves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.portal.folder_steps import Reader, begin_log, new_notice, write_entry
from tests.portal.portal_pages import EXIT, LANGUAGES, address
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import to_key, to_send

BEFORE = "data:text/html,<h1>before</h1>"


def leave(page: Page, by: str) -> None:
    """Press the link, or Esc three times, and see that nothing is left to see before anything else can happen."""
    if by == "touch":
        seen = page.evaluate("() => { document.querySelector('[data-exit]').click(); return document.body.innerHTML + document.title; }")
        assert seen == ""
    else:
        for _ in range(3):
            page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    assert page.evaluate("document.body.innerText") == ""


def assert_no_way_back(page: Page) -> None:
    """Neither Back nor Forward leads to a page of the portal."""
    page.go_back()
    assert page.url == BEFORE
    page.go_forward()
    assert page.url == "about:blank"
    assert page.go_forward() is None
    assert page.url == "about:blank"


@pytest.mark.parametrize("by", ["touch", "keys"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, 1280])
def test_after_walking_over_pages(portal: PortalServer, page: Page, width: int, language: str, by: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(BEFORE)
    page.goto(portal.address + address("/", language))
    entries = page.evaluate("history.length")
    for path in ("/threat/", "/how-it-works/", "/help/"):
        link = page.locator(f"main a[href='{address(path, language)}']:visible, footer a[href='{address(path, language)}']").first
        if by == "touch":
            link.click()
        else:
            link.focus()
            page.keyboard.press("Enter")
        page.wait_for_url(f"**{address(path, language)}")
    assert page.evaluate("history.length") == entries
    leave(page, by)
    assert_no_way_back(page)


def in_protect(page: Page, portal: PortalServer, picture: Path) -> None:
    to_send(page, portal, picture)


def in_the_case(page: Page, portal: PortalServer, picture: Path) -> None:
    to_send(page, portal, picture)
    page.get_by_role("button", name="Send this and open my case").click()
    page.get_by_role("button", name="Show my case").click()
    page.get_by_role("button", name="Withdraw Picture 1").click()


def in_the_log(page: Page, portal: PortalServer, _: Path) -> None:
    begin_log(page, portal)
    write_entry(page, {"address": "https://example.net/1"})
    Reader().press(page, "folder.log.add")


def in_a_notice(page: Page, portal: PortalServer, _: Path) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/", reader=Reader("fi"))
    new_notice(page, "eu_dsa", reader=Reader("fi"))


@pytest.mark.parametrize("by", ["touch", "keys"])
@pytest.mark.parametrize("flow", [in_protect, in_the_case, in_the_log, in_a_notice], ids=lambda flow: flow.__name__)
def test_out_of_the_steps_of_a_flow(
    portal: PortalServer, page: Page, picture_file: Path, flow: Callable[[Page, PortalServer, Path], None], by: str
) -> None:
    page.goto(BEFORE)
    before = page.evaluate("history.length")
    flow(page, portal, picture_file)
    assert page.evaluate("history.length") == before + 1
    leave(page, by)
    assert_no_way_back(page)


def test_what_was_shown_is_gone(portal: PortalServer, page: Page, picture_file: Path) -> None:
    key = to_key(page, portal, picture_file)
    page.get_by_role("link", name=EXIT["en"]).click()
    page.wait_for_url("about:blank")
    assert key not in page.content()


def test_escape_says_how_often_it_is_still_to_be_pressed(portal: PortalServer, page: Page) -> None:
    page.goto(portal.address)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("[data-exit-status]")).to_have_text("Press Esc once more to leave this page.")
    assert page.url.startswith(portal.address)
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")


def test_one_escape_is_no_step_back(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/protect/")
    page.get_by_role("button", name="I am", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.locator("[data-exit-status]")).to_have_text("Press Esc two more times to leave this page.")
    expect(page.get_by_text("Step 2 of 6")).to_be_visible()


@pytest.mark.parametrize("by", ["touch", "keys"])
def test_it_works_before_any_other_script_has_come(portal: PortalServer, page: Page, by: str) -> None:
    held: list[Route] = []
    page.route("**/assets/*.js", lambda route: route.continue_() if "/leave" in route.request.url else held.append(route))
    page.goto(BEFORE)
    page.goto(f"{portal.address}/protect/", wait_until="commit")
    expect(page.locator("[data-exit]")).to_be_visible()
    leave(page, by)
    assert held != []
    assert_no_way_back(page)


def test_back_by_mistake_loses_nothing_where_the_browser_keeps_pages(
    portal: PortalServer, browser: Browser, chromium_path: str, chromium_flags: list[str], picture_file: Path
) -> None:
    keeping = browser.browser_type.launch(
        executable_path=chromium_path, args=chromium_flags, ignore_default_args=["--disable-back-forward-cache"]
    )
    page = keeping.new_context().new_page()
    page.goto(f"{portal.address}/icon.svg")
    key = to_key(page, portal, picture_file)
    for way in ("back", "forward"):  # not by go_back: it waits for a load that does not come
        page.evaluate(f"setTimeout(() => history.{way}())")
        page.wait_for_url("**/icon.svg" if way == "back" else "**/protect/", wait_until="commit")
    expect(page.locator("[data-case-key]")).to_have_attribute("data-case-key", key)
    keeping.close()
