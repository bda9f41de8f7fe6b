# SPDX-License-Identifier: Apache-2.0
"""Which controls of a page are covered, and which words are cut, in every size that we promise."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Page

HERE = Path(__file__).resolve().parent

DOUBLED = "document.documentElement.style.fontSize = '225%'"
"""Twice the portal's own 112.5 %, after the page was laid out; before it, `double_text_first`."""

LOOKS = {"320": (320, ""), "360": (360, ""), "1280": (1280, ""), "320 doubled": (320, DOUBLED), "360 doubled": (360, DOUBLED)}
ENDS = ("320", "1280", "320 doubled")
"""The narrowest and the widest; `make test-long` looks at those between too."""
HEIGHT = 740

COVERED = (HERE / "covered.js").read_text(encoding="utf-8")

CUT = (HERE / "cut.js").read_text(encoding="utf-8")


EVERYTHING = """() => {
  document.querySelector('[data-whole]:not([hidden])')?.click();
  document.querySelectorAll('details').forEach((fold) => { fold.open = true; });
  document.activeElement?.blur();
  scrollTo({ top: 0, behavior: 'instant' });
}"""
"""All folds open, and of a plan all steps."""


def double_text_first(page: Page) -> None:
    """As a person sets it in the browser: every page is laid out with letters twice as large from the start."""
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})


def looks(page: Page, names: Iterable[str]) -> Iterator[str]:
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


def covered_or_cut(page: Page, place: str, names: Iterable[str]) -> list[str]:
    """Return which controls are covered, too small in the bar or beside the window, and what is cut or runs out of a phone's window."""
    found: list[str] = []
    for look in looks(page, names):
        slips = page.evaluate(COVERED) + (page.evaluate(CUT) if look != "1280" else [])
        found += [f"{place} at {look}: {slip}" for slip in slips]
    return found
