# SPDX-License-Identifier: Apache-2.0
"""People whom the portal is for walk it on a phone, each to what they must find: a number, the next step, a clock. One script each.

With `STILLMINE_SCREENSHOTS` a picture of each screen is kept there, to be looked at.
"""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.portal.folder_steps import begin_log, new_notice
from tests.portal.notice_data import WHOLE, shown
from tests.portal.persona import NOW, Persona
from tests.portal.portal_server import PortalServer
from tests.portal.test_portal_place import NIGHT_IN_EUROPE

pytestmark = pytest.mark.long

NO_FILE = "input[type=file]"


def test_a_deepfake_in_new_zealand(portal: PortalServer, page: Page) -> None:
    """She finds Netsafe, that a fake counts, the sites, and a notice under her own law that says it is fake, with its own clock."""
    page.clock.install(time=datetime(2026, 11, 25, 0, 0, tzinfo=UTC))
    she = Persona(page, portal, "deepfake-nz")
    she.starts("nz")
    she.sees_number("0508638723")
    she.follows("/deepfake/")
    she.answers("who", "stranger")
    she.is_at("shared.removal")
    she.sees_number("0508638723", NOW)
    she.goes_on()
    she.is_at("deepfake.same")
    she.can_see("You don’t have to prove that it is not you")
    she.goes_on()
    she.answers("age", "adult")
    she.is_at("deepfake.keep")
    she.goes_on()
    she.is_at("deepfake.police")
    she.can_see("Harmful Digital Communications Act", NOW)
    she.can_see("up to 2 years in prison", NOW)
    she.goes_on()
    she.answers("posted", "has")
    passed = she.walks_to("shared.again")
    assert {she.title("deepfake.report"), she.title("shared.search")} <= set(passed)
    she.goes_on()
    she.answers("demand", "has_not")
    she.is_at("shared.support")
    assert not [title for title in she.walks_on() if "pay" in title]
    she.sees_number("0508638723", "[data-plan-end]")
    page.goto(f"{portal.address}/sites/#nz")
    page.locator("[data-pick=instagram]").tap()
    instagram = page.locator("[data-site=instagram]")
    expect(instagram).to_contain_text("StopNCII")
    she.looks("instagram")
    her_notice(page, portal, she)


def her_notice(page: Page, portal: PortalServer, she: Persona) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/", reader=she.reader)
    new_notice(page, "nz_hdca", reader=she.reader)
    she.looks("notice-form")
    she.reader.fill(page, shown(page, WHOLE))
    page.get_by_label(she.words["notice.field.is_fake"]).check()
    she.reader.press(page, "notice.check")
    she.looks("notice-text")
    expect(page.locator("[data-notice-text]")).to_contain_text("made up or altered")
    she.reader.press(page, "notice.text.sent")
    she.can_see("48 hours", "[data-notice=nz_hdca]")
    she.looks("notice-clock")


def test_threatened_for_money_in_finland(portal: PortalServer, page: Page) -> None:
    """He reads Finnish, at night: somebody listens now, nothing is paid, the bank, the police, RIKU."""
    page.clock.set_fixed_time(NIGHT_IN_EUROPE)
    he = Persona(page, portal, "sextortion-fi", "fi")
    he.starts("fi")
    he.follows("/threat/")
    he.answers("who", "stranger")
    he.is_at("threat.pay")
    he.goes_on()
    he.answers("age", "adult")
    he.answers("paid", "has")
    he.is_at("threat.paid")
    assert he.walks_to("threat.police")[0] == he.title("threat.paid")
    expect(page.locator(f"{NOW} a[href^='https://poliisi.fi']").first).to_be_visible()
    he.goes_on()
    he.answers("posted", "has_not")
    passed = he.walks_to("threat.support")
    assert he.title("threat.before") in passed
    he.sees_number("116006")
    expect(page.locator(f"{NOW} a[href='https://www.riku.fi/']").first).to_be_visible()
    after = he.walks_on()
    assert after == [he.title("threat.gangs"), he.title("threat.block")]
    he.sees_number("0925250111", "[data-plan-end]")
    he.talks()
    expect(page.locator(".talk-to:visible .is-open").first).to_be_visible()
    assert page.locator("a[href='tel:0925250111']:visible").count() > 0
    assert page.locator("html").get_attribute("lang") == "fi"


