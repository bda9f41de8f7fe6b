# SPDX-License-Identifier: Apache-2.0
"""Which controls of a page are covered, and which words are cut, in every size that we promise."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

HERE = Path(__file__).resolve().parent

DOUBLED = "document.documentElement.style.fontSize = '225%'"
"""Twice the portal's own 112.5 %, after the page was laid out; before it, `double_text_first`."""

LOOKS = {"320": (320, ""), "360": (360, ""), "1280": (1280, ""), "320 doubled": (320, DOUBLED), "360 doubled": (360, DOUBLED)}
HEIGHT = 740

COVERED = (HERE / "covered.js").read_text(encoding="utf-8")

CUT = (HERE / "cut.js").read_text(encoding="utf-8")


def double_text_first(page: Page) -> None:
    """As a person sets it in the browser: every page is laid out with letters twice as large from the start."""
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})


def looks(page: Page, names: tuple[str, ...] = tuple(LOOKS)) -> Iterator[str]:
    """Show the page in each look in turn, and as it was afterwards."""
    before = page.viewport_size
    for name in names:
        width, change = LOOKS[name]
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate(f"() => {{ {change} }}")
        yield name
        page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
    if before is not None:
        page.set_viewport_size(before)


def covered(page: Page, place: str) -> list[str]:
    """Return which controls are covered, too small in the bar or beside the window, in any look."""
    return [f"{place} at {look}: {slip}" for look in looks(page) for slip in page.evaluate(COVERED)]


def cut(page: Page, place: str) -> list[str]:
    """Return what is cut or runs out of the window at 320 and 360 px, with the text as it is and doubled."""
    small = ("320", "360", "320 doubled", "360 doubled")
    return [f"{place} at {look}: {slip}" for look in looks(page, small) for slip in page.evaluate(CUT)]
