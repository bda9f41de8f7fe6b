# SPDX-License-Identifier: Apache-2.0
"""The main journeys in Chromium, Firefox and WebKit, by one script of steps: a plan, a sent case, the log, a notice, leaving.

And what each browser makes of the media of this project. Firefox and WebKit are those of the system: tests/other_browsers.py.
"""

from pathlib import Path

import pytest

from tests.other_browsers import Window, until
from tests.portal.browser_steps import Person
from tests.portal.folder_steps import PASSPHRASE
from tests.portal.notice_data import WHOLE
from tests.portal.portal_server import PortalServer

pytestmark = pytest.mark.long

STEP = ".plan > li.is-now h2"
ENTRY = {"address": "https://example.net/post/7", "words": "Pay or I send it to everybody"}


def test_a_plan_step_by_step_and_back(window: Window, portal: PortalServer) -> None:
    person = Person(window)
    person.goes_to(f"{portal.address}/#nz")
    person.presses(".start-group a[href^='/threat/']")
    person.presses("[data-answer=stranger]")
    person.sees(STEP, person.words["plan.threat.pay.title"])
    person.presses("[data-next]")
    person.presses("[data-answer=adult]")
    person.presses("[data-answer=has_not]")
    person.sees(STEP, person.words["plan.threat.keep.title"])
    person.presses("[data-next]")
    person.sees(".plan > li.is-now a[href^='tel:']")
    for _ in range(4):
        person.presses(".bar-back")
    person.sees(STEP, person.words["plan.threat.pay.title"])
    assert window.ask("return location.hash") == "#nz"
    assert portal.api_requests() == []


def test_from_a_file_to_a_sent_case_and_back_with_the_key(window: Window, portal: PortalServer, picture_file: Path) -> None:
    person = Person(window)
    person.goes_to(f"{portal.address}/protect/")
    for key in ("protect.who.person", "protect.age.adult", "protect.age.adult"):
        person.presses_button(key)
    person.chooses_files("#chooser", picture_file)
    person.sees("[data-outcome=ready]")
    assert portal.api_requests() == []
    person.presses(".actions .button")
    person.sees("[data-case-key]")
    key = window.ask("return document.querySelector('[data-case-key]').dataset.caseKey")
    person.presses_button("protect.key.kept")
    shown = until(lambda: window.ask("return document.querySelector('[data-exact-body]')?.textContent"))
    person.presses_button("protect.send.button")
    person.presses_button("protect.done.case")
    person.sees(".cards")
    assert [request.body.decode() for request in portal.api_requests() if request.method == "POST"] == [shown]
    person.goes_to(f"{portal.address}/case/")
    person.writes("#case-key", key)
    person.presses("main .button")
    person.sees(".card[data-state=active]")


def test_the_log_is_sealed_and_opens_with_its_passphrase(window: Window, portal: PortalServer, picture_file: Path) -> None:
    person = Person(window)
    person.goes_to(f"{portal.address}/evidence/")
    begin(person)
    write_entry(person, picture_file)
    person.goes_to(f"{portal.address}/nothing-here/")
    person.goes_to(f"{portal.address}/evidence/")
    person.labels("folder.pass.label", "four wrong words here")
    person.presses_button("folder.pass.open")
    person.sees("[data-trouble=passphrase]")
    window.ask("document.querySelectorAll('input').forEach((field) => { field.value = ''; })")
    person.labels("folder.pass.label", PASSPHRASE)
    person.presses_button("folder.pass.open")
    person.sees("[data-entry='1']", ENTRY["words"])
    assert portal.api_requests() == []


def test_a_notice_from_the_log_to_the_one_to_turn_to(window: Window, portal: PortalServer) -> None:
    person = Person(window)
    person.goes_to(f"{portal.address}/evidence/#fi")
    begin(person)
    write_entry(person)
    person.presses_button("folder.log.notices")
    person.presses_button("notice.list.new")
    person.fills({"platform_name": "Example Forum"})
    person.sees("[data-rules=eu_dsa]")
    person.presses_button("notice.choose.go")
    person.sees("[data-field=locations]")
    person.fills({name: value for name, value in WHOLE.items() if name != "locations"})
    person.presses_button("notice.check")
    person.sees("[data-missing=locate]")
    person.fills({"locations": ENTRY["address"]})
    person.presses_button("notice.check")
    text = person.sees("[data-notice-text]", ENTRY["address"])
    assert WHOLE["name"] in text
    person.presses_button("notice.text.sent")
    person.presses_button("notice.card.refused")
    person.sees("[data-notice=eu_dsa][data-clock=over] [data-service]")
    assert portal.api_requests() == []


def test_leaving_blanks_the_page_and_no_way_leads_back(window: Window, portal: PortalServer) -> None:
    person = Person(window)
    before = f"{portal.address}/icon.svg"  # WebKit's driver loses a page for which Back starts another process, as another site's does
    person.goes_to(before)
    entries = window.ask("return history.length")
    person.goes_to(f"{portal.address}/threat/#nz")
    person.presses("[data-answer=stranger]")
    person.presses(".bar-talk")
    person.sees("main h1")
    until(lambda: window.ask("return location.pathname === '/talk/'"))
    left = "document.querySelector('[data-exit]').click(); return document.body.innerHTML + document.title"
    assert window.ask(left) == ""
    until(lambda: window.ask("return location.href === 'about:blank'"), "the empty page")
    assert window.ask("return history.length") == entries + 1
    window.back()
    until(lambda: window.ask(f"return location.href === '{before}'"), "what was before")


def begin(person: Person) -> None:
    """From the first question to an empty folder on the device."""
    person.presses_button("folder.age.adults")
    person.presses_button("folder.where.device")
    person.labels("folder.pass.label", PASSPHRASE)
    person.labels("folder.pass.again", PASSPHRASE)
    person.presses_button("folder.pass.create")


def write_entry(person: Person, *files: Path) -> None:
    person.presses_button("folder.log.add")
    person.sees("[data-field=address]")
    person.fills(ENTRY)
    if files:
        person.chooses_files("[data-files=yes] input[type=file]", *files)
        person.sees("[data-file]")
    person.presses_button("folder.entry.save")
    person.sees("[data-entry='1']")
