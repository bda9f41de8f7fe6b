# SPDX-License-Identifier: Apache-2.0
"""From "What is happening?" to each plan: by touch and by keyboard, narrow and wide, in both languages; country and marks."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.portal.hands import TOUCH_PIXELS, Keys
from tests.portal.portal_pages import LANGUAGES, SITUATION_FILES, SITUATIONS, address
from tests.portal.portal_server import PortalServer

STARTS = [one for one in SITUATION_FILES if "start" in one]
CHOICES = (*(one.get("door", one["id"]) for one in sorted(STARTS, key=lambda one: int(one["start"]))), "not-sure")


def words(root: Path, language: str) -> dict[str, str]:
    """Every message of a language."""
    found: dict[str, str] = {}
    for path in (root / "content/messages" / language).rglob("*.json"):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def heading(root: Path, choice: str, language: str) -> str:
    key = {"under-18": "under18.title", "not-sure": "unsure.title"}.get(choice, f"plan.{choice}.title")
    return words(root, language)[key]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, pytest.param(1280, marks=pytest.mark.long)])
def test_each_choice_leads_to_its_plan_by_a_touch(portal: PortalServer, browser: Browser, root: Path, width: int, language: str) -> None:
    page = browser.new_context(viewport={"width": width, "height": 800}, has_touch=True).new_page()
    assert page.goto(portal.address + address("/", language))
    assert page.locator(".start-group .choices a").count() == len(CHOICES)
    for choice in CHOICES:
        page.goto(portal.address + address("/", language))
        link = page.locator(f".start-group .choices a[href='{address(f'/{choice}/', language)}']")
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= TOUCH_PIXELS
        link.tap()
        expect(page.locator("h1")).to_have_text(heading(root, choice, language))
        assert page.url == portal.address + address(f"/{choice}/", language)
        if choice in SITUATIONS:
            assert page.locator(".plan > li").count() >= 5
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [pytest.param(360, marks=pytest.mark.long), 1280])
def test_each_choice_leads_to_its_plan_by_keyboard_alone(portal: PortalServer, page: Page, root: Path, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for choice in CHOICES:
        page.goto(portal.address + address("/", language))
        Keys().press(page.locator(f".choices a[href='{address(f'/{choice}/', language)}']"))
        expect(page.locator("h1")).to_have_text(heading(root, choice, language))


def test_the_start_page_is_read_in_a_sensible_order(portal: PortalServer, page: Page) -> None:
    page.goto(portal.address)
    expect(page.locator("body")).to_match_aria_snapshot(
        """
        - link "Skip to the text"
        - navigation "Back, help and leaving":
          - link "Leave this page quickly"
          - link "Stillmine"
          - link "Talk to someone"
          - link "My case"
        - banner:
          - navigation "Languages":
            - link "Suomi"
        - main:
          - heading "What is happening?" [level=1]
          - paragraph
          - group: Where are you? See numbers to call
          - group: In danger now? All emergency numbers
          - region "A picture, video or sound of me":
            - list:
              - listitem:
                - link "It has already been shared"
              - listitem:
                - link "Someone threatens to share it"
          - region "Something else"
          - complementary:
            - region "Or go straight to"
            - region "Is it safe to read this now?"
          - region "What this service does, and what it does not"
        - contentinfo
        """
    )


def test_the_plan_for_threats_is_read_in_a_sensible_order(portal: PortalServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{portal.address}/threat/fi/")
    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "Someone threatens to share it" [level=1]
          - paragraph: Don’t pay. You have done nothing wrong. Let’s go step by step.
          - list:
            - listitem:
              - heading "Think of your safety first" [level=2]
            - listitem:
              - heading "Don’t pay, and don’t do what they ask" [level=2]
            - listitem:
              - heading "Stop paying, and call your bank" [level=2]
            - listitem:
              - heading "Keep everything they sent" [level=2]
            - listitem:
              - heading "Report it to the police as soon as you can" [level=2]
          - complementary:
            - heading "Talk to someone" [level=2]
            - list:
              - listitem:
                - link "116 006 about the picture"
              - listitem:
                - link "112 in danger now"
        """
    )
    assert page.locator(".ask:visible").count() == 0
    page.context.close()


def whole(page: Page, portal: PortalServer, path: str) -> None:
    """Open a plan and show all of its steps."""
    page.goto(f"{portal.address}/nothing-here/")
    page.goto(portal.address + path)
    page.get_by_role("button", name="All steps").click()


def test_marks_are_kept_only_if_wished(portal: PortalServer, page: Page) -> None:
    whole(page, portal, "/threat/")
    page.get_by_label("Done: Don’t pay, and don’t do what they ask").check()
    whole(page, portal, "/threat/")
    expect(page.get_by_label("Done: Don’t pay, and don’t do what they ask")).not_to_be_checked()
    page.get_by_label("Done: Keep everything they sent").check()
    page.get_by_label("Keep my marks on this device").check()
    whole(page, portal, "/shared/")
    page.get_by_label("Done: Check again later").check()
    whole(page, portal, "/threat/nz/")
    expect(page.get_by_label("Done: Keep everything they sent")).to_be_checked()
    assert json.loads(page.evaluate("localStorage.getItem('stillmine.marks')")) == ["shared.again", "threat.keep"]
    page.get_by_label("Keep my marks on this device").uncheck()
    assert page.evaluate("localStorage.length") == 0


