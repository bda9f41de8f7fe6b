# SPDX-License-Identifier: Apache-2.0
"""The main ways from end to end: narrow and wide, in both languages, by touches and by keyboard alone.

`make test` takes each law and each choice one way, by touches and by keys in turn, so that both are seen in either language and either
width over all of them; `make test-long` goes the rest.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.portal.folder_steps import PASSPHRASE, Reader, begin_log, new_notice, unlock, write_entry
from tests.portal.hands import hands
from tests.portal.notice_data import LACKS, WHOLE, shown
from tests.portal.pdf_reading import pictures_in, text_of
from tests.portal.portal_pages import LANGUAGES, address
from tests.portal.portal_server import PortalServer

WAYS = [(width, language, by) for by in ("touch", "keys") for language in LANGUAGES for width in (360, 1280)]
CHOICES = ("role", "may_tell_author")
"""What can't be left out again once it was marked."""
NEXT = {
    "us_tida": "us-ftc-takeitdown",
    "gb_osa": "gb-report-harmful-content",
    "nz_hdca": "nz-netsafe",
    "au_esafety": "au-esafety",
    "eu_dsa": "ie-cnam",
    "plain": "global-chayn",
}
"""Whom to turn to when an answer does not come in time."""
ENTRY = {"address": "https://example.net/post/7", "words": "Pay or I send it to everybody", "who_saw": "my sister"}


def every_way(cases: Sequence[str]) -> list[Any]:
    """Each case with each way; one way of each in `make test`, another each time."""
    return [
        pytest.param(case, *way, marks=() if place == 5 * turn % len(WAYS) else pytest.mark.long)
        for turn, case in enumerate(cases)
        for place, way in enumerate(WAYS)
    ]


def person(page: Page, width: int, language: str, by: str) -> Reader:
    page.set_viewport_size({"width": width, "height": 800})
    return Reader(language, hands(by))


def made(page: Page, reader: Reader, key: str) -> bytes:
    """Press an export's button and return the file that comes."""
    with page.expect_download() as waiting:
        reader.press(page, key)
    return Path(str(waiting.value.path())).read_bytes()


def asked(portal: PortalServer) -> list[str]:
    return [request.path for request in portal.requests if request.path.startswith("/api")]


