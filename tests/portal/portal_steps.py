# SPDX-License-Identifier: Apache-2.0
"""The way through the portal, step by step, as a person goes it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.portal.portal_server import PortalServer

PATIENCE_MILLISECONDS = 120_000
"""A busy machine takes long for a video; it is no failure."""

IN_WORK = "[data-outcome=waiting], [data-outcome=working]"


def to_files(page: Page, portal: PortalServer) -> None:
    """From the first question to choosing files, as an adult who can be seen in them."""
    page.goto(f"{portal.address}/protect/")
    page.get_by_role("button", name="I am", exact=True).click()
    page.get_by_role("button", name="18 or over").click()
    expect(page.get_by_role("heading", name="How old were you in it?")).to_be_visible()
    page.get_by_role("button", name="18 or over").click()
    expect(page.get_by_role("heading", name="Choose the files")).to_be_visible()


def choose(page: Page, *files: Path) -> None:
    """Choose files and wait until each has an outcome."""
    before = page.locator("[data-outcome]").count()
    page.locator("#chooser").set_input_files(list(files))
    expect(page.locator("[data-outcome]")).to_have_count(before + len(files))
    expect(page.locator(IN_WORK)).to_have_count(0, timeout=PATIENCE_MILLISECONDS)


def to_key(page: Page, portal: PortalServer, *files: Path) -> str:
    """On to the case key; returns it."""
    to_files(page, portal)
    choose(page, *files)
    page.get_by_role("button", name="Continue with").click()
    return page.locator("[data-case-key]").get_attribute("data-case-key") or ""


def to_send(page: Page, portal: PortalServer, *files: Path) -> str:
    """On to the bytes that will be sent; returns the case key."""
    key = to_key(page, portal, *files)
    page.get_by_role("button", name="I have kept my key").click()
    expect(page.get_by_role("heading", name="This is all that will leave your device")).to_be_visible()
    return key


def to_case(page: Page, portal: PortalServer, *files: Path) -> str:
    """On to the open case; returns the case key."""
    key = to_send(page, portal, *files)
    page.get_by_role("button", name="Send this and open my case").click()
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator(".cards")).to_be_visible()
    return key


def enter_key(page: Page, portal: PortalServer, key: str) -> None:
    """Come back with a key, typed as given."""
    page.goto(f"{portal.address}/case/")
    page.get_by_label("Case key").fill(key)
    page.get_by_role("button", name="Show my case").click()


def give_phone_back(page: Page) -> None:
    """Let Esc be what the phone's own Back is: a request to close, as the browser makes it where no page takes the key itself."""
    page.add_init_script("addEventListener('keydown', (event) => event.key === 'Escape' && event.stopImmediatePropagation(), true)")


def go_back(page: Page, way: str) -> None:
    """One step back in a flow: by its own `button`, or by the `phone`, which needs `give_phone_back`."""
    if way == "phone":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="Back", exact=True).first.click()


def wait_for(page: Page, expression: str) -> Any:
    """Return what an expression gives once it gives something; asked from outside, as the pages' policy forbids `eval` within."""
    for _ in range(200):
        if found := page.evaluate(expression):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"never came: {expression}")
