# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 (fixtures of the service, used here by name)
"""A partner whose disk is full: it can't write, and what it can still find it says."""

import errno
from pathlib import Path

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting import upload as uploads
from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.store import Store
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Partner
from tests.partner.service_client import ServiceClient
from tests.partner.test_partner_service import application, nobody, platform, screened  # noqa: F401 (fixtures)


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
    assert "could not be recorded" in caplog.text
    for number in range(300):
        exchange.withdraw(f"f{number}")
    partner.store._db.execute("PRAGMA max_page_count = 100000")
    partner.sync.run()
    assert partner.screen(photograph).outcome is ScreenOutcome.NO_MATCH


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


def test_an_upload_that_finds_no_room_is_said_not_to_be_screened(platform: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(uploads, "_write_whole", full)
    answer = screened(platform, b"x")
    assert (answer.outcome, answer.reason) == (ScreenOutcome.NOT_SCREENED, "store_unreadable")
