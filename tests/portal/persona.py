# SPDX-License-Identifier: Apache-2.0
"""Somebody who walks the portal on a phone, by touches, with pictures of what there was to see at each place."""

import os
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.portal.folder_steps import Reader
from tests.portal.hands import Touch
from tests.portal.portal_pages import address
from tests.portal.portal_server import PortalServer
from tests.portal.test_portal_place import in_window

PICTURES = "STILLMINE_SCREENSHOTS"
"""Where pictures of the screen are put, for people to look at; without it none are taken."""
MOST_STEPS = 30
NOW = ".plan > li.is-now"


class Persona:
    """One visit, from the first page."""

    def __init__(self, page: Page, portal: PortalServer, name: str, language: str = "en") -> None:
        self.page = page
        self.portal = portal
        self.reader = Reader(language, Touch())
        self.words = self.reader.words
        self._name = name
        self._pictures = 0

    def looks(self, what: str) -> None:
        """Keep a picture of the screen as it is."""
        folder = os.environ.get(PICTURES)
        self._pictures += 1
        if folder:
            self.page.screenshot(path=Path(folder) / f"{self._name}-{self._pictures:02}-{what}.png")

    def starts(self, place: str | None = None) -> None:
        """Open the first page, and say there where they are."""
        self.page.goto(self.portal.address + address("/", self.reader.language))
        self.looks("start")
        if place is not None:
            self.page.locator(".place-choice > summary").tap()
            self.page.locator(f".place-choice [data-choose='{place}']").tap()
            self.page.wait_for_url(f"**/#{place}")
            self.looks("start-with-place")

    def follows(self, path: str, inside: str = "main") -> None:
        """Touch a link that can be seen."""
        link = self.page.locator(f"{inside} a[href^='{address(path, self.reader.language)}']:visible").first
        link.tap()
        self.page.wait_for_url(f"**{address(path, self.reader.language)}*")
        expect(self.page.locator("h1").first).to_be_visible()
        self.looks(path.strip("/").replace("/", "-"))

    def talks(self) -> None:
        self.page.locator(".bar-talk").tap()
        self.page.wait_for_url("**/talk/*")
        self.looks("talk")

    def answers(self, ask: str, answer: str) -> None:
        expect(self.page.locator(f"[data-ask={ask}]")).to_be_visible()
        self.looks(f"ask-{ask}")
        self.page.locator(f"[data-ask={ask}] [data-answer={answer}]").tap()

    def is_at(self, title: str) -> None:
        """See which step of a plan it is, by the key of its words, without scrolling."""
        heading = self.page.locator(f"{NOW} h2")
        expect(heading).to_contain_text(self.title(title))
        assert in_window(self.page, heading)
        self.looks(f"step-{title.replace('.', '-')}")

    def goes_on(self) -> None:
        """By whichever button the step has: one that is only read is not "done"."""
        self.page.locator(":is([data-next], [data-on]):visible").tap()

    def walks_to(self, title: str) -> list[str]:
        """Go on to a step, over steps alone; returns the titles passed, that one with them."""
        passed = []
        for _ in range(MOST_STEPS):
            heading = self.page.locator(f"{NOW} h2").inner_text()
            passed.append(heading)
            if heading == self.title(title):
                self.is_at(title)
                return passed
            assert self.page.locator(f"{NOW}[data-ask]").count() == 0, f"asked on the way to {title}: {heading}"
            self.looks("step")
            self.goes_on()
        raise AssertionError(f"no step {title}: {passed}")

    def walks_on(self) -> list[str]:
        """Go on to the end of the plan; returns the titles passed, from the next one."""
        passed = []
        self.goes_on()
        while self.page.locator(NOW).count() > 0:
            passed.append(self.page.locator(f"{NOW} h2").inner_text())
            self.looks("step")
            self.goes_on()
        expect(self.page.locator("[data-plan-end]")).to_be_visible()
        self.looks("end")
        return passed

    def sees_number(self, number: str, inside: str = "main") -> None:
        """A number that can be touched at once, without scrolling."""
        links = self.page.locator(f"{inside} a[href='tel:{number}']:visible")
        expect(links.first).to_be_visible()
        assert any(in_window(self.page, link) for link in links.all()), f"{number} is further down"

    def can_see(self, text: str, inside: str = "main") -> Locator:
        found = self.page.locator(inside).get_by_text(text).locator("visible=true").first
        expect(found).to_be_visible()
        return found

    def title(self, title: str) -> str:
        return self.words[f"plan.{title}.title"]
