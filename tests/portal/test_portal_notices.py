# SPDX-License-Identifier: Apache-2.0
"""Notices, apart from the whole way through each regime (test_portal_whole_way): who acts, wrong places, under-18s, every clock."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.portal.folder_steps import ENGLISH, PASSPHRASE, Reader, begin_log, fill, new_notice, unlock, write_entry
from tests.portal.notice_data import LACKS, WHOLE, shown
from tests.portal.portal_server import PortalServer


def check(page: Page) -> None:
    page.get_by_role("button", name="Check the notice").click()


def test_the_elements_tested_here_are_those_of_the_regimes(root: Path) -> None:
    regimes = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in root.glob("content/regimes/*.yaml")]
    assert {regime["id"]: {one["element"] for one in regime["elements"]} for regime in regimes} == {
        law: set(each) for law, each in LACKS.items()
    }


def test_whoever_acts_for_the_person_says_how_they_were_asked(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/")
    new_notice(page, "plain")
    fill(page, shown(page, {**WHOLE, "role": "2"}))
    check(page)
    expect(page.locator("[data-missing='authority']")).to_be_visible()
    fill(page, {"authority": "I am her sister; she asked me in writing"})
    check(page)
    expect(page.locator("[data-notice-text]")).to_contain_text("she asked me in writing")


def test_a_place_that_is_no_address_is_named(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/")
    new_notice(page, "eu_dsa")
    fill(page, shown(page, {**WHOLE, "locations": "https://example.net/7\nhis profile"}))
    check(page)
    expect(page.get_by_text("This is not a web address: his profile.")).to_be_visible()


def test_no_name_is_asked_for_where_someone_under_18_is_shown(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, adults=False, passphrase=None, path="/remove/")
    new_notice(page, "eu_dsa")
    fill(page, shown(page, {name: value for name, value in WHOLE.items() if name not in ("name", "email", "signature")}))
    fill(page, {"is_under_18": "yes"})
    expect(page.get_by_role("link", name="Help for under-18s").last).to_be_visible()
    check(page)
    expect(page.get_by_role("heading", name="Your notice is complete")).to_be_visible()


def test_a_notice_begins_with_what_place_link_and_notes_say(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/#nz/is_fake")
    ENGLISH.press(page, "notice.list.to_log")
    for address, site in (("https://example.net/7", "my school"), ("https://example.net/8", "Instagram")):
        write_entry(page, {"address": address, "platform": site})
    ENGLISH.press(page, "folder.log.notices")
    ENGLISH.press(page, "notice.list.new")
    expect(page.locator("[data-rules=nz_hdca]")).to_be_visible()
    expect(page.locator("[data-field=country]")).to_have_count(0)
    expect(page.locator("[data-field=platform]")).to_have_value("instagram")
    ENGLISH.press(page, "notice.choose.go")
    expect(page.locator("[data-field=is_fake]")).to_be_checked()
    expect(page.locator("[data-says]")).to_contain_text("It is not real")
    noted = page.locator("[data-noted] input")
    noted.nth(0).check()
    expect(page.locator("[data-field=locations]")).to_have_value("https://example.net/8")
    noted.nth(0).uncheck()
    expect(page.locator("[data-field=locations]")).to_have_value("")
    assert all("nz" not in request.path and "?" not in request.path for request in portal.requests)


@pytest.mark.parametrize("is_loaded_again", [False, True])
def test_what_a_link_says_is_for_one_notice_alone(portal: PortalServer, page: Page, is_loaded_again: bool) -> None:
    begin_log(page, portal, path="/remove/#nz/is_fake")
    for _ in range(2):  # one that was only begun uses nothing up
        ENGLISH.press(page, "notice.list.new")
        ENGLISH.fill(page, {"platform_name": "Example Forum"})
        ENGLISH.press(page, "notice.choose.go")
        expect(page.locator("[data-field=is_fake]")).to_be_checked()
        ENGLISH.press(page, "protect.back")
        ENGLISH.press(page, "protect.back")
    ENGLISH.press(page, "notice.list.new")
    ENGLISH.fill(page, {"platform_name": "Example Forum"})
    ENGLISH.press(page, "notice.choose.go")
    check(page)
    expect(page).to_have_url(f"{portal.address}/remove/#nz")
    if is_loaded_again:
        page.reload()
        ENGLISH.label(page, "folder.pass.label", PASSPHRASE)
        ENGLISH.press(page, "folder.pass.open")
    else:
        ENGLISH.press(page, "protect.back")
        ENGLISH.press(page, "protect.back")
    ENGLISH.press(page, "notice.list.new")
    ENGLISH.fill(page, {"platform_name": "Another Forum"})
    expect(page.locator("[data-rules=nz_hdca]")).to_be_visible()
    ENGLISH.press(page, "notice.choose.go")
    expect(page.locator("[data-field=is_fake]")).not_to_be_checked()


def whole_notice(page: Page, portal: PortalServer, law: str, path: str = "/remove/") -> None:
    """From the page to the text of a whole notice."""
    begin_log(page, portal, passphrase=None, path=path)
    new_notice(page, law)
    fill(page, shown(page, WHOLE))
    check(page)


def test_each_part_is_copied_and_said_and_selected_where_copying_is_not_allowed(portal: PortalServer, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    whole_notice(page, portal, "eu_dsa")
    for part, holds in (("where", WHOLE["locations"]), ("why", WHOLE["reasons"]), ("contact", WHOLE["email"])):
        title = ENGLISH.words[f"notice.part.{part}"]
        one = page.locator(f"[data-part={part}]")
        one.get_by_role("button", name=f"Copy: {title}", exact=True).click()
        expect(one.get_by_role("status")).to_contain_text(f"Copied: {title}.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert holds in copied
        assert copied == one.locator("[data-part-text]").inner_text()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => Promise.reject(new Error())}})")
    where = page.locator("[data-part=where]")
    where.get_by_role("button").click()
    expect(where.get_by_role("status")).to_have_text(ENGLISH.words["notice.text.copy_failed"])
    assert page.evaluate("getSelection().toString()").split() == WHOLE["locations"].split()


def test_a_notice_under_the_dsa_is_saved_as_data(portal: PortalServer, page: Page, root: Path) -> None:
    whole_notice(page, portal, "eu_dsa")
    with page.expect_download() as waiting:
        ENGLISH.press(page, "notice.data.save")
    assert waiting.value.suggested_filename.startswith("notice-2")
    data = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    schema = json.loads((root / "spec/notice-data.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.Draft202012Validator(schema).validate(data)
    assert data["submitter"] == {"name": WHOLE["name"], "email": WHOLE["email"]}
    assert data["locations"] == WHOLE["locations"].split()


def test_the_site_chosen_before_is_that_of_the_notice_and_its_app_s_way_stands_there(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/sites/#nz")
    page.locator("[data-pick=whatsapp]").click()
    page.locator("[data-site=whatsapp]").get_by_role("link", name="Write a notice WhatsApp").click()
    assert page.url.endswith("/remove/#nz/whatsapp")
    ENGLISH.press(page, "folder.age.adults")
    ENGLISH.press(page, "folder.where.window")
    ENGLISH.press(page, "notice.list.new")
    expect(page.locator("[data-field=platform]")).to_have_value("whatsapp")
    ENGLISH.press(page, "notice.choose.go")
    fill(page, shown(page, WHOLE))
    check(page)
    expect(page.locator("[data-in-app] [lang=en]")).to_contain_text("Report")
    assert all("whatsapp" not in request.path for request in portal.requests)


def test_whoever_did_not_say_where_they_are_is_asked_once(portal: PortalServer, page: Page) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/")
    ENGLISH.press(page, "notice.list.new")
    expect(page.locator("[data-rules=plain]")).to_be_visible()
    fill(page, {"country": "fi"})
    expect(page.locator("[data-rules=eu_dsa]")).to_be_visible()
    assert page.url.endswith("/remove/#fi")


@pytest.mark.parametrize(
    ("law", "first"),
    [("eu_dsa", "no_day"), ("plain", "no_day"), ("au_esafety", "waiting_for_regulator"), ("gb_osa", "running"), ("nz_hdca", "running")],
)
def test_every_regime_has_its_clock_and_its_next_step(portal: PortalServer, page: Page, law: str, first: str) -> None:
    begin_log(page, portal, passphrase=None, path="/remove/")
    new_notice(page, law)
    fill(page, shown(page, WHOLE))
    check(page)
    page.get_by_role("button", name="I have sent it").click()
    card = page.locator(f"[data-notice={law}]")
    expect(card).to_have_attribute("data-clock", first)
    card.get_by_role("button", name="They refused").click()
    expect(card).to_have_attribute("data-clock", "over")
    assert card.locator("[data-service]").count() >= 1
    expect(card.locator("[data-escalation-text]")).to_contain_text("They refused.")


@pytest.mark.parametrize(("own", "site"), [("en", "fi"), ("fi", "fi"), ("fi", "en")])
def test_the_text_is_in_the_language_of_the_site_beside_ones_own(portal: PortalServer, page: Page, own: str, site: str) -> None:
    reader, there = Reader(own), Reader(site)
    begin_log(page, portal, path="/remove/", reader=reader)
    new_notice(page, "plain", reader=reader)
    fill(page, shown(page, WHOLE))
    reader.press(page, "notice.check")
    page.locator("[data-field=language]").get_by_label(there.words["locale.name"]).check()
    texts = page.locator("[data-notice-text]")
    expect(texts).to_have_count(1 if own == site else 2)
    expect(page.locator(f"[data-notice-text={site}]")).to_contain_text(there.words["notice.text.where"])
    expect(page.locator(f"[data-notice-text={own}]")).to_contain_text(reader.words["notice.text.where"])
    is_warned = page.get_by_text(reader.words["notice.text.machine"])
    expect(is_warned).to_have_count(1 if (own, site) == ("en", "fi") else 0)
    reader.press(page, "notice.text.sent")
    reader.press(page, "notice.card.refused")
    expect(page.locator("[data-notice=plain]")).to_have_attribute("data-clock", "over")
    unlock(page, portal, path="/remove/", reader=reader)
    proof = page.locator("[data-escalation-text]")
    expect(proof).to_have_attribute("lang", site)
    expect(proof).to_contain_text(there.words["notice.escalate.refused"])
    expect(proof).to_contain_text(there.words["notice.text.where"])
