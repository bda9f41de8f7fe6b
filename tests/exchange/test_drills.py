# SPDX-License-Identifier: Apache-2.0
"""Withdrawal drills with a partner that stops, one that ignores withdrawals, and one that does nothing; cut off and gone on with."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from stillmine.exchange.drills.kind import DrillKind
from stillmine.exchange.drills.picture import drill_fingerprint, drill_picture
from stillmine.exchange.transaction.context import Context
from stillmine.fingerprint import fingerprint_image
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, value

WAIT, WATCH = timedelta(minutes=10), timedelta(minutes=3)


class Platform:
    """A partner that is awake while the drill sleeps: it syncs, somebody uploads the picture again, matches are reported."""

    def __init__(self, partner: PartnerClient, picture: Path) -> None:
        self.partner, self.picture = partner, picture
        self.reports = 0
        self.ignores_withdrawals = False
        self.acknowledges = True

    def turn(self) -> None:
        known = {entry_id: entry.value for entry_id, entry in self.partner.entries.items() if entry.value}
        self.partner.sync()
        if self.ignores_withdrawals:
            for entry_id, text in known.items():
                if not self.partner.entries[entry_id].value:
                    self.partner.entries[entry_id] = msgspec.structs.replace(self.partner.entries[entry_id], value=text)
        if self.acknowledges:
            self.partner.acknowledge()
        uploaded = fingerprint_image(self.picture.read_bytes()).pdq.hex()
        for entry_id, entry in self.partner.entries.items():
            if entry.value == uploaded:
                self.reports += 1
                self.partner.report(feedback_on(entry_id, self.reports))


class Stage:
    """Runs a drill in this process: time goes on only while it sleeps."""

    def __init__(self, exchange: Context, clock: Clock, picture: Path) -> None:
        self.exchange, self.clock, self.picture = exchange, clock, picture
        self.words: list[str] = []

    def run(self, meanwhile: Callable[[], None], kind: DrillKind = DrillKind.PDQ) -> str:
        from stillmine.exchange.drills.runner import Drilling
        from stillmine.exchange.partners.actions import find_partner

        def sleep(_seconds: float) -> None:
            self.clock.forward(seconds=20)
            meanwhile()

        drilling = Drilling(self.exchange, WAIT, WATCH, sleep, self.words.append)
        return drilling.run(find_partner("Example Social"), kind, self.picture).name


@pytest.fixture
def stage(exchange: Context, clock: Clock, tmp_path: Path) -> Stage:
    return Stage(exchange, clock, tmp_path / "drill.png")


@pytest.fixture
def platform(partner: PartnerClient, stage: Stage) -> Platform:
    return Platform(partner, stage.picture)


def nothing() -> None:
    """A partner that is asleep."""


def test_a_partner_that_stops(stage: Stage, platform: Platform) -> None:
    assert stage.run(platform.turn) == "STOPPED"
    said = "\n".join(stage.words)
    assert "planted now" in said
    assert str(stage.picture) in said
    assert "Acknowledged at 14:0" in said
    assert all(line[2] == line[5] == ":" and line[8] == "Z" for line in stage.words)
    assert platform.reports >= 1
    assert platform.partner.active_values() == []


def test_a_partner_that_acknowledges_and_goes_on_matching(stage: Stage, platform: Platform) -> None:
    platform.ignores_withdrawals = True
    assert stage.run(platform.turn) == "STILL_MATCHED"
    assert "Acknowledged at" in "\n".join(stage.words)


def test_a_partner_that_never_acknowledges_and_goes_on_matching(stage: Stage, platform: Platform) -> None:
    platform.ignores_withdrawals, platform.acknowledges = True, False
    assert stage.run(platform.turn) == "STILL_MATCHED"
    assert "Acknowledged at" not in "\n".join(stage.words)


def test_a_partner_that_stops_and_never_acknowledges(stage: Stage, platform: Platform) -> None:
    platform.acknowledges = False
    assert stage.run(platform.turn) == "NOT_CONFIRMED"


def test_a_partner_that_does_nothing_can_be_waited_for_again(stage: Stage, platform: Platform) -> None:
    from stillmine.exchange.rows.drills import Drill

    assert stage.run(nothing) == "NOT_GIVEN"
    assert stage.run(platform.partner.sync) == "NOT_FOUND"
    assert Drill.objects.count() == 1
    assert stage.run(platform.turn) == "STOPPED"
    assert Drill.objects.get().finished_at is not None
    assert stage.run(platform.turn) == "STOPPED"
    assert Drill.objects.count() == 2


class CutOffError(Exception):
    """The operator's machine went down."""


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("ignores_withdrawals", [False, True])
def test_cut_off_anywhere_the_verdict_is_the_same(stage: Stage, platform: Platform, turns: int, ignores_withdrawals: bool) -> None:
    platform.ignores_withdrawals = ignores_withdrawals
    left = turns

    def meanwhile() -> None:
        nonlocal left
        if left == 0:
            left = -1
            raise CutOffError
        left -= 1
        platform.turn()

    try:
        verdict = stage.run(meanwhile)
    except CutOffError:
        verdict = stage.run(meanwhile)
    assert verdict == ("STILL_MATCHED" if ignores_withdrawals else "STOPPED")
    from stillmine.exchange.rows.drills import Drill

    assert Drill.objects.count() == 1


