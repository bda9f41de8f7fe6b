# SPDX-License-Identifier: Apache-2.0
"""A person's way through the portal in a real Chromium, by what stands on the pages, with every request recorded."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from playwright.sync_api import Page, Request, expect

from tests.browsers import launched


class Recorded(NamedTuple):
    """One request as the browser made it."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Shown(NamedTuple):
    """What the page showed before sending."""

    body: bytes
    authorization: str
    case_key: str


class Walk:
    """One browser window on one portal; use it as a context manager."""

    def __init__(self, chromium_path: str, chromium_flags: list[str], portal_url: str) -> None:
        self._chromium_path = chromium_path
        self._chromium_flags = chromium_flags
        self._portal_url = portal_url
        self._open = ExitStack()
        self._requests: list[Request] = []
        self.console: list[str] = []

    def __enter__(self) -> "Walk":
        browser = self._open.enter_context(launched(self._chromium_path, self._chromium_flags))
        context = browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
        context.on("request", self._record)
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def _record(self, request: Request) -> None:
        self._requests.append(request)

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, workers' included."""
        return [Recorded(each.method, each.url, each.all_headers(), each.post_data_buffer or b"") for each in self._requests]

    def choose_picture(self, picture: Path) -> None:
        """From the start page to a fingerprinted picture."""
        self.page.goto(self._portal_url)
        self.page.get_by_role("link", name="Stop copies of a picture, video or sound").first.click()
        self.page.get_by_role("button", name="I am", exact=True).click()
        self.page.get_by_role("button", name="18 or over").click()
        expect(self.page.get_by_role("heading", name="How old were you in it?")).to_be_visible()
        self.page.get_by_role("button", name="18 or over").click()
        self.page.get_by_label("Choose files").set_input_files(picture)
        self.page.get_by_role("button", name="Continue with 1 file").click()

    def keep_key_and_look(self) -> Shown:
        """Keep the case key and stop before anything is sent; returns what the page shows."""
        case_key = self.page.locator("[data-case-key]").get_attribute("data-case-key") or ""
        self.page.get_by_role("button", name="I have kept my key").click()
        body = self.page.locator("[data-exact-body]").text_content() or ""
        authorization = self.page.locator("[data-exact-authorization]").text_content() or ""
        return Shown(body.encode(), authorization, case_key)

    def send(self) -> None:
        """Press the button that opens the case."""
        self.page.get_by_role("button", name="Send this and open my case").click()
        expect(self.page.get_by_role("heading", name="Your case is open")).to_be_visible()

    def enter_case(self, case_key: str) -> None:
        """Come back later with the key, typed carelessly."""
        self.page.goto(f"{self._portal_url}/case/")
        self.page.get_by_label("Case key").fill(case_key.lower().replace("-", " "))
        self.page.get_by_role("button", name="Show my case").click()
        expect(self.page.get_by_role("heading", name="Your case is open")).to_be_visible()

    def withdraw(self) -> None:
        """Withdraw the whole case."""
        self.page.get_by_role("button", name="Withdraw the whole case").click()
        self.page.get_by_role("button", name="Yes, withdraw all of it").click()
        expect(self.page.get_by_role("heading", name="Your case is withdrawn")).to_be_visible()

    def read_log(self) -> str:
        """See what the public log says of the case, as checked on the device, and go back."""
        self.page.get_by_role("button", name="See who was given your fingerprints").click()
        expect(self.page.locator("[data-ledger=right]")).to_be_visible()
        told = self.page.locator("[data-told]").inner_text()
        self.page.get_by_role("button", name="Back").click()
        return told

    def wait_for_words(self, words: str) -> None:
        """Look again until the case page says this; the page refreshes on its button and by itself."""
        for _ in range(60):
            if words in (self.page.locator("main").text_content() or ""):
                return
            self.page.get_by_role("button", name="Look again").click()
            self.page.wait_for_timeout(500)
        raise AssertionError(f"the page never said: {words}")
