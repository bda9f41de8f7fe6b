# SPDX-License-Identifier: Apache-2.0
""" "Will this reach Instagram?": what is said of a site, that what a person names is in no request, and what is kept."""

import json
from datetime import date

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stillmine.wire.named import NamedPartner, NamedPartners
from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.portal.portal_server import PortalServer

FORUM = NamedPartner("Example Forum", ["reddit"], "ask", date(2026, 11, 22), is_connected=True)


def card(page: Page, site: str) -> Locator:
    return page.locator(f"[data-site='{site}']")


def test_each_site_says_who_takes_part_and_how_to_report(portal: PortalServer, page: Page) -> None:
    portal.named = NamedPartners(1, [FORUM])
    page.goto(f"{portal.address}/sites/#us")
    expect(page.locator("[data-named]")).to_have_text("Named as taking part here: Example Forum.")
    expect(page.locator("[data-site]:visible")).to_have_count(0)
    for site in ("instagram", "reddit", "whatsapp"):
        page.locator(f"[data-pick={site}]").tap() if site != "whatsapp" else page.locator("[data-pick=whatsapp]").press("Enter")
    expect(page.locator("[data-sites-count]")).to_have_text("3 sites on your list.")
    expect(card(page, "reddit").locator("[data-here]")).to_have_text("Takes part here as Example Forum: it asks here about uploads")
    expect(card(page, "instagram").locator("[data-here]")).to_have_text("Not named as taking part here")
    expect(card(page, "instagram")).to_contain_text("Takes part in StopNCII")
    expect(card(page, "instagram").get_by_role("link", name="Report to Instagram (facebook.com)")).to_be_visible()
    expect(card(page, "whatsapp")).to_contain_text("three dots (Android)")
    expect(card(page, "whatsapp")).to_contain_text("We don’t know whether it takes part in StopNCII")
    assert not is_scrolled_sideways(page)


def test_where_nobody_is_named_or_can_be_asked_the_page_leads_to_stopncii(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/sites/")
    expect(page.locator("[data-named]")).to_have_text(
        "No site is named as taking part here yet. Start with StopNCII, or with Take It Down if you were under 18 in the picture."
    )
    portal.is_down = True
    page.get_by_role("button", name="TikTok").tap()
    expect(page.get_by_role("link", name="Open StopNCII.org")).to_have_attribute("href", "https://stopncii.org/")
    expect(card(page, "tiktok").locator("[data-here]")).to_have_text("Not named as taking part here")


def test_what_a_person_names_is_in_no_request_no_address_and_kept_nowhere(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/sites/#fi")
    expect(page.locator("[data-named]")).not_to_be_empty()
    before = len(portal.requests)
    page.get_by_role("button", name="Snapchat").tap()
    page.get_by_label("Name of a site or app").fill("Aunt’s forum")
    page.get_by_role("button", name="Add this site").tap()
    expect(card(page, "other:aunt’s forum").locator("h2")).to_have_text("Aunt’s forum")
    card(page, "snapchat").get_by_label("Done: reported").check()
    assert len(portal.requests) == before
    assert page.url == f"{portal.address}/sites/#fi"
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    expect(page.locator("[data-site]:visible")).to_have_count(0)


def test_the_list_is_kept_only_if_wished_and_erased_with_the_switch(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/sites/")
    page.get_by_role("button", name="Snapchat").tap()
    page.get_by_label("Name of a site or app").fill("<b>forum</b>")
    page.get_by_role("button", name="Add this site").tap()
    page.get_by_label("Keep this list on this device").check()
    card(page, "snapchat").get_by_label("Done: notice sent").check()
    assert json.loads(page.evaluate("localStorage['stillmine.sites']"))["done"] == ["snapchat.notice"]
    page.reload()
    expect(card(page, "snapchat").get_by_label("Done: notice sent")).to_be_checked()
    expect(card(page, "other:<b>forum</b>").locator("h2")).to_have_text("<b>forum</b>")
    card(page, "snapchat").get_by_role("button", name="Take off the list").tap()
    expect(card(page, "snapchat")).to_be_hidden()
    page.get_by_label("Keep this list on this device").uncheck()
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    "kept", ['{"sites":3,"others":["", "  ", "\\u200b\\u202e", 7, null],"done":{}}', "[]", "null", "{", '{"sites":["no-such"]}']
)
def test_a_damaged_list_shows_no_empty_card(portal: PortalServer, page: Page, kept: str) -> None:
    page.goto(f"{portal.address}/privacy/")
    page.evaluate("(text) => { localStorage['stillmine.sites'] = text; }", kept)
    page.goto(f"{portal.address}/sites/")
    page.get_by_role("button", name="Snapchat").tap()
    expect(page.locator("[data-site]:visible h2")).to_have_text(["Snapchat"])


def test_a_list_that_could_not_be_kept_says_so_and_what_was_kept_stays(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/sites/")
    page.get_by_role("button", name="Snapchat").tap()
    page.get_by_label("Keep this list on this device").check()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    card(page, "snapchat").get_by_label("Done: notice sent").check()
    expect(page.locator("[data-sites-refused]")).to_contain_text("That was not kept")
    expect(page.get_by_label("Keep this list on this device")).to_be_checked()
    expect(card(page, "snapchat").get_by_label("Done: notice sent")).to_be_checked()
    page.reload()
    expect(card(page, "snapchat")).to_be_visible()


@pytest.mark.parametrize("path", ["/protect/", "/case/"])
def test_before_and_after_sending_it_is_a_fold_that_asks_when_it_is_opened(portal: PortalServer, page: Page, path: str) -> None:
    page.goto(portal.address + path)
    expect(page.locator("#island button").first).to_be_visible()
    assert not [one for one in portal.requests if one.path.startswith("/api/")]
    page.get_by_text("Will this reach Instagram? Check your sites").tap()
    expect(page.locator("[data-named]")).to_contain_text("Start with StopNCII")
    assert [one.path for one in portal.requests if one.path.startswith("/api/")] == ["/api/v1/partners"]
    page.get_by_role("button", name="Facebook").tap()
    expect(card(page, "facebook")).to_be_visible()


def test_without_a_script_every_site_is_there(portal: PortalServer, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{portal.address}/sites/")
    expect(card(page, "instagram").get_by_role("link", name="Report to Instagram (facebook.com)")).to_be_visible()
    assert page.locator("[data-site]:visible").count() > 20
    assert page.locator("input:visible").count() == 0
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_named_sites_are_fit_for_a_screen_reader(portal: PortalServer, browser: Browser, scheme: Scheme) -> None:
    portal.named = NamedPartners(1, [FORUM])
    page = open_page(browser, 320, scheme)
    page.goto(f"{portal.address}/sites/#gb-wls")
    for site in ("Instagram", "Reddit"):
        page.get_by_label("Name of a site or app").fill(site)
        page.get_by_role("button", name="Add this site").click()
    expect(page.locator("[data-site]:visible")).to_have_count(2)
    assert violations(page) == []
    assert not is_scrolled_sideways(page)
    page.context.close()
