# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 (a fixture, used here by name)
"""What a follower screened is remembered by its leader: while that is away, over crashes, twice handed over, on a full disk."""

import errno
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from stillmine.partner.ground.errors import LeaderAwayError
from stillmine.partner.instances import handing_over as handing_over_module
from stillmine.partner.instances.followed import Followed
from stillmine.partner.instances.handing_over import HandingOver
from stillmine.partner.instances.leader import Leader, LeaderAddress
from stillmine.partner.instances.lease import Lease
from stillmine.partner.instances.messages import INSTANCES_VERSION, LeaderStanding, TakenOver
from stillmine.partner.older.hour_file import HourFile
from stillmine.partner.older.waiting import FOLDER, MAXIMUM_SECONDS, WaitingUploads
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import StillmineError
from stillmine.wire.screen import ScreenOutcome, WayName
from tests.partner.fake_exchange import FakeExchange
from tests.partner.older_parts import DAY, HOUR, RememberingPartner, files, newcomers, written
from tests.partner.partner_parts import Clock, InThisProcess
from tests.partner.test_partner_older import FILE, Open, open_case, open_remembering, protect_file  # noqa: F401 (a fixture)


class LeaderInThisProcess(Leader):
    """The leader's older content, without HTTP; away until it is told otherwise."""

    def __init__(self, partner: RememberingPartner) -> None:
        super().__init__(LeaderAddress("http://127.0.0.1:1", Secret(b"smi_of_tests")))
        self.partner = partner
        self.is_away = False
        self.loses_answers = False
        self.files: list[bytes] = []

    def remember(self, uploads: bytes, second: int) -> TakenOver:
        if self.is_away:
            raise LeaderAwayError
        self.files.append(uploads)
        taken = self.partner.older.take(uploads, second, self.partner.parts.copies.are_as_at)
        if self.loses_answers:
            raise LeaderAwayError
        return TakenOver(INSTANCES_VERSION, *taken)


class FollowerOfTests:
    """An instance that remembers for a leader; its uploads are looked up in the list as it was when it was opened."""

    def __init__(self, home: Path, partner: RememberingPartner, clock: Clock, maximum_bytes: int = 1 << 20) -> None:
        home.mkdir(exist_ok=True)
        self.home = home
        self.leader = LeaderInThisProcess(partner)
        self.followed = Followed(self.leader, Lease(clock.seconds))
        waiting = WaitingUploads(home, clock, os.urandom, clock.seconds, maximum_bytes=maximum_bytes, settle_seconds=0)
        self.handing = HandingOver(waiting, self.leader, self.followed, clock)
        self.screening = Screening(
            partner.store,
            partner.parts.sources,
            InThisProcess(),
            UploadTokens(Secret(b"smu_of_tests"), clock),
            clock=clock,
            remember=self.handing.remember,
        )
        self.be_in_step()

    def be_in_step(self) -> None:
        partner = self.leader.partner
        key = partner.older.waiting_key
        self.followed.position = partner.parts.copies.log.position
        self.followed.standing = LeaderStanding(None, False, WayName.LIST, [], None if key is None else bytes(key))

    def screen(self, data: bytes = FILE, content_id: str = "post 7") -> ScreenOutcome:
        path = self.home / "upload"
        path.write_bytes(data)
        with path.open("rb") as file:
            result = self.screening.screen_upload(file, "account 1", content_id)
        path.unlink()
        return result.outcome

    def hand_over(self) -> None:
        self.handing._turn()

    def waiting_files(self) -> list[Path]:
        return list(files(self.home / FOLDER))


OpenFollower = Callable[..., FollowerOfTests]


def has_no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "no room")


@pytest.fixture
def open_follower(tmp_path: Path, clock: Clock) -> Iterator[OpenFollower]:
    """Open a follower; opening again on the same folder is a start after kill -9: nothing of the one before is closed."""
    opened: list[FollowerOfTests] = []

    def open_it(partner: RememberingPartner, **more: int) -> FollowerOfTests:
        opened.append(FollowerOfTests(tmp_path / "follower", partner, clock, **more))
        return opened[-1]

    yield open_it
    for one in opened:
        one.leader.close()


def found(partner: RememberingPartner) -> list[str | None]:
    return [match.content_id for match in partner.kept()]


