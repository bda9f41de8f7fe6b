# SPDX-License-Identifier: Apache-2.0
"""Sync against a fake exchange: order, repeats, lost answers, crashes between pages, and an exchange that misbehaves."""

from collections.abc import Callable

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillmine.client.errors import ExchangeAnswerError
from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.fingerprinting.worker_messages import Picture
from stillmine.partner.listing import sync
from stillmine.partner.store.place import PageChanges
from stillmine.wire.case import FingerprintState
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError, PartnerKeyRevokedError, PartnerKeyUnknownError, StillmineError
from stillmine.wire.feed import MAXIMUM_PAGE_BYTES
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Partner

FEED, ACKNOWLEDGE, FEEDBACK = "/api/v1/feed", "/api/v1/feed/acknowledgements", "/api/v1/feedback"


def value(number: int) -> bytes:
    """Values far apart from each other."""
    return bytes([number]) * 32


def matched(partner: Partner) -> dict[bytes, bytes]:
    """What store and index hold; they must never differ."""
    stored = {fingerprint_id: known for fingerprint_id, _, known in partner.store.active()}
    assert len(partner.index) == len(stored) == partner.store.counts().fingerprints
    for fingerprint_id, known in stored.items():
        exact = [near for near in partner.index.near_pictures([Picture([known], 100, [])]) if near.match_class is MatchClass.EXACT]
        assert fingerprint_id in {near.id for near in exact}
    return stored


def test_pages_until_the_end_then_one_acknowledgement(partner: Partner, exchange: FakeExchange, clock: Clock) -> None:
    exchange.page_entries = 3
    for number in range(8):
        exchange.add(f"f{number}", value(number))
    report = partner.sync.run()
    assert (report.pages, report.added, report.erased) == (3, 8, 0)
    assert matched(partner) == exchange.active()
    assert exchange.acknowledged == [exchange.cursor()]
    assert partner.store.place().synced_at == int(clock.now.timestamp())


