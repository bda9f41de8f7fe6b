# SPDX-License-Identifier: Apache-2.0
"""The review page over HTTP: who gets in, what is shown to whom, and when a decision counts."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from stillmine.partner.review.media import MediaChoice
from stillmine.partner.review.routes import ReviewChoice
from stillmine.partner.review.sessions import SESSION_SECONDS
from stillmine.partner.store.desk import CLAIM_SECONDS, REST_SECONDS, UNDO_SECONDS, Desk
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.store import Store
from stillmine.wire.codec import encode
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.feedback import NotRemovedReason, Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchedSpan, MatchState, Review, Variant
from stillmine.wire.vote import VoteKind
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.review_parts import MEDIA_URL, REMOVED, Reviewer, built, key_of, matched, served, service_key_of
from tests.partner.service_client import ServiceClient
from tests.partner.test_partner_service import JSON, refusal, wait_until

NOT_THE_SAME = Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME)
DESK = ("look", "decide", "undo", "pause", "go-on")
ROUTES = {
    "/review/": "GET",
    "/review/style.css": "GET",
    **{f"/review/{name}.js": "GET" for name in ("desk", "media", "words")},
    "/review/sign-in": "POST",
    "/review/sign-out": "POST",
    **{f"/review/desk/{name}": "POST" for name in DESK},
}


@pytest.fixture
def client(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[ServiceClient]:
    with served(home, exchange, clock) as running:
        wait_until(lambda: running.get("/health").status_code == 200)
        yield running


@pytest.fixture
def reviewer(client: ServiceClient, home: Path) -> Reviewer:
    return Reviewer(client, key_of(home, "Ada"))


@pytest.fixture
def decisions(home: Path) -> Iterator[Callable[[], dict[str, Decision | None]]]:
    """What the store says of each upload, by the platform's word for it."""
    store = Store(home)
    yield lambda: {match.content_id or "": match.decision for match in store.matches(Wanted(MatchState.ALL)).matches}
    store.close()


