# SPDX-License-Identifier: Apache-2.0
"""The review page in a real browser, by keys alone: what is blurred when, deciding, undoing, breaks, what is taken back; accessible.

The media come from a server of the platform's own, which verifies each address as spec/review-page.md says.
"""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.review.media import MediaChoice
from stillmine.partner.review.routes import ReviewChoice
from stillmine.partner.store.desk import REST_SECONDS, UNDO_SECONDS
from stillmine.wire.feedback import Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass, MatchedSpan, Variant
from tests import plain_http
from tests.accessible import Scheme, is_scrolled_sideways, open_page, violations
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.review_parts import built, key_of, matched, service_key_of
from tests.partner.test_partner_service import wait_until

BREAK_AFTER = 5


class Held:
    """What the platform holds, by content id, shown to whoever has a right address."""

    def __init__(self, clock: Clock) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.key = b""
        self.shown: list[str] = []
        self.refused: list[str] = []
        self.referrers: list[str] = []
        self._clock = clock

    def file_at(self, address: str) -> tuple[str, bytes] | None:
        """Return media type and bytes, None for an address that is not right."""
        url = urlsplit(address)
        content_id, query = unquote(url.path.removeprefix("/held/")), parse_qs(url.query)
        signed = f"stillmine/media-url/v1\n{query['expires'][0]}\n{content_id}".encode()
        is_right = hmac.compare_digest(hmac.new(self.key, signed, hashlib.sha256).hexdigest(), query["signature"][0])
        if not is_right or int(query["expires"][0]) < self._clock.now.timestamp() or content_id not in self.files:
            self.refused.append(content_id)
            return None
        self.shown.append(content_id)
        return self.files[content_id]

    @contextmanager
    def serving(self) -> Iterator[str]:
        held = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Referer"):
                    held.referrers.append(self.headers["Referer"])
                kind, data = held.file_at(self.path) or ("text/plain", b"")
                headers = {"Content-Type": kind, "Cache-Control": "no-store", "Accept-Ranges": "bytes"}
                start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
                if "Range" in self.headers and data:
                    headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
                    data = data[start:]
                self.send_response(404 if not data else 206 if "Content-Range" in headers else 200)
                for name, text in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


class House(NamedTuple):
    """A platform, its service and what it holds."""

    url: str
    home: Path
    exchange: FakeExchange
    clock: Clock
    held: Held

    def upload(self, data: bytes, content_id: str) -> None:
        """Screen a photograph as a platform does, and hold it."""
        headers = {"Authorization": service_key_of(self.home), "Stillmine-Content-Id": content_id}
        answer = plain_http.post(f"{self.url}/screen", content=data, headers=headers, timeout=60)
        assert answer.json()["outcome"] == "match", answer.text
        self.held.files[content_id] = ("image/jpeg", data)

    def outcomes(self) -> list[Outcome]:
        return [report.outcome for report in self.exchange.feedback.values() if report.outcome is not Outcome.FOUND]