def test_neither_a_snapshot_nor_an_ask_tells_anybody_else(
    exchange: Context, stage: Stage, partner: PartnerClient, other_partner: PartnerClient, phone: Phone
) -> None:
    from stillmine.exchange.ask.nearby import active_of
    from stillmine.exchange.feed.actions import record_snapshot
    from stillmine.exchange.partners.actions import find_partner
    from stillmine.exchange.rows.drills import Drill

    phone.open(1)
    assert stage.run(partner.sync) == "NOT_FOUND"
    planted = Drill.objects.get().fingerprint_id
    ours, theirs = find_partner("Example Social"), find_partner("Example Forum")
    assert (record_snapshot(exchange, ours)[1], record_snapshot(exchange, theirs)[1]) == (2, 1)
    bodies = [phone.web.get("/api/v1/feed/snapshot", headers=client.headers).content for client in (partner, other_partner)]
    value_of_drill = bytes.fromhex(Drill.objects.get().value)
    assert [value_of_drill in body for body in bodies] == [True, False]
    assert (list(active_of([planted], ours)), list(active_of([planted], theirs))) == ([planted], [])


def test_nobody_else_is_given_it_in_any_shape(stage: Stage, platform: Platform, other_partner: PartnerClient, phone: Phone) -> None:
    from stillmine.exchange.rows.feed import PendingTombstone

    def everybody() -> None:
        platform.partner.fetch_hashes()
        other_partner.sync(limit=1)
        page = other_partner.fetch_hashes(pageSize=1)
        assert [record["hashValue"] for record in page["hashRecords"]] == [value(1)]
        platform.turn()

    phone.open(1)
    assert stage.run(everybody) == "STOPPED"
    other_partner.sync()
    assert [entry.value for entry in other_partner.entries.values()] == [value(1)]
    assert {row.partner.name for row in PendingTombstone.objects.select_related("partner")} == {"Example Social"}


@pytest.mark.parametrize("ignores_withdrawals", [False, True])
def test_a_partner_of_the_stopncii_shape(stage: Stage, partner: PartnerClient, ignores_withdrawals: bool) -> None:
    """The open client keeps withdrawn hashes: a drill shows it, though nothing can be acknowledged in that shape."""
    active: set[str] = set()

    def turn() -> None:
        for record in partner.fetch_hashes()["hashRecords"]:
            if record["hashStatus"] == "Active":
                active.add(record["hashValue"])
            elif not ignores_withdrawals:
                active.discard(record["hashValue"])
        said = [{"hashValue": text, "feedbackValue": "PendingReview", "tags": []} for text in sorted(active)]
        if said:
            body = {"count": len(said), "hashFeedbacks": said}
            answer = partner.web.post("/stopncii/v1/SubmitFeedback", json=body, headers=partner.stopncii_headers)
            assert answer.json()["unknown"] == 0

    verdict = stage.run(turn)
    assert verdict == ("NOT_CONFIRMED" if not ignores_withdrawals else "STILL_MATCHED")


def test_an_ask_partner_and_a_revoked_one_have_no_drill(exchange: Context, stage: Stage, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import revoke_partner, set_partner
    from stillmine.exchange.rows.scopes import Way

    set_partner(exchange, "Example Social", way=Way.ASK)
    with pytest.raises(NotConfiguredError):
        stage.run(nothing)
    set_partner(exchange, "Example Social", way=Way.LIST)
    revoke_partner(exchange, "Example Social")
    with pytest.raises(NotConfiguredError):
        stage.run(nothing)


def test_a_drill_can_be_ended(exchange: Context, stage: Stage, partner: PartnerClient) -> None:
    from stillmine.exchange.drills.actions import end_drill
    from stillmine.exchange.partners.actions import find_partner

    assert stage.run(partner.sync) == "NOT_FOUND"
    assert len(partner.active_values()) == 1
    assert end_drill(exchange, find_partner("Example Social"))
    assert not end_drill(exchange, find_partner("Example Social"))
    partner.sync()
    assert partner.active_values() == []


@pytest.mark.parametrize("kind", DrillKind)
def test_the_picture_and_the_planted_fingerprint_belong_together(kind: DrillKind) -> None:
    seeds = [bytes([number]) * 16 for number in range(8)]
    pictures = [drill_picture(seed) for seed in seeds]
    assert [drill_picture(seed) for seed in seeds] == pictures
    made = [drill_fingerprint(kind, picture) for picture in pictures]
    assert len({fingerprint.value for fingerprint in made}) == len(seeds)
    for fingerprint in made:
        fingerprint.require_quality()
    if kind is DrillKind.PDQ:
        values = [int(fingerprint.value, 16) for fingerprint in made]
        assert min((one ^ other).bit_count() for one in values for other in values if one != other) > 80
