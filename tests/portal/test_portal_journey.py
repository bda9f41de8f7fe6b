# SPDX-License-Identifier: Apache-2.0
"""The ways a person goes: protecting, coming back, withdrawing, and what happens when something is in the way."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stillmine.wire.case_key import case_key_secret, credentials
from stillmine.wire.errors import (
    CaseAlreadyOpenError,
    CaseClosedError,
    CaseNotFoundError,
    QualityTooLowError,
    StillmineError,
    TooManyAttemptsError,
    UnderEighteenError,
)
from tests.portal.made_pictures import picture
from tests.portal.portal_server import PortalServer
from tests.portal.portal_steps import choose, enter_key, give_phone_back, go_back, to_case, to_files, to_key, to_send


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, name: str) -> None:
    """Move on with Tab until the control of this name has the focus."""
    for _ in range(40):
        press(page, "Tab")
        if name in (page.evaluate("document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent") or ""):
            return
    raise AssertionError(f"the keyboard does not reach: {name}")


def test_the_whole_way_with_a_keyboard_alone(portal: PortalServer, page: Page, picture_file: Path) -> None:
    page.on("filechooser", lambda _: None)  # from the start: a listener added just before the key is pressed can come too late
    page.goto(portal.address)
    tab_to(page, "Stop copies of a picture, video or sound")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Who can be seen or heard in it?")).to_be_visible()
    for answer, next_question in (
        ("I am", "How old are you?"),
        ("18 or over", "How old were you in it?"),
        ("18 or over", "Choose the files"),
    ):
        tab_to(page, answer)
        press(page, "Enter")
        expect(page.get_by_role("heading", name=next_question)).to_be_focused()
    tab_to(page, "Choose files")
    with page.expect_file_chooser() as chooser:
        press(page, "Enter")
    chooser.value.set_files(picture_file)
    expect(page.get_by_role("button", name="Continue with 1 file")).to_be_visible()
    for button, heading in (
        ("Continue with 1 file", "Your case key"),
        ("I have kept my key", "This is all that will leave your device"),
        ("Send this and open my case", "Your case is open"),
        ("Show my case", "Your case is open"),
        ("Withdraw Picture 1", "Withdraw Picture 1?"),
        ("Yes, withdraw Picture 1", "Your case is withdrawn"),
    ):
        tab_to(page, button)
        press(page, "Enter")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_focused()


def test_what_is_shown_is_what_is_sent_and_nothing_before(portal: PortalServer, page: Page, picture_file: Path) -> None:
    key = to_send(page, portal, picture_file)
    body = (page.locator("[data-exact-body]").text_content() or "").encode()
    authorization = page.locator("[data-exact-authorization]").text_content() or ""
    expect(page.locator("[data-what-is-sent] li").first).to_have_text("1 code from 1 file.")
    expect(page.locator("[data-exact-body]")).to_be_hidden()
    page.get_by_text("Show exactly what is sent").click()
    expect(page.get_by_role("heading", name=f"The message: {len(body)} bytes")).to_be_visible()
    assert portal.api_requests() == []
    assert all(request.body == b"" for request in portal.requests)

    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()
    [sent] = portal.api_requests()
    assert sent.body == body
    assert sent.headers["authorization"] == authorization == credentials(case_key_secret(key)).authorization()
    assert picture_file.stem.encode() not in sent.body
    assert sorted(json.loads(body)) == ["delays_withdrawal", "fingerprints", "statement", "term_months", "version"]


def test_once_the_case_is_open_the_page_asks_whether_the_key_is_kept_and_offers_a_date(
    portal: PortalServer, page: Page, picture_file: Path
) -> None:
    key = to_send(page, portal, picture_file)
    page.get_by_role("button", name="Send this and open my case").click()
    ask = page.locator("[data-key-ask]")
    sent = len(portal.requests)
    for typed, answer in (("0000", "wrong"), (key[-4:].lower(), "right"), (key, "right")):
        ask.get_by_label("the last four letters or digits").fill(typed)
        press(page, "Enter")
        expect(ask).to_have_attribute("data-key-ask", answer)
    ask.get_by_role("button", name="Show my key again").click()
    expect(ask.locator("[data-case-key]")).to_have_attribute("data-case-key", key)
    page.get_by_text("Be reminded before your case ends").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the reminder").click()
    assert waiting.value.suggested_filename == "reminder.ics"
    assert Path(waiting.value.path()).read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert len(portal.requests) == sent
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator(".cards")).to_be_visible()


def test_the_file_name_is_nowhere_and_the_picture_only_on_request(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_files(page, portal)
    choose(page, picture_file)
    assert picture_file.stem not in page.content()
    expect(page.locator("img")).to_have_count(0)
    page.get_by_role("button", name="Show it: Picture 1").click()
    expect(page.locator("img.look")).to_be_visible()
    page.get_by_role("button", name="Hide it: Picture 1").click()
    expect(page.locator("img")).to_have_count(0)


@pytest.mark.parametrize("place", ["now", "then"])
@pytest.mark.parametrize("who", ["I am", "Someone who asked me to do this for them"])
def test_under_18_leads_away_before_a_file_can_be_chosen(portal: PortalServer, page: Page, who: str, place: str) -> None:
    page.goto(f"{portal.address}/protect/")
    page.get_by_role("button", name=who).click()
    if place == "then":
        page.get_by_role("button", name="18 or over").click()
        expect(page.get_by_text("Step 3 of 6")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.get_by_role("button", name="Under 18").click()
    expect(page.get_by_role("heading", name="When someone is under 18")).to_be_visible()
    expect(page.get_by_role("heading", name="Take It Down (NCMEC)").first).to_be_visible()
    assert portal.api_requests() == []
    assert not any(request.path.endswith(".wasm") or request.body for request in portal.requests)
    assert "?" not in page.url


def test_someone_else_is_told_who_can(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/protect/")
    page.get_by_role("button", name="Someone else").click()
    expect(page.get_by_text("A case can only be opened by the person who can be seen or heard in it")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="I am", exact=True)).to_be_visible()


@pytest.mark.parametrize("way", ["button", "phone"])
def test_going_back_loses_nothing(portal: PortalServer, page: Page, picture_file: Path, way: str) -> None:
    if way == "phone":
        give_phone_back(page)
    key = to_send(page, portal, picture_file)
    shown = page.locator("[data-exact-body]").text_content()
    go_back(page, way)
    expect(page.locator("[data-case-key]")).to_have_attribute("data-case-key", key)
    go_back(page, way)
    expect(page.locator("[data-outcome=ready]")).to_have_count(1)
    page.get_by_role("button", name="Continue with 1 file").click()
    page.get_by_role("button", name="I have kept my key").click()
    assert page.locator("[data-exact-body]").text_content() == shown


def test_a_reload_begins_again_and_never_shows_an_old_step(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_send(page, portal, picture_file)
    page.reload()
    expect(page.get_by_role("heading", name="Who can be seen or heard in it?")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)


def test_escape_now_and_then_does_not_leave(portal: PortalServer, page: Page) -> None:
    page.clock.install()
    page.goto(portal.address)
    press(page, "Escape", "Escape")
    page.clock.fast_forward(5_500)
    press(page, "Escape", "Escape")
    expect(page.locator("[data-exit-status]")).to_have_text("Press Esc once more to leave this page.")
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', repeat: true }))")
    expect(page.get_by_role("heading", name="What is happening?")).to_be_visible()
    assert page.url.startswith(portal.address)


def test_a_broken_connection_loses_nothing(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_send(page, portal, picture_file)
    portal.is_down = True
    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost")
    portal.is_down = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()
    sent = portal.api_requests()
    assert len(sent) >= 2
    assert len({(request.body, request.headers["authorization"]) for request in sent}) == 1


def test_an_answer_that_never_arrived_is_asked_for_again(portal: PortalServer, page: Page, picture_file: Path) -> None:
    """The case was opened, but the phone did not hear of it: the same message again gives the same case."""
    to_send(page, portal, picture_file)
    portal.spoil = lambda body: body[: len(body) // 2]
    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.locator("[data-error=answer_unreadable]")).to_be_visible()
    portal.spoil = None
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()
    assert len(portal.cases) == 1


REFUSALS: list[tuple[type[StillmineError], str]] = [
    (TooManyAttemptsError, "Wait ten minutes, then try again. Nothing is lost."),
    (QualityTooLowError, "Remove it and send the others."),
    (CaseAlreadyOpenError, "A case is already open with this key"),
    (CaseClosedError, "You can open a new one with the same files."),
    (UnderEighteenError, "Nobody gets into trouble for asking."),
    (StillmineError, "Something went wrong on our side."),
]


def test_each_refusal_says_what_to_do(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_send(page, portal, picture_file)
    button = "Send this and open my case"
    for failure, words in REFUSALS:
        portal.failure = failure
        page.get_by_role("button", name=button).click()
        expect(page.locator(f"[data-error={failure.code}]")).to_contain_text(words)
        button = "Try again"
    portal.failure = None
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()


def test_a_case_that_is_there_already_can_be_opened_from_the_refusal(portal: PortalServer, page: Page, picture_file: Path) -> None:
    to_send(page, portal, picture_file)
    portal.spoil = lambda body: b""
    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.locator("[data-error]")).to_be_visible()
    portal.spoil, portal.failure = None, CaseAlreadyOpenError
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-error=case_already_open]")).to_be_visible()
    portal.failure = None
    page.get_by_role("button", name="Open the case with this key").click()
    expect(page.get_by_text("Given to Example Social")).to_be_visible()


def test_coming_back_with_a_carelessly_typed_key(portal: PortalServer, page: Page, picture_file: Path) -> None:
    key = to_case(page, portal, picture_file)
    enter_key(page, portal, f"  {key.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ")
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()
    expect(page.get_by_text("Nothing found so far. That can be good news. We keep looking.")).to_be_visible()
    page.get_by_role("button", name="Close this view").click()
    expect(page.get_by_label("Case key")).to_have_value("")


MISTYPED = {
    "": "Enter your case key first.",
    "7K3M-AAAA": "A case key has 20 letters and digits. This has 8.",
    "U" * 20: "It contains a character that is never used in a key.",
    "7" * 20: "One letter or digit is not right.",
}


def test_a_mistyped_key_is_explained_and_never_sent(portal: PortalServer, page: Page) -> None:
    page.goto(f"{portal.address}/case/")
    for typed, words in MISTYPED.items():
        page.get_by_label("Case key").fill(typed)
        page.get_by_role("button", name="Show my case").click()
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_label("Case key")).to_have_value(typed)
        expect(page.get_by_label("Case key")).to_be_focused()
    assert portal.api_requests() == []


def test_a_key_that_opens_nothing(portal: PortalServer, page: Page) -> None:
    enter_key(page, portal, "0000-0000-0000-0000-G3KP")
    expect(page.get_by_role("alert")).to_contain_text("No case opens with this key.")
    portal.failure = CaseNotFoundError
    page.get_by_role("button", name="Show my case").click()
    expect(page.locator("[data-error=case_not_found]")).to_be_visible()


def test_withdrawing_one_picture_keeps_the_other(portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    picture(2).save(other)
    to_case(page, portal, picture_file, other)
    page.get_by_role("button", name="Withdraw Picture 2").click()
    expect(page.get_by_text("The others stay protected.")).to_be_visible()
    page.get_by_role("button", name="No, keep it").click()
    expect(page.locator(".card[data-state=active]")).to_have_count(2)
    assert len(portal.api_requests()) == 1
    page.get_by_role("button", name="Withdraw Picture 2").click()
    page.get_by_role("button", name="Yes, withdraw Picture 2").click()
    expect(page.locator(".card[data-state=active]")).to_have_count(1)
    expect(page.get_by_text("Withdrawn. We are waiting for the one service")).to_be_visible()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()


def test_adding_a_picture_asks_for_the_age_in_it_first(portal: PortalServer, page: Page, picture_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    picture(3).save(other)
    to_case(page, portal, picture_file)
    page.get_by_role("button", name="Add files").click()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.get_by_role("button", name="18 or over").click()
    choose(page, other)
    page.get_by_role("button", name="Continue with 1 file").click()
    body = (page.locator("[data-exact-body]").text_content() or "").encode()
    page.get_by_role("button", name="Send this and add it to my case").click()
    expect(page.get_by_text("One file was added.")).to_be_visible()
    expect(page.locator(".card")).to_have_count(2)
    assert portal.api_requests()[-1].body == body


def test_the_case_page_looks_again_by_itself_while_it_is_visible(portal: PortalServer, page: Page, picture_file: Path) -> None:
    page.clock.install()
    to_case(page, portal, picture_file)
    before = len(portal.api_requests())
    with page.expect_response("**/api/v1/case"):
        page.clock.run_for(20_500)
    assert len(portal.api_requests()) == before + 1
    portal.is_down = True
    page.clock.run_for(20_500)
    expect(page.get_by_text("The last check did not work")).to_be_visible()
    expect(page.locator(".card")).to_have_count(1)


def test_a_hidden_case_page_asks_nothing(portal: PortalServer, page: Page, picture_file: Path) -> None:
    page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => window.isHidden ? 'hidden' : 'visible' })")
    page.clock.install()
    to_case(page, portal, picture_file)
    before = len(portal.api_requests())
    page.evaluate("window.isHidden = true")
    page.clock.run_for(120_000)
    assert len(portal.api_requests()) == before
    with page.expect_response("**/api/v1/case"):
        page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    assert len(portal.api_requests()) == before + 1


def test_once_pictures_can_be_chosen_no_connection_is_needed_until_sending(portal: PortalServer, page: Page, picture_file: Path) -> None:
    with page.expect_response("**/*.wasm"):
        to_files(page, portal)
    page.context.set_offline(True)
    choose(page, picture_file)
    page.get_by_role("button", name="Continue with 1 file").click()
    page.get_by_role("button", name="I have kept my key").click()
    page.get_by_role("button", name="Send this and open my case").click()
    expect(page.locator("[data-error=unreachable]")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Your case is open")).to_be_visible()


def test_copy_puts_the_key_into_the_clipboard(portal: PortalServer, page: Page, picture_file: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = to_key(page, portal, picture_file)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key


def test_the_printed_sheet_holds_the_key_and_does_not_say_what_it_opens(portal: PortalServer, page: Page, picture_file: Path) -> None:
    key = to_key(page, portal, picture_file)
    page.emulate_media(media="print")
    assert page.locator("body").inner_text().split() == ["Key", key, "Keep", "this", "where", "only", "you", "look."]
    page.emulate_media(media="screen")
    page.get_by_label("Put the address of this page on the printed sheet").check()
    page.emulate_media(media="print")
    assert f"{portal.address}/case/" in page.locator("body").inner_text()


def test_an_address_that_is_not_safe_is_refused(portal: PortalServer, browser: Browser) -> None:
    context = browser.new_context()
    context.route("http://portal.example/**", lambda route: route.fulfill(response=route.fetch(url=_at(portal, route.request.url))))
    page = context.new_page()
    page.goto("http://portal.example/protect/")
    expect(page.get_by_role("heading", name="This page was not opened securely")).to_be_visible()
    context.close()


def _at(portal: PortalServer, url: str) -> str:
    return url.replace("http://portal.example", portal.address)