@pytest.mark.parametrize("way", [WayChoice.LIST, WayChoice.ASK])
def test_an_upload_that_a_follower_answered_is_found_once_its_case_is_opened(
    open_remembering: Open, open_follower: OpenFollower, exchange: FakeExchange, way: WayChoice
) -> None:
    partner = open_remembering(way=way)
    follower = open_follower(partner)
    assert follower.screen() is not ScreenOutcome.MATCH
    assert (follower.handing.waiting, partner.health().uploads) == (1, 0)
    follower.hand_over()
    assert (follower.handing.waiting, partner.health().uploads) == (0, 1)
    assert follower.waiting_files() == []
    open_case(partner, lambda: protect_file(exchange))
    assert found(partner) == ["post 7"]
    assert partner.kept()[0].is_older


def test_what_arrives_between_look_up_and_handing_over_finds_it(
    open_remembering: Open, open_follower: OpenFollower, exchange: FakeExchange
) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen()
    protect_file(exchange)
    partner.round()
    partner.work()
    assert newcomers(partner.home) == 0, "nothing is going to look for it any more"
    assert found(partner) == []
    follower.hand_over()
    assert found(partner) == ["post 7"]


def test_a_leader_that_is_away_gets_it_later_and_a_killed_follower_still_has_it(
    open_remembering: Open, open_follower: OpenFollower, exchange: FakeExchange
) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.leader.is_away = True
    for number in range(3):
        follower.screen(FILE + bytes([number]), f"post {number}")
        follower.hand_over()
    assert len(follower.waiting_files()) == 2, "one is tried, the other takes what comes"
    again = open_follower(partner)
    assert again.handing.waiting == 3
    again.hand_over()
    assert (again.handing.waiting, partner.health().uploads) == (0, 3)
    open_case(partner, lambda: protect_file(exchange, FILE + b"\x01"))
    assert found(partner) == ["post 1"]


def test_what_was_cut_off_at_the_end_is_no_upload(open_remembering: Open, open_follower: OpenFollower) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen()
    (path,) = follower.waiting_files()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[80 : len(whole) - 1])
    again = open_follower(partner)
    assert again.handing.waiting == 1
    again.hand_over()
    assert partner.health().uploads == 1


def test_handed_over_twice_it_is_remembered_once(open_remembering: Open, open_follower: OpenFollower, exchange: FakeExchange) -> None:
    """The answer was lost: by then the leader has it, and the follower does not know."""
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen()
    follower.leader.loses_answers = True
    follower.hand_over()
    follower.hand_over()
    assert len(follower.leader.files) == 2
    follower.leader.loses_answers = False
    open_follower(partner).hand_over()
    assert partner.health().uploads == 1
    open_case(partner, lambda: protect_file(exchange))
    assert found(partner) == ["post 7"]
    partner.round()
    assert len(exchange.feedback) == 1


