# SPDX-License-Identifier: Apache-2.0
"""Where the person is: chosen once, known on every page, in no request; and a number that is open in two touches from the first page."""

from datetime import datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.portal.portal_pages import COUNTRIES, LANGUAGES, address, one_of_each
from tests.portal.portal_server import PortalServer

NIGHT_IN_EUROPE = datetime.fromisoformat("2026-11-24T02:30:00+00:00")
"""Tuesday: 15:30 in Auckland, 04:30 in Helsinki, 02:30 in London, 21:30 on Monday in New York, 13:30 in Sydney."""
NAMES = {
    "nz": ("New Zealand", "Uusi-Seelanti"),
    "fi": ("Finland", "Suomi"),
    "gb-eng": ("England", "Englanti"),
    "gb-wls": ("Wales", "Wales"),
    "ie": ("Ireland", "Irlanti"),
    "us": ("United States", "Yhdysvallat"),
    "ca": ("Canada", "Kanada"),
    "au": ("Australia", "Australia"),
}


def in_window(page: Page, one: Locator) -> bool:
    """Whether all of it can be seen and touched without scrolling, under nothing."""
    box = one.bounding_box()
    size = page.viewport_size
    if box is None or size is None:
        return False
    is_inside = box["y"] >= 0 and box["y"] + box["height"] <= size["height"] and box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
    return is_inside and bool(
        one.evaluate(
            "(one) => { const box = one.getBoundingClientRect();"
            " const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); return one.contains(top); }"
        )
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", NAMES)
def test_from_the_first_page_an_open_number_is_two_touches_away(portal: PortalServer, page: Page, place: str, language: str) -> None:
    page.clock.set_fixed_time(NIGHT_IN_EUROPE)
    page.goto(portal.address + address("/", language))
    page.locator(".bar-talk").tap()
    page.wait_for_url("**/talk/*")
    choice = page.locator(f"main [data-choose='{place}']")
    expect(choice).to_have_text(NAMES[place][LANGUAGES.index(language)])
    assert in_window(page, choice)
    choice.tap()
    expect(page.locator(".talk-to .is-open:visible").first).to_be_visible()
    calls = [link for link in page.locator(".talk-to:visible").all() if link.locator(".is-open").count() > 0]
    shown = [one for link in calls for one in link.locator("a[href^='tel:']").all() if in_window(page, one)]
    assert shown, f"nothing that is open can be touched in {place}"
    assert page.evaluate("document.body.scrollTop + scrollY") == 0


@pytest.mark.parametrize(
    ("place", "moment", "number", "other"),
    [
        ("gb-wls", "2026-12-02T21:00:00+00:00", "08081689111", "03456000459"),
        ("gb-wls", "2026-12-02T12:00:00+00:00", "03456000459", "08081689111"),
        ("gb-sct", "2026-12-02T21:00:00+00:00", "03456000459", "08081689111"),
    ],
)
def test_who_answers_now_stands_for_a_line_that_is_closed(
    portal: PortalServer, page: Page, place: str, moment: str, number: str, other: str
) -> None:
    page.clock.set_fixed_time(datetime.fromisoformat(moment))
    page.goto(f"{portal.address}/#{place}")
    expect(page.locator(".strip a:visible").first).to_have_attribute("href", f"tel:{number}")
    expect(page.locator(f".strip a[href='tel:{other}']:visible")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_with_hours_of_its_own_says_whether_it_is_open(portal: PortalServer, page: Page, language: str) -> None:
    page.clock.set_fixed_time(NIGHT_IN_EUROPE)
    page.goto(f"{portal.address}{address('/', language)}#fi")
    expect(page.locator(".strip a[href='tel:0925250111'] .is-open")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/shared/", "/for-others/"])
def test_numbers_of_a_place_far_down_the_list_are_in_the_window(portal: PortalServer, page: Page, path: str, language: str) -> None:
    """The list that she scrolled through is gone then, and what takes its place is shorter."""
    page.goto(portal.address + address(path, language))
    page.locator(".place-choice:visible > summary").first.tap()
    last = page.locator(".place-choice[open] [data-choose]").last
    last.evaluate("(one) => one.scrollIntoView({ block: 'start' })")
    last.tap()
    assert in_window(page, page.locator(".strip a[href^='tel:']:visible").first)


@pytest.mark.parametrize("place", ["nz", "fi", "gb-wls", "au"])
def test_the_place_is_asked_for_once_and_never_sent(portal: PortalServer, page: Page, place: str) -> None:
    page.goto(portal.address)
    page.locator(".place-choice > summary").tap()
    page.locator(f".place-choice [data-choose='{place}']").tap()
    page.wait_for_url(f"{portal.address}/#{place}")
    expect(page.locator(".place-choice")).to_be_hidden()
    page.locator(".start-group a[href^='/threat/']").tap()
    page.wait_for_url("**/threat/*")
    assert urlsplit(page.url).fragment == place
    expect(page.locator("[data-no-place]:visible")).to_have_count(0)
    page.locator(".bar-talk").tap()
    page.wait_for_url("**/talk/*")
    expect(page.locator("main .places")).to_be_hidden()
    page.locator(".bar-case").tap()
    page.wait_for_url("**/case/*")
    page.locator(".footer a[href^='/how-it-works/']").tap()
    page.wait_for_url("**/how-it-works/*")
    assert urlsplit(page.url).fragment == place
    assert page.evaluate("localStorage.length") == 0
    assert [request.path for request in portal.requests if f"/{place[:2]}/" in request.path or place in request.path.split("/")] == []


PLACELESS = [page for page in one_of_each() if not {part[:2] for part in page.removeprefix("/fi").split("/")[2:]} & set(COUNTRIES)]
"""Every page but those for one country, which are for visits without a script."""


HASH = """(place) => new Promise((changed) => {
  addEventListener("hashchange", () => changed(null), { once: true });
  location.hash = place;
})"""
FORGOTTEN = """(place) => [...document.querySelectorAll("a[href^='/']:not([data-exit], [data-forget], [download])")].filter((link) => {
  link.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  return !link.hash.startsWith(`#${place}`);
}).map((link) => link.outerHTML)"""


def assert_place_is_known(page: Page, path: str, place: str) -> None:
    country = place[:2]
    asked = page.locator("[data-choose]:not([data-choose='']):visible, [data-no-place]:visible")
    assert asked.count() == 0, f"{path} asks again: {asked.first.inner_text()}"
    others = "".join(f", a[href*='/{code}/']:visible" for code in COUNTRIES if code != country and code not in LANGUAGES)[2:]
    led = page.locator("main").locator(others)
    assert led.count() == 0, f"{path} leads to another country: {led.first.get_attribute('href')}"
    named = page.locator("[data-place-name]:visible").all_inner_texts()
    assert "" not in named, f"{path} doesn't say which place it is for"


@pytest.mark.parametrize("is_loaded", [pytest.param(False, id="changed"), pytest.param(True, id="loaded", marks=pytest.mark.long)])
def test_no_page_asks_again_for_a_place_that_is_known_and_no_link_forgets_it(portal: PortalServer, page: Page, is_loaded: bool) -> None:
    """Each page is loaded with one place, which then changes; behind `make test-long` it is loaded with each."""
    for path in PLACELESS:
        for place in ("nz", "eu", "gb-wls"):
            if place == "nz" or is_loaded:
                page.goto("about:blank")
                page.goto(f"{portal.address}{path}#{place}")
                expect(page.locator("#island noscript")).to_have_count(0)  # a flow stands where its page was
            else:
                page.evaluate(HASH, place)
            assert_place_is_known(page, path, place)
        assert page.evaluate(FORGOTTEN, "gb-wls") == [], path


def test_police_where_the_place_is_known_can_be_reached_at_once(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/police/#gb-sct")
    expect(page.get_by_role("link", name="Call 101").first).to_be_visible()
    expect(page.get_by_text("Police Service of Northern Ireland").locator("visible=true")).to_have_count(0)
    expect(page.locator("main summary span:visible").first).to_have_text("Scotland")
    page.goto(f"{portal.address}/nothing-here/")
    page.goto(f"{portal.address}/police/#eu")
    expect(page.get_by_text("We have no checked contact of this kind")).to_be_visible()


def test_facts_are_of_the_place_and_no_request_says_which(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/facts/")
    expect(page.locator("main article:visible")).to_have_count(0)
    page.locator("main .text [data-choose='fi']").tap()
    expect(page.locator("#fi-riku")).to_be_visible()
    shown = page.locator("main article:visible").evaluate_all("all => all.map((one) => one.id)")
    assert {one.split("-")[0] for one in shown} == {"fi"}
    page.locator("main a[href^='/facts/platforms/']").tap()
    page.wait_for_url("**/facts/platforms/#fi")
    assert [request.path for request in portal.requests if request.path.startswith("/facts/fi/")] == []


def test_everyone_who_helps_is_of_the_place_and_no_request_says_which(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/help/")
    shown = page.locator("[data-service]:visible").evaluate_all("all => all.map((one) => one.id)")
    assert shown
    assert all(one.startswith("global-") for one in shown)
    page.locator("main [data-choose='gb-wls']").tap()
    first = page.locator(".help-all a[href^='tel:']:visible").first
    assert in_window(page, first)
    assert first.evaluate("(one) => Boolean(one.compareDocumentPosition(document.querySelector('[data-filters]')) & 4)")
    expect(page.locator("#gb-wls-live-fear-free")).to_be_visible()
    expect(page.locator("#gb-nir-dsa-helpline, #nz-netsafe")).to_have_count(2)
    expect(page.locator("#gb-nir-dsa-helpline:visible, #nz-netsafe:visible")).to_have_count(0)
    expect(page.locator("#global-stopncii")).to_be_visible()
    assert [request.path for request in portal.requests if "gb" in request.path.split("/")] == []


def test_the_place_is_kept_only_if_wished_and_another_can_be_chosen(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/talk/")
    page.locator("main [data-choose='fi']").click()
    expect(page.get_by_text("For Finland.")).to_be_visible()
    page.get_by_label("Remember my country on this device").check()
    page.goto(f"{portal.address}/nothing-here/")
    page.goto(f"{portal.address}/talk/")
    expect(page.get_by_text("For Finland.")).to_be_visible()
    page.get_by_role("button", name="Another country").click()
    assert page.evaluate("localStorage.length") == 0
    page.locator("main [data-choose='nz']").click()
    expect(page.get_by_text("For New Zealand.")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_a_browser_that_keeps_nothing_says_so(portal: PortalServer, page: Page) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }")
    page.goto(f"{portal.address}/talk/#nz")
    page.get_by_label("Remember my country on this device").click()
    expect(page.get_by_text("This browser keeps nothing")).to_be_visible()
    expect(page.get_by_label("Remember my country on this device")).not_to_be_checked()


@pytest.mark.parametrize("fragment", ["%", "nz/", "NZ", "nz<script>", "xx", "gb-xxx", "/crisis", "nz/nowhere", "main"])
def test_any_fragment_is_taken_calmly(portal: PortalServer, page: Page, fragment: str) -> None:
    page.goto(f"{portal.address}/feelings/#{fragment}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main a[href^='tel:']:visible").first).to_be_visible()


def test_what_is_for_a_part_of_a_country_is_shown_there_and_for_the_whole(portal: PortalServer, page: Page) -> None:
    wales, ireland = "0808 80 10 800", "0808 802 1414"
    for place, shown, hidden in (("gb-wls", wales, ireland), ("gb-nir", ireland, wales)):
        page.goto(f"{portal.address}/nothing-here/")
        page.goto(f"{portal.address}/talk/#{place}")
        expect(page.get_by_role("link", name=f"Call {shown}").first).to_be_visible()
        expect(page.get_by_role("link", name=f"Call {hidden}").first).to_be_hidden()
    page.goto(f"{portal.address}/nothing-here/")
    page.goto(f"{portal.address}/talk/#gb")
    for number in (wales, ireland):
        expect(page.get_by_role("link", name=f"Call {number}").first).to_be_visible()


def test_without_javascript_places_have_pages(portal: PortalServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(portal.address)
    page.locator(".bar-talk").click()
    page.get_by_role("main").get_by_role("link", name="Wales", exact=True).click()
    assert page.url == f"{portal.address}/talk/gb-wls/"
    expect(page.get_by_role("link", name="Call 0808 80 10 800").first).to_be_visible()
    page.get_by_role("link", name="Another country").click()
    assert page.url == f"{portal.address}/talk/"
    page.context.close()


WITHIN = """async (place) => {
  const lost = [];
  for (const link of document.querySelectorAll("a[href^='#']:not([data-choose], [data-step-of])")) {
    const wanted = link.getAttribute("href").slice(1);
    const changed = new Promise((done) => addEventListener("hashchange", () => setTimeout(done), { once: true }));
    link.click();
    await changed;
    if (location.hash !== `#${place}/${wanted}`) lost.push(`${link.outerHTML} led to ${location.href}`);
    history.replaceState(null, "", `#${place}`);
  }
  return lost;
}"""


def test_a_link_to_a_part_of_the_page_forgets_no_place(portal: PortalServer, page: Page) -> None:
    """The link that skips the bar is the first thing that a screen reader's user presses, on every page."""
    for path in PLACELESS:
        page.goto(f"{portal.address}{path}#nz")
        assert page.locator(".skip").count() == 1, path
        assert page.evaluate(WITHIN, "nz") == [], path
        assert_place_is_known(page, path, "nz")


def test_after_skipping_the_bar_the_keys_go_on_in_the_text_and_a_reload_knows_the_place(portal: PortalServer, page: Page) -> None:
    page.goto(portal.address + "/talk/#gb-wls")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/talk/#gb-wls/main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.reload()
    assert_place_is_known(page, "/talk/", "gb-wls")
