# SPDX-License-Identifier: Apache-2.0
"""A number is read as it is dialled, in languages that are written from the right too, and can't be taken for that of another country."""

from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import to_key

FROM_THE_RIGHT = "() => { document.documentElement.dir = 'rtl'; document.documentElement.lang = 'ar'; }"

REVERSED = """() => [...document.querySelectorAll('main a[href^="tel:"], main a[href^="sms:"]')].flatMap((link) => {
  if (!link.checkVisibility()) return [];
  const signs = [];
  const texts = document.createTreeWalker(link, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (text.parentElement.closest('.small')) continue;
    for (const { index } of text.data.matchAll(/\\d/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + 1);
      signs.push(range.getBoundingClientRect());
    }
  }
  const isInOrder = signs.every((sign, place) => place === 0 || sign.left > signs[place - 1].left || sign.top > signs[place - 1].top);
  return signs.length > 0 && isInOrder ? [] : [link.textContent.trim()];
})"""


PARTS = "(all) => all.map((one) => [...one.querySelectorAll('a > span')].map((part) => part.getBoundingClientRect().toJSON()))"


@pytest.mark.parametrize("path", ["/feelings/", "/threat/gb/", "/help/gb/", "/unwanted/gb/", "/"])
def test_from_right_to_left_a_number_is_still_read_as_it_is_dialled(portal: PortalServer, page: Page, path: str) -> None:
    page.goto(portal.address + path)
    page.evaluate(FROM_THE_RIGHT)
    assert page.locator("main a[href^='tel:']").count() > 0
    assert page.evaluate(REVERSED) == []


def test_from_right_to_left_a_case_key_is_still_read_as_it_is_typed(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_key(page, portal, picture_file)
    page.evaluate(FROM_THE_RIGHT)
    boxes = page.locator(".key > span").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON())")
    places = [(box["top"], box["left"]) for box in boxes]
    assert places == sorted(places)
    page.goto(f"{portal.address}/case/")
    expect(page.get_by_label("Case key")).to_have_attribute("dir", "ltr")


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("path", ["/feelings/", "/safe/"])
def test_the_country_under_a_number_is_nearer_to_it_than_to_the_next(portal: PortalServer, page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(portal.address + path)
    rows = page.locator(".numbers li").evaluate_all(PARTS)
    assert rows != []
    for (number, words), (after, _) in pairwise(rows):
        if words["top"] >= number["bottom"] and after["top"] > words["bottom"]:
            assert words["top"] - number["bottom"] < (after["top"] - words["bottom"]) / 2
