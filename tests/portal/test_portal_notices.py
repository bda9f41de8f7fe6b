# SPDX-License-Identifier: Apache-2.0
"""Notices: refused while an element that the regime asks for is missing, accepted when whole; clocks, and the next step after them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import yaml
from folder_steps import Reader, begin_log, fill, new_notice, write_entry
from playwright.sync_api import Page, expect
from portal_server import PortalServer

ROLE_SELF = "1"
"""Choices are picked by their place."""

WHOLE = {
    "role": ROLE_SELF,
    "locations": "https://example.net/post/7\nhttps://example.net/post/8",
    "description": "A photograph of me on a bed, blue wall behind",
    "reasons": "It is an intimate picture and I never agreed to it",
    "facts": "I sent it to one person only, and told them so",
    "name": "Maria Example",
    "signature": "Maria Example",
    "email": "maria@example.org",
    "phone": "555 0100",
    "address": "1 Example Street",
    "may_tell_author": "2",
    "states_intimate": "yes",
    "states_no_consent": "yes",
    "states_good_faith": "yes",
    "states_accurate": "yes",
}
"""Everything that any regime asks for."""

LACKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "us_tida": {
        "signature": ("signature",),
        "locate": ("locations",),
        "non_consent": ("states_no_consent",),
        "contact": ("email", "phone", "address"),
        "who": ("role",),
    },
    "gb_osa": {
        "declares": ("states_intimate",),
        "who": ("role",),
        "good_faith": ("states_accurate",),
        "locate": ("description",),
        "contact": ("email", "phone", "address"),
    },
    "eu_dsa": {"reasons": ("reasons",), "locate": ("locations",), "name_and_mail": ("email",), "good_faith": ("states_good_faith",)},
    "nz_hdca": {
        "full_contact": ("phone",),
        "specific": ("description",),
        "harm": ("reasons",),
        "locate": ("locations",),
        "identity": ("may_tell_author",),
    },
    "au_esafety": {"who": ("role",), "objection": ("states_no_consent",), "locate": ("locations",), "reply": ("email", "phone", "address")},
    "plain": {"locate": ("locations",), "no_consent": ("states_no_consent",), "reply": ("email", "phone", "address")},
}
"""For every element of every regime: what has to be left out so that it alone is not met."""


def shown(page: Page, fields: Mapping[str, str]) -> dict[str, str]:
    """Those fields that this regime's form has."""
    return {name: value for name, value in fields.items() if page.locator(f"[data-field={name}]").count()}


def check(page: Page) -> None:
    page.get_by_role("button", name="Check the notice").click()


def test_the_elements_tested_here_are_those_of_the_regimes(root: object) -> None:
    from pathlib import Path

    regimes = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in Path(str(root)).glob("content/regimes/*.yaml")]
    assert {regime["id"]: {one["element"] for one in regime["elements"]} for regime in regimes} == {
        law: set(each) for law, each in LACKS.items()
    }


@pytest.mark.parametrize(("width", "language"), [(360, "en"), (1280, "fi")])
@pytest.mark.parametrize("law", LACKS)
def test_a_notice_is_refused_until_every_element_is_there(portal: PortalServer, page: Page, law: str, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    reader = Reader(language)
    begin_log(page, portal, passphrase=None, path="/remove/", reader=reader)
    for number, (element, without) in enumerate(LACKS[law].items()):
        if number > 0:
            reader.press(page, "protect.back")
            reader.press(page, "protect.back")
        new_notice(page, law, reader=reader)
        fill(page, shown(page, {name: value for name, value in WHOLE.items() if name not in without}))
        reader.press(page, "notice.check")
        expect(page.locator(f"[data-missing='{element}']")).to_be_visible()
    fill(page, shown(page, WHOLE))
    reader.press(page, "notice.check")
    reader.sees(page, "notice.text.title")
    assert page.locator("[data-notice-text=en]").count() == 1
    for text in page.locator("[data-notice-text]").all_inner_texts():
        assert "https://example.net/post/8" in text
        assert "Maria Example" in text
    assert [request.path for request in portal.requests if request.path.startswith("/api")] == []


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


NEXT = [
    ("us_tida", 360, "en", "us-ftc-takeitdown"),
    ("us_tida", 1280, "fi", "us-ftc-takeitdown"),
    ("gb_osa", 1280, "en", "gb-report-harmful-content"),
    ("nz_hdca", 360, "fi", "nz-netsafe"),
    ("au_esafety", 1280, "fi", "au-esafety"),
    ("eu_dsa", 360, "en", "eu-dsc"),
]
"""Each regime that can run out, and whom to turn to then."""


@pytest.mark.parametrize(("law", "width", "language", "service"), NEXT)
def test_when_the_clock_has_run_out_the_next_step_is_there_with_the_proof(
    portal: PortalServer, page: Page, law: str, width: int, language: str, service: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.clock.install(time=datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
    reader = Reader(language)
    begin_log(page, portal, reader=reader)
    write_entry(page, {"address": "https://example.net/post/7"}, reader=reader)
    reader.press(page, "folder.log.notices")
    new_notice(page, law, reader=reader)
    reader.press(page, "notice.field.locations.log")
    fill(page, shown(page, {name: value for name, value in WHOLE.items() if name != "locations"}))
    reader.press(page, "notice.check")
    reader.press(page, "notice.text.sent")
    card = page.locator(f"[data-notice={law}]")
    if law == "eu_dsa":
        reader.label(page, "notice.clock.day", "2026-11-26")
    if law == "au_esafety":
        reader.label(page, "notice.clock.regulator.at", "2026-11-25T16:00")
    expect(card).to_have_attribute("data-clock", "running")
    page.clock.set_fixed_time(datetime(2026, 11, 27, 12, 1, tzinfo=UTC))
    reader.press(page, "notice.list.to_log")
    reader.press(page, "folder.log.notices")
    expect(card).to_have_attribute("data-clock", "over")
    expect(card.locator(f"[data-service={service}]")).to_be_visible()
    proof = card.locator("[data-escalation-text]")
    expect(proof).to_contain_text("2026-11-25 12:0")
    expect(proof).to_contain_text("Example Forum")
    expect(proof).to_contain_text("https://example.net/post/7")
    reader.press(page, "notice.card.removed")
    expect(card).to_have_attribute("data-clock", "removed")


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
