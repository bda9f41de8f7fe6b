# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 (fixtures of the service, used here by name)
"""A partner whose disk is full: it can't write, and what it can still find it says."""

import errno
from datetime import timedelta
from pathlib import Path

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting import upload as uploads
from stillmine.partner.ground.errors import LeaderAwayError, StoreUnreadableError
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.store import Store
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Partner
from tests.partner.service_client import ServiceClient
from tests.partner.test_partner_service import application, nobody, platform, screened  # noqa: F401 (fixtures)

VALUE, OTHER = bytes(range(32)), bytes(range(100, 132))


def test_a_match_is_answered_though_it_can_not_be_recorded(
    partner: Partner, exchange: FakeExchange, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """300 fingerprints, so that what is kept of an upload needs pages that the file has no room for."""
    photograph = (root / "media/clothing/coat.jpg").read_bytes()
    for number in range(300):
        exchange.add(f"f{number}", fingerprint_image(photograph).pdq)
    partner.sync.run()
    partner.store._db.execute("PRAGMA max_page_count = 1")  # as few as there are
    answers = [partner.screen(photograph) for _ in range(3)]
    assert [answer.outcome for answer in answers] == [ScreenOutcome.MATCH] * 3
    assert {len(answer.matches) for answer in answers} == {20}
    assert {answer.not_recorded for answer in answers} == {"store_unreadable"}
    assert "could not be recorded" in caplog.text
    for number in range(300):
        exchange.withdraw(f"f{number}")
    partner.store._db.execute("PRAGMA max_page_count = 100000")
    partner.sync.run()
    assert partner.screen(photograph).outcome is ScreenOutcome.NO_MATCH


def test_a_match_that_could_not_be_recorded_is_recorded_when_there_is_room(
    partner: Partner, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, as of the minute in which it matched, and without what was withdrawn meanwhile."""
    for name, value in (("f", VALUE), ("g", OTHER)):
        exchange.add(name, value)
    partner.sync.run()
    with monkeypatch.context() as full:
        full.setattr(Store, "record_upload", fails)
        answers = [partner.screening.screen_fingerprints([pdq(value)]) for value in (VALUE, VALUE, OTHER)]
        assert partner.screening.record_waiting() == 0
    assert [answer.not_recorded for answer in answers] == ["store_unreadable"] * 3
    assert partner.store.counts().waiting_feedback == 0
    exchange.withdraw("g")
    partner.sync.run()
    clock.move(600)
    assert (partner.screening.record_waiting(), partner.screening.record_waiting()) == (2, 0)
    (kept,) = partner.store.matches(Wanted()).matches
    assert kept.match_id == answers[0].matches[0].match_id
    assert kept.matched_at == clock.now.replace(second=0, microsecond=0) - timedelta(minutes=10)
    assert (partner.store.counts().waiting_feedback, partner.woken) == (1, 1)
    assert partner.screening.screen_fingerprints([pdq(VALUE)]).not_recorded is None


def test_what_waits_to_be_recorded_is_recorded_after_the_next_match_too(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("f", VALUE), ("g", OTHER)):
        exchange.add(name, value)
    partner.sync.run()
    with monkeypatch.context() as full:
        full.setattr(Store, "record_upload", fails)
        partner.screening.screen_fingerprints([pdq(VALUE)])
    partner.screening.screen_fingerprints([pdq(OTHER)])
    assert len(partner.store.matches(Wanted()).matches) == 2


def test_a_match_is_answered_though_the_store_can_not_even_be_read(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    monkeypatch.setattr(Store, "record_upload", fails)
    monkeypatch.setattr(Store, "still_active", fails)
    answer = partner.screening.screen_fingerprints([pdq(VALUE)])
    assert (answer.outcome, answer.not_recorded) == (ScreenOutcome.MATCH, "store_unreadable")


def test_what_waits_to_be_recorded_is_bounded(partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [bytes([number]) * 32 for number in (0, 85, 255)]
    for number, value in enumerate(values):
        exchange.add(f"f{number}", value)
    partner.sync.run()
    monkeypatch.setattr("stillmine.partner.screening.recording.MAXIMUM_WAITING", 2)
    with monkeypatch.context() as full:
        full.setattr(Store, "record_upload", fails)
        for value in values:
            assert partner.screening.screen_fingerprints([pdq(value)]).outcome is ScreenOutcome.MATCH
    assert partner.screening.record_waiting() == 2


def test_what_is_withdrawn_while_the_disk_is_full_is_matched_no_longer(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = bytes(range(32))
    exchange.add("f", value)
    partner.sync.run()
    upload = [Fingerprint(Kind.PDQ, value.hex(), 90)]
    assert partner.screening.screen_fingerprints(upload).outcome is ScreenOutcome.MATCH
    exchange.withdraw("f")
    with monkeypatch.context() as full:
        full.setattr(Store, "apply_page", fails)
        with pytest.raises(StoreUnreadableError):
            partner.sync.run()
        assert partner.screening.screen_fingerprints(upload).outcome is ScreenOutcome.NO_MATCH
        assert exchange.acknowledged == ["a.1"], "nothing is erased yet"
    partner.sync.run()
    assert (partner.store.counts().fingerprints, exchange.acknowledged[-1]) == (0, exchange.cursor())


def fails(*_: object) -> None:
    raise StoreUnreadableError


def pdq(value: bytes) -> Fingerprint:
    return Fingerprint(Kind.PDQ, value.hex(), 90)


def test_an_upload_that_finds_no_room_is_said_not_to_be_screened(platform: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(uploads, "_write_whole", full)
    answer = screened(platform, b"x")
    assert (answer.outcome, answer.reason) == (ScreenOutcome.NOT_SCREENED, "store_unreadable")


def test_the_log_tells_a_leader_that_is_away_from_a_full_disk(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def is_away(*_: object) -> None:
        raise LeaderAwayError("ConnectError")

    exchange.add("f", VALUE)
    partner.sync.run()
    monkeypatch.setattr(Store, "record_upload", is_away)
    assert partner.screening.screen_fingerprints([pdq(VALUE)]).not_recorded == "leader_away"
    assert "the leader does not answer [leader_away]" in caplog.text
    assert "disk" not in caplog.text
