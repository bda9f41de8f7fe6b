# SPDX-License-Identifier: Apache-2.0
"""A plan, one step at a time: the first step in two touches, questions that change it, back by the bar, all of it at once, on paper."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.portal_pages import LANGUAGES, SITUATION_FILES, address
from tests.portal.portal_server import PortalServer
from tests.portal.test_portal_place import in_window

OFFERED = [one["id"] for one in SITUATION_FILES if "start" in one and "door" not in one]
WAYS = {"en": ("Done, next step", "Skip for now", "All steps"), "fi": ("Tehty, seuraava askel", "Ohita nyt", "Kaikki askeleet")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("plan", OFFERED)
def test_the_first_step_is_two_touches_away(portal: PortalServer, page: Page, plan: str, language: str) -> None:
    page.goto(portal.address + address("/", language))
    page.locator(f".start-group a[href='{address(f'/{plan}/', language)}']").tap()
    page.wait_for_url(f"**/{plan}/**")
    if page.locator(".ask:visible").count() > 0:
        page.locator(".ask:visible [data-answer]").last.tap()
    step = page.locator(".plan > li[data-step]:visible")
    expect(step).to_have_count(1)
    assert in_window(page, step.locator("h2"))


def titles(page: Page) -> list[str]:
    """Walk a plan to its end and return the titles of its steps; questions that come are left open."""
    found = []
    while page.locator(".plan > li:visible").count() == 1:
        if page.locator(".ask:visible").count() == 0:
            found.append(page.locator(".plan > li:visible h2").inner_text())
        page.locator("[data-skip]:visible, [data-on]:visible").click()
    return found


@pytest.mark.parametrize("plan", OFFERED)
def test_whoever_leaves_all_questions_open_sees_every_step(portal: PortalServer, page: Page, plan: str) -> None:
    page.goto(f"{portal.address}/{plan}/")
    walked = titles(page)
    expect(page.get_by_role("heading", name="Those are all the steps")).to_be_visible()
    page.get_by_role("button", name="All steps").click()
    assert page.locator(".plan > li:visible h2").all_inner_texts() == walked
    assert len(walked) == sum("step" in step for one in SITUATION_FILES if one["id"] == plan for step in one["steps"])


def test_what_our_own_advice_means_is_said_only_beside_such_a_step(portal: PortalServer, page: Page) -> None:
    """Below a step that has a source it would take that source's worth away."""
    page.goto(f"{portal.address}/carer/#us")
    note = page.locator("[data-own-note]")
    told = []
    while page.locator(".plan > li:visible").count() == 1:
        mark = page.locator(".plan > li:visible").get_by_text("†")
        told.append(note.is_visible())
        assert note.is_visible() == (mark.count() > 0)
        page.locator("[data-skip]:visible, [data-on]:visible").click()
    assert set(told) == {True, False}
    page.get_by_role("button", name="All steps").click()
    expect(note).to_be_visible()


def test_a_number_in_the_name_of_a_service_is_touched_once(portal: PortalServer, page: Page) -> None:
    """It is a button just below its name."""
    page.goto(f"{portal.address}/deepfake/nz/")
    expect(page.locator(".plan a[href='tel:105']")).to_have_count(1)
    expect(page.locator(".short-services strong a")).to_have_count(0)