def test_a_full_disk_of_the_follower_changes_no_answer(
    open_remembering: Open, open_follower: OpenFollower, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = open_remembering()
    protect_file(exchange, b"known", "known")
    partner.round()
    follower = open_follower(partner)
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", has_no_room)
        assert follower.screen(b"known") is ScreenOutcome.MATCH
        assert follower.screen() is not ScreenOutcome.MATCH
    assert (follower.handing.waiting, follower.handing.not_remembered) == (0, 2)
    follower.screen()
    assert follower.handing.waiting == 1


def test_no_more_waits_than_is_said(open_remembering: Open, open_follower: OpenFollower) -> None:
    follower = open_follower(open_remembering(), maximum_bytes=2000)
    for number in range(20):
        follower.screen(FILE + bytes([number]), f"post {number}")
    assert 0 < follower.handing.waiting < 20
    assert follower.handing.waiting + follower.handing.not_remembered == 20
    assert sum(path.stat().st_size for path in follower.waiting_files()) <= 2000
    follower.hand_over()
    follower.screen(FILE, "again")
    assert follower.handing.waiting == 1, "there is room again"


def test_a_full_disk_of_the_leader_keeps_it_waiting(
    open_remembering: Open, open_follower: OpenFollower, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen()
    with monkeypatch.context() as full:
        full.setattr(HourFile, "append", has_no_room)
        follower.hand_over()
    assert (follower.handing.waiting, partner.health().uploads) == (1, 0)
    follower.hand_over()
    assert (follower.handing.waiting, partner.health().uploads) == (0, 1)


def test_what_waited_for_too_long_is_dropped_and_counted(
    open_remembering: Open, open_follower: OpenFollower, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen()
    clock.move(MAXIMUM_SECONDS + HOUR)
    follower.hand_over()
    assert (follower.handing.waiting, partner.health().uploads) == (0, 0)
    assert (follower.handing.not_remembered, follower.waiting_files()) == (1, [])
    assert "are not remembered" in caplog.text


@pytest.mark.parametrize("ahead", [-HOUR, 0, HOUR])
def test_what_its_platform_deleted_meanwhile_is_never_reported(
    open_remembering: Open, open_follower: OpenFollower, exchange: FakeExchange, clock: Clock, ahead: int
) -> None:
    """Whatever the follower's clock says, and though the leader has swept in between."""
    partner = open_remembering()
    follower = open_follower(partner)
    theirs = Clock()
    theirs.now = clock.now
    theirs.move(ahead)
    follower.handing._clock = follower.handing._remembering._clock = theirs
    follower.screen()
    for one in (clock, theirs):
        one.move(5)
    partner.older.delete("post 7")
    for one in (clock, theirs):
        one.move(DAY - HOUR)
    partner.work()
    follower.screen(FILE + b"2", "post 8")
    follower.hand_over()
    protect_file(exchange)
    protect_file(exchange, FILE + b"2", "g")
    open_case(partner, lambda: None)
    assert found(partner) == ["post 8"]


def test_nothing_stands_in_clear_and_what_was_handed_over_can_not_be_opened(
    open_remembering: Open, open_follower: OpenFollower, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen(FILE, "post 4711 of somebody")
    digest = sha256(FILE).digest()
    for clear in (b"post 4711", digest, digest.hex().encode(), FILE):
        assert clear not in written(follower.home)
    left: list[bytes] = []
    unlink = Path.unlink

    def look_first(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name == FOLDER:
            left.append(path.read_bytes())
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", look_first)
    follower.hand_over()
    (overwritten,) = left
    assert overwritten[:80] == bytes(80)
    key = partner.older.waiting_key
    assert key is not None
    assert partner.older.take(overwritten, 0, lambda _position: True) == (0, 1)


def test_a_leader_that_remembers_nothing_any_more_leaves_nothing_waiting(open_remembering: Open, open_follower: OpenFollower) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.screen()
    follower.followed.standing = LeaderStanding(None, False, WayName.LIST, [])
    follower.hand_over()
    follower.screen(FILE, "another")
    assert (follower.handing.waiting, follower.waiting_files()) == (0, [])


def test_before_the_leader_said_so_nothing_that_waits_is_dropped(open_remembering: Open, open_follower: OpenFollower) -> None:
    partner = open_remembering()
    open_follower(partner).screen()
    again = open_follower(partner)
    again.followed = again.handing._followed = Followed(again.leader, Lease(lambda: 0.0))
    again.followed.position = partner.parts.copies.log.position
    again.leader.is_away = True
    again.hand_over()
    assert again.handing.waiting == 1


def test_under_another_key_it_is_dropped_and_counted(open_remembering: Open, open_follower: OpenFollower) -> None:
    partner = open_remembering()
    follower = open_follower(partner)
    follower.followed.standing = LeaderStanding(None, False, WayName.LIST, [], bytes(32))
    follower.screen()
    follower.hand_over()
    assert (follower.handing.waiting, follower.handing.not_remembered, partner.health().uploads) == (0, 1, 0)


def test_what_is_no_file_of_ours_is_refused(open_remembering: Open) -> None:
    with pytest.raises(StillmineError) as refused:
        open_remembering().older.take(b"short", 0, lambda _position: True)
    assert refused.value.code == "malformed_message"


def test_the_thread_outlives_whatever_goes_wrong(
    open_remembering: Open, open_follower: OpenFollower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    follower = open_follower(open_remembering())
    follower.screen()
    monkeypatch.setattr(handing_over_module.HandingOver, "_drop", has_no_room)
    assert follower.handing._turn() is False
    assert "not remembered yet: OSError" in caplog.text
