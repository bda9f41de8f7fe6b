# SPDX-License-Identifier: Apache-2.0
"""Try it: altered copies made on the device get the verdict that a partner's own code gives the same bytes."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stillmine.fingerprint.picture.image import fingerprint_image
from stillmine.fingerprint.picture.query import query_variants
from tests.accessible import is_scrolled_sideways, open_page, violations
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose, to_files

ALTERATIONS = ("caption", "darker", "grey", "warmer", "smaller", "mirrored", "cut_5", "cut_10", "cut_20", "across")
OPEN = "Try it: would an altered copy be found?"
PICTURES = ("media/skimage/chelsea.png", "media/skimage/rocket.jpg", "media/clothing/coat.jpg", "media/clothing/hat.jpg")


def verdict(page: Page, alteration: str) -> bool:
    """Choose an alteration and return what the page says of it."""
    page.locator(".try select").select_option(alteration)
    panel = page.locator(f"[data-try={alteration}][data-found]")
    expect(panel).to_be_visible(timeout=60_000)
    found = panel.get_attribute("data-found") == "true"
    expect(panel).to_contain_text("This copy would be found." if found else "This copy would not be found by this code.")
    return found


def copy_made(page: Page) -> bytes:
    """The bytes of the altered copy that the page shows."""
    page.get_by_role("button", name="Show the altered copy").click()
    text = page.locator(".try img.look").evaluate(
        """async (image) => {
          const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
          return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
        }"""
    )
    return base64.b64decode(text)


def bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


@pytest.mark.parametrize("path", PICTURES)
def test_the_page_says_what_a_partner_would_find(portal: PortalServer, browser: Browser, root: Path, path: str) -> None:
    page = open_page(browser, 360)
    picture = root / path
    to_files(page, portal)
    choose(page, picture)
    page.get_by_role("button", name=OPEN).click()
    own = fingerprint_image(picture.read_bytes()).pdq
    said, sure = {}, {}
    for alteration in ALTERATIONS:
        said[alteration] = verdict(page, alteration)
        variants = [variant for variant in query_variants(copy_made(page)) if variant.quality >= 50]
        nearest = min((bits(variant.pdq, own) for variant in variants), default=256)
        if not 29 <= nearest <= 34:  # the browser's decoder and the server's differ by a bit or two
            sure[alteration] = nearest <= 31
    page.context.close()
    assert len(sure) >= 8
    assert {alteration: said[alteration] for alteration in sure} == sure
    assert said["mirrored"]
    assert said["grey"]


def test_a_copy_that_would_not_be_found_can_be_added(portal: PortalServer, page: Page, root: Path) -> None:
    to_files(page, portal)
    choose(page, root / PICTURES[0])
    before = len(portal.requests)
    page.get_by_role("button", name=OPEN).focus()
    page.keyboard.press("Enter")
    assert not verdict(page, "across")
    page.get_by_role("button", name="Add this copy to my files").click()
    expect(page.locator("[data-outcome=ready]")).to_have_count(2)
    page.get_by_role("button", name="Continue with 2 files").click()
    expect(page.get_by_role("heading", name="Your case key")).to_be_visible()
    assert [request.path for request in portal.requests[before:] if not request.path.startswith("/assets/")] == []
    assert page.evaluate("JSON.stringify(Object.entries(localStorage))") == "[]"


def test_the_open_panel_is_accessible_and_narrow(portal: PortalServer, browser: Browser, root: Path) -> None:
    page = open_page(browser, 320, "dark")
    to_files(page, portal)
    choose(page, root / PICTURES[0])
    page.get_by_role("button", name=OPEN).click()
    verdict(page, "cut_20")
    page.get_by_role("button", name="Show the altered copy").click()
    assert violations(page) == []
    assert not is_scrolled_sideways(page)
    page.context.close()


def test_videos_and_sounds_offer_no_try(portal: PortalServer, page: Page, root: Path) -> None:
    to_files(page, portal)
    choose(page, root / "media/audio/strings.mp3")
    assert page.get_by_role("button", name=OPEN).count() == 0
