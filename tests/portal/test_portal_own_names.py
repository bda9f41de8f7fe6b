# SPDX-License-Identifier: Apache-2.0
"""A person's own names for the files of a case: on this device, only where switched on, sealed, never sent, gone with the file."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, FingerprintState
from stillmine.wire.case_key import case_key_text, credentials
from stillmine.wire.kinds import Kind
from tests.portal.portal_server import NOW, Case, PortalServer
from tests.portal.portal_steps import enter_key

SECRET = bytes(range(10))
SWITCH = "Keep my own names for these files on this device"
STORED = "JSON.stringify(Object.entries(localStorage))"


@pytest.fixture
def key(portal: PortalServer) -> str:
    """The key of a case with two pictures."""
    pictures = [
        CaseFingerprint(f"{number}" * 32, Kind.PDQ, number, FingerprintState.ACTIVE, f"a{number}" * 32, 100, NOW, None, [])
        for number in (1, 2)
    ]
    view = CaseView(CaseState.OPEN, NOW, NOW + timedelta(days=730), None, pictures)
    portal.cases[credentials(SECRET).case_id] = Case(b"", view)
    return case_key_text(SECRET)


def give_name(page: Page, number: int, name: str) -> None:
    card = page.locator(f"[data-file='{number}']")
    card.get_by_label(f"Your own name for Picture {number}").fill(name)
    card.get_by_label(f"Your own name for Picture {number}").press("Enter")
    expect(card.get_by_text("Kept on this device.")).to_be_visible()


def test_names_are_kept_only_where_that_is_switched_on_sealed_and_never_sent(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    expect(page.get_by_label(SWITCH)).not_to_be_checked()
    expect(page.get_by_label("Your own name for Picture 1")).to_have_count(0)
    assert page.evaluate(STORED) == "[]"
    page.get_by_label(SWITCH).check()
    give_name(page, 2, "red coat, ferry")
    stored = page.evaluate(STORED)
    credential = credentials(SECRET)
    for secret in ("red coat", key, credential.case_id.hex(), bytes(credential.token).hex()):
        assert secret not in stored
    enter_key(page, portal, key)  # a new visit
    expect(page.locator("[data-file='2'] h2")).to_contain_text("red coat, ferry")
    expect(page.locator("[data-file='1'] h2")).to_have_text("Picture 1")
    page.locator("[data-file='2']").get_by_role("button", name="Withdraw Picture 2").click()
    expect(page.get_by_role("heading", name="Withdraw Picture 2")).to_contain_text("red coat, ferry")
    assert not any(b"red coat" in request.body for request in portal.requests)
    page.get_by_role("button", name="Yes, withdraw").click()
    expect(page.locator("[data-file='2'][data-state=withdrawn] h2")).to_have_text("Picture 2")
    enter_key(page, portal, key)
    expect(page.get_by_label(SWITCH)).to_be_checked()
    expect(page.locator("[data-file='2'] h2")).to_have_text("Picture 2")
    page.get_by_label(SWITCH).uncheck()
    expect(page.locator("[data-naming=off]")).to_be_visible()
    assert page.evaluate(STORED) == "[]"


def test_what_is_too_long_is_said_and_a_withdrawn_case_and_clear_all_leave_no_name(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    page.get_by_label(SWITCH).check()
    page.get_by_label("Your own name for Picture 1").fill("x" * 61)
    page.get_by_role("button", name="Keep the name (Picture 1)").click()
    expect(page.get_by_role("alert")).to_have_text("A name has at most 60 characters. Make it shorter.")
    give_name(page, 1, "x" * 60)
    page.goto(f"{portal.address}/device/")
    expect(page.locator("[data-kept=labels]")).to_have_attribute("data-is-there", "yes")
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="Yes, clear it all").click()
    expect(page.locator("[data-kept=labels]")).to_have_attribute("data-is-there", "no")
    enter_key(page, portal, key)
    page.get_by_label(SWITCH).check()
    give_name(page, 1, "again")
    page.get_by_role("button", name="Withdraw the whole case").click()
    page.get_by_role("button", name="Yes, withdraw").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("withdrawn")
    expect(page.get_by_label(SWITCH)).to_have_count(0)
    assert page.evaluate(STORED) == "[]"


def test_a_name_that_could_not_be_kept_is_said_where_it_was_typed(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    page.get_by_label(SWITCH).check()
    give_name(page, 1, "red coat")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    card = page.locator("[data-file='1']")
    card.get_by_label("Your own name for Picture 1").fill("blue coat")
    card.get_by_role("button", name="Keep the name (Picture 1)").click()
    expect(card.get_by_role("alert")).to_contain_text("That was not kept.")
    expect(card.get_by_label("Your own name for Picture 1")).to_have_value("blue coat")
    expect(card.locator("h2")).to_contain_text("red coat")
    enter_key(page, portal, key)
    expect(page.locator("[data-file='1'] h2")).to_contain_text("red coat")


TURNED = "\u2069\u202ered\u2066 coat"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [(TURNED, "Picture 1 (“\u2068red coat\u2069”)"), ("\u200b\u202e", "Picture 1"), ("<b>x</b>", "Picture 1 (“\u2068<b>x</b>\u2069”)")],
)
def test_no_name_turns_or_hides_the_words_around_it(portal: PortalServer, page: Page, key: str, typed: str, shown: str) -> None:
    enter_key(page, portal, key)
    page.get_by_label(SWITCH).check()
    give_name(page, 1, typed)
    assert page.locator("[data-file='1'] h2").text_content() == shown


def test_on_paper_a_case_has_its_files_and_nothing_to_press(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    expect(page.locator("[data-file='2']")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("[data-file='2'] h2")).to_be_visible()
    expect(page.locator("button:visible, input:visible, summary:visible")).to_have_count(0)


@pytest.mark.parametrize(("name", "data"), [("a.png", b"\x89PNG\r\n\x1a\n" + bytes(200)), ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(4_000))])
def test_a_file_that_can_not_be_read_is_not_said_to_be_none_of_the_case_s(
    portal: PortalServer, page: Page, key: str, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    enter_key(page, portal, key)
    page.get_by_role("button", name="Which of my files is this?").click()
    page.get_by_role("button", name="18 or over").click()
    page.locator("input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator("[data-which=ready]")).to_contain_text("we can’t tell whether it is a copy", timeout=60_000)
