# SPDX-License-Identifier: Apache-2.0
"""Which way uploads are looked up: what the exchange gives, what the platform wants, and what happens when it changes."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import httpx
import pytest

from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import LookedUp
from stillmine.partner.screening.way_in_use import Use, WayChoice, WayInUse, assumed, decided
from stillmine.partner.store import schema
from stillmine.partner.store.store import Store
from stillmine.wire.errors import ExchangeUnreachableError, PartnerKeyRevokedError
from stillmine.wire.feedback import Outcome
from stillmine.wire.partner_errors import ListNotGivenError, ScopeMissingError
from stillmine.wire.screen import Decision, Review, ScreenOutcome, WayName
from stillmine.wire.vote import VoteKind
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import ASK, FEED, STATUS, FakeExchange
from tests.partner.partner_parts import Clock, Partner, take_webhooks_off

ASKER = ["ask", "feedback", "submit"]
LISTER = ["ask", "feedback", "list", "submit"]
VALUE = bytes(range(100, 132))
OTHER = bytes(range(200, 232))

Open = Callable[..., AskingPartner]


@pytest.fixture
def opened(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Open]:
    """Open a partner; opening again is a restart."""
    partners: list[AskingPartner] = []

    def open_it(choice: WayChoice = WayChoice.AUTO) -> AskingPartner:
        partners.append(AskingPartner(home, exchange, clock, choice))
        return partners[-1]

    yield open_it
    for partner in partners:
        partner.close()


@pytest.mark.parametrize(
    ("choice", "scopes", "use"),
    [
        ("auto", LISTER, Use(WayName.LIST)),
        ("auto", ASKER, Use(WayName.ASK)),
        ("auto", ["list"], Use(WayName.LIST)),
        ("auto", ["feedback"], Use(None, (ScopeMissingError,))),
        ("ask", LISTER, Use(WayName.ASK)),
        ("ask", ["list"], Use(WayName.ASK, (ScopeMissingError,))),
        ("list", LISTER, Use(WayName.LIST)),
        ("list", ASKER, Use(WayName.LIST, (ListNotGivenError,))),
        ("both", LISTER, Use(WayName.BOTH)),
        ("both", ASKER, Use(WayName.BOTH, (ListNotGivenError,))),
        ("both", [], Use(WayName.BOTH, (ListNotGivenError, ScopeMissingError))),
    ],
)
def test_what_is_used_follows_from_what_is_wanted_and_given(choice: str, scopes: list[str], use: Use) -> None:
    assert decided(WayChoice(choice), scopes) == use


def test_before_the_exchange_says_anything_the_way_of_last_time_holds() -> None:
    assert assumed(WayChoice.AUTO, WayName.LIST) == Use(WayName.LIST)
    assert assumed(WayChoice.ASK, WayName.LIST) == Use(WayName.ASK)
    assert assumed(WayChoice.AUTO, None).way is None


def test_the_way_is_remembered_over_a_restart_while_the_exchange_is_away(opened: Open, exchange: FakeExchange) -> None:
    exchange.scopes = ASKER
    opened().round()
    exchange.answers[STATUS] = httpx.ConnectError("no")
    again = opened()
    assert again.round() is None
    assert again.problem == "exchange_unreachable"
    assert again.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH, "asks still work"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (httpx.ConnectError("no"), ExchangeUnreachableError.code),
        (httpx.Response(401, content=b'{"code":"partner_key_revoked","message":""}'), PartnerKeyRevokedError.code),
    ],
)
def test_where_no_way_was_ever_known_uploads_are_not_screened_with_the_code_of_why(
    opened: Open, exchange: FakeExchange, fault: httpx.Response | Exception, code: str
) -> None:
    exchange.answers[STATUS] = fault
    partner = opened()
    assert partner.screen_values(VALUE).reason == "never_synced"
    pauses = []
    for _ in range(6):
        partner.round()
        pauses.append(partner.parts.following.seconds_to_next())
    assert pauses == [1, 2, 4, 8, 15, 15], "soon at first"
    result = partner.screen_values(VALUE)
    assert (result.reason, result.retry_after_seconds, result.synced_at) == (code, 15, None)
    health = partner.health()
    assert (health.is_fresh, health.way, health.problem, health.fingerprints) == (False, None, code, None)
    assert partner.standing.parts() == {"store": "ok", "way": "unknown", "disk": "ok"}
    del exchange.answers[STATUS]
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH


def test_a_partner_set_back_to_asking_erases_its_list_at_once_and_asks(opened: Open, exchange: FakeExchange, home: Path) -> None:
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    assert (partner.health().way, partner.health().fingerprints) == (WayName.LIST, 1)
    assert VALUE in (home / schema.FILE_NAME).read_bytes()
    exchange.scopes = ASKER
    partner.round()
    files = [path.read_bytes() for path in home.iterdir() if path.name.startswith(schema.FILE_NAME)]
    assert files
    assert not any(VALUE in data or VALUE[:12] in data for data in files)
    assert (partner.store.holds_list(), len(partner.parts.following._parts.index)) == (False, 0)
    health = partner.health()
    assert (health.way, health.fingerprints, health.is_fresh) == (WayName.ASK, None, True)
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert len(exchange.asks) == 1
    exchange.withdraw("f")
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH


ACKNOWLEDGEMENTS = "/api/v1/feed/acknowledgements"


def test_who_erased_its_list_tells_the_exchange_once_and_not_before_it_is_true(opened: Open, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    told = len(exchange.acknowledged)
    exchange.scopes = ASKER
    exchange.answers[ACKNOWLEDGEMENTS] = httpx.ConnectError("no")
    partner.round()
    assert (partner.store.holds_list(), len(exchange.acknowledged)) == (False, told)
    del exchange.answers[ACKNOWLEDGEMENTS]
    partner.close()
    again = opened()
    again.round()
    again.round()
    assert exchange.acknowledged[told:] == ["erased"]


def test_who_never_had_a_list_or_is_still_given_one_says_nothing_of_erasing(opened: Open, exchange: FakeExchange) -> None:
    exchange.scopes = ASKER
    asker = opened()
    asker.round()
    asker.close()
    exchange.scopes = [*ASKER, "list"]
    exchange.add("f", VALUE)
    lister = opened()
    lister.round()
    before = list(exchange.acknowledged)
    lister.close()
    insisting = opened(WayChoice.ASK)
    asked = len(exchange.requests)
    insisting.round()
    assert not insisting.store.holds_list()
    assert exchange.acknowledged == before
    assert f"POST {ACKNOWLEDGEMENTS}" not in exchange.requests[asked:], "it would be refused each time"


def test_a_list_left_by_a_crash_is_erased_even_where_the_exchange_is_away(
    opened: Open, exchange: FakeExchange, partner: Partner, home: Path
) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    exchange.answers[STATUS] = httpx.ConnectError("no")
    asking = opened(WayChoice.ASK)
    asking.round()
    assert not asking.store.holds_list()


def test_a_list_is_kept_while_nobody_knows_that_it_is_not_given(opened: Open, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    opened().round()
    exchange.answers[STATUS] = httpx.ConnectError("no")
    partner = opened()
    partner.round()
    assert partner.health().way is WayName.LIST
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH


def test_a_list_is_kept_where_no_way_was_ever_known_and_the_exchange_says_nothing(
    opened: Open, exchange: FakeExchange, partner: Partner
) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    exchange.answers[STATUS] = httpx.ConnectError("no")
    again = opened()
    again.round()
    assert (again.store.holds_list(), again.health().way) == (True, None)


def test_matches_of_an_erased_list_stay_open_and_are_not_called_withdrawn(opened: Open, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    (match,) = partner.screen_values(VALUE).matches
    exchange.scopes = ASKER
    partner.round()
    kept = partner.store.match(bytes.fromhex(match.match_id))
    assert (kept.is_withdrawn, kept.decision) == (None, None)


def test_from_asking_to_the_list_and_back(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.scopes = ASKER
    exchange.add("f", VALUE)
    partner = opened()
    for scopes, way in ((ASKER, "ask"), (LISTER, "list"), (ASKER, "ask"), (LISTER, "list")):
        exchange.scopes = scopes
        clock.move(15)
        partner.round()
        assert partner.health().way == way
        assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
        assert partner.screen_values(OTHER).outcome is ScreenOutcome.NO_MATCH
        assert partner.store.way() == way


def test_a_list_that_is_given_back_at_once_is_fetched_at_once(opened: Open, exchange: FakeExchange) -> None:
    partner = opened()
    for scopes in (["list"], ASKER, ["list"]):
        exchange.scopes = scopes
        partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH


def test_what_is_known_of_one_way_alone_is_not_said_of_both(opened: Open, exchange: FakeExchange) -> None:
    exchange.answers[FEED] = httpx.ConnectError("no")
    partner = opened(WayChoice.BOTH)
    partner.round()
    result = partner.screen_values(VALUE)
    assert (result.reason, len(exchange.asks)) == ("never_synced", 1)
    assert partner.screen_values(VALUE).synced_at is None


def test_who_asked_goes_on_asking_until_the_list_is_whole(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.scopes = ASKER
    exchange.add("f", VALUE)
    opened().round()
    exchange.scopes, exchange.answers[FEED] = LISTER, httpx.ConnectError("no")
    partner = opened()
    for _ in range(2):  # the first look, and one more while the list does not come
        clock.move(15)
        assert partner.round() is None
        assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
        assert partner.screen_values(OTHER).outcome is ScreenOutcome.NO_MATCH
        assert (partner.health().way, partner.store.way()) == ("ask", "ask")
    assert partner.problem == "exchange_unreachable"
    del exchange.answers[FEED]
    clock.move(15)
    assert partner.round() is not None
    asked = len(exchange.asks)
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert partner.screen_values(OTHER).outcome is ScreenOutcome.NO_MATCH
    assert (len(exchange.asks), partner.health().way, partner.store.way()) == (asked, "list", "list")


@pytest.mark.parametrize(("scopes", "reason"), [(["list"], "never_synced"), (ASKER, None)])
def test_whose_key_may_not_ask_waits_for_the_list_and_whose_list_is_taken_back_goes_on(
    opened: Open, exchange: FakeExchange, clock: Clock, scopes: list[str], reason: str | None
) -> None:
    exchange.scopes = ASKER
    partner = opened()
    partner.round()
    exchange.scopes, exchange.answers[FEED] = LISTER, httpx.ConnectError("no")
    clock.move(15)
    partner.round()
    exchange.scopes = scopes
    clock.move(15)
    partner.round()
    assert partner.screen_values(VALUE).reason == reason


def test_a_list_that_is_insisted_on_and_not_given_says_so(opened: Open, exchange: FakeExchange) -> None:
    exchange.scopes = ASKER
    partner = opened(WayChoice.LIST)
    assert partner.round() is None
    assert partner.problem == "list_not_given"
    result = partner.screen_values(VALUE)
    assert (result.reason, result.retry_after_seconds) == ("list_not_given", 15)
    assert exchange.asks == []


def test_both_look_in_the_list_and_ask_about_the_rest(opened: Open, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner = opened(WayChoice.BOTH)
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert exchange.asks == [], "what the list knows is not asked about"
    exchange.add("new", OTHER)
    assert partner.screen_values(OTHER).outcome is ScreenOutcome.MATCH, "the exchange knows it before the list does"
    exchange.answers[ASK] = httpx.ConnectError("no")
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    result = partner.screen_values(VALUE[::-1])
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "exchange_unreachable")


def test_both_without_the_list_never_call_an_upload_clear(opened: Open, exchange: FakeExchange) -> None:
    exchange.scopes = ASKER
    exchange.add("f", VALUE)
    partner = opened(WayChoice.BOTH)
    partner.round()
    match = partner.screen_values(VALUE)
    assert (match.outcome, match.left_out) == (ScreenOutcome.MATCH, ["list_not_given"])
    assert partner.screen_values(OTHER).reason == "list_not_given"
    assert partner.standing.parts()["way"] == "refused", "what matches nothing is not screened, whatever else works"
    assert not partner.health().is_fresh


class Scripted:
    """A way that finds nothing, and does something while it looks."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.meanwhile = meanwhile
        self.looks = 0

    def require_use(self) -> None: ...

    def as_of(self) -> None:
        return None

    def look_up(self, _made: Made, _token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        self.looks += 1
        self.meanwhile()
        return LookedUp([], [], None)

    def close(self) -> None: ...


def test_what_was_looked_up_in_a_list_that_is_given_up_meanwhile_is_asked_about() -> None:
    asking = Scripted()
    listing = Scripted(lambda: way.switch(Use(WayName.ASK)))
    way = WayInUse(listing, asking, Use(WayName.LIST))
    way.look_up(Made(b"u" * 32, []), b"t" * 16)
    assert (listing.looks, asking.looks) == (1, 1)


def test_feedback_is_sent_in_the_way_ask_and_kept_while_the_exchange_is_away(opened: Open, exchange: FakeExchange) -> None:
    exchange.scopes = ASKER
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    (match,) = partner.screen_values(VALUE).matches
    for path in (STATUS, "/api/v1/feedback"):
        exchange.answers[path] = httpx.ConnectError("no")
    partner.round()
    assert partner.store.counts().waiting_feedback == 1
    review = Review(1, Decision.REMOVED, vote=VoteKind.AGREE)
    partner.store.record_review(bytes.fromhex(match.match_id), review, b"r" * 16, minute=1)
    exchange.answers.clear()
    report = partner.round()
    assert report is not None
    assert (report.way, report.feedback_sent) == (WayName.ASK, 3)
    assert [one.outcome for one in exchange.feedback.values()] == [Outcome.FOUND, Outcome.REMOVED]
    assert len(exchange.votes) == 1
    assert partner.store.counts().waiting_feedback == 0


def test_a_key_that_may_not_report_keeps_the_queue_says_so_and_does_not_try_again_and_again(
    opened: Open, exchange: FakeExchange, clock: Clock
) -> None:
    exchange.scopes = ["ask"]
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    assert partner.health().problem is None, "nothing waits"
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    for _ in range(5):
        partner.parts.following.send_feedback()
        partner.round()
        clock.move(15)
    health = partner.health()
    assert (health.problem, health.waiting_feedback) == ("scope_missing", 1)
    assert "POST /api/v1/feedback" not in exchange.requests
    exchange.scopes = ["ask", "feedback"]
    partner.round()
    assert (partner.health().problem, partner.health().waiting_feedback) == (None, 0)
    assert len(exchange.feedback) == 1


def test_a_key_that_lost_its_scope_between_two_looks_is_tried_once(opened: Open, exchange: FakeExchange) -> None:
    exchange.scopes = ["ask", "feedback"]
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    partner.screen_values(VALUE)
    exchange.scopes = ["ask"]
    for _ in range(5):
        partner.parts.following.send_feedback()
    assert exchange.requests.count("POST /api/v1/feedback") == 1
    assert partner.health().problem == "scope_missing"


def test_health_and_readiness_of_who_asks(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.scopes, exchange.queries_a_day = ASKER, 10
    partner = opened()
    partner.round()
    health = partner.health()
    assert (health.is_fresh, health.way, health.index, health.queries_today, health.queries_a_day) == (True, "ask", "ready", 0, 10)
    assert (health.synced_at, health.age_seconds, health.fingerprints) == (clock.now, 0, None)
    assert partner.standing.parts() == {"store": "ok", "exchange": "ok", "index": "ok", "quota": "ok", "disk": "ok"}
    clock.move(100)
    partner.screen_values(VALUE)
    exchange.answers[STATUS] = httpx.ConnectError("no")
    clock.move(100)
    partner.round()
    assert partner.health().is_fresh, "an ask was answered 100 seconds ago"
    clock.move(21)
    assert not partner.health().is_fresh
    assert partner.standing.parts()["exchange"] == "late"
    exchange.answers.clear()
    exchange.queries_today = 10
    partner.round()
    assert partner.standing.parts()["quota"] == "used_up"


def test_a_clock_that_is_set_back_makes_health_no_staler_than_the_next_look(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.scopes = ASKER
    partner = opened()
    partner.round()
    partner.screen_values(VALUE)
    clock.set_back(3600)
    clock.move(1)
    partner.round()
    assert (partner.health().is_fresh, partner.health().synced_at) == (True, clock.now)
    assert partner.standing.parts()["exchange"] == "ok"


def test_less_than_a_photograph_takes_is_a_used_up_quota(opened: Open, exchange: FakeExchange, root: Path) -> None:
    exchange.scopes, exchange.queries_a_day = ASKER, 9
    partner = opened()
    partner.round()
    partner.screen((root / "media/clothing/coat.jpg").read_bytes())
    for _ in range(2):
        assert partner.health().problem == "quota_used_up"
        assert partner.standing.parts()["quota"] == "used_up"
        partner.round()
    exchange.queries_a_day = 10
    partner.round()
    assert partner.health().problem is None
    assert partner.standing.parts()["quota"] == "ok"


@pytest.mark.parametrize("code", ["storage_full", "partner_key_revoked"])
def test_an_exchange_whose_asks_fail_is_not_ready_until_the_next_is_tried(
    opened: Open, exchange: FakeExchange, clock: Clock, code: str
) -> None:
    exchange.scopes = ASKER
    partner = opened()
    partner.round()
    exchange.answers[ASK] = httpx.Response(503, content=b'{"code":"%s","message":""}' % code.encode())
    partner.screen_values(VALUE)
    assert (partner.standing.parts()["exchange"], partner.health().problem) == ("failing", code)
    clock.move(30)
    assert partner.standing.parts()["exchange"] == "ok", "else nobody would send the upload that tries"
    del exchange.answers[ASK]
    partner.screen_values(VALUE)
    assert (partner.standing.parts()["exchange"], partner.health().problem) == ("ok", None)


def test_a_list_is_synced_no_more_often_than_said_though_the_way_is_looked_at(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    partner = opened()
    partner.parts.following._sync_every_seconds = 60
    for _ in range(9):
        partner.round()
        clock.move(15)
    assert exchange.requests.count(f"GET {STATUS}") == 9
    assert exchange.requests.count("GET /api/v1/feed") == 3


def test_a_store_of_before_with_a_list_is_of_the_way_list(home: Path, partner: Partner, exchange: FakeExchange) -> None:
    partner.sync.run()
    take_webhooks_off(partner.store._db)
    partner.store._db.execute("ALTER TABLE place DROP COLUMN way")
    for column in ("found_by", "judges", "transform"):
        partner.store._db.execute(f"ALTER TABLE matches DROP COLUMN {column}")
    partner.store._db.execute("DROP TABLE recurring")
    partner.store._db.execute("ALTER TABLE fingerprints DROP COLUMN check_sum")
    partner.store._db.execute("PRAGMA user_version = 6")
    partner.store.close()
    store = Store(home)
    assert store.way() is WayName.LIST
    store.close()
