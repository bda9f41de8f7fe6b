# SPDX-License-Identifier: Apache-2.0
"""Regions in the flow: said, sent, shown in the case; left out where the person says so, and nowhere then."""

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.accessible import is_scrolled_sideways, open_page, violations
from tests.portal.made_pictures import checks
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose, to_files

CHOICE = "Yes, find these copies too"
PICTURE = "media/skimage/chelsea.png"


def send(page: Page, portal: PortalServer) -> list[str]:
    """From chosen files to the open case; returns the kinds that were sent, which the page showed before."""
    page.get_by_role("button", name="Continue with").click()
    page.get_by_role("button", name="I have kept my key").click()
    shown = json.loads(page.locator("[data-exact-body]").text_content() or "")
    page.get_by_role("button", name="Send this and open my case").click()
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator(".cards")).to_be_visible()
    sent = json.loads(next(request.body for request in portal.api_requests() if request.method == "POST"))
    assert sent == shown
    return [one["kind"] for one in sent["fingerprints"]]


def test_with_a_yes_regions_are_sent_and_stand_in_the_case(portal: PortalServer, page: Page, root: Path) -> None:
    to_files(page, portal)
    expect(page.get_by_label(CHOICE)).to_have_count(0)
    choose(page, root / PICTURE)
    expect(page.get_by_role("group", name="Find cropped and covered copies too?")).to_contain_text("That code tells more")
    page.get_by_label(CHOICE).check()
    expect(page.locator("[data-outcome=ready]")).to_contain_text("Often even if they were cropped")
    assert send(page, portal) == ["pdq", "regions"]
    expect(page.locator(".fingerprints")).to_contain_text("Parts of a picture: fingerprint")


def test_nothing_is_ticked_and_without_a_yes_no_region_is_sent(portal: PortalServer, page: Page, root: Path) -> None:
    to_files(page, portal)
    choose(page, root / PICTURE)
    expect(page.get_by_label(CHOICE)).not_to_be_checked()
    expect(page.locator("[data-outcome=ready]")).not_to_contain_text("cropped")
    assert send(page, portal) == ["pdq"]
    expect(page.locator(".fingerprints")).not_to_contain_text("Parts of a picture")


def test_a_yes_that_is_taken_back_counts(portal: PortalServer, page: Page, root: Path) -> None:
    to_files(page, portal)
    choose(page, root / PICTURE)
    page.get_by_label(CHOICE).check()
    page.get_by_label(CHOICE).uncheck()
    assert send(page, portal) == ["pdq"]


def test_a_picture_with_too_few_says_so_and_nothing_is_asked(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "checks.png"
    checks().save(file)
    to_files(page, portal)
    choose(page, file)
    expect(page.locator(".notes")).to_contain_text("Crops of it can’t be recognised.")
    expect(page.get_by_label(CHOICE)).to_have_count(0)


def test_the_choice_is_accessible_and_narrow(portal: PortalServer, browser: Browser, root: Path) -> None:
    page = open_page(browser, 320, "dark")
    to_files(page, portal)
    choose(page, root / PICTURE)
    assert violations(page) == []
    assert not is_scrolled_sideways(page)
    page.context.close()
