# SPDX-License-Identifier: Apache-2.0
"""What comes first: numbers and actions before the words about them, on pages about danger, at the end of a plan, without a voice."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.portal.portal_pages import CONTENT, COUNTRIES, LANGUAGES, SITUATION_FILES, SITUATIONS, address
from tests.portal.portal_server import PortalServer
from tests.portal.test_portal_crisis import main_of
from tests.portal.test_portal_crisis import page as html_of
from tests.portal.test_portal_facts import rows
from tests.portal.test_portal_place import NAMES, NIGHT_IN_EUROPE, in_window
from tests.portal.test_portal_ways import everybody, pages, tree

SMALL = [one["id"] for one in SITUATION_FILES if one.get("group") == "feelings"]
PLANS = [plan for plan in SITUATIONS if plan not in SMALL]
DONT_PAY = re.compile(r"\b(?:don’t pay|älä maksa)\b", re.IGNORECASE)
IN_TURN = [(place, LANGUAGES[number % len(LANGUAGES)]) for number, place in enumerate(NAMES)]


def steps_of(path: str) -> Iterator[str]:
    """Return the steps of a plan's page, each from its tag on."""
    yield from re.findall(r'<li id="[^"]+" data-step.*?(?=<li id="|<section)', main_of(html_of(path)), re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_in_each_step_a_number_stands_before_the_words_about_it(country: str, language: str) -> None:
    late, seen = [], 0
    for plan in PLANS:
        for step in steps_of(address(f"/{plan}/{country}/", language)):
            ways = re.search(r'<ul class="short-services".*?</ul>', step, re.DOTALL)
            if ways is None or not re.search(r'href="(?:tel|sms):', ways.group()):
                continue
            seen += 1
            if "<p" in step[: ways.start()]:
                late.append((plan, step[:40]))
    assert late == []
    assert seen > 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["police", "under-18"])
def test_on_pages_of_services_the_ways_stand_before_what_they_do(page: str, language: str) -> None:
    found = [one for one in everybody(tree(address(f"/{page}/", language).lstrip("/") + "index.html")) if "service" in one.classes]
    assert found
    for one in found:
        tags = [child.tag for child in one.children]
        assert tags.index("ul") < tags.index("p"), one.text[:60]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("door", ["young", "carer"])
def test_report_remove_can_be_opened_before_all_of_it_is_read(door: str, language: str) -> None:
    step = next(one for one in steps_of(address(f"/{door}/gb/", language)) if one.startswith('<li id="remove"'))
    assert step.index('href="https://') < step.index("<p")


@pytest.mark.parametrize("plan", ["deepfake", "shared", "threat"])
def test_in_new_zealand_netsafe_is_within_the_first_three_steps(plan: str) -> None:
    always = [step for step in steps_of(f"/{plan}/nz/") if not re.search(r'data-if="[^"]*(?:who|paid):', step.split(">", 1)[0])]
    assert 'href="tel:0508638723"' in "".join(always[:3])


