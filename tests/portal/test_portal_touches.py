# SPDX-License-Identifier: Apache-2.0
"""How many touches it takes from the first page: the first step of a plan, and a case that is sent. Numbers: test_portal_place.py.

A tap, a field that is typed and the system's file picker count one each.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.portal.folder_steps import Reader
from tests.portal.portal_pages import LANGUAGES, address
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose
from tests.portal.test_portal_place import NAMES, in_window

STEP_TOUCHES = 2
CASE_TOUCHES = 10


class Fingers:
    """Touches of one person, counted; each at what can be seen then, after scrolling as a thumb does."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.reader = Reader(language)
        self.count = 0

    def tap(self, one: Locator) -> None:
        self.count += 1
        one.tap()

    def press(self, key: str) -> None:
        self.tap(self.page.get_by_role("button", name=self.reader.words[key], exact=True).first)

    def pick(self, file: Path) -> None:
        self.count += 1
        choose(self.page, file)


IN_TURN = [
    pytest.param(place, language, marks=() if number % len(LANGUAGES) == turn else pytest.mark.long)
    for number, place in enumerate(NAMES)
    for turn, language in enumerate(LANGUAGES)
]
"""Every place in one language, and in all of them behind `make test-long`."""


@pytest.mark.parametrize(("place", "language"), IN_TURN)
def test_the_first_step_of_each_plan_is_two_touches_away(portal: PortalServer, page: Page, place: str, language: str) -> None:
    start = portal.address + address("/", language)
    page.goto(start)
    plans = [link.get_attribute("href") or "" for link in page.locator("main .start-group a").all()]
    too_far = []
    for plan in plans:
        page.goto("about:blank")
        page.goto(f"{start}#{place}")
        fingers = Fingers(page, language)
        fingers.tap(page.locator(f"main .start-group a[href^='{plan.partition('#')[0]}']").first)
        expect(page.locator("h1")).to_be_visible()
        if page.locator("[data-plan]").count() == 0:
            continue  # a page of another kind: protect, evidence, help
        expect(page.locator("[data-plan] > .is-now")).to_be_visible()
        while page.locator("[data-plan] > .is-now[data-ask]").count() > 0 and fingers.count <= STEP_TOUCHES:
            fingers.tap(page.locator("[data-plan] > .is-now [data-answer]").first)
        heading = page.locator("[data-plan] > .is-now[data-step] :is(h2, h3)").first
        if fingers.count > STEP_TOUCHES or not in_window(page, heading):
            too_far.append((plan, fingers.count))
    assert too_far == []
    assert len(plans) > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_is_sent_in_ten_touches(portal: PortalServer, page: Page, picture_file: Path, language: str) -> None:
    page.goto(portal.address + address("/", language))
    fingers = Fingers(page, language)
    fingers.tap(page.locator(f"main a[href^='{address('/protect/', language)}']").first)
    for key in ("protect.who.person", "protect.age.adult", "protect.age.adult"):
        fingers.press(key)
    expect(page.locator("#chooser")).to_have_count(1)
    fingers.pick(picture_file)
    fingers.tap(page.locator(".actions .button").first)
    fingers.press("protect.key.kept")
    fingers.press("protect.send.button")
    fingers.reader.sees(page, "protect.done.title")
    assert fingers.count <= CASE_TOUCHES
    assert len(portal.cases) == 1
