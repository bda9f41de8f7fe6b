# SPDX-License-Identifier: Apache-2.0
"""What axe finds on a page, and whether it scrolls sideways: for the portal's pages and the console's alike."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page

AXE = Path(__file__).resolve().parent.parent / "portal/node_modules/axe-core/axe.min.js"

Scheme = Literal["light", "dark"]


def open_page(browser: Browser, width: int, scheme: Scheme = "light", **more: Any) -> Page:
    """A page where axe may be put in: only here the content-security policy is passed by."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True, **more)
    return context.new_page()


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page as it stands, as rule and place."""
    page.wait_for_load_state("load")  # after a click the words can be there before the stylesheet is
    if not page.evaluate("'axe' in window"):  # a step of the same page has it
        page.add_script_tag(path=AXE)
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{each['id']}: {node['html'][:120]}" for each in result["violations"] for node in each["nodes"]]


def is_scrolled_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
