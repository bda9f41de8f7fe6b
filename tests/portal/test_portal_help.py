# SPDX-License-Identifier: Apache-2.0
"""The help pages in Chromium: a plain list without JavaScript; with it, what is open now and filters, by keyboard alone."""

import gzip
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.portal.portal_server import PortalServer

TUESDAY_MORNING = datetime.fromisoformat("2026-11-24T08:30:00+00:00")
"""10:30 in Helsinki, 08:30 in London, 21:30 in Auckland."""


def open_help(page: Page, portal: PortalServer, country: str, now: datetime = TUESDAY_MORNING) -> None:
    page.clock.set_fixed_time(now)
    page.goto(f"{portal.address}/help/{country}/")
    expect(page.get_by_role("status").filter(has_text="Shown:")).to_be_visible()


def shown(page: Page) -> set[str]:
    """Return the ids of the services that can be seen."""
    return set(page.locator("[data-service]:visible").evaluate_all("all => all.map(one => one.id)"))


def test_without_javascript_it_is_a_plain_list_with_anchors_and_hours(portal: PortalServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{portal.address}/help/")
    expect(page.get_by_role("link", name="111 New Zealand")).to_have_attribute("href", "tel:111")
    page.get_by_role("main").get_by_role("link", name="Finland", exact=True).click()
    expect(page.get_by_role("heading", name="Help in: Finland")).to_be_visible()
    expect(page.get_by_text("Show only", exact=True)).to_be_hidden()
    expect(page.locator(".open-state:visible")).to_have_count(0)
    page.get_by_role("link", name="Support for people who have been harmed").click()
    assert page.url.endswith("#kind-victim_support")
    riku = page.locator("#fi-riku")
    expect(riku.get_by_role("link", name="Call 116 006")).to_have_attribute("href", "tel:116006")
    expect(riku.get_by_text("Mon-Thu 09:00-18:00, Fri 09:00-16:00", exact=True)).to_be_visible()
    expect(riku.get_by_text("We read it there on 30 November 2026; we have not called.")).to_be_visible()
    page.context.close()


def test_text_messages_and_mail_are_links_and_regions_are_marked(portal: PortalServer, page: Page) -> None:
    open_help(page, portal, "gb")
    wales = page.locator("#gb-wls-live-fear-free")
    expect(wales.get_by_role("link", name="Text 07860 077333")).to_have_attribute("href", "sms:07860077333")
    expect(wales.get_by_text("Only in Wales", exact=True)).to_be_visible()
    expect(page.locator("#gb-ew-victim-support").get_by_text("Only in England and Wales")).to_be_visible()
    ireland = page.locator("#gb-nir-dsa-helpline")
    expect(ireland.get_by_role("link", name="Write to help@dsahelpline.org")).to_have_attribute("href", "mailto:help@dsahelpline.org")


@pytest.mark.parametrize(
    ("moment", "hours", "chat"),
    [
        ("2026-11-24T06:59:00+00:00", "Closed now", "Closed now"),  # 08:59 in Helsinki
        ("2026-11-24T07:00:00+00:00", "Open now", "Open now"),
        ("2026-11-27T14:00:00+00:00", "Closed now", "Closed now"),  # Friday 16:00
        ("2026-11-28T10:00:00+00:00", "Closed now", "Closed now"),  # Saturday
    ],
)
def test_open_now_is_said_in_the_services_own_time(portal: PortalServer, browser: Browser, moment: str, hours: str, chat: str) -> None:
    page = browser.new_context(timezone_id="America/Los_Angeles").new_page()
    open_help(page, portal, "fi", datetime.fromisoformat(moment))
    assert page.locator("#fi-riku .open-state").all_text_contents() == [hours, chat]
    assert page.locator("#fi-nollalinja .open-state").first.text_content() == "Open now"
    expect(page.locator("#fi-police .open-state")).to_have_count(0)
    page.context.close()


def test_a_page_left_open_notices_that_a_line_opens(portal: PortalServer, page: Page) -> None:
    page.clock.install(time=datetime.fromisoformat("2026-11-24T06:59:00+00:00"))
    page.clock.pause_at(datetime.fromisoformat("2026-11-24T06:59:30+00:00"))  # else a slow machine gets to the hour by itself
    page.goto(f"{portal.address}/help/fi/")
    state = page.locator("#fi-riku .open-state").first
    expect(state).to_have_text("Closed now")
    page.get_by_label("Open now").check()
    expect(page.locator("#fi-riku")).to_be_hidden()
    page.clock.run_for(61_000)
    expect(state).to_have_text("Open now")
    expect(page.locator("#fi-riku")).to_be_visible()


def test_the_bank_holiday_and_the_phone_are_said_where_the_hours_say_so(portal: PortalServer, page: Page) -> None:
    open_help(page, portal, "gb", datetime.fromisoformat("2026-11-24T12:00:00+00:00"))
    expect(page.locator("#gb-rph .open-state")).to_have_text("Open now, but not on bank holidays")
    open_help(page, portal, "nz")
    expect(page.locator("#nz-netsafe .open-state")).to_have_text("Phone closed now")


def test_filters_narrow_the_list_and_say_how_many_are_left(portal: PortalServer, page: Page) -> None:
    open_help(page, portal, "gb")
    everything = shown(page)
    page.get_by_label("Free").check()
    free = shown(page)
    assert "gb-ew-victim-support" in free
    assert "gb-rph" not in free
    page.get_by_label("Free").uncheck()
    page.get_by_text("More choices").click()
    page.get_by_label("Who it is for").select_option("For under-18s")
    assert {"gb-childline", "gb-999"} <= shown(page)
    assert not {"gb-rph", "global-stopncii"} & shown(page)
    page.get_by_label("Who it is for").select_option("For adults")
    assert {"gb-rph", "gb-999"} <= shown(page)
    assert "gb-childline" not in shown(page)
    page.get_by_label("Who it is for").select_option("All")
    page.get_by_label("How to reach them").select_option("Relay or sign language")
    assert shown(page) == {"gb-999-bsl", "gb-emergency-sms", "gb-relay-uk", "gb-ew-victim-support"}
    expect(page.get_by_role("status").filter(has_text="Shown:")).to_have_text(f"Shown: 4 of {len(everything)}")
    expect(page.get_by_role("heading", name="Police", exact=True)).to_be_hidden()
    expect(page.get_by_role("link", name="Police", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Show all").first.click()
    assert shown(page) == everything


def test_filters_work_by_keyboard_alone_and_an_empty_list_says_so(portal: PortalServer, page: Page) -> None:
    open_help(page, portal, "fi")
    everything = shown(page)
    page.get_by_label("Open now").focus()
    page.keyboard.press("Space")
    assert shown(page) == {"fi-riku", "fi-nollalinja", "fi-mieli-crisis"}
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page) == {"fi-riku", "fi-nollalinja"}
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # more choices
    for key in ("Tab", "P", "Tab", "Tab", "T"):  # the police; by text message
        page.keyboard.press(key)
    assert shown(page) == set()
    expect(page.get_by_role("heading", name="Nothing here fits all of that")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # show all
    assert shown(page) == everything
    expect(page.get_by_role("heading", name="Nothing here fits all of that")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "filter-open"


def test_the_script_is_small_and_keeps_nothing(portal: PortalServer, page: Page) -> None:
    open_help(page, portal, "gb")
    names = {request.path for request in portal.requests if request.path.endswith(".js")}
    sizes = [(portal.dist / name.lstrip("/")).stat().st_size for name in names]
    assert sum(sizes) < 10_000  # the exit's, the place's, and this one
    assert sum(len(gzip.compress((portal.dist / name.lstrip("/")).read_bytes())) for name in names) < 5_000
    assert page.context.storage_state(indexed_db=True)["origins"] == []
    page.goto(f"{portal.address}/facts/gb/")
    assert not [request.path for request in portal.requests if request.path.startswith("/api/")]
