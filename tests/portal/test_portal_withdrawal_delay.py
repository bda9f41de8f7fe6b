# SPDX-License-Identifier: Apache-2.0
"""Withdrawals that take three days: chosen at opening or in the case, said with their date, cancelled with one press, on a small phone."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, DelayState, FingerprintState, PartnerStatus
from stillmine.wire.case_key import case_key_text, credentials
from stillmine.wire.errors import ConflictError
from stillmine.wire.kinds import Kind
from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.portal.portal_server import NOW, Case, PortalServer
from tests.portal.portal_steps import enter_key, to_key

SECRET = bytes(range(10))
QUESTION = "Could somebody force you to withdraw?"
CHOOSE = "Let a withdrawal take three days"


def case_with(portal: PortalServer, delay: DelayState = DelayState.OFF) -> str:
    """A case of a picture, and of a sound with two fingerprints; returns its key."""

    def one(place: int, number: int, kind: Kind, value: str) -> CaseFingerprint:
        given = [PartnerStatus("Example Social", given_on=NOW.date())]
        return CaseFingerprint(f"{place:032x}", kind, number, FingerprintState.ACTIVE, value, 100, NOW, None, given)

    files = [one(0, 1, Kind.PDQ, "ab" * 32), one(1, 2, Kind.CHROMAPRINT, "AQAAEwmUaEkSRYkr"), one(2, 2, Kind.SHA256, "ef" * 32)]
    view = CaseView(CaseState.OPEN, NOW, NOW + timedelta(days=730), None, files, delay)
    portal.cases[credentials(SECRET).case_id] = Case(b"", view)
    return case_key_text(SECRET)


def case_of(portal: PortalServer) -> CaseView:
    (case,) = portal.cases.values()
    return case.view


def sent(portal: PortalServer) -> list[str]:
    return [
        f"{request.path.removeprefix('/api/v1/case')} {request.body.decode().rstrip(' ')}"
        for request in portal.api_requests()
        if request.method == "POST"
    ]


@pytest.mark.parametrize("is_chosen", [True, False])
def test_it_is_offered_at_opening_and_off_unless_chosen(portal: PortalServer, page: Page, picture_file: Path, is_chosen: bool) -> None:
    to_key(page, portal, picture_file)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    box = page.get_by_role("checkbox", name=CHOOSE)
    expect(box).not_to_be_checked()
    page.get_by_text("When this makes sense, and what it costs").click()
    expect(page.get_by_text("you can’t withdraw at once. Switching it off also takes three days")).to_be_visible()
    if is_chosen:
        box.check()
    page.get_by_role("button", name="I have kept my key").click()
    page.get_by_role("button", name="Back", exact=True).click()
    expect(box).to_be_checked(checked=is_chosen)
    page.get_by_role("button", name="I have kept my key").click()
    page.get_by_role("button", name="Send this and open my case").click()
    said = "A withdrawal takes three days" if is_chosen else "You can add files, or withdraw, whenever you want"
    expect(page.get_by_text(said)).to_be_visible()
    (body,) = (request.body for request in portal.api_requests())
    assert json.loads(body)["delays_withdrawal"] is is_chosen
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator(f"[data-delay={'on' if is_chosen else 'off'}]")).to_be_visible()


def test_asked_for_said_with_its_date_and_cancelled(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, case_with(portal, DelayState.ON))
    page.get_by_role("button", name="Withdraw the whole case").click()
    expect(page.get_by_text("It takes effect three days from now.")).to_be_visible()
    page.get_by_role("button", name="Yes, withdraw it in three days").click()
    notice = page.locator("[data-asked=all]")
    expect(notice).to_contain_text("It takes effect on ")
    expect(notice).to_contain_text("If it was not you, cancel it if that is safe.")
    expect(page.locator("[data-file-asked]")).to_have_count(2)
    expect(page.get_by_role("button", name=re.compile("^Withdraw "))).to_have_count(0)
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()
    page.get_by_role("button", name="Show the receipt so far").click()
    expect(page.locator(".card:visible", has_text="unless that is cancelled first")).to_have_count(2)
    page.get_by_role("button", name="Back", exact=True).click()
    notice.get_by_role("button", name="Cancel it: keep my files protected").click()
    expect(page.get_by_text("Cancelled. Services look for it as before.")).to_be_visible()
    expect(notice).to_have_count(0)
    assert {one.withdrawal_due_at for one in case_of(portal).fingerprints} == {None}


def test_one_file_is_asked_for_and_cancelled_for_itself(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, case_with(portal, DelayState.ON))
    page.get_by_role("button", name="Withdraw Sound 2").click()
    page.get_by_role("button", name="Yes, withdraw it in three days").click()
    expect(page.get_by_text("Done. It takes effect on ")).to_be_visible()
    expect(page.locator("[data-asked=part]")).to_be_visible()
    expect(page.get_by_role("button", name="Withdraw the whole case")).to_be_visible()
    page.get_by_role("button", name="Cancel withdrawing Sound 2").click()
    expect(page.locator("[data-asked]")).to_have_count(0)
    ids = [one.id for one in case_of(portal).fingerprints[1:]]
    path_of = {"/withdraw": ids, "/withdraw/cancel": ids}
    assert sent(portal) == [f'{path} {{"version":1,"fingerprint_id":"{one}"}}' for path, named in path_of.items() for one in named]


def test_switched_on_after_saying_what_it_costs_and_off_with_a_way_back(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, case_with(portal))
    page.get_by_role("button", name=QUESTION).click()
    expect(page.get_by_role("heading", name=QUESTION)).to_be_focused()
    page.get_by_role("button", name="Leave it as it is").click()
    assert sent(portal) == []
    page.get_by_role("button", name=QUESTION).click()
    portal.failure = ConflictError
    page.get_by_role("button", name=CHOOSE).click()
    expect(page.locator("[data-error=conflict]")).to_be_visible()
    portal.failure = None
    page.get_by_role("button", name=CHOOSE).click()
    expect(page.get_by_text("Done. From now on a withdrawal takes three days")).to_be_visible()
    page.get_by_role("button", name="Switch this off, which takes three days").click()
    ending = page.locator("[data-delay=ending]")
    expect(ending).to_contain_text("It ends on ")
    above = ending.evaluate("(one) => one.compareDocumentPosition(document.querySelector('.cards')) & Node.DOCUMENT_POSITION_FOLLOWING")
    assert above, "somebody else may have done it: it stands where it is seen first"
    page.get_by_role("button", name="Keep it on").click()
    expect(page.locator("[data-delay=on]")).to_be_visible()
    assert [body.partition(" ")[2] for body in sent(portal)][-2:] == ['{"version":1,"is_on":false}', '{"version":1,"is_on":true}']


def test_all_of_it_goes_by_keyboard(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, case_with(portal, DelayState.ON))
    for name in ("Withdraw the whole case", "Yes, withdraw it in three days", "Cancel it: keep my files protected"):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
    expect(page.get_by_text("Cancelled. Services look for it as before.")).to_be_visible()
    page.get_by_role("button", name="Switch this off, which takes three days").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-delay=ending]")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (360, "dark")])
def test_it_is_accessible_and_fits_a_narrow_phone(
    portal: PortalServer, browser: Browser, picture_file: Path, width: int, scheme: Scheme
) -> None:
    page = open_page(browser, width, scheme)
    to_key(page, portal, picture_file)
    page.get_by_text("When this makes sense, and what it costs").click()
    assert (violations(page), is_scrolled_sideways(page)) == ([], False)
    portal.cases.clear()
    enter_key(page, portal, case_with(portal))
    page.get_by_role("button", name=QUESTION).click()
    assert (violations(page), is_scrolled_sideways(page)) == ([], False)
    page.get_by_role("button", name=CHOOSE).click()
    page.get_by_role("button", name="Withdraw the whole case").click()
    assert (violations(page), is_scrolled_sideways(page)) == ([], False)
    page.get_by_role("button", name="Yes, withdraw it in three days").click()
    page.get_by_role("button", name="Switch this off, which takes three days").click()
    expect(page.locator("[data-delay=ending]")).to_be_visible()
    assert (violations(page), is_scrolled_sideways(page)) == ([], False)
    page.context.close()
