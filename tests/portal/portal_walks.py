# SPDX-License-Identifier: Apache-2.0
"""Every flow of the portal step by step, in either language, for tests that look at each step: a walk yields the name of where it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.portal.folder_steps import PASSPHRASE, Reader
from tests.portal.notice_data import WHOLE, shown
from tests.portal.portal_pages import address
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose

Walk = Callable[[Page, PortalServer, Reader, Path], Iterator[str]]


def protect(page: Page, portal: PortalServer, reader: Reader, picture: Path) -> Iterator[str]:
    """From the first question to the case, to what was erased, and to what is shown when nothing answers."""
    page.goto(portal.address + address("/protect/", reader.language))
    yield "who"
    reader.press(page, "protect.who.other")
    yield "other"
    reader.press(page, "protect.back")
    reader.press(page, "protect.who.person")
    yield "age now"
    reader.press(page, "protect.age.adult")
    yield "age then"
    reader.press(page, "protect.age.adult")
    yield "no files"
    choose(page, picture)
    yield "files"
    page.locator(".actions .button").first.click()
    expect(page.locator("[data-case-key]")).to_be_visible()
    yield "key"
    reader.press(page, "protect.key.qr")
    yield "key as a picture"
    reader.press(page, "protect.key.kept")
    yield "send"
    portal.is_down = True
    reader.press(page, "protect.send.button")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "nothing answers"
    portal.is_down = False
    reader.press(page, "protect.send.again")
    reader.sees(page, "protect.done.title")
    yield "done"
    reader.press(page, "protect.done.case")
    expect(page.locator(".cards")).to_be_visible()
    yield from the_case(page, reader)


def the_case(page: Page, reader: Reader) -> Iterator[str]:
    """From the overview to the receipt of a withdrawn case."""
    yield "case"
    reader.press(page, "case.ledger.show")
    reader.sees(page, "case.ledger.title")
    yield "ledger"
    reader.press(page, "protect.back")
    reader.press(page, "case.withdraw.all")
    yield "withdraw"
    page.locator(".actions .button").first.click()
    expect(page.get_by_role("button", name=reader.words["case.receipt.show"])).to_be_visible()
    yield "withdrawn"
    reader.press(page, "case.receipt.show")
    expect(page.locator("[data-note]")).to_have_count(1)
    yield "receipt"


def case_key(page: Page, portal: PortalServer, reader: Reader, _: Path) -> Iterator[str]:
    page.goto(portal.address + address("/case/", reader.language))
    expect(page.locator("#case-key")).to_be_visible()
    expect(page.locator("#case-key")).to_have_attribute("autocorrect", "off")
    yield "key asked for"
    page.locator("#case-key").fill("too short")
    page.locator("main .button").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "no key"


def log(page: Page, portal: PortalServer, reader: Reader, picture: Path) -> Iterator[str]:
    """From the first question to an entry, what can be taken along, and erasing it all."""
    page.goto(portal.address + address("/evidence/", reader.language))
    expect(page.locator(".choice").first).to_be_visible()
    yield "age"
    reader.press(page, "folder.where.import")
    yield "import"
    reader.press(page, "protect.back")
    reader.press(page, "folder.age.adults")
    yield "where"
    reader.press(page, "folder.where.device")
    yield "passphrase"
    reader.label(page, "folder.pass.label", PASSPHRASE)
    reader.label(page, "folder.pass.again", PASSPHRASE)
    reader.press(page, "folder.pass.create")
    reader.sees(page, "folder.log.title")
    yield "empty log"
    reader.press(page, "folder.log.add")
    reader.fill(page, {"address": "https://example.net/" + "x" * 200, "what": "x" * 300})
    page.locator("[data-files=yes] input[type=file]").set_input_files(picture)
    expect(page.locator("[data-file]")).to_have_count(1)
    yield "entry"
    reader.press(page, "folder.entry.save")
    expect(page.locator("[data-entry='1']")).to_be_visible()
    yield "log"
    reader.press(page, "folder.log.export")
    yield "export"
    reader.press(page, "protect.back")
    reader.press(page, "folder.log.wipe")
    yield "wipe"


def notice(page: Page, portal: PortalServer, reader: Reader, _: Path) -> Iterator[str]:
    """From the first question to a notice that was refused."""
    page.goto(portal.address + address("/remove/", reader.language))
    reader.press(page, "folder.age.adults")
    reader.press(page, "folder.where.window")
    yield "no notices"
    reader.press(page, "notice.list.new")
    yield "site and law"
    page.locator("[data-field=platform]").select_option(index=1)
    page.get_by_text(reader.words["notice.choose.others"], exact=True).click()
    page.locator("[data-field=regime] label").nth(0).click()
    reader.press(page, "notice.choose.go")
    reader.press(page, "notice.check")
    yield "missing"
    reader.fill(page, shown(page, {**WHOLE, "locations": "https://example.net/" + "x" * 200}))
    reader.press(page, "notice.check")
    reader.sees(page, "notice.text.title")
    yield "text"
    reader.press(page, "notice.text.sent")
    yield "running"
    reader.press(page, "notice.card.refused")
    expect(page.locator("[data-escalation]")).to_be_visible()
    yield "escalation"


WALKS: tuple[Walk, ...] = (protect, case_key, log, notice)
