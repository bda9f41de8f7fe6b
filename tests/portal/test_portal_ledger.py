# SPDX-License-Identifier: Apache-2.0
"""The case page reads the public log and checks it on the device; what does not add up is said, and nothing is kept unasked."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from stillmine.ledger.checkpoint import SigningKey
from stillmine.ledger.entry import EventName, entry_hash, ledger_salt
from stillmine.ledger.promise import open_promise, split_promises
from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, FingerprintState, PartnerStatus
from stillmine.wire.case_key import case_key_text, credentials
from stillmine.wire.kinds import Kind
from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.portal.portal_server import NOW, Case, PortalServer
from tests.portal.portal_steps import enter_key

SECRET = bytes(range(10))
LONG = "Example " + "Verylongname" * 4
HEBREW = "דוגמה"
OPEN = "See who was given your fingerprints"
REMEMBER = "Remember this check on this device"


@pytest.fixture
def key(portal: PortalServer) -> str:
    """A case of two files: one given to two partners, one to nobody."""
    given = [PartnerStatus(name, given_on=NOW.date()) for name in ("Example Social", HEBREW)]
    rows = [
        CaseFingerprint(
            f"{number:032x}", Kind.PDQ, number, FingerprintState.ACTIVE, "ab" * 32, 100, NOW, None, given if number == 1 else []
        )
        for number in (1, 2)
    ]
    view = CaseView(CaseState.OPEN, NOW, datetime.now(UTC) + timedelta(days=400), None, rows)
    portal.cases[credentials(SECRET).case_id] = Case(b"", view)
    return case_key_text(SECRET)


def look(page: Page, portal: PortalServer, key: str) -> None:
    enter_key(page, portal, key)
    page.get_by_role("button", name=OPEN).click()


def kept(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("({ ...localStorage, ...sessionStorage })")
    return found


def test_who_was_given_what_is_told_and_checked_and_nothing_is_kept(portal: PortalServer, page: Page, key: str) -> None:
    page.clock.set_fixed_time(NOW)  # in another year a date is shown with its year
    look(page, portal, key)
    expect(page.get_by_role("status").filter(has_text="Checked on this device: all 2 entries")).to_be_visible()
    told = page.locator('[data-told="Picture 1"]')
    expect(told).to_contain_text("22 November: given to \u2068Example Social\u2069.")
    expect(told).to_contain_text(f"22 November: given to \u2068{HEBREW}\u2069.")
    expect(page.locator('[data-told="Picture 2"]')).to_contain_text("Given to nobody so far.")
    assert kept(page) == {}
    asked = [request.path for request in portal.api_requests()]
    assert sorted(asked) == ["/api/v1/case", "/api/v1/case/ledger", "/api/v1/ledger/key"]
    (key_request,) = [request for request in portal.api_requests() if request.path == "/api/v1/ledger/key"]
    assert "authorization" not in key_request.headers


def test_a_withdrawal_is_in_the_log_too(portal: PortalServer, page: Page, key: str) -> None:
    page.clock.set_fixed_time(NOW)
    enter_key(page, portal, key)
    page.get_by_role("button", name="Withdraw the whole case").click()
    page.get_by_role("button", name="Yes, withdraw all of it").click()
    page.get_by_role("button", name=OPEN).click()
    expect(page.locator('[data-told="Picture 2"]')).to_contain_text("22 November: withdrawn.")


def held_back(portal: PortalServer, **until: float) -> None:
    """Nothing was published yet, and is promised for this time from now."""
    portal.ledger.publish_by = datetime.now(UTC).replace(microsecond=0) + timedelta(**until)


def test_what_is_not_published_yet_is_promised_and_the_file_is_what_an_auditor_takes(
    portal: PortalServer, page: Page, key: str, tmp_path: Path
) -> None:
    held_back(portal, hours=5)
    look(page, portal, key)
    status = page.get_by_role("status").filter(has_text="Checked on this device. Nothing that this page shows is missing")
    expect(status).to_contain_text("2 are recorded and signed, and will be in the public log by")
    expect(page.locator('[data-told="Picture 1"]')).to_contain_text("given to \u2068Example Social\u2069. Recorded; in the public log by")
    expect(page.locator("[data-promised]")).to_contain_text("You don’t need to do anything")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the promises as a file").click()
    waiting.value.save_as(tmp_path / "promises.txt")
    assert waiting.value.suggested_filename == "promises.txt"
    notes = split_promises((tmp_path / "promises.txt").read_text())
    promises = [open_promise(portal.ledger.signer.verifier, note) for note in notes]
    assert {one.leaf for one in promises} == {entry_hash(text) for text in portal.ledger.texts}
    assert {one.publish_by for one in promises} == {portal.ledger.publish_by}
    assert kept(page) == {}


def test_what_was_promised_is_found_in_the_log_later_or_missed(portal: PortalServer, page: Page, key: str) -> None:
    held_back(portal, hours=5)
    look(page, portal, key)
    expect(page.locator("[data-promised='2']")).to_be_visible()
    portal.ledger.published = 1
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("One entry about your case is in the public log. One is recorded and signed")).to_be_visible()
    portal.ledger.texts.pop()
    portal.ledger.named.pop()
    page.get_by_role("button", name="Check again").click()  # the entry is written anew, and promised anew
    alert = page.locator("[data-problem=missing]")
    expect(alert).to_contain_text("is not in the log")
    expect(page.get_by_role("button", name="Save the promises as a file")).to_be_visible()


def test_a_promise_whose_time_is_over_is_said_calmly_and_can_be_saved(portal: PortalServer, page: Page, key: str) -> None:
    held_back(portal, minutes=-1)
    look(page, portal, key)
    alert = page.locator("[data-problem=overdue]")
    expect(alert).to_contain_text("Something that should be in the public log by now is not in it.")
    expect(alert).to_contain_text("Your case goes on as before, and you did nothing wrong.")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the promises as a file").click()
    assert waiting.value.suggested_filename == "promises.txt"
    portal.ledger.published = len(portal.ledger.texts)
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("status").filter(has_text="all 2 entries")).to_be_visible()


def forge(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    """Change an answer of the ledger, and no other."""

    def spoil(body: bytes) -> bytes:
        answer = json.loads(body)
        if "checkpoint" in answer:
            change(answer)
        return json.dumps(answer).encode()

    return spoil


def other_text(answer: dict[str, Any]) -> None:
    answer["entries"][0]["text"] = answer["entries"][0]["text"].replace("Example Social", "Example Sociol")


def other_size(answer: dict[str, Any]) -> None:
    origin, size, rest = answer["checkpoint"].split("\n", 2)
    answer["checkpoint"] = f"{origin}\n{int(size) + 1}\n{rest}"


def other_promise(answer: dict[str, Any]) -> None:
    answer["promised"] = [{"text": answer["entries"][0]["text"], "promise": answer["checkpoint"], "items": answer["entries"][0]["items"]}]


def without_one(answer: dict[str, Any]) -> None:
    del answer["entries"][0]


@pytest.mark.parametrize(
    ("change", "problem", "words"),
    [
        (other_text, "entry", "does not fit the log"),
        (other_size, "checkpoint", "signature is wrong"),
        (other_promise, "promise", "is not signed properly"),
        (without_one, "missing", "is not in the log"),
    ],
)
def test_what_does_not_add_up_is_said_calmly(
    portal: PortalServer, page: Page, key: str, change: Callable[[dict[str, Any]], None], problem: str, words: str
) -> None:
    portal.spoil = forge(change)
    look(page, portal, key)
    alert = page.locator(f"[data-problem={problem}]")
    expect(alert).to_contain_text(words)
    expect(alert).to_contain_text("Your case goes on as before, and you did nothing wrong.")
    expect(page.locator("[data-told]")).to_have_count(0)
    portal.spoil = None
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("[data-told]")).to_have_count(2)


def test_a_key_for_one_person_alone_is_noticed(portal: PortalServer, page: Page, key: str) -> None:
    other = SigningKey(bytes(range(1, 33))).verifier.text()

    def spoil(body: bytes) -> bytes:
        answer = json.loads(body)
        if set(answer) == {"version", "key"}:
            answer["key"] = other
        return json.dumps(answer).encode()

    portal.spoil = spoil
    look(page, portal, key)
    expect(page.locator("[data-problem=checkpoint]")).to_be_visible()


def test_what_was_added_since_the_page_looked_is_no_false_alarm(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    expect(page.locator(".cards")).to_be_visible()
    case = portal.cases[credentials(SECRET).case_id]
    given = [PartnerStatus("Example Social", given_on=NOW.date())]
    added = CaseFingerprint(f"{3:032x}", Kind.PDQ, 3, FingerprintState.ACTIVE, "cd" * 32, 100, NOW, None, given)
    case.view.fingerprints.append(added)
    page.get_by_role("button", name=OPEN).click()
    expect(page.locator("[data-ledger=right]")).to_be_visible()


def test_a_dead_exchange_is_said_and_asked_again(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    expect(page.locator(".cards")).to_be_visible()
    portal.is_down = True
    page.get_by_role("button", name=OPEN).click()
    expect(page.locator("[data-error=unreachable]")).to_be_visible()
    portal.is_down = False
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("[data-told]")).to_have_count(2)


def test_checks_that_do_not_load_are_said_and_asked_again(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    page.route("**/assets/case_ledger.*.js", lambda route: route.abort())
    page.get_by_role("button", name=OPEN).click()
    expect(page.locator("[data-error=unreachable]")).to_be_visible()
    page.unroute("**/assets/case_ledger.*.js")
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("[data-told]")).to_have_count(2)


def remember(page: Page, portal: PortalServer, key: str) -> None:
    look(page, portal, key)
    page.get_by_label(REMEMBER).check()


def test_what_is_remembered_is_the_log_and_not_the_case(portal: PortalServer, page: Page, key: str) -> None:
    remember(page, portal, key)
    found = kept(page)
    assert list(found) == ["stillmine.ledger"]
    assert set(json.loads(found["stillmine.ledger"])) == {"origin", "size", "root", "day"}
    credential = credentials(SECRET)
    for secret in (key, credential.case_id.hex(), bytes(credential.token).hex()):
        assert secret not in found["stillmine.ledger"]
    page.get_by_label(REMEMBER).uncheck()
    assert kept(page) == {}


def test_the_log_goes_on_from_the_last_visit(portal: PortalServer, page: Page, key: str) -> None:
    remember(page, portal, key)
    for _ in range(5):
        portal.ledger.append(EventName.ACKNOWLEDGED, [], b"")
    look(page, portal, key)
    expect(page.get_by_text("Nothing in the log has been changed since you checked on")).to_be_visible()
    expect(page.get_by_label(REMEMBER)).to_be_checked()
    assert json.loads(kept(page)["stillmine.ledger"])["size"] == len(portal.ledger.texts)
    (asked,) = [request for request in portal.api_requests() if "consistency" in request.path]
    assert "authorization" not in asked.headers


def rewritten(portal: PortalServer) -> None:
    """Another past, longer than what was seen, under the same key."""
    portal.ledger.texts.clear()
    portal.ledger.named.clear()
    for _ in range(9):
        portal.ledger.append(EventName.DISCLOSED, ["f" * 32], ledger_salt(bytes(32)), "Example Forum")


def shrunk(portal: PortalServer) -> None:
    """Lose the newest entries, which are of nobody here."""
    for _ in range(4):
        portal.ledger.texts.pop()
        portal.ledger.named.pop()


def another(portal: PortalServer) -> None:
    portal.ledger.signer = SigningKey(bytes(range(1, 33)))


@pytest.mark.parametrize(("change", "problem"), [(rewritten, "rewritten"), (shrunk, "shrunk"), (another, "other_log")])
def test_a_log_with_another_past_is_noticed(
    portal: PortalServer, page: Page, key: str, change: Callable[[PortalServer], None], problem: str
) -> None:
    look(page, portal, key)  # the case's own entries are written first
    expect(page.locator("[data-told]")).to_have_count(2)
    for _ in range(5):
        portal.ledger.append(EventName.ACKNOWLEDGED, [], b"")
    remember(page, portal, key)
    before = kept(page)
    change(portal)
    look(page, portal, key)
    expect(page.locator(f"[data-problem={problem}]")).to_be_visible()
    assert kept(page) == before, "what was seen is the proof"
    page.get_by_role("button", name="Forget the earlier check and check again").click()
    expect(page.locator("[data-told]")).to_have_count(2)
    assert kept(page) == {}


def test_a_browser_that_keeps_nothing_says_so(portal: PortalServer, page: Page, key: str) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied'); } })")
    look(page, portal, key)
    page.get_by_label(REMEMBER).click()
    expect(page.get_by_text("This browser does not let pages keep anything")).to_be_visible()
    expect(page.get_by_label(REMEMBER)).not_to_be_checked()


def test_many_entries_are_folded(portal: PortalServer, page: Page, key: str) -> None:
    salt = ledger_salt(bytes(credentials(SECRET).token))
    for number in range(400):
        portal.ledger.append(EventName.MATCHED, [f"{1:032x}"], salt, f"Example Forum {number % 30}")
    enter_key(page, portal, key)
    page.get_by_role("button", name=OPEN).click()
    expect(page.get_by_text("all 402 entries")).to_be_visible(timeout=60_000)
    told = page.locator('[data-told="Picture 1"]')
    expect(told.get_by_role("listitem")).to_have_count(10)
    told.get_by_role("button", name="Show all 32").click()
    expect(told.get_by_role("listitem")).to_have_count(32)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_accessible_and_fits_a_narrow_phone(portal: PortalServer, browser: Browser, key: str, width: int, scheme: Scheme) -> None:
    first = portal.cases[credentials(SECRET).case_id].view.fingerprints[0]
    first.partners.append(PartnerStatus(LONG, given_on=NOW.date()))
    page = open_page(browser, width, scheme)
    held_back(portal, hours=5)
    look(page, portal, key)
    expect(page.locator("[data-promised]")).to_be_visible()
    found = violations(page) + (["sideways"] if is_scrolled_sideways(page) else [])
    portal.spoil = forge(other_size)
    page.get_by_role("button", name="Check again").click()
    page.get_by_text("The log’s signed state").click()
    found += violations(page) + (["sideways"] if is_scrolled_sideways(page) else [])
    page.context.close()
    assert found == []


def test_by_keyboard_alone(portal: PortalServer, page: Page, key: str) -> None:
    enter_key(page, portal, key)
    page.get_by_role("button", name=OPEN).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who was given your fingerprints")).to_be_focused()
    expect(page.locator("[data-told]")).to_have_count(2)
    page.get_by_label(REMEMBER).focus()
    page.keyboard.press("Space")
    expect(page.get_by_label(REMEMBER)).to_be_checked()
    page.get_by_role("button", name="Back").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your case is open")).to_be_focused()