def test_an_answer_changes_the_steps_and_the_way_back_opens_the_question_again(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/#nz")
    page.get_by_role("button", name="No, or only from the internet").click()
    heading = page.locator(".plan > li:visible h2")
    expect(heading).to_have_text("Don’t pay, and don’t do what they ask")
    expect(heading).to_be_focused()
    page.locator(".bar-back").click()
    expect(heading).to_have_text("Do you know who it is?")
    page.get_by_role("button", name="Yes: a partner, an ex, or someone I know").click()
    expect(heading).to_have_text("Think of your safety first")
    expect(page.get_by_role("link", name="Call 0800 733 843").first).to_be_visible()
    page.get_by_role("button", name="Done, next step").click()
    expect(heading).to_have_text("Does someone want money, more pictures or anything else?")
    page.get_by_role("button", name="Yes", exact=True).click()
    page.get_by_role("button", name="Done, next step").click()
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(heading).to_have_text("Have you paid, or sent them more?")
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(heading).to_have_text("Stop paying, and call your bank")
    expect(page.get_by_text("159")).to_be_hidden()
    for _ in range(6):
        page.locator(".bar-back").click()
    expect(heading).to_have_text("Do you know who it is?")
    page.locator(".bar-back").click()
    page.wait_for_url(f"{portal.address}/#nz")


@pytest.mark.parametrize("path", ["/threat/#gb-wls", "/deepfake/#nz"])
def test_where_nothing_is_demanded_nothing_is_said_of_paying(portal: PortalServer, page: Page, path: str) -> None:
    page.goto(portal.address + path)
    page.locator("[data-answer=known]:visible").click()
    while page.locator("[data-ask=demand]:visible").count() == 0:
        page.locator("[data-answer=adult]:visible, [data-answer=has_not]:visible, [data-skip]:visible, [data-on]:visible").first.click()
    page.locator("[data-ask=demand] [data-answer=has_not]").click()
    walked = titles(page)
    assert walked
    assert not [title for title in walked if "pay" in title]


def test_who_was_under_18_is_led_to_the_other_steps(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/#fi")
    page.get_by_role("button", name="I’m not sure").click()
    for _ in range(2):
        page.get_by_role("button", name="Skip for now").click()
    page.get_by_role("link", name="No, I am or was under 18").click()
    page.wait_for_url("**/under-18/#fi")


def test_other_links_of_the_frame_ask_nothing_since_nothing_is_lost(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/shared/")
    page.get_by_role("button", name="Skip for now").click()
    page.locator(".bar-talk").click()
    page.wait_for_url("**/talk/")


def test_a_step_can_be_linked_to(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/#nz/keep")
    heading = page.locator(".plan > li:visible h2")
    expect(heading).to_have_text("Keep everything they sent")
    assert page.evaluate("scrollY") == 0, "where the step was while all of them were shown"
    assert in_window(page, heading)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_only_to_be_read_is_neither_done_nor_skipped(portal: PortalServer, page: Page, language: str) -> None:
    page.goto(portal.address + address("/threat/#nz/gangs", language))
    ways = page.locator(".plan-ways button:visible")
    expect(ways).to_have_count(2)
    expect(ways.last).to_have_text(WAYS[language][2])
    ways.first.click()
    expect(page.locator("#block h2")).to_be_focused()
    expect(page.locator(".plan-ways button:visible").first).to_have_text(WAYS[language][0])
    page.get_by_role("button", name=WAYS[language][2]).click()
    expect(page.locator("#block input")).to_be_visible()
    expect(page.locator("#gangs input")).to_have_count(0)


def test_on_paper_a_plan_is_whole(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/#nz")
    page.emulate_media(media="print")
    assert page.locator(".plan > li[data-step]:visible").count() > 8
    expect(page.locator(".ask:visible")).to_have_count(0)


def test_on_paper_nothing_of_a_plan_that_is_under_way_is_missing_and_nothing_is_to_be_pressed(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/threat/#nz")
    page.get_by_role("button", name="No, or only from the internet").click()
    expect(page.locator("[data-own-note]")).to_be_hidden()
    page.emulate_media(media="print")
    assert page.locator(".plan .own:visible, .plan [data-own]:visible").count() > 0
    for needed in ("[data-own-note]", "[data-times]", ".plan-main > .lead"):
        expect(page.locator(needed).first).to_be_visible()
    expect(page.locator("button:visible, input:visible, .step-way:visible")).to_have_count(0)
    page.emulate_media(media="screen")
    expect(page.locator("[data-own-note]")).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_works_by_keys_alone(portal: PortalServer, page: Page, language: str) -> None:
    page.goto(portal.address + address("/threat/", language))
    page.locator(".ask:visible [data-answer]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".plan > li:visible h2")).to_be_focused()
    done = page.get_by_role("button", name=WAYS[language][0])
    for _ in range(30):
        page.keyboard.press("Tab")
        if done.evaluate("(one) => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".plan > li:visible h2")).to_be_focused()
    assert page.evaluate("localStorage.length") == 0


def test_where_there_is_room_the_steps_stand_beside_the_plan(portal: PortalServer, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{portal.address}/threat/#nz")
    steps = page.locator(".side-steps")
    page.get_by_role("button", name="No, or only from the internet").click()
    expect(steps.get_by_role("link", name="Think of your safety first")).to_be_hidden()
    expect(steps.locator("[aria-current=step]")).to_have_text("Don’t pay, and don’t do what they ask")
    page.get_by_role("button", name="Done, next step").click()
    expect(steps.locator(".is-done")).to_have_text("Don’t pay, and don’t do what they ask")
    steps.get_by_role("link", name="Keep everything they sent").click()
    expect(page.locator(".plan > li:visible h2")).to_have_text("Keep everything they sent")
    page.set_viewport_size({"width": 360, "height": 740})
    expect(steps).to_be_hidden()