def test_an_ex_partner_in_wales(portal: PortalServer, page: Page) -> None:
    """Her safety comes before everything, with the line of Wales; blocking comes last; the page is left at one touch."""
    she = Persona(page, portal, "ex-partner-wales")
    she.starts("gb-wls")
    she.follows("/threat/")
    she.answers("who", "known")
    she.is_at("threat.known")
    she.sees_number("08088010800")
    for other in ("08082000247", "08000271234", "08088021414"):
        expect(page.locator(f"{NOW} a[href='tel:{other}']:visible")).to_have_count(0)
    she.follows("/safe/", NOW)
    assert page.locator("a[href='tel:08088010800']:visible").count() > 0
    page.goto(f"{portal.address}/threat/#gb-wls")
    she.answers("who", "known")
    she.goes_on()
    she.answers("demand", "has_not")
    she.answers("age", "adult")
    she.is_at("threat.keep")
    she.walks_to("threat.police")
    she.sees_number("101", NOW)
    expect(page.locator(f"{NOW} a[href='tel:101']:visible").first).to_be_visible()
    she.goes_on()
    she.answers("posted", "has_not")
    she.walks_to("threat.support")
    she.sees_number("03456000459")
    assert she.walks_on()[-1] == she.title("threat.block")
    she.talks()
    listed = page.locator(".talk-to:visible").all_inner_texts()
    assert not [text for text in listed if "Scotland" in text]
    page.locator("[data-exit]").tap()
    page.wait_for_url("about:blank")


def test_a_boy_of_fifteen(portal: PortalServer, page: Page) -> None:
    """He is not in trouble, makes no copies, and Childline and Report Remove are there; nowhere is a file asked for."""
    he = Persona(page, portal, "boy-of-15")
    he.starts("gb-eng")
    he.follows("/threat/")
    he.answers("who", "stranger")
    he.goes_on()
    expect(page.locator("[data-ask=age]")).to_be_visible()
    he.looks("ask-age")
    page.locator("[data-ask=age] a.choice").tap()
    page.wait_for_url("**/under-18/*")
    he.looks("under-18")
    he.sees_number("08001111")
    he.follows("/young/")
    he.can_see("You are not in trouble")
    he.is_at("young.copy")
    he.sees_number("08001111")
    assert page.locator(NO_FILE).count() == 0
    he.walks_to("young.call")
    he.sees_number("08001111", NOW)
    he.walks_to("young.remove")
    he.can_see("the picture itself is sent, to the Internet Watch Foundation", NOW)
    assert page.locator(f"{NOW} a[href^='https://']").count() > 0
    assert he.title("young.tell") in he.walks_on()
    page.goto(f"{portal.address}/protect/#gb-eng")
    page.get_by_role("button", name="I am", exact=True).click()
    page.get_by_role("button", name="Under 18").click()
    page.wait_for_url("**/under-18/#gb-eng")
    he.looks("protect")
    he.sees_number("08001111")
    assert page.locator(NO_FILE).count() == 0


def test_his_mother(portal: PortalServer, page: Page) -> None:
    """Pages written to her, with somebody she can ask, and what Report Remove does with the picture."""
    she = Persona(page, portal, "mother")
    she.starts("gb-eng")
    she.follows("/under-18/")
    she.follows("/carer/")
    assert "You are not in trouble" not in page.locator("main").inner_text()
    she.is_at("carer.copy")
    she.sees_number("08081689111")
    she.goes_on()
    she.is_at("carer.listen")
    she.can_see("It is not your fault", NOW)
    she.walks_to("carer.call")
    she.sees_number("08081689111")
    she.walks_to("carer.remove")
    she.can_see("the picture itself is sent, to the Internet Watch Foundation", NOW)
    she.walks_to("carer.police")
    expect(page.locator(f"{NOW} a[href^='https://www.ceop.police.uk']").first).to_be_visible()
    assert she.title("carer.phone") in she.walks_on()
    page.goto(f"{portal.address}/for-others/#gb-eng")
    she.looks("for-others")
    assert page.locator("a[href^='tel:']:visible").count() > 0