def test_every_route_is_classified(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    application: Starlette = built(home, exchange, clock)
    found = {
        route.path: next(iter((route.methods or set()) - {"HEAD"}))
        for route in application.routes
        if isinstance(route, Route) and route.path.startswith("/review")
    }
    assert found == ROUTES
    assert not any(path.startswith("/review") for path in routes_without_page(home, exchange, clock))


def routes_without_page(home: Path, exchange: FakeExchange, clock: Clock) -> list[str]:
    return [route.path for route in built(home, exchange, clock, ReviewChoice()).routes if isinstance(route, Route)]


def test_strangers_and_the_service_key_see_nothing(client: ServiceClient, home: Path, exchange: FakeExchange) -> None:
    matched(home, exchange, "post 1")
    for headers in ({}, {"Cookie": "stillmine_review=" + "0" * 64}, {"Authorization": service_key_of(home)}):
        for name in DESK:
            refusal(client.post(f"/review/desk/{name}", b"{}", {**headers, "Stillmine-Review-Token": "0" * 64}), 401, "review_signed_out")
        page = client.request("GET", "/review/", headers=headers)
        assert (page.status_code, "desk.js" in page.text, "post 1" in page.text) == (200, False, False)


@pytest.mark.parametrize("key", ["", "smr_", "smr_" + "A" * 43, "smr_%FF", "x" * 300])
def test_a_wrong_key_begins_no_session_and_keeps_nobody_out(client: ServiceClient, home: Path, key: str) -> None:
    for _ in range(30):
        answer = client.post("/review/sign-in", f"key={key}".encode())
        assert (answer.status_code, "set-cookie" in answer.headers, "No reviewer has this key" in answer.text) == (401, False, True)
    assert Reviewer(client, key_of(home, "Ada")).look() is None


def test_the_cookie_is_for_this_page_alone_and_what_is_stored_opens_nothing(client: ServiceClient, home: Path) -> None:
    key = key_of(home, "Ada")
    reviewer = Reviewer(client, key)
    assert {"HttpOnly", "SameSite=strict", "Path=/review/", "Secure"} <= {part.strip() for part in reviewer.set_cookie.split(";")}
    store = b"".join(path.read_bytes() for path in home.iterdir() if path.is_file() and path.name.startswith("partner.sqlite3"))
    assert key.encode() not in store
    assert reviewer.cookie.partition("=")[2].encode() not in store


def test_the_page_loads_nothing_from_strangers_and_leaves_no_history(reviewer: Reviewer, home: Path, exchange: FakeExchange) -> None:
    matched(home, exchange, "post 1")
    page = reviewer.open()
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert policy["img-src"] == policy["media-src"] == "https://media.example"
    for answer in (page, reviewer.call("look"), reviewer.client.get("/review/desk.js"), reviewer.client.get("/review/style.css")):
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "post 1" not in page.text
    assert not re.search('(?:src|href)="(?!(?:style.css|desk.js|#main)")', page.text)


def test_what_comes_from_elsewhere_changes_nothing(reviewer: Reviewer, home: Path, exchange: FakeExchange) -> None:
    matched(home, exchange, "post 1")
    refusal(reviewer.call("look", headers={"Sec-Fetch-Site": "cross-site"}), 403, "review_token_wrong")
    refusal(reviewer.call("look", headers={"Stillmine-Review-Token": "0" * 64}), 403, "review_token_wrong")
    refusal(reviewer.call("look", headers={"Stillmine-Review-Token": reviewer.cookie}), 403, "review_token_wrong")
    refusal(reviewer.client.post("/review/sign-out", b"token=0", {"Cookie": reviewer.cookie}), 403, "review_token_wrong")
    assert reviewer.look() == "post 1"


def test_a_session_ends_by_itself_by_signing_out_and_with_its_reviewer(client: ServiceClient, home: Path, clock: Clock) -> None:
    key = key_of(home, "Ada")
    by_time, by_hand, by_removal = (Reviewer(client, key) for _ in range(3))
    answer = client.post("/review/sign-out", f"token={by_hand.token}".encode(), {"Cookie": by_hand.cookie})
    assert answer.status_code == 303
    refusal(by_hand.call("look"), 401, "review_signed_out")
    clock.move(SESSION_SECONDS - 1)
    assert by_time.look() is None
    clock.move(1)
    refusal(by_time.call("look"), 401, "review_signed_out")
    assert by_removal.open().status_code == 200
    later = Reviewer(client, key)
    desk = Desk(home)
    desk.remove_reviewer("Ada")
    desk.close()
    refusal(later.call("look"), 401, "review_signed_out")


def test_the_oldest_comes_first_and_no_two_reviewers_see_the_same(
    client: ServiceClient, reviewer: Reviewer, home: Path, exchange: FakeExchange, clock: Clock
) -> None:
    for number in range(3):
        matched(home, exchange, f"post {number}", "f", "g")
    bob = Reviewer(client, key_of(home, "Bob"))
    assert [reviewer.look(), bob.look(), reviewer.look()] == ["post 0", "post 1", "post 0"]
    clock.move(CLAIM_SECONDS - 1)
    assert bob.look() == "post 1"
    clock.move(1)
    assert bob.look() == "post 1"
    bob.decide()
    assert bob.look() == "post 0", "whoever looked at it has not been there for five minutes"
    assert reviewer.look() == "post 2"
    reviewer.ask("pause")
    bob.decide()
    assert bob.look() == "post 2", "given back by the pause"


@pytest.mark.parametrize("path", [path for path, method in ROUTES.items() if method == "POST"])
def test_no_nonsense_makes_it_fail(client: ServiceClient, path: str) -> None:
    bodies = (b"", b"\xff\xfe", b"key=%FF%00&key=2&token=%FF", b"[" * 5000, b"null", b"x" * 300_000)
    cookies = (b"", b"stillmine_review=\xff", b"stillmine_review=" + b"0" * 5000, b"stillmine_review=a; stillmine_review=b", b"=;;=")
    for body in bodies:
        for cookie in cookies:
            headers = {"Cookie": cookie, "Stillmine-Review-Token": b"\xff", "Content-Type": b"\xff"}
            assert client.request("POST", path, body, headers).status_code in {303, 400, 401, 403, 413}, (body[:9], cookie[:30])


def test_eight_who_ask_at_the_same_moment_see_eight_uploads(home: Path, exchange: FakeExchange) -> None:
    desks = [Desk(home) for _ in range(8)]
    for number, desk in enumerate(desks):
        desk.add_reviewer(f"reviewer {number}", bytes([number]) * 32)
        matched(home, exchange, f"post {number}")
    with ThreadPoolExecutor(8) as threads:
        for _ in range(3):
            looked = list(threads.map(lambda number: desks[number].look(f"reviewer {number}", 100), range(8)))
            assert len({one.match.content_id for one in looked if one is not None}) == 8
    for desk in desks:
        desk.close()


def test_what_others_have_written_is_text_on_the_page(client: ServiceClient, home: Path) -> None:
    page = Reviewer(client, key_of(home, '<b>"Ada')).open()
    assert "&lt;b&gt;&quot;Ada" in page.text
    assert "<b>" not in page.text
    assert '<html lang="en">' in page.text


def test_a_decision_counts_only_when_it_cannot_be_undone_any_more(
    reviewer: Reviewer, home: Path, exchange: FakeExchange, clock: Clock, decisions: Callable[[], dict[str, Decision | None]]
) -> None:
    exchange.add("f", bytes(32))
    matched(home, exchange, "post 1")
    desk = reviewer.decide(Review(1, Decision.REMOVED, vote=VoteKind.AGREE))
    assert (desk.shown, desk.undo_seconds, desk.decided) == (None, UNDO_SECONDS, 1)
    clock.move(UNDO_SECONDS - 1)
    assert decisions() == {"post 1": None}
    undone = reviewer.ask("undo")
    assert undone.shown is not None
    assert (undone.was_done, undone.shown.match.content_id, undone.decided, undone.undo_seconds) == (True, "post 1", 0, 0)
    clock.move(UNDO_SECONDS + 1)
    assert reviewer.look() == "post 1", "an undone decision was never made"
    reviewer.decide(NOT_THE_SAME)
    clock.move(UNDO_SECONDS)
    wait_until(lambda: decisions() == {"post 1": Decision.NOT_REMOVED})
    wait_until(lambda: [report.outcome for report in exchange.feedback.values()] == [Outcome.FOUND, Outcome.NOT_REMOVED])
    assert not exchange.votes
    assert not reviewer.ask("undo").was_done


def test_undo_goes_back_one_after_the_other(reviewer: Reviewer, home: Path, exchange: FakeExchange) -> None:
    for number in range(3):
        matched(home, exchange, f"post {number}")
        reviewer.decide()
    shown = [reviewer.ask("undo").shown for _ in range(4)]
    assert [one and one.match.content_id for one in shown] == ["post 2", "post 1", "post 0", "post 0"]


def test_nobody_undoes_what_another_decided(client: ServiceClient, reviewer: Reviewer, home: Path, exchange: FakeExchange) -> None:
    matched(home, exchange, "post 1")
    reviewer.decide()
    assert not Reviewer(client, key_of(home, "Bob")).ask("undo").was_done


def test_what_was_held_when_the_service_stopped_is_recorded_later(
    home: Path, exchange: FakeExchange, clock: Clock, decisions: Callable[[], dict[str, Decision | None]]
) -> None:
    with served(home, exchange, clock) as client:
        matched(home, exchange, "post 1")
        Reviewer(client, key_of(home, "Ada")).decide()
    clock.move(3600)
    with served(home, exchange, clock, ReviewChoice()):
        wait_until(lambda: decisions() == {"post 1": Decision.REMOVED})


def test_a_decision_made_elsewhere_wins(
    client: ServiceClient,
    reviewer: Reviewer,
    home: Path,
    exchange: FakeExchange,
    clock: Clock,
    decisions: Callable[[], dict[str, Decision | None]],
) -> None:
    (first,), (second,), _ = (matched(home, exchange, f"post {number}") for number in range(3))
    reviewer.decide()
    headers = {**JSON, "Authorization": service_key_of(home)}
    body = encode(NOT_THE_SAME)
    assert client.post(f"/matches/{first}/review", body, headers).status_code == 204
    assert reviewer.look() == "post 1"
    assert client.post(f"/matches/{second}/review", body, headers).status_code == 204
    refusal(
        reviewer.call("decide", f'{{"match_id":"{second}","review":{encode(REMOVED).decode()}}}'.encode()), 409, "match_decided_meanwhile"
    )
    assert reviewer.look() == "post 2"
    clock.move(UNDO_SECONDS)
    reviewer.decide()
    clock.move(UNDO_SECONDS)
    wait_until(lambda: decisions()["post 2"] is Decision.REMOVED)
    assert decisions() == {"post 0": Decision.NOT_REMOVED, "post 1": Decision.NOT_REMOVED, "post 2": Decision.REMOVED}


def test_a_decision_needs_the_match_that_is_shown_and_makes_sense(reviewer: Reviewer, home: Path, exchange: FakeExchange) -> None:
    (own,), (other,) = matched(home, exchange, "post 0"), matched(home, exchange, "post 1")
    removed = encode(REMOVED).decode()
    assert reviewer.look() == "post 0"
    refusal(reviewer.call("decide", f'{{"match_id":"{other}","review":{removed}}}'.encode()), 409, "match_decided_meanwhile")
    for body in (
        "",
        "{}",
        f'{{"match_id":"x","review":{removed}}}',
        f'{{"match_id":"{own}","review":{{"version":1,"decision":"not_removed"}}}}',
    ):
        refusal(reviewer.call("decide", body.encode()), 400, "malformed_message")
    refusal(reviewer.call("decide", b" " * 300_000), 413, "message_too_large")
    assert reviewer.look() == "post 0"


def test_one_decision_is_for_all_that_the_upload_matched(reviewer: Reviewer, home: Path, exchange: FakeExchange, clock: Clock) -> None:
    matched(home, exchange, "post 1", "f", "g", "h", kind=Kind.CHROMAPRINT)
    shown = reviewer.ask("look").shown
    assert shown is not None
    assert (shown.together, shown.is_by_sound_alone, shown.media_kinds) == (3, True, ["video", "image"])
    assert reviewer.decide().shown is None
    clock.move(UNDO_SECONDS)
    store = Store(home)
    wait_until(lambda: not store.matches(Wanted()).matches)
    store.close()


def test_what_was_taken_back_is_not_shown(client: ServiceClient, reviewer: Reviewer, home: Path, exchange: FakeExchange) -> None:
    exchange.add("f", bytes(32))
    wait_until(lambda: client.get("/health").json()["fingerprints"] == 1)
    matched(home, exchange, "post 1")
    shown = reviewer.ask("look").shown
    assert shown is not None
    assert shown.media_url is not None
    exchange.withdraw("f")
    wait_until(lambda: client.get("/health").json()["fingerprints"] == 0)
    withdrawn = reviewer.ask("look").shown
    assert withdrawn is not None
    assert (withdrawn.match.is_withdrawn, withdrawn.media_url) == (True, None)


def test_what_was_taken_back_hides_nothing_that_another_person_protects(
    client: ServiceClient, reviewer: Reviewer, home: Path, exchange: FakeExchange, clock: Clock
) -> None:
    exchange.add("f", bytes(32))
    exchange.add("g", bytes([255]) * 32)
    wait_until(lambda: client.get("/health").json()["fingerprints"] == 2)
    of_one, of_another = matched(home, exchange, "post 1", "f", "g")
    exchange.withdraw("f")
    wait_until(lambda: client.get("/health").json()["fingerprints"] == 1)
    shown = reviewer.ask("look").shown
    assert shown is not None
    assert (shown.match.match_id, shown.match.is_withdrawn, shown.media_url is None) == (of_another, False, False)
    exchange.withdraw("g")
    wait_until(lambda: client.get("/health").json()["fingerprints"] == 0)
    shown = reviewer.ask("look").shown
    assert shown is not None
    assert (shown.match.match_id, shown.match.is_withdrawn, shown.media_url) == (of_one, True, None)


def verification(root: Path, clock: Clock) -> Callable[[str, str, str, bytes], bool]:
    """The five lines that spec/review-page.md gives a platform, as they stand there."""
    (lines,) = re.findall("```python\n(.*?)```", (root / "spec/review-page.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib, "time": SimpleNamespace(time=clock.seconds)}
    exec(lines, names)
    return names["may_be_shown"]  # type: ignore[no-any-return]


def test_the_platform_can_verify_an_address_and_nobody_else_make_one(
    reviewer: Reviewer, home: Path, exchange: FakeExchange, clock: Clock, root: Path
) -> None:
    content_id = "Beitrag ü/7?&{expires}%"
    matched(home, exchange, content_id)
    shown = reviewer.ask("look").shown
    assert shown is not None
    url = urlsplit(shown.media_url or "")
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.netloc, unquote(url.path)) == ("media.example", f"/held/{content_id}")
    key = (home / "media-url.key").read_bytes().rstrip(b"\n")
    assert (home / "media-url.key").stat().st_mode & 0o777 == 0o600
    may_be_shown, expires, signature = verification(root, clock), query["expires"], query["signature"]
    assert may_be_shown(content_id, expires, signature, key)
    assert not may_be_shown("post 1", expires, signature, key)
    assert not may_be_shown(content_id, str(int(expires) + 1), signature, key)
    assert not may_be_shown(content_id, expires, signature, key + b"\n")
    clock.move(599)
    assert may_be_shown(content_id, expires, signature, key)
    clock.move(1)
    assert not may_be_shown(content_id, expires, signature, key)


@pytest.mark.parametrize(
    "template",
    [
        "https://media.example/{content_id}",
        "http://media.example/{content_id}?{expires}&{signature}",
        "https://{content_id}.example/?{expires}&{signature}",
        "https://a@media.example/{content_id}?{expires}&{signature}",
        "https://media.example/{content_id}/{content_id}?{expires}&{signature}",
        "https://media.example; script-src *//{content_id}?{expires}&{signature}",
        "https://media.example:port/{content_id}?{expires}&{signature}",
        "//media.example/{content_id}?{expires}&{signature}",
        "",
    ],
)
def test_an_address_that_could_not_be_trusted_is_refused(template: str) -> None:
    with pytest.raises(NotConfiguredError):
        MediaChoice(template)
    assert MediaChoice(MEDIA_URL).origin == "https://media.example"
    assert MediaChoice("http://127.0.0.1:9/{content_id}?{expires}&{signature}").origin == "http://127.0.0.1:9"


def test_without_an_address_or_a_content_id_there_is_nothing_to_load(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    with served(home, exchange, clock, ReviewChoice(has_page=True)) as client:
        matched(home, exchange, "post 1", spans=(MatchedSpan(1, 2, 0, 0),))
        reviewer = Reviewer(client, key_of(home, "Ada"))
        shown = reviewer.ask("look").shown
        assert shown is not None
        assert (shown.media_url, shown.media_kinds) == (None, ["video", "image"])
        assert "img-src 'none'; media-src 'none'" in reviewer.open().headers["content-security-policy"]


def test_a_break_after_so_many_whatever_one_tries(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    with served(home, exchange, clock, ReviewChoice(has_page=True, break_after=5)) as client:
        for number in range(12):
            matched(home, exchange, f"post {number}")
        key = key_of(home, "Ada")
        reviewer = Reviewer(client, key)
        views = [reviewer.decide().view for _ in range(5)]
        assert views == ["match"] * 4 + ["break"]
        again = Reviewer(client, key).ask("look")
        assert (again.view, again.shown, again.rest_seconds) == ("break", None, REST_SECONDS)
        assert reviewer.ask("undo").view == "match", "an undone decision is none"
        reviewer.decide()
        clock.move(REST_SECONDS - 1)
        assert reviewer.ask("go-on").view == "break"
        clock.move(1)
        assert reviewer.ask("look").view == "break", "a break ends with a key"
        assert reviewer.ask("go-on").view == "match"
        for _ in range(4):
            reviewer.decide()
        clock.move(3700)
        again = reviewer.ask("look") if reviewer.open().status_code == 200 else again
        assert (again.view, again.decided) == ("match", 0), "an hour away is a break"


def test_the_exchange_away_is_said(client: ServiceClient, reviewer: Reviewer, exchange: FakeExchange, clock: Clock) -> None:
    assert not reviewer.ask("look").is_exchange_away
    for path in ("/api/v1/status", "/api/v1/feed"):
        exchange.answers[path] = httpx.ConnectError("away")
    clock.move(130)
    wait_until(lambda: reviewer.ask("look").is_exchange_away)


def test_each_way_to_turn_a_copy_has_words_for_reviewers(root: Path) -> None:
    words = json.loads((root / "src/stillmine/partner/review/words/en.json").read_text())
    assert {name for name in words if name.startswith("variant_")} == {f"variant_{way}" for way in Variant if way is not Variant.ORIGINAL}