def test_quiet_feed_is_not_acknowledged_again_but_counts_as_synced(partner: Partner, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", value(1))
    partner.sync.run()
    clock.move(15)
    report = partner.sync.run()
    assert (report.added, report.erased) == (0, 0)
    assert len(exchange.acknowledged) == 1
    assert partner.store.place().synced_at == int(clock.now.timestamp())


@pytest.mark.parametrize("pages", [1, 2])
def test_the_list_counts_as_synced_only_once_what_it_holds_is_searched_for(
    partner: Partner, exchange: FakeExchange, clock: Clock, pages: int
) -> None:
    exchange.page_entries = 4 // pages
    for number in range(4):
        exchange.add(f"f{number}", value(number))
    known_before: list[int | None] = []

    def follow(changes: PageChanges) -> None:
        if changes.active:
            known_before.append(partner.store.place().synced_at)
        partner.index.follow(changes)

    client = Exchange(ExchangeSettings(SETTINGS.url, Secret(KEY.encode())), exchange.transport())
    report = sync.Sync(client, partner.store, follow, clock).follow()
    assert (report.pages, report.added) == (pages, 4)
    assert known_before == [None] * pages
    assert partner.store.place().synced_at == int(clock.now.timestamp())


@pytest.mark.parametrize("state", [FingerprintState.WITHDRAWN, FingerprintState.SUSPENDED])
def test_tombstone_leaves_store_and_index_before_it_is_acknowledged(
    partner: Partner, exchange: FakeExchange, state: FingerprintState
) -> None:
    exchange.add("f", value(1))
    exchange.add("g", value(2))
    partner.sync.run()
    exchange.withdraw("f", state)
    exchange.answers[ACKNOWLEDGE] = httpx.ReadTimeout("lost")
    with pytest.raises(ExchangeUnreachableError):
        partner.sync.run()
    assert matched(partner) == exchange.active() == {bytes.fromhex(exchange.id_of("g")): value(2)}
    assert exchange.acknowledged == ["a.2"]


def test_suspended_fingerprint_can_come_back(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", value(1))
    partner.sync.run()
    exchange.withdraw("f", FingerprintState.SUSPENDED)
    assert partner.sync.run().erased == 1
    exchange.add("f", value(1))
    assert partner.sync.run().added == 1
    assert matched(partner) == exchange.active()


def test_tombstone_that_carries_a_value_is_still_a_tombstone(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", value(1))
    partner.sync.run()
    entry = {"id": exchange.id_of("f"), "kind": "pdq", "state": "withdrawn", "value": value(1).hex(), "quality": 90}
    exchange.answers[FEED] = page(entries=[entry])
    assert partner.sync.run().erased == 1
    assert matched(partner) == {}


def test_lost_acknowledgement_is_repeated(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", value(1))
    exchange.lost_answers.add(ACKNOWLEDGE)
    with pytest.raises(ExchangeUnreachableError):
        partner.sync.run()
    exchange.lost_answers.clear()
    partner.sync.run()
    partner.sync.run()
    assert exchange.acknowledged == ["a.1"] * 3  # the client repeats it once by itself


def test_crash_between_pages_goes_on_where_it_was(open_partner: Callable[[], Partner], exchange: FakeExchange) -> None:
    exchange.page_entries = 2
    for number in range(6):
        exchange.add(f"f{number}", value(number))
    first = open_partner()
    for _ in range(2):
        _apply_one_page(first)
    assert first.store.place().synced_at is None
    exchange.withdraw("f0")
    second = open_partner()
    assert len(second.index) == 4
    report = second.sync.run()
    assert (report.pages, report.added, report.erased) == (2, 2, 1)
    assert matched(second) == exchange.active()
    assert exchange.requests.count(f"GET {FEED}") == 4


def test_refused_cursor_fetches_anew_and_sweeps_what_is_gone(partner: Partner, exchange: FakeExchange) -> None:
    exchange.page_entries = 2
    for name in ("f", "g", "h"):
        exchange.add(name, value(ord(name)))
    partner.sync.run()
    exchange.start_over()
    exchange.add("g", value(ord("g")))
    exchange.add("i", value(ord("i")))
    exchange.add("j", value(ord("j")))
    report = partner.sync.run()
    assert report.started_again
    assert (report.added, report.erased) == (3, 3)
    assert matched(partner) == exchange.active()
    assert exchange.acknowledged[-1] == exchange.cursor()


def test_crash_while_fetching_anew_still_sweeps(open_partner: Callable[[], Partner], exchange: FakeExchange) -> None:
    exchange.page_entries = 1
    exchange.add("f", value(1))
    first = open_partner()
    first.sync.run()
    exchange.start_over()
    exchange.add("g", value(2))
    exchange.add("h", value(3))
    first.store.start_again()
    _apply_one_page(first)
    assert len(first.index) == 2
    second = open_partner()
    second.sync.run()
    assert matched(second) == exchange.active()


def test_exchange_that_refuses_its_own_cursors_does_not_loop(partner: Partner, exchange: FakeExchange) -> None:
    exchange.answers[FEED] = httpx.Response(400, json={"code": "feed_cursor_invalid", "message": "x"})
    with pytest.raises(ExchangeAnswerError):
        partner.sync.run()
    exchange.answers.clear()
    exchange.add("f", value(1))
    partner.sync.run()
    exchange.answers[FEED] = httpx.Response(400, json={"code": "feed_cursor_invalid", "message": "x"})
    before = len(exchange.requests)
    with pytest.raises(ExchangeAnswerError):
        partner.sync.run()
    assert len(exchange.requests) - before <= 2


def test_kinds_that_are_not_matched_are_counted_and_left_out(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "LISTED_KINDS", frozenset({Kind.PDQ}))
    exchange.add("f", value(1))
    exchange.add("s", bytes(32), kind=Kind.SHA256)
    report = partner.sync.run()
    assert (report.added, report.of_other_kinds) == (1, 1)
    assert len(matched(partner)) == 1


def page(entries: list[dict[str, object]], cursor: str = "a.9", has_more: bool = False, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"version": 1, "entries": entries, "cursor": cursor, "has_more": has_more, **more})


GOOD = {"id": "0" * 31 + "1", "kind": "pdq", "state": "active", "value": "ab" * 32, "quality": 90}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b"<html>not the exchange</html>"),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b" " * (MAXIMUM_PAGE_BYTES + 1)),
        page([], version=2),
        page([], extra="field"),
        page([GOOD, {**GOOD, "id": "1"}]),
        page([GOOD, {**GOOD, "id": "2" * 32, "value": "ab" * 31}]),
        page([GOOD, {**GOOD, "id": "2" * 32, "value": "AB" * 32}]),
        page([GOOD, {**GOOD, "id": "2" * 32, "quality": 101}]),
        page([GOOD, {**GOOD, "id": "2" * 32, "kind": "unheard_of"}]),
        page([GOOD, {**GOOD, "id": "2" * 32, "kind": "regions", "quality": 100}]),
        page([GOOD, {key: GOOD[key] for key in ("kind", "state")}]),
        page([GOOD, {**{key: GOOD[key] for key in ("kind", "state")}, "id": "2" * 32}]),
        page([GOOD], cursor="a.1", has_more=True),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        httpx.Response(404, content=b"nothing here"),
    ],
)
def test_page_that_cannot_be_read_changes_nothing(partner: Partner, exchange: FakeExchange, answer: httpx.Response) -> None:
    exchange.add("f", value(1))
    partner.sync.run()
    before = (matched(partner), partner.store.place())
    exchange.answers[FEED] = answer
    with pytest.raises(ExchangeAnswerError) as raised:
        partner.sync.run()
    assert "ab" * 31 not in str(raised.value)
    assert (matched(partner), partner.store.place()) == before


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ConnectError("refused"), ExchangeUnreachableError),
        (httpx.ReadTimeout("slow"), ExchangeUnreachableError),
        (httpx.RemoteProtocolError("cut"), ExchangeUnreachableError),
        (httpx.Response(500, content=b"oops"), ExchangeUnreachableError),
        (httpx.Response(503, json={"code": "internal_error", "message": "x"}), ExchangeUnreachableError),
        (httpx.Response(401, json={"code": "partner_key_unknown", "message": "x"}), PartnerKeyUnknownError),
        (httpx.Response(403, json={"code": "partner_key_revoked", "message": "x", "detail": "y"}), PartnerKeyRevokedError),
    ],
)
def test_refusals_keep_what_was_there(
    partner: Partner, exchange: FakeExchange, answer: httpx.Response | Exception, error: type[StillmineError]
) -> None:
    exchange.add("f", value(1))
    partner.sync.run()
    before = partner.store.place()
    exchange.answers[FEED] = answer
    with pytest.raises(error):
        partner.sync.run()
    assert partner.store.place() == before
    assert matched(partner) == exchange.active()