@pytest.mark.parametrize(
    ("place", "law", "number"), [("gb-eng", "England and Wales", "08081000900"), ("nz", "up to 2 years in prison", "0508638723")]
)
def test_somebody_who_shared_a_picture(portal: PortalServer, page: Page, place: str, law: str, number: str) -> None:
    """They learn what to do now, the law of their country, and who helps them; nobody there is a helpline of those who were harmed."""
    they = Persona(page, portal, f"who-shared-{place}")
    they.starts(place)
    they.follows("/sent/")
    they.answers("did", "has")
    they.is_at("sent.delete")
    they.walks_to("sent.law")
    they.can_see(law, NOW)
    they.walks_to("sent.help")
    they.looks("help")
    assert page.locator(f"a[href='tel:{number}']").count() > 0
    assert page.locator(f"{NOW} :is(a[href='tel:03456000459'], a[href='tel:08081689111'])").count() == 0


@pytest.mark.parametrize(
    ("place", "ways"),
    [("gb-eng", ["999bsl.co.uk", "relayuk.bt.com"]), ("nz", ["sms:111", "111-txt"]), ("fi", ["sms:112"]), ("us", ["sms:911"])],
)
def test_a_deaf_person(portal: PortalServer, page: Page, place: str, ways: list[str]) -> None:
    """In two touches from the first page: the emergency service without a voice, and what helplines offer."""
    they = Persona(page, portal, f"deaf-{place}")
    they.page.goto(portal.address)
    they.talks()
    page.locator(f"main [data-choose='{place}']").tap()
    they.looks("talk-with-place")
    there = page.locator("[data-need=relay]:visible")
    expect(there.first).to_be_visible()
    there.first.evaluate("(one) => one.scrollIntoView()")
    they.looks("without-speaking")
    assert ways[0] in (there.first.locator(":is(a[href^='http'], a[href^='sms:']):visible").first.get_attribute("href") or "")
    for way in ways:
        assert there.first.locator(f"a[href*='{way}']").count() > 0, way
    without = [one.inner_text() for one in there.locator(".talk-to:visible").all() if one.locator("a").count() == 0]
    assert without == []


def test_a_screen_reader(portal: PortalServer, page: Page, picture_file: object) -> None:
    """By keys and by what is told of each page: titles that differ, one main heading, landmarks, names, and where the focus goes."""
    they = Persona(page, portal, "screen-reader")
    titles = {}
    for path in ("/", "/threat/", "/shared/", "/talk/", "/protect/", "/evidence/", "/case/", "/feelings/", "/young/", "/carer/"):
        page.goto("about:blank")
        page.goto(f"{portal.address}{path}#nz")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        for landmark in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(landmark)).to_have_count(1)
        assert (
            page.locator(":is(button, a):visible").evaluate_all("(all) => all.filter((one) => !one.ariaLabel && !one.textContent.trim())")
            == []
        )
        titles[path] = page.title()
    assert len(set(titles.values())) == len(titles), titles
    page.goto(f"{portal.address}/threat/#nz")
    page.get_by_role("button", name="No, or only from the internet").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"{NOW} h2")).to_be_focused()
    expect(page.locator("[data-progress]")).to_have_attribute("aria-live", "polite")
    told = page.get_by_role("main").aria_snapshot()
    for line in ('heading "Don’t pay, and don’t do what they ask" [level=2]', 'button "Done, next step"'):
        assert line in told
    they.looks("plan")
