# SPDX-License-Identifier: Apache-2.0
"""How long matches are kept: what was decided long ago goes with its upload, what is open stays."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.concurrency import run_in_threadpool

from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.service.upkeep import KEPT_DAYS, Upkeep
from stillmine.partner.store import matches
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.store import Store
from stillmine.wire.feedback import Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchState, Review
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers, Partner
from tests.partner.service_client import running
from tests.partner.test_partner_service import wait_until

FILE = b"any file, also one that can't be read"
REMOVED = Review(1, Decision.REMOVED)
DAY = 86_400


@pytest.fixture
def protecting(partner: Partner, exchange: FakeExchange) -> Partner:
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    exchange.add("g", sha256(FILE).digest(), Kind.SHA256)
    partner.sync.run()
    return partner


def screen(partner: Partner, content_id: str) -> list[bytes]:
    return [bytes.fromhex(match.match_id) for match in partner.screen(FILE, content_id=content_id).matches]


def review(partner: Partner, clock: Clock, match_id: bytes) -> None:
    minute = int(clock().timestamp()) // 60
    partner.store.record_review(match_id, REMOVED, Numbers()(8) + match_id[:8], minute)


def kept(partner: Partner) -> list[str | None]:
    return [match.content_id for match in partner.store.matches(Wanted(MatchState.ALL)).matches]


def test_an_upload_goes_a_year_after_the_last_of_its_decisions(
    protecting: Partner, exchange: FakeExchange, clock: Clock, home: Path
) -> None:
    upkeep = Upkeep(protecting.store, clock)
    before = screen(protecting, "post 7")
    review(protecting, clock, before[0])
    exchange.add("later", sha256(FILE).digest(), Kind.SHA256)
    protecting.sync.run()
    (later,) = set(screen(protecting, "post 7")) - set(before)
    screen(protecting, "post 8")
    clock.move(2 * KEPT_DAYS * DAY)
    assert upkeep.run() == 0, "what post 7 matched later waits for a decision"
    review(protecting, clock, later)
    clock.move(KEPT_DAYS * DAY)
    assert upkeep.run() == 0
    clock.move(60)
    assert upkeep.run() == 1
    assert kept(protecting) == ["post 8"] * 3, "what is open is never forgotten"
    with sqlite3.connect(home / FILE_NAME) as db:
        assert db.execute("SELECT content_id FROM uploads").fetchall() == [("post 8",)]
    db.close()
    assert upkeep.run() == 0


def test_what_was_withdrawn_and_never_decided_goes_too(protecting: Partner, exchange: FakeExchange, clock: Clock) -> None:
    screen(protecting, "post 7")
    clock.move(400 * DAY)
    exchange.withdraw("f")
    protecting.sync.run()
    assert Upkeep(protecting.store, clock).run() == 0, "one of two is active"
    exchange.withdraw("g")
    protecting.sync.run()
    assert Upkeep(protecting.store, clock, kept_days=401).run() == 0
    assert Upkeep(protecting.store, clock).run() == 1
    assert kept(protecting) == []


def test_an_upload_that_was_forgotten_is_the_same_match_and_is_not_counted_again(
    protecting: Partner, exchange: FakeExchange, clock: Clock
) -> None:
    before = screen(protecting, "post 7")
    for match_id in before:
        review(protecting, clock, match_id)
    protecting.sync.run()
    clock.move(400 * DAY)
    assert Upkeep(protecting.store, clock).run() == 1
    assert screen(protecting, "post 7") == before
    assert [match.decision for match in protecting.store.matches(Wanted()).matches] == [None, None]
    protecting.sync.run()
    assert [report.outcome for report in exchange.feedback.values()].count(Outcome.FOUND) == 1


def test_many_go_and_matches_of_before_uploads_go_by_themselves(
    protecting: Partner, clock: Clock, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matches, "_FORGOTTEN_AT_ONCE", 2)
    for number in range(5):
        for match_id in screen(protecting, f"post {number}"):
            review(protecting, clock, match_id)
    with sqlite3.connect(home / FILE_NAME) as db:
        columns = "match_id, fingerprint_id, kind, class, matched_minute, decision, decided_minute"
        db.execute(f"INSERT INTO matches ({columns}) VALUES (?, ?, 'pdq', 'near', 7, 'removed', 7)", (b"m" * 16, b"f" * 16))
        db.execute(f"INSERT INTO matches ({columns}) VALUES (?, ?, 'pdq', 'near', 7, NULL, NULL)", (b"n" * 16, b"f" * 16))
        db.execute("UPDATE matches SET is_listed = 0 WHERE match_id = ?", (b"n" * 16,))
    db.close()
    clock.move(400 * DAY)
    assert Upkeep(protecting.store, clock).run() == 6
    assert [match.match_id for match in protecting.store.matches(Wanted(MatchState.ALL)).matches] == [(b"n" * 16).hex()]


def test_a_running_service_does_it_by_itself(
    home: Path, exchange: FakeExchange, clock: Clock, open_partner: Callable[[], Partner], protecting: Partner
) -> None:
    for match_id in screen(protecting, "post 7"):
        review(protecting, clock, match_id)
    clock.move(8 * DAY)
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    with running(build_service(home, SETTINGS, 0.2, threads=1, surroundings=surroundings, kept_days=7)):
        wait_until(lambda: not kept(protecting))


def test_a_stop_does_not_wait_until_all_is_forgotten(protecting: Partner, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand old matches take some ten seconds."""
    begun, calls = threading.Event(), 0

    def some(_: Store, _minute: int) -> int:
        nonlocal calls
        begun.set()
        time.sleep(0.001)
        calls += 1
        return int(calls < 20_000)

    async def stopped_at_once() -> None:
        async with Upkeep(protecting.store, clock).going_on():
            await run_in_threadpool(begun.wait)

    monkeypatch.setattr(Store, "forget_matches", some)
    asyncio.run(stopped_at_once())
    assert calls < 20_000