def words(language: str, name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((CONTENT / f"messages/{language}/situations/{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_told_not_to_pay_where_nothing_was_demanded(language: str) -> None:
    told = 0
    for plan in SITUATION_FILES:
        for step in plan["steps"]:
            key = step.get("words", f"{plan['id']}.{step['step']}")
            own = words(language, key.partition(".")[0])
            title = own[f"plan.{key}.title"]
            if not DONT_PAY.search(title + " " + own[f"plan.{key}.why"]):
                continue
            told += 1
            assert step.get("if", {}).get("demand") == ["has"] or "?" in title, (plan["id"], step["step"])
    assert told > 3


@pytest.mark.parametrize("page", [page for page in pages() if "/facts/" in f"/{page}" or "/help/" in f"/{page}" or "talk/" in page])
def test_the_name_of_a_service_without_a_voice_is_not_rung(page: str) -> None:
    silent = {row["name"] for row in rows() if "phone" not in row["shown"] and re.search(r"\d", row["name"])}
    assert silent
    for part in tree(page).all():
        if part.tag in ("strong", "h3") and " ".join(part.text.split()) in silent:
            assert not [link for link in part.links() if link.startswith("tel:")], part.text


def to_the_end(page: Page) -> None:
    while page.locator("[data-plan-end]:visible").count() == 0:
        page.locator("[data-skip]:visible, [data-on]:visible").click()


@pytest.mark.parametrize(("place", "language"), IN_TURN)
def test_a_plan_ends_with_a_number_that_is_open(portal: PortalServer, page: Page, place: str, language: str) -> None:
    page.clock.set_fixed_time(NIGHT_IN_EUROPE)
    page.goto(portal.address + address(f"/threat/#{place}", language))
    to_the_end(page)
    calls = [call for call in page.locator("[data-plan-end] .call:visible").all() if call.locator(".is-open").count() > 0]
    assert [call for call in calls if in_window(page, call) and (call.get_attribute("href") or "").startswith("tel:")]


@pytest.mark.parametrize("plan", SITUATIONS)
def test_each_plan_ends_with_numbers_or_with_the_choice_of_the_country(portal: PortalServer, page: Page, plan: str) -> None:
    page.goto(f"{portal.address}/{plan}/#fi")
    to_the_end(page)
    assert in_window(page, page.locator("[data-plan-end] a[href^='tel:']:visible").first)
    page.goto("about:blank")
    page.goto(f"{portal.address}/{plan}/")
    to_the_end(page)
    assert in_window(page, page.locator(".place-choice summary:visible").first)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/safe/", "/police/", "/feelings/", "/for-others/", "/filmed/", "/under-18/"])
def test_a_page_about_danger_begins_with_a_number_or_the_choice_of_the_country(
    portal: PortalServer, page: Page, path: str, language: str
) -> None:
    for place in NAMES:
        page.goto("about:blank")
        page.goto(portal.address + address(f"{path}#{place}", language))
        calls = page.locator("main a[href^='tel:']:visible")
        assert calls.count() > 0
        assert in_window(page, calls.first), place
    page.goto("about:blank")
    page.goto(portal.address + address(path, language))
    assert in_window(page, page.locator(":is(.place-choice summary, main [data-choose]):visible").first)


@pytest.mark.parametrize("path", ["/carer/", "/young/", "/under-18/", "/for-others/"])
def test_one_number_is_large_and_the_others_are_small(portal: PortalServer, page: Page, path: str) -> None:
    for place in ("gb-eng", "gb-nir", "nz", "fi", "us"):
        page.goto("about:blank")
        page.goto(f"{portal.address}{path}#{place}")
        strip = page.locator(".text .strip").first
        expect(strip.locator("li:not(.is-further):visible")).to_have_count(1)
        assert strip.locator("li.is-further:visible").count() > 0


@pytest.mark.parametrize("place", ["gb-eng", "nz", "fi", "us"])
def test_ways_without_a_voice_are_one_touch_from_the_head_of_the_page(portal: PortalServer, page: Page, place: str) -> None:
    page.goto(f"{portal.address}/talk/#{place}")
    jump = page.locator(".talk-silent a")
    assert in_window(page, jump)
    jump.tap()
    heading = page.locator("#need-relay")
    expect(heading).to_be_focused()
    assert in_window(page, heading)
    page.wait_for_url(f"**/#{place}/need-relay")
    page.goto("about:blank")
    page.goto(f"{portal.address}/talk/#ca")
    expect(jump).to_be_hidden()


GAPS = """(all) => {
  const boxes = all.map((one) => one.getBoundingClientRect());
  return boxes.flatMap((box) => {
    const below = boxes.filter((one) => one.left === box.left && one.top >= box.bottom).map((one) => one.top - box.bottom);
    return below.length > 0 ? [Math.min(...below)] : [];
  });
}"""


@pytest.mark.parametrize("place", ["gb-eng", "fi", "nz"])
def test_on_a_wide_screen_no_hole_is_left_between_needs(portal: PortalServer, page: Page, place: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{portal.address}/talk/#{place}")
    gaps = page.locator(".talk-need:visible").evaluate_all(GAPS)
    assert gaps
    assert max(gaps) < 40


def test_on_a_wide_screen_the_list_of_sites_leaves_no_half_empty(portal: PortalServer, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{portal.address}/sites/#nz")
    main, side = page.locator(".sites-main"), page.locator(".sites-side")

    def top(part: str) -> float:
        return float(page.locator(part).evaluate("(one) => one.getBoundingClientRect().top"))

    assert top(".sites-side") > top(".sites-main")
    laws, copies = page.locator(".site-law").bounding_box(), page.locator(".site-all").bounding_box()
    assert laws is not None
    assert copies is not None
    assert laws["y"] == copies["y"]
    page.locator("[data-pick=instagram]").click()
    expect(page.locator("[data-site=instagram]")).to_be_visible()
    assert top(".sites-side") == top(".sites-main")
    for part in (main, side):
        expect(part).to_be_visible()