@pytest.mark.parametrize(("law", "width", "language", "by"), every_way(list(LACKS)))
def test_from_the_log_over_a_notice_to_the_next_step(
    portal: PortalServer, page: Page, tmp_path: Path, law: str, width: int, language: str, by: str
) -> None:
    page.clock.install(time=datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
    reader = person(page, width, language, by)
    begin_log(page, portal, reader=reader)
    write_entry(page, ENTRY, reader=reader)
    reader.press(page, "folder.log.notices")
    new_notice(page, law, reader=reader)
    reader.hands.tick(page.locator("[data-noted] input"), is_on=True)
    refuse_without_each(page, reader, law)
    reader.press(page, "notice.check")
    reader.sees(page, "notice.text.title")
    texts = page.locator("[data-notice-text]").all_inner_texts()
    assert len(texts) == (1 if language == "en" else 2)
    pdf = made(page, reader, "notice.text.pdf")
    for text in (*texts, text_of(pdf, tmp_path)):
        assert ENTRY["address"] in text
        assert "Maria Example" in text
    assert pictures_in(pdf, tmp_path) == []
    reader.press(page, "notice.text.sent")
    wait_until_the_time_is_over(page, reader, law)
    card = page.locator(f"[data-notice={law}]")
    expect(card.locator(f"[data-service={NEXT[law]}]")).to_be_visible()
    proof = card.locator("[data-escalation-text]")
    for part in ("2026-11-25 12:0", "Example Forum", ENTRY["address"]):
        expect(proof).to_contain_text(part)
    reader.press(page, "notice.card.removed")
    expect(card).to_have_attribute("data-clock", "removed")
    assert asked(portal) == []


def refuse_without_each(page: Page, reader: Reader, law: str) -> None:
    """Fill in the form, and see it refused without each element in turn, for that element alone."""
    whole = {name: value for name, value in shown(page, WHOLE).items() if name != "locations"}
    unmarked = {element: without for element, without in LACKS[law].items() if without[0] in CHOICES}
    late = {name for without in unmarked.values() for name in without}
    reader.fill(page, {name: value for name, value in whole.items() if name not in late})
    assert len(unmarked) <= 1, "two choices that are left out at once are not refused one by one"
    for element in unmarked:
        refused(page, reader, element)
    reader.fill(page, {name: value for name, value in whole.items() if name in late})
    for element, without in LACKS[law].items():
        if element in unmarked:
            continue
        before = {name: page.locator(f"[data-field={name}]").input_value() for name in without if not name.startswith("states_")}
        reader.fill(page, {name: "no" if name.startswith("states_") else "" for name in without})
        refused(page, reader, element)
        reader.fill(page, {name: before.get(name, "yes") for name in without})


def refused(page: Page, reader: Reader, element: str) -> None:
    reader.press(page, "notice.check")
    expect(page.locator(f"[data-missing='{element}']")).to_be_visible()


def wait_until_the_time_is_over(page: Page, reader: Reader, law: str) -> None:
    card = page.locator(f"[data-notice={law}]")
    if law in ("eu_dsa", "plain"):
        reader.label(page, "notice.clock.day", "2026-11-26")
        reader.press(page, "notice.clock.start")
    if law == "au_esafety":
        reader.label(page, "notice.clock.regulator.at", "2026-11-25T16:00")
        reader.press(page, "notice.clock.start")
    expect(card).to_have_attribute("data-clock", "running")
    page.clock.set_fixed_time(datetime(2026, 11, 27, 12, 1, tzinfo=UTC))
    reader.press(page, "notice.list.to_log")
    reader.press(page, "folder.log.notices")
    expect(card).to_have_attribute("data-clock", "over")


@pytest.mark.parametrize(("kept", "width", "language", "by"), every_way(["on the device", "in the window"]))
def test_the_exports_hold_what_they_should_and_no_picture(
    portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path, kept: str, width: int, language: str, by: str
) -> None:
    reader = person(page, width, language, by)
    begin_log(page, portal, passphrase=PASSPHRASE if kept == "on the device" else None, reader=reader)
    write_entry(page, ENTRY, picture_file, keep=True, reader=reader)
    reader.press(page, "folder.log.export")
    digest = hashlib.sha256(picture_file.read_bytes()).hexdigest()
    for key in ("folder.export.pdf", "folder.export.police"):
        pdf = made(page, reader, key)
        text = text_of(pdf, tmp_path)
        assert ENTRY["address"] in text
        assert digest in text.replace(" ", "")
        assert picture_file.stem not in text
        assert pictures_in(pdf, tmp_path) == []
    assert asked(portal) == []


@pytest.mark.parametrize(("choice", "width", "language", "by"), every_way(["threat", "shared"]))
def test_without_a_connection_the_way_leads_on(portal: PortalServer, page: Page, choice: str, width: int, language: str, by: str) -> None:
    reader = person(page, width, language, by)
    page.goto(portal.address + address("/device/", language))
    reader.press(page, "device.pages.keep")
    expect(page.locator("[data-said]")).to_have_text(reader.words["device.pages.kept"], timeout=60_000)
    page.context.set_offline(True)
    before = len(portal.requests)
    page.goto(portal.address + address("/", language))
    reader.hands.press(page.locator(f".choices a[href='{address(f'/{choice}/', language)}']"))
    reader.sees(page, f"plan.{choice}.title")
    begin_log(page, portal, reader=reader)
    write_entry(page, ENTRY, reader=reader)
    unlock(page, portal, path="/remove/", reader=reader)
    new_notice(page, "plain", reader=reader)
    assert portal.asked_after(before) == []