@contextmanager
def serving(application: object) -> Iterator[str]:
    """Serve an application over real HTTP, with its lifespan."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def house(home: Path, exchange: FakeExchange, clock: Clock, root: Path) -> Iterator[House]:
    """A service that has synced; the coat is protected."""
    held = Held(clock)
    exchange.add("f", fingerprint_image((root / "media/clothing/coat.jpg").read_bytes()).pdq)
    with held.serving() as media:
        template = f"{media}/held/{{content_id}}?expires={{expires}}&signature={{signature}}"
        choice = ReviewChoice(has_page=True, media=MediaChoice(template), break_after=BREAK_AFTER)
        with serving(built(home, exchange, clock, choice)) as url:
            held.key = (home / "media-url.key").read_bytes().strip()
            wait_until(lambda: plain_http.get(f"{url}/health").json()["fingerprints"] == 1)
            yield House(url, home, exchange, clock, held)


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / "media/clothing/coat.jpg").read_bytes()


def hold_video(house: House, root: Path, content_id: str = "film 1") -> None:
    """Hold a film that matched in two places."""
    spans = (MatchedSpan(0.5, 1.0, 10.0, 10.5), MatchedSpan(1.0, 1.5, 20.0, 20.5))
    matched(house.home, house.exchange, content_id, "g", kind=Kind.VPDQ, variant=Variant.FLIP_HORIZONTAL, spans=spans, is_flagged=True)
    house.held.files[content_id] = ("video/webm", (root / "tests/media/reported/v_alpha_vp9.webm").read_bytes())


def sign_in(page: Page, house: House, name: str = "Ada") -> None:
    """By keys alone: the field has the focus."""
    page.goto(f"{house.url}/review/")
    expect(page.get_by_label("Your review key")).to_be_focused()
    page.keyboard.type(key_of(house.home, name))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def shows(page: Page, content_id: str) -> None:
    expect(page.locator("#facts dd").first).to_have_text(content_id)


def filter_of(page: Page) -> str:
    return str(page.locator("#media > *").evaluate("own => getComputedStyle(own).filter"))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A reviewer's page; a test fails if a script throws or the policy is broken."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    slips: list[str] = []
    opened.on("pageerror", lambda error: slips.append(str(error)))
    opened.on("console", lambda message: slips.append(message.text) if "Content Security Policy" in message.text else None)
    yield opened
    context.close()
    assert slips == []


def test_a_shift_by_keys_alone(page: Page, house: House, photograph: bytes) -> None:
    for number in range(4):
        house.upload(photograph, f"post {number}")
    sign_in(page, house)
    shows(page, "post 0")
    expect(page.locator("#heading")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Choose 1 to 5 first.")
    page.keyboard.press("1")
    page.keyboard.press("v")
    page.keyboard.press("Enter")
    shows(page, "post 1")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    shows(page, "post 2")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    shows(page, "post 3")
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_have_text("Undone. Here it is again.")
    shows(page, "post 2")
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)  # of the vote; no decision is chosen
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    shows(page, "post 3")
    assert house.outcomes() == []
    house.clock.move(UNDO_SECONDS)
    wait_until(lambda: len(house.outcomes()) == 3)
    reasons = [report.reason for report in house.exchange.feedback.values() if report.outcome is not Outcome.FOUND]
    assert (house.outcomes(), reasons) == (["removed", "not_removed", "not_removed"], [None, "not_the_same", "not_intimate"])
    wait_until(lambda: [vote.vote for vote in house.exchange.votes.values()] == ["agree"])
    assert set(house.held.shown) == {f"post {number}" for number in range(4)}
    assert (house.held.refused, house.held.referrers) == ([], [])
    assert page.url == f"{house.url}/review/"
    assert page.evaluate("history.length") <= 3, "blank, sign in, desk: nothing for a match"


def test_a_picture_is_blurred_and_grey_until_a_key_says_otherwise(page: Page, house: House, photograph: bytes) -> None:
    for number in range(2):
        house.upload(photograph, f"post {number}")
    sign_in(page, house)
    picture = page.get_by_role("img", name="The held upload")
    expect(picture).to_be_visible()
    wait_until(lambda: bool(picture.evaluate("own => own.naturalWidth > 0")))
    assert filter_of(page) == "blur(28px) grayscale(1)"
    page.keyboard.press("b")
    assert filter_of(page) == "grayscale(1)"
    page.keyboard.press("g")
    assert filter_of(page) == "none"
    expect(page.get_by_role("button", name="Blur: off")).to_be_visible()
    page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert filter_of(page) == "blur(28px) grayscale(1)", "whoever comes back must not meet it"
    page.evaluate("delete document.visibilityState")
    page.keyboard.press("b")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    shows(page, "post 1")
    assert filter_of(page) == "blur(28px) grayscale(1)", "each begins like this"
    page.keyboard.down("b")
    page.wait_for_timeout(600)
    assert filter_of(page) == "grayscale(1)"
    page.keyboard.up("b")
    assert filter_of(page) == "blur(28px) grayscale(1)", "held, only while it is held"


def test_without_a_blur_that_works_nothing_is_fetched(page: Page, house: House, photograph: bytes) -> None:
    house.upload(photograph, "post 0")
    page.route("**/style.css", lambda route: route.fulfill(status=200, content_type="text/css", body=""))
    sign_in(page, house)
    expect(page.get_by_text("The blur does not work in this browser")).to_be_visible()
    assert house.held.shown == []


def test_a_video_is_muted_and_paused_and_a_key_leads_to_what_matched(page: Page, house: House, root: Path) -> None:
    hold_video(house, root)
    sign_in(page, house)
    video = page.locator("#media video")
    wait_until(lambda: bool(video.evaluate("own => own.readyState >= 1")))
    assert video.evaluate("own => [own.muted, own.paused]") == [True, True]
    assert filter_of(page) == "blur(28px) grayscale(1)"
    for expected in (0.5, 1.0, 0.5):
        page.keyboard.press("j")
        assert video.evaluate("own => own.currentTime") == pytest.approx(expected)
    page.keyboard.press("m")
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert video.evaluate("own => [own.muted, own.paused]") == [False, False]
    expect(page.get_by_text("Judge with your own eyes")).to_be_visible()
    expect(page.get_by_text("It matches once it is mirrored left to right.")).to_be_visible()


def test_a_file_that_no_browser_shows_is_named(page: Page, house: House) -> None:
    matched(house.home, house.exchange, "letter 1", kind=Kind.SHA256, match_class=MatchClass.EXACT)
    house.held.files["letter 1"] = ("application/pdf", b"%PDF-")
    sign_in(page, house)
    expect(page.get_by_text("Look at it in your own tool, by its content id")).to_be_visible()
    shows(page, "letter 1")


def test_a_break_comes_and_ends_with_a_key(page: Page, house: House, photograph: bytes) -> None:
    for number in range(BREAK_AFTER + 1):
        house.upload(photograph, f"post {number}")
    page.clock.install()
    sign_in(page, house)
    for number in range(BREAK_AFTER):
        shows(page, f"post {number}")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Time for a break")).to_be_focused()
    expect(page.locator("#media > *")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Time for a break")).to_be_visible()
    house.clock.move(REST_SECONDS)
    page.clock.fast_forward(REST_SECONDS * 1000 + 1000)
    expect(page.get_by_role("status")).to_have_text("You can go on now.")
    page.keyboard.press("Enter")
    shows(page, f"post {BREAK_AFTER}")


def test_what_is_taken_back_or_decided_elsewhere_goes_away(page: Page, house: House, photograph: bytes) -> None:
    for number in range(2):
        house.upload(photograph, f"post {number}")
    page.clock.install()
    sign_in(page, house)
    shows(page, "post 0")
    (first, *_) = plain_http.get(f"{house.url}/matches", headers={"Authorization": service_key_of(house.home)}).json()["matches"]
    review = {"version": 1, "decision": "removed"}
    plain_http.post(f"{house.url}/matches/{first['match_id']}/review", json=review, headers={"Authorization": service_key_of(house.home)})
    page.clock.fast_forward(16_000)
    shows(page, "post 1")
    expect(page.get_by_role("status")).to_contain_text("was decided elsewhere")
    house.exchange.withdraw("f")
    wait_until(lambda: plain_http.get(f"{house.url}/health").json()["fingerprints"] == 0)
    page.clock.fast_forward(16_000)
    expect(page.get_by_role("heading", name="The person took this back")).to_be_focused()
    expect(page.locator("#media > *")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
    house.clock.move(UNDO_SECONDS)
    wait_until(lambda: [report.reason for report in house.exchange.feedback.values()][-1] == "not_against_rules")


def test_pause_shows_nothing_and_somebody_else_goes_on(page: Page, house: House, browser: Browser, photograph: bytes) -> None:
    house.upload(photograph, "post 0")
    sign_in(page, house)
    shows(page, "post 0")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Paused")).to_be_focused()
    expect(page.locator("#media > *")).to_have_count(0)
    context = browser.new_context()
    other = context.new_page()
    sign_in(other, house, "Bob")
    shows(other, "post 0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
    context.close()


def test_a_service_that_does_not_answer_is_said_and_a_session_that_ended(page: Page, house: House, photograph: bytes) -> None:
    house.upload(photograph, "post 0")
    sign_in(page, house)
    shows(page, "post 0")
    page.route("**/desk/decide", lambda route: route.abort())
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The service does not answer. Nothing was recorded. Try again.")
    shows(page, "post 0")
    page.unroute("**/desk/decide")
    house.clock.move(8 * 3600)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your review key")).to_be_focused()


def test_keys_can_be_switched_off_and_everything_works_without(page: Page, house: House, photograph: bytes) -> None:
    for number in range(2):
        house.upload(photograph, f"post {number}")
    sign_in(page, house)
    shows(page, "post 0")
    page.keyboard.press("?")
    page.get_by_role("button", name="Single keys: on").click()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("b")
    page.keyboard.press("1")
    assert filter_of(page) == "blur(28px) grayscale(1)"
    expect(page.get_by_role("radio", name="It is a copy: removed")).not_to_be_checked()
    page.get_by_role("radio", name="It is a copy: removed").check()
    page.get_by_role("button", name="Record").click()
    shows(page, "post 1")
    page.get_by_role("button", name="Undo").click()
    shows(page, "post 0")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your review key")).to_be_visible()


def walk(page: Page, house: House, root: Path) -> Iterator[str]:
    """Every state of the pages."""
    page.goto(f"{house.url}/review/")
    yield "sign in"
    page.get_by_label("Your review key").fill("smr_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "sign in, refused"
    sign_in(page, house)
    expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
    yield "empty"
    house.upload((root / "media/clothing/coat.jpg").read_bytes(), "post 0")
    hold_video(house, root)
    page.reload()
    shows(page, "post 0")
    page.keyboard.press("2")
    yield "picture"
    page.keyboard.press("?")
    yield "keys"
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    shows(page, "film 1")
    yield "video"
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    yield "paused"
    page.keyboard.press("Enter")
    shows(page, "film 1")
    for number in range(BREAK_AFTER - 2):
        matched(house.home, house.exchange, f"post {number + 1}", "f", is_synthetic=True)
    house.exchange.withdraw("f")
    wait_until(lambda: plain_http.get(f"{house.url}/health").json()["fingerprints"] == 0)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    for _ in range(BREAK_AFTER - 2):
        expect(page.get_by_role("heading", name="The person took this back")).to_be_focused()
        yield "withdrawn"
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Recorded. You can undo it for a minute.")
    expect(page.get_by_role("heading", name="Time for a break")).to_be_focused()
    yield "break"


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_every_state_is_accessible(house: House, browser: Browser, root: Path, width: int, scheme: Scheme) -> None:
    page = open_page(browser, width, scheme)
    found = {}
    for state in walk(page, house, root):
        found[state] = violations(page) + (["scrolls sideways"] if is_scrolled_sideways(page) else [])
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        found[f"{state}, letters twice as large"] = ["scrolls sideways"] if is_scrolled_sideways(page) else []
        page.evaluate("document.documentElement.style.fontSize = ''")
    page.context.close()
    assert {state: slips for state, slips in found.items() if slips} == {}
