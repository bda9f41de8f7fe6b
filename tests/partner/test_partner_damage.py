# SPDX-License-Identifier: Apache-2.0
"""A list that the disk damaged: known by its checks, fetched again, and nothing called clear before; nothing else is lost."""

import sqlite3
from pathlib import Path

import pytest

from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.store import Store
from stillmine.wire.screen import Decision, MatchState, Review, ScreenOutcome
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, take_webhooks_off

VALUE, OTHER, CLEAR = bytes(range(32)), bytes(range(100, 132)), bytes(range(200, 232))


def flip(home: Path, column: str, value: bytes) -> None:
    """Flip a bit in the file where this row holds it, as a disk does: not by a statement."""
    path = home / FILE_NAME
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    place = data.index(value)
    at = {"value": place + 5, "state": place - 1}[column]
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("column", ["value", "state"])
def test_a_damaged_list_is_fetched_again_and_clears_nothing_before(
    home: Path, exchange: FakeExchange, clock: Clock, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (("f", VALUE), ("g", OTHER)):
        exchange.add(name, value)
    first = AskingPartner(home, exchange, clock, WayChoice.LIST)
    first.round()
    (match,) = first.screen_values(OTHER).matches
    first.store.record_review(bytes.fromhex(match.match_id), Review(1, Decision.REMOVED), (7).to_bytes(16), 1)
    waiting = first.store.counts().waiting_feedback
    first.close()
    flip(home, column, VALUE)
    again = AskingPartner(home, exchange, clock, WayChoice.LIST)
    assert "1 fingerprints in the store were damaged" in caplog.text
    assert again.screen_values(OTHER).outcome is ScreenOutcome.MATCH
    for value in (VALUE, CLEAR):
        result = again.screen_values(value)
        assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "never_synced")
    assert again.store.counts().waiting_feedback == waiting
    assert [kept.decision for kept in again.store.matches(Wanted(MatchState.ALL)).matches] == [Decision.REMOVED]
    again.round()
    assert again.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert again.screen_values(CLEAR).outcome is ScreenOutcome.NO_MATCH
    assert not again.store.is_damaged()
    again.close()


def page_of_list(home: Path) -> tuple[int, int]:
    """Return where the only page of the list stands in the file, and its size."""
    with sqlite3.connect(home / FILE_NAME) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = db.execute("PRAGMA page_size").fetchone()
        (number,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'fingerprints'").fetchone()
    db.close()
    return (number - 1) * size, size


def test_a_page_that_the_disk_did_not_write_is_known_by_the_sum_of_all(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    partner = AskingPartner(home, exchange, clock, WayChoice.LIST)
    partner.round()
    partner.close()
    place, size = page_of_list(home)
    before = (home / FILE_NAME).read_bytes()[place : place + size]
    exchange.add("g", OTHER)
    exchange.withdraw("f")
    partner = AskingPartner(home, exchange, clock, WayChoice.LIST)
    partner.round()
    assert not partner.store.is_damaged()
    partner.close()
    assert page_of_list(home) == (place, size)
    with (home / FILE_NAME).open("r+b") as file:
        file.seek(place)
        file.write(before)
    again = AskingPartner(home, exchange, clock, WayChoice.LIST)
    result = again.screen_values(OTHER)
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "never_synced")
    again.round()
    assert again.screen_values(OTHER).outcome is ScreenOutcome.MATCH
    assert again.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH, "it was withdrawn"
    assert not again.store.is_damaged()
    again.close()


def test_a_whole_list_is_left_alone(home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.partner.store.damage.ROWS_AT_ONCE", 2)
    for number in range(7):
        exchange.add(f"f{number}", bytes([number]) * 32)
    exchange.withdraw("f0")
    partner = AskingPartner(home, exchange, clock, WayChoice.LIST)
    partner.round()
    assert not partner.store.is_damaged()
    assert partner.store.mend() == 0
    partner.store._db.execute("UPDATE fingerprints SET quality = 1 WHERE id = (SELECT max(id) FROM fingerprints)")
    assert partner.store.is_damaged(), "the last one, too"
    assert (partner.store.mend(), partner.store.synced_at()) == (1, None)
    partner.close()


def test_a_store_of_before_is_given_its_checks(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    partner = AskingPartner(home, exchange, clock, WayChoice.LIST)
    partner.round()
    take_webhooks_off(partner.store._db)
    partner.store._db.execute("ALTER TABLE fingerprints DROP COLUMN check_sum")
    partner.store._db.execute("PRAGMA user_version = 8")
    partner.close()
    store = Store(home)
    assert not store.is_damaged()
    assert store.synced_at() is not None
    store.close()
