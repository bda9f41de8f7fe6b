# SPDX-License-Identifier: Apache-2.0
"""A list is looked through while the service runs, between its syncs, and fetched again where the disk damaged it: of every source."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stillmine.partner.ground.errors import ListTooOldError
from stillmine.partner.service import mending
from stillmine.partner.service.mending import EVERY_SECONDS, MendingRounds
from stillmine.partner.store.place import StoredEntry
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.store import Store
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.test_partner_damage import flip
from tests.partner.test_partner_service import wait_until
from tests.partner.test_partner_source_service import FOURTH, OTHER, SECOND, THIRD, Everything, choices, health, screen, serving


class Rounds:
    """Rounds of a list that stands still."""

    def __init__(self) -> None:
        self.are_failing = False
        self.count = 0

    def run(self) -> None:
        self.count += 1
        if self.are_failing:
            raise ListTooOldError

    def send_feedback(self) -> int:
        return 7

    def seconds_to_next(self) -> float:
        return 8.0


@pytest.mark.parametrize("is_failing", [False, True])
def test_a_list_is_looked_through_every_hour_after_a_round(home: Path, clock: Clock, *, is_failing: bool) -> None:
    store, rounds = Store(home), Rounds()
    rounds.are_failing = is_failing
    store.apply_page([StoredEntry(b"i" * 16, Kind.PDQ, FingerprintState.ACTIVE, SECOND, 90)], "end", 7)
    one = MendingRounds(rounds, store, clock.seconds)
    assert (one.send_feedback(), one.seconds_to_next()) == (7, 8.0)
    flip(home, "value", SECOND)

    def run() -> None:
        if is_failing:
            with pytest.raises(ListTooOldError):
                one.run()
        else:
            one.run()

    run()
    assert store.synced_at() is not None, "not due"
    clock.move(EVERY_SECONDS)
    run()
    assert (store.synced_at(), store.counts().fingerprints, rounds.count) == (None, 0, 2)
    store.close()


def test_what_was_not_looked_through_at_start_is_after_the_first_round(home: Path, clock: Clock) -> None:
    store = Store(home)
    store.apply_page([StoredEntry(b"i" * 16, Kind.PDQ, FingerprintState.ACTIVE, SECOND, 90)], "end", 7)
    flip(home, "value", SECOND)
    MendingRounds(Rounds(), store, clock.seconds, is_checked=False).run()
    assert store.synced_at() is None
    store.close()


def test_each_list_of_a_running_service_is_mended(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    network = Everything(exchange)
    network.further.add("f", SECOND)
    network.ncii.say(THIRD.hex())
    network.ncii.say(FOURTH.hex())  # the newest is said again in each round, and that alone would mend it
    monkeypatch.setattr(mending, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr("stillmine.partner.sources.stopncii_rounds.EVERY_SECONDS", 0.2)
    with serving(home, network, clock, choices()) as client:
        wait_until(lambda: health(client).is_fresh)
        for count, name in enumerate(("further", "ncii"), 1):
            with closing(sqlite3.connect(home / "sources" / name / FILE_NAME)) as db, db:
                db.execute("UPDATE fingerprints SET quality = quality + 1")
            wait_until(lambda: caplog.text.count("1 fingerprints in the store were damaged") == count)  # noqa: B023 (called at once)
        wait_until(lambda: health(client).is_fresh)
        assert [screen(client, value).outcome for value in (SECOND, THIRD, OTHER)] == [
            ScreenOutcome.MATCH,
            ScreenOutcome.MATCH,
            ScreenOutcome.NO_MATCH,
        ]
