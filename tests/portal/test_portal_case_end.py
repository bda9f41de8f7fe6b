# SPDX-License-Identifier: Apache-2.0
"""How a case ends: in time with a warning, later where the person wants that, and with a receipt."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, DelayState, FingerprintState, PartnerStatus
from stillmine.wire.case_key import case_key_text, credentials
from stillmine.wire.errors import CaseClosedError
from stillmine.wire.kinds import Kind
from stillmine.wire.vote import VoteKind, VoteReason
from tests.portal.portal_server import NOW, Case, PortalServer
from tests.portal.portal_steps import enter_key

SECRET = bytes(range(10))
RENEW = "Keep it open for two years from today"


def case_that_ends_in(portal: PortalServer, days: float) -> str:
    """A case of one picture that two partners have; returns its key."""
    partners = [
        PartnerStatus("Example Social", given_on=NOW.date(), withdrawal_confirmed_at=NOW),
        PartnerStatus(
            "Example Forum",
            given_on=NOW.date(),
            vote=VoteKind.DISAGREE,
            vote_reason=VoteReason.NOT_AGAINST_RULES,
            voted_on=NOW.date(),
        ),
    ]
    one = CaseFingerprint("0" * 32, Kind.PDQ, 1, FingerprintState.ACTIVE, "ab" * 32, 100, NOW, None, partners)
    view = CaseView(CaseState.OPEN, NOW, datetime.now(UTC) + timedelta(days=days), None, [one])
    portal.cases[credentials(SECRET).case_id] = Case(b"", view)
    return case_key_text(SECRET)


def test_a_case_that_ends_soon_says_so_and_is_renewed_with_one_button(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, case_that_ends_in(portal, 59))
    warning = page.locator("[data-renewal=soon]")
    expect(warning).to_contain_text("Your case ends on")
    warning.get_by_role("button", name=RENEW).click()
    expect(page.get_by_text("Done. It now stays open until")).to_be_visible()
    expect(page.locator("[data-renewal=soon]")).to_have_count(0)
    assert [request.path for request in portal.api_requests()][-1] == "/api/v1/case/renew"


def test_neither_the_warning_nor_the_receipt_scrolls_a_narrow_phone_sideways(portal: PortalServer, page: Page) -> None:
    def is_scrolled_sideways() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    page.set_viewport_size({"width": 320, "height": 700})
    enter_key(page, portal, case_that_ends_in(portal, 5))
    expect(page.locator("[data-renewal=soon]")).to_be_visible()
    assert not is_scrolled_sideways()
    page.get_by_role("button", name="Withdraw the whole case").click()
    page.get_by_role("button", name="Yes, withdraw all of it").click()
    page.get_by_role("button", name="Show the receipt of what was erased").click()
    page.get_by_text("The signed text", exact=True).click()
    expect(page.locator("[data-note]")).to_be_visible()
    assert not is_scrolled_sideways()


def test_a_case_that_ends_later_can_be_renewed_without_a_warning(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, case_that_ends_in(portal, 400))
    expect(page.locator("[data-renewal=open]").get_by_role("button", name=RENEW)).to_be_visible()
    expect(page.get_by_text("Your case ends on")).to_have_count(0)
    case = portal.cases[credentials(SECRET).case_id]
    portal.failure = CaseClosedError
    page.get_by_role("button", name=RENEW).click()
    expect(page.locator("[data-error=case_closed]")).to_be_visible()
    assert case.view.state is CaseState.OPEN


@pytest.mark.parametrize("delay", DelayState)
def test_what_is_kept_after_the_end_is_not_said_to_be_erased_or_withdrawn(portal: PortalServer, page: Page, delay: DelayState) -> None:
    key = case_that_ends_in(portal, -1)
    case = portal.cases[credentials(SECRET).case_id]
    end = {"state": FingerprintState.WITHDRAWN, "value": None, "quality": None, "withdrawn_at": NOW}
    kept = [msgspec.structs.replace(one, **end, erased_by=datetime.now(UTC) + timedelta(hours=40)) for one in case.view.fingerprints]
    case.view = msgspec.structs.replace(case.view, state=CaseState.EXPIRED, fingerprints=kept, delay=delay)
    enter_key(page, portal, key)
    card = page.locator(".card")
    expect(card).to_contain_text("fingerprint kept locked, not looked for")
    expect(card).to_contain_text("No longer looked for: the case has ended.")
    expect(card).not_to_contain_text(re.compile("erased|Withdrawn"))
    expect(page.get_by_role("button", name="Show the receipt so far")).to_be_visible()
    erase = page.get_by_role("button", name="Erase the fingerprints now")
    # With the delay on it can't be done now, and nothing says that it could.
    expect(erase).to_have_count(1 if delay is DelayState.OFF else 0)
    expect(page.get_by_text("erase them now")).to_have_count(0)
    if delay is DelayState.OFF:
        erase.click()
        expect(page.get_by_role("heading", name="Erase the fingerprints now?")).to_be_visible()
        expect(page.get_by_role("button", name="No, leave them")).to_be_visible()


@pytest.mark.parametrize("days", [730, 729])
def test_a_new_case_offers_nothing_to_renew(portal: PortalServer, page: Page, days: int) -> None:
    enter_key(page, portal, case_that_ends_in(portal, days))
    expect(page.locator(".cards")).to_be_visible()
    expect(page.get_by_role("button", name=RENEW)).to_have_count(0)


def test_withdrawn_and_a_receipt_to_read_save_and_print(portal: PortalServer, page: Page, tmp_path: Path) -> None:
    page.clock.set_fixed_time(NOW)  # in another year a date is shown with its year
    enter_key(page, portal, case_that_ends_in(portal, 730))
    expect(page.get_by_text("Example Forum said on 22 November that it should not be looked for: they say it is allowed")).to_be_visible()
    expect(page.get_by_role("button", name="Show the receipt")).to_have_count(0)
    page.get_by_role("button", name="Withdraw the whole case").click()
    page.get_by_role("button", name="Yes, withdraw all of it").click()
    page.get_by_role("button", name="Show the receipt of what was erased").click()
    expect(page.get_by_role("heading", name="Receipt of what was erased")).to_be_focused()
    card = page.locator(".card[data-erased='Picture 1']").first
    expect(card).to_contain_text("Erased at the exchange on 22 November at 16:05: Picture.")
    expect(card).to_contain_text("Example Social confirmed on 22 November at 16:05 that it has stopped looking for it.")
    expect(card).to_contain_text("Example Forum has not confirmed yet.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the signed text").click()
    saved = tmp_path / "saved.txt"
    download.value.save_as(saved)
    note = page.locator("[data-note]").text_content() or ""
    assert download.value.suggested_filename == "receipt.txt"
    assert saved.read_text() == note
    assert "ab" * 32 not in note
    page.emulate_media(media="print")
    expect(page.locator(".sheet .card")).to_be_visible()
    expect(page.locator("#island > h1")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", name="Your case is withdrawn")).to_be_visible()
