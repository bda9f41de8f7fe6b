# SPDX-License-Identifier: Apache-2.0
"""Nothing lies on a control, and no word is cut: every page and step at 320, 360 and 1280 px, and with letters twice as large.

`make test` looks at one page of each kind and at every step in the narrowest and the widest; `make test-long` at all pages, in all sizes.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accessible import open_page
from tests.portal.covered import CUT, ENDS, EVERYTHING, LOOKS, covered_or_cut, double_text_first
from tests.portal.folder_steps import Reader
from tests.portal.portal_pages import LANGUAGES, every_page, one_of_each, with_places
from tests.portal.portal_server import PortalServer
from tests.portal.portal_walks import WALKS, Walk


def slips_on(page: Page, portal: PortalServer, paths: list[str], looks: Iterable[str]) -> list[str]:
    """Return what is covered or cut on pages, with all folds open and all steps shown."""
    found = []
    for path in paths:
        page.goto(portal.address + path)
        expect(page.locator("h1").first).to_be_visible()
        page.evaluate(EVERYTHING)
        found += covered_or_cut(page, path, looks)
    return found


def test_on_one_page_of_each_kind_nothing_is_covered_or_cut(portal: PortalServer, browser: Browser) -> None:
    page = open_page(browser, 360)
    found = slips_on(page, portal, with_places(one_of_each()), ENDS)
    page.context.close()
    assert found == []


@pytest.mark.long
def test_on_no_page_at_all_anything_is_covered_or_cut(portal: PortalServer, browser: Browser) -> None:
    page = open_page(browser, 360)
    found = slips_on(page, portal, with_places(every_page()), LOOKS)
    page.context.close()
    assert found == []


@pytest.mark.parametrize("looks", [pytest.param(ENDS, id="ends"), pytest.param(LOOKS, id="all", marks=pytest.mark.long)])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_on_no_step_anything_is_covered_or_cut(
    portal: PortalServer, browser: Browser, picture_file: Path, walk: Walk, language: str, looks: Iterable[str]
) -> None:
    page = open_page(browser, 360)
    found = []
    for step in walk(page, portal, Reader(language), picture_file):
        found += covered_or_cut(page, step, looks)
    page.context.close()
    assert found == []


@pytest.mark.parametrize("width", [320, pytest.param(360, marks=pytest.mark.long)])
def test_letters_twice_as_large_from_the_start_cut_nothing(portal: PortalServer, browser: Browser, width: int) -> None:
    page = open_page(browser, width)
    double_text_first(page)
    found = []
    for path in with_places(one_of_each()):
        page.goto(portal.address + path)
        expect(page.locator("h1").first).to_be_visible()
        page.evaluate(EVERYTHING)
        found += [f"{path}: {slip}" for slip in page.evaluate(CUT)]
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 36
    page.context.close()
    assert found == []