def test_wrong_key_is_named_and_fetches_nothing(open_partner: Callable[..., Partner], exchange: FakeExchange) -> None:
    exchange.add("f", value(1))
    partner = open_partner(key="smk_01234567_" + "B" * 43)
    with pytest.raises(PartnerKeyUnknownError, match="copied all of it"):
        partner.sync.run()
    assert partner.store.place().synced_at is None
    assert partner.store.counts().fingerprints == 0


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "withdraw", "suspend", "sync", "lose_page", "lose_acknowledgement", "restart", "start_over"]),
        st.integers(0, 9),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS, page_entries=st.integers(1, 4))
def test_whatever_happens_the_index_ends_as_the_active_set(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int]], page_entries: int
) -> None:
    """Pages of any size, lost requests, restarts and an exchange that starts over: after the next sync all agree."""
    exchange, clock, folder = FakeExchange(page_entries), Clock(), tmp_path_factory.mktemp("home")
    partner = Partner(folder, exchange, clock)
    known: set[str] = set()
    for operation, number in operations:
        name = f"f{number}"
        if operation == "add":
            exchange.add(name, value(number))
            known.add(name)
        elif operation in {"withdraw", "suspend"} and name in known:
            exchange.withdraw(name, FingerprintState.WITHDRAWN if operation == "withdraw" else FingerprintState.SUSPENDED)
        elif operation == "start_over":
            exchange.start_over()
            known.clear()
        elif operation == "restart":
            partner.close()
            partner = Partner(folder, exchange, clock)
        elif operation.startswith("lose"):
            _sync_with_loss(partner, exchange, FEED if operation == "lose_page" else ACKNOWLEDGE)
        elif operation == "sync":
            partner.sync.run()
            assert matched(partner) == exchange.active()
        matched(partner)
    partner.sync.run()
    assert matched(partner) == exchange.active()
    assert exchange.acknowledged[-1] == partner.store.place().cursor
    partner.close()


def _sync_with_loss(partner: Partner, exchange: FakeExchange, path: str) -> None:
    exchange.answers[path] = httpx.ReadError("lost")
    try:
        partner.sync.run()
    except ExchangeUnreachableError:
        pass
    finally:
        exchange.answers.clear()


def _apply_one_page(partner: Partner) -> None:
    """What a sync does until it is cut off after its first page."""
    answers = iter([False])
    partner.must_stop = lambda: next(answers, True)
    partner.sync.run()
    partner.must_stop = lambda: False