def test_without_storage_marks_hold_while_the_page_is_open(portal: PortalServer, page: Page) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }")
    whole(page, portal, "/threat/")
    page.get_by_label("Done: Keep everything they sent").check()
    page.get_by_label("Keep my marks on this device").click()
    expect(page.get_by_text("This browser keeps nothing")).to_be_visible()
    expect(page.get_by_label("Keep my marks on this device")).not_to_be_checked()
    expect(page.get_by_label("Done: Keep everything they sent")).to_be_checked()


def test_a_mark_that_could_not_be_kept_is_said_and_the_others_stay_kept(portal: PortalServer, page: Page) -> None:
    whole(page, portal, "/threat/")
    page.get_by_label("Done: Keep everything they sent").check()
    page.get_by_label("Keep my marks on this device").check()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    page.get_by_label("Done: Then stop answering").check()
    expect(page.locator("[data-refused]")).to_contain_text("That was not kept")
    expect(page.get_by_label("Keep my marks on this device")).to_be_checked()
    whole(page, portal, "/threat/nz/")
    expect(page.get_by_label("Done: Keep everything they sent")).to_be_checked()


@pytest.mark.parametrize(("place", "number"), [("gb-eng", "0800 1111"), ("fi", "116 111"), ("nz", "0800 37 66 33")])
def test_under_18_a_number_for_young_people_stands_open_and_each_has_a_door(
    portal: PortalServer, page: Page, place: str, number: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{portal.address}/under-18/#{place}")
    expect(page.locator(".notice h2").first).to_have_text("Please make no new copies")
    call = page.locator(".strip a:visible").first
    expect(call).to_contain_text(number)
    expect(call).to_be_in_viewport()
    page.get_by_role("link", name="I am a parent, a teacher or a friend").click()
    page.wait_for_url(f"**/carer/#{place}")
    expect(page.locator("main")).not_to_contain_text("You are not in trouble")
    page.locator(".bar-back").click()
    page.wait_for_url(f"**/under-18/#{place}")
    expect(call).to_contain_text(number)  # from here on the page knows the place
    page.get_by_role("link", name="I am under 18, or was under 18 in the picture").click()
    page.wait_for_url(f"**/young/#{place}")
    expect(page.locator("main")).to_contain_text("You are not in trouble")


@pytest.mark.parametrize("door", ["young", "carer"])
def test_report_remove_says_that_the_picture_is_sent_and_take_it_down_that_it_is_not(portal: PortalServer, door: str) -> None:
    html = (portal.dist / door / "gb/index.html").read_text(encoding="utf-8")
    take, remove = (html.split(f'<li id="{step}"')[1].split('<li id="', 1)[0] for step in ("take", "remove"))
    assert "Only a code is sent" in take or "Only the code is sent" in take
    assert "the picture itself is sent" in remove
    assert "Childline account" in remove


def test_who_shared_it_finds_help_of_their_own_and_no_helpline_for_those_who_were_harmed(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/sent/#gb-eng")
    expect(page.locator("main")).not_to_contain_text("0345 6000 459")
    page.get_by_role("button", name="I have shared it, or shown it").click()
    expect(page.locator(".plan > li:visible h2")).to_have_text("Delete it now, wherever you can")
    page.locator(".bar-back").click()
    page.get_by_role("link", name="I fear I might", exact=True).click()
    page.wait_for_url("**/might/#gb-eng")
    expect(page.locator(".plan > li:visible h2")).to_have_text("Don’t send anything now")


@pytest.mark.parametrize(("country", "law"), [("gb", "England and Wales it can be"), ("us", "up to 2 years"), ("au", "up to 6 years")])
@pytest.mark.parametrize("plan", ["sent", "might"])
def test_who_shared_it_or_might_reads_the_law_of_the_country(portal: PortalServer, plan: str, country: str, law: str) -> None:
    html = (portal.dist / plan / country / "index.html").read_text(encoding="utf-8")
    assert law in html.split('<li id="law"')[1].split("</li>", 1)[0]
    shown = {kind for kind in ("gb-rph", "0345 6000 459", "us-ccri", "1800respect") if kind in html}
    assert not shown


def test_help_for_those_who_did_harm_is_not_among_help_for_those_who_were_harmed(portal: PortalServer) -> None:
    html = (portal.dist / "help/gb/index.html").read_text(encoding="utf-8")
    assert "Stop It Now" not in html
    assert "Stop It Now" in (portal.dist / "sent/gb/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("exercise", ["panic", "sleep", "shame", "telling"])
def test_an_exercise_is_a_small_step_at_a_time_with_a_line_to_call_above_it(portal: PortalServer, page: Page, exercise: str) -> None:
    page.goto(f"{portal.address}/feelings/#fi")
    page.locator(f".choices a[href='/{exercise}/']").click()
    page.wait_for_url(f"**/{exercise}/#fi")
    for _ in range(3):
        expect(page.locator(".plan > li:visible h2")).to_have_count(1)
        expect(page.locator(".strip a:visible").first).to_have_attribute("href", "tel:0925250111")
        expect(page.locator(".plan li:visible details.from")).to_have_count(0)
        page.get_by_role("button", name="Done, next step").click()
    expect(page.locator("details.from:visible")).to_have_count(1)
