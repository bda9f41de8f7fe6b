# SPDX-License-Identifier: Apache-2.0
"""Uploads that match more than is shown, and what fails with every upload: what is shown is not all, and one line in the log will do."""

import logging
from pathlib import Path

import httpx
import pytest

from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.partner.screening.recording import MAXIMUM_MATCHES
from stillmine.partner.screening.screening import MAXIMUM_REPORTED
from stillmine.partner.store.place import StoredEntry
from stillmine.serving.sparing_log import INTERVAL_SECONDS, SparingLog
from stillmine.wire.case import FingerprintState
from stillmine.wire.door_errors import BusyError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import ASK, FakeExchange
from tests.partner.moving_media import melody, sound_file
from tests.partner.partner_parts import Clock, Partner

NEAR_BITS = 28
VALUE = bytes(range(100, 132))


def test_so_many_are_shown_and_reported_as_the_specification_says(root: Path) -> None:
    assert f"at most {MAXIMUM_MATCHES} are shown, up to {MAXIMUM_REPORTED:,} are reported" in " ".join(
        (root / "spec/screen.md").read_text(encoding="utf-8").split()
    )


@pytest.mark.parametrize("most", [MAXIMUM_REPORTED, MAXIMUM_MATCHES])
def test_many_that_were_just_withdrawn_hide_nothing_that_is_farther(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The index still finds them; with the lower bound they are all that one look tells."""
    monkeypatch.setattr("stillmine.partner.screening.screening.MAXIMUM_REPORTED", most)
    for number in range(MAXIMUM_MATCHES + 5):
        exchange.add(f"near {number}", VALUE)
    far = int.from_bytes(VALUE) ^ ((1 << NEAR_BITS) - 1)
    exchange.add("far", far.to_bytes(32))
    partner.sync.run()
    gone = [exchange.id_of(f"near {number}") for number in range(MAXIMUM_MATCHES + 5)]
    entries = [StoredEntry(bytes.fromhex(one), Kind.PDQ, FingerprintState.WITHDRAWN, None, None) for one in gone]
    partner.store.apply_page(entries, exchange.cursor(), None)
    result = partner.screening.screen_fingerprints([Fingerprint(Kind.PDQ, VALUE.hex(), 90)])
    assert (result.outcome, len(result.matches)) == (ScreenOutcome.MATCH, 1)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_picture_behind_many_sounds_is_not_by_sound_alone(partner: Partner, exchange: FakeExchange, is_recorded: bool) -> None:
    sound = fingerprint_sound(sound_file(melody(3, 20))).text
    for number in range(MAXIMUM_MATCHES + 5):
        exchange.add_text(f"song {number}", Kind.CHROMAPRINT, sound)
    exchange.add("picture", VALUE)
    partner.sync.run()
    if not is_recorded:
        partner.store._db.execute("PRAGMA max_page_count = 1")  # a full disk
    far = int.from_bytes(VALUE) ^ ((1 << NEAR_BITS) - 1)
    upload = [Fingerprint(Kind.CHROMAPRINT, sound, 100), Fingerprint(Kind.PDQ, f"{far:064x}", 90)]
    result = partner.screening.screen_fingerprints(upload)
    assert (result.outcome, {match.kind for match in result.matches}) == (ScreenOutcome.MATCH, {Kind.CHROMAPRINT})
    assert len(result.matches) == MAXIMUM_MATCHES
    assert not result.is_by_sound_alone
    assert partner.screening.screen_fingerprints(upload[:1]).is_by_sound_alone


def test_what_goes_wrong_with_every_upload_is_said_once_a_minute(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    sparing = SparingLog(logging.getLogger("stillmine.partner"), clock.seconds)
    for _ in range(100):
        sparing.say("one")
        sparing.say("other")
    clock.move(INTERVAL_SECONDS)
    sparing.say("one")
    assert [row.getMessage() for row in caplog.records] == ["one", "other", "one"]


def test_an_exchange_that_is_away_or_refuses_everything_is_one_line(
    home: Path, exchange: FakeExchange, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    exchange.scopes = ["ask", "feedback"]
    partner = AskingPartner(home, exchange, clock)
    partner.round()
    refused = httpx.Response(400, content=b'{"code":"malformed_message","message":""}')
    for fault in (httpx.ConnectError("no"), refused):
        caplog.clear()
        exchange.answers[ASK] = fault
        for number in range(100):
            assert partner.screen_values(number.to_bytes(32)).outcome is ScreenOutcome.NOT_SCREENED
            clock.move(0.5)
        assert len([row for row in caplog.records if row.name.startswith("stillmine")]) == 1
    partner.close()


def test_a_full_disk_is_one_line(partner: Partner, exchange: FakeExchange, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(300):
        exchange.add(f"f{number}", VALUE)
    partner.sync.run()
    partner.store._db.execute("PRAGMA max_page_count = 1")
    for _ in range(30):
        assert partner.screening.screen_fingerprints([Fingerprint(Kind.PDQ, VALUE.hex(), 90)]).outcome is ScreenOutcome.MATCH
    assert len([row for row in caplog.records if "could not be recorded" in row.getMessage()]) == 1


def test_a_list_that_is_closed_says_busy_and_not_that_something_broke(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    partner.screening.close()
    with pytest.raises(BusyError):
        partner.screening.screen_fingerprints([Fingerprint(Kind.PDQ, VALUE.hex(), 90)])
