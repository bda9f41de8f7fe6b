# SPDX-License-Identifier: Apache-2.0
"""The case page with files of several fingerprints each: one card per file, withdrawn as a whole, also over a bad line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, FingerprintState, PartnerStatus
from stillmine.wire.case_key import case_key_text, credentials
from stillmine.wire.kinds import Kind
from tests.portal.portal_server import NOW, Case, PortalServer
from tests.portal.portal_steps import enter_key

SECRET = bytes(range(10))
LATER = NOW + timedelta(minutes=20)
VIDEO = json.dumps([f"{'0123456789abcdef' * 4},100,{second}.000" for second in range(60)], separators=(",", ":"))
FILES: list[tuple[int, Kind, str]] = [
    (1, Kind.PDQ, "ab" * 32),
    (2, Kind.VPDQ, VIDEO),
    (2, Kind.CHROMAPRINT, "AQAAEwmUaEkSRYkq"),
    (2, Kind.MD5, "cd" * 16),
    (3, Kind.CHROMAPRINT, "AQAAEwmUaEkSRYkr"),
    (3, Kind.SHA256, "ef" * 32),
    (4, Kind.SHA256, "12" * 32),
]


def fingerprint(place: int, number: int, kind: Kind, value: str) -> CaseFingerprint:
    given = PartnerStatus("Example Social", given_on=NOW.date())
    if kind is Kind.VPDQ:
        given = msgspec.structs.replace(given, found_on=NOW.date(), removed_on=LATER.date())
    partners = [given, PartnerStatus("Example Forum")]
    return CaseFingerprint(f"{place:032x}", kind, number, FingerprintState.ACTIVE, value, 100, NOW, None, partners)


@pytest.fixture
def key(portal: PortalServer) -> str:
    """The key of a case with a picture, a video, a sound and a file that nothing could look into."""
    fingerprints = [fingerprint(place, *file) for place, file in enumerate(FILES)]
    view = CaseView(CaseState.OPEN, NOW, NOW + timedelta(days=730), None, fingerprints)
    portal.cases[credentials(SECRET).case_id] = Case(b"", view)
    return case_key_text(SECRET)


def test_a_part_is_said_as_a_part_for_a_person_to_look_at(portal: PortalServer, page: Page) -> None:
    partner = PartnerStatus("Example Social", part_on=NOW.date())
    rows = [
        CaseFingerprint("1" * 32, Kind.PDQ, 1, FingerprintState.ACTIVE, "ab" * 32, 100, NOW, None, []),
        CaseFingerprint("2" * 32, Kind.REGIONS, 1, FingerprintState.ACTIVE, "AQYA", 100, NOW, None, [partner]),
    ]
    view = CaseView(CaseState.OPEN, NOW, NOW + timedelta(days=730), None, rows)
    portal.cases[credentials(SECRET).case_id] = Case(b"", view)
    enter_key(page, portal, case_key_text(SECRET))
    card = page.locator("[data-file='1']")
    expect(
        card.get_by_text("something on Example Social looked like a part of it. A person there has to look at it and decide.")
    ).to_be_visible()
    expect(card.get_by_text("Found on")).to_have_count(0)
    expect(card.get_by_text("Nothing found so far.")).to_have_count(0)


def withdrawn_ids(portal: PortalServer) -> list[str | None]:
    sent = [request for request in portal.api_requests() if request.path.endswith("/withdraw")]
    return [json.loads(request.body)["fingerprint_id"] for request in sent]


@contextmanager
def line_that_breaks_at(page: Page, place: int) -> Iterator[None]:
    """Break the connection at the withdrawal of this place, counted from 1, and at all after it."""
    asked: list[Route] = []

    def pass_or_break(route: Route) -> None:
        asked.append(route)
        route.abort() if len(asked) >= place else route.continue_()

    page.route("**/withdraw", pass_or_break)
    yield
    page.unroute_all()


def test_one_card_per_file_with_what_each_partner_did(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    expect(page.locator(".card")).to_have_count(4)
    assert page.locator(".card h2").all_inner_texts() == ["Picture 1", "Video 2", "Sound 3", "File 4"]
    video = page.locator("[data-file='2']")
    expect(video.locator("[data-fingerprint]")).to_have_count(3)
    expect(video.get_by_text("Moving pictures: fingerprint 0123 4567 …")).to_be_hidden()
    video.get_by_text("Its 3 fingerprints, for a closer look").click()
    expect(video.get_by_text("Moving pictures: fingerprint 0123 4567 …")).to_be_visible()
    expect(video.locator("[data-partner='Example Social']")).to_have_count(1)
    expect(video.get_by_text("Found on Example Social and removed")).to_have_count(1)
    expect(video.get_by_text("Nothing found so far.")).to_have_count(0)
    expect(page.locator("[data-file='3']").get_by_text("Nothing found so far.")).to_be_visible()


def test_a_file_is_withdrawn_with_all_its_fingerprints_in_order(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    page.get_by_role("button", name="Withdraw Video 2").click()
    page.get_by_role("button", name="Yes, withdraw Video 2").click()
    expect(page.locator("[data-file='2'][data-state=withdrawn]")).to_be_visible()
    expect(page.locator(".card[data-state=active]")).to_have_count(3)
    assert withdrawn_ids(portal) == [f"{place:032x}" for place in (1, 2, 3)]
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()


def test_a_line_that_breaks_says_what_is_left_and_the_rest_is_withdrawn_at_the_second_try(
    portal: PortalServer, page: Page, key: str
) -> None:
    enter_key(page, portal, key)
    page.get_by_role("button", name="Withdraw Video 2").click()
    with line_that_breaks_at(page, 2):
        page.get_by_role("button", name="Yes, withdraw Video 2").click()
        expect(page.locator("[data-error=unreachable]")).to_be_visible()
        expect(page.locator("[data-left='2']")).to_contain_text("Withdrawn so far: 1 of its 3 fingerprints.")
    page.get_by_role("button", name="No, keep it").click()
    expect(page.locator("[data-file='2']")).to_contain_text("Withdrawn so far: 1 of its 3 fingerprints. The others are still looked for.")
    page.get_by_role("button", name="Withdraw Video 2").click()
    page.get_by_role("button", name="Yes, withdraw Video 2").click()
    expect(page.locator("[data-file='2'][data-state=withdrawn]")).to_be_visible()
    assert withdrawn_ids(portal) == [f"{place:032x}" for place in (1, 2, 3)]


def test_the_last_file_closes_the_case(portal: PortalServer, page: Page, key: str) -> None:
    case = portal.cases[credentials(SECRET).case_id]
    case.view = msgspec.structs.replace(case.view, fingerprints=[one for one in case.view.fingerprints if one.file_number == 2])
    enter_key(page, portal, key)
    page.get_by_role("button", name="Withdraw Video 2").click()
    expect(page.get_by_text("It is the last file, so the case closes.")).to_be_visible()
    page.get_by_role("button", name="Yes, withdraw Video 2").click()
    expect(page.get_by_role("heading", name="Your case is withdrawn")).to_be_visible()


def test_the_cards_fit_a_narrow_screen(portal: PortalServer, browser: Browser, key: str) -> None:
    page = browser.new_context(viewport={"width": 320, "height": 700}).new_page()
    enter_key(page, portal, key)
    expect(page.locator(".card")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.context.close()
