# SPDX-License-Identifier: Apache-2.0
"""Copies of the list beside the store: what a follower is told, who is waited for, and what the next start may use."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from stillmine.partner.ground.errors import LeaderAwayError, NotInStepError, StoreUnreadableError
from stillmine.partner.instances.change_log import ChangeLog
from stillmine.partner.instances.copies import Copies
from stillmine.partner.instances.followed import Followed
from stillmine.partner.instances.followers import FILE_NAME, MAXIMUM_FOLLOWERS, Followers
from stillmine.partner.instances.leader import Leader, LeaderAddress
from stillmine.partner.instances.leading import Leading, welcome
from stillmine.partner.instances.lease import Lease
from stillmine.partner.instances.messages import INSTANCES_VERSION, LeaderStanding, Step
from stillmine.partner.listing import list_copy
from stillmine.partner.listing.list_copy import ListCopy
from stillmine.partner.listing.list_stream import ReadList, written
from stillmine.partner.service.leading import list_in_memory
from stillmine.partner.store.list_mark import ListReader
from stillmine.partner.store.place import PageChanges
from stillmine.wire.case_key import Secret
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import WayName
from stillmine.wire.snapshot import FeedSnapshotCutError, FeedSnapshotDamagedError
from tests.kind_samples import LISTED_SAMPLES
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Partner

ONE, TWO = (number.to_bytes(16) for number in (1, 2))
NAME, OTHER = "0" * 32, "1" * 32
FILE = b"any file, also one that can't be read"


def adds(number: int, size: int = 32) -> PageChanges:
    return PageChanges([(number.to_bytes(16), Kind.PDQ, bytes(size))], [], 1)


@pytest.fixture
def filled(partner: Partner, exchange: FakeExchange) -> Partner:
    """A partner whose list has one of each kind, and one that is flagged."""
    for kind, sample in LISTED_SAMPLES.items():
        exchange.add_text(kind.value, kind, sample.value, sample.quality)
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    exchange.flag("f")
    partner.sync.run()
    return partner


def stream(home: Path) -> bytes:
    with closing(ListReader(home)) as reader:
        return b"".join(written(reader.read()))


def copies_of(partner: Partner, clock: Clock, forgotten_seconds: float = 65) -> Copies:
    followers = Followers(partner.home, clock.seconds, forgotten_seconds)
    return Copies(partner.store, ListCopy(partner.home), followers, is_leading=True, sleep=lambda _seconds: None)


def test_a_follower_is_told_what_changed_since_and_nothing_by_half() -> None:
    log = ChangeLog(ONE, maximum_bytes=1000)
    start = log.position
    log.add(TWO, adds(1))
    middle = log.position
    log.add(TWO, PageChanges([], [ONE], 0))
    assert log.position != middle, "what the store could not write down is another position too"
    found = log.since(start)
    assert found is not None
    assert ([len(change.active) for change in found.changes], found.position) == ([1, 0], log.position)
    assert [change.erased for change in (log.since(middle) or found).changes] == [[ONE]]
    assert (log.since(log.position) or found).changes == []
    assert log.since(None) is None
    assert log.since(f"{'f' * 32}.0") is None
    for number in range(10):
        log.add((10 + number).to_bytes(16), adds(number))
    assert log.since(start) is None, "too long ago: the list has to be fetched"
    log.begin_again(ONE)
    assert log.since(f"{(19).to_bytes(16).hex()}.0") is None


def test_what_changed_is_told_in_parts_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.partner.instances.change_log.STEP_BYTES", 600)
    log = ChangeLog(ONE)
    position = log.position
    for number in range(5):
        log.add((10 + number).to_bytes(16), adds(number, size=200))
    told = []
    while (found := log.since(position)) is not None and found.changes:
        told.append((len(found.changes), found.has_more))
        position = found.position
    assert told == [(1, True)] * 4 + [(1, False)]


def test_a_follower_never_calls_synced_what_it_was_not_told_yet(partner: Partner, exchange: FakeExchange, clock: Clock) -> None:
    copies = copies_of(partner, clock)
    early, late = (datetime(2026, 12, day, tzinfo=UTC) for day in (1, 2))
    moments = iter([early, late])

    def standing() -> LeaderStanding:
        """The list changes, and is synced, while a follower is answered."""
        moment = next(moments, late)
        if moment == late:
            partner.sync.run()
            copies.follow(adds(1))
        return LeaderStanding(moment, False, WayName.LIST, [])

    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    leading = Leading(partner.store, copies, standing, welcome("", Secret(b"a"), Secret(b"b")), take=lambda *_: (0, 0))
    answer = asyncio.run(leading.step(Step(INSTANCES_VERSION, NAME, copies.log.position, 0.0, [])))
    assert (len(answer.changes), answer.standing.synced_at, answer.has_more) == (1, late, False)
    followed = Followed(Leader(LeaderAddress("http://127.0.0.1:1", Secret(b"k" * 43))), Lease(clock.seconds))
    followed.hear(LeaderStanding(early, False, WayName.LIST, []), is_whole=True)
    followed.hear(LeaderStanding(late, True, WayName.LIST, []), is_whole=False)
    assert (followed.synced_at(), followed.is_too_old()) == (early, True)


def test_a_follower_is_waited_for_until_it_is_silent_for_too_long(home: Path, clock: Clock) -> None:
    followers = Followers(home, clock.seconds)
    assert followers.are_all_at("b")
    followers.note(NAME, "a")
    assert not followers.are_all_at("b")
    clock.move(64)
    assert not followers.are_all_at("b")
    followers.note(OTHER, "b")
    clock.move(2)
    assert followers.are_all_at("b")
    followers.note(NAME, "a")
    followers.leave(NAME)
    assert followers.are_all_at("b")


def test_a_leader_that_starts_again_waits_for_all_whose_names_are_written_down(home: Path, clock: Clock) -> None:
    Followers(home, clock.seconds).note(NAME, "a")
    again = Followers(home, clock.seconds)
    assert not again.are_all_at("a"), "not before it says where it stands"
    again.note(NAME, "a")
    assert again.are_all_at("a")
    (home / FILE_NAME).write_text("[damaged")
    after_damage = Followers(home, clock.seconds)
    assert not after_damage.are_all_at("a")
    clock.move(66)
    assert after_damage.are_all_at("a")


def test_nobody_gets_a_lease_who_can_not_be_written_down(home: Path, clock: Clock) -> None:
    followers = Followers(home, clock.seconds)
    home.chmod(0o500)
    (home / FILE_NAME).with_suffix(".new").unlink(missing_ok=True)
    try:
        (home / "probe").touch()
    except OSError:
        with pytest.raises(StoreUnreadableError):
            followers.note(NAME, "a")
        assert len(followers) == 0
    finally:
        home.chmod(0o700)
    for number in range(MAXIMUM_FOLLOWERS):
        followers.note(f"{number:032x}", "a")
    with pytest.raises(BusyError):
        followers.note("f" * 32, "a")


def test_a_lease_ends_by_the_moment_of_asking(clock: Clock) -> None:
    lease = Lease(clock.seconds)
    with pytest.raises(NotInStepError):
        lease.require()
    asked = clock.seconds()
    clock.move(59)
    lease.renew(asked)
    lease.require()
    clock.move(2)
    assert not lease.is_live


def test_a_withdrawal_is_acknowledged_when_all_have_let_go(filled: Partner, clock: Clock) -> None:
    copies = copies_of(filled, clock)
    assert copies.have_let_go()
    copies.followers.note(NAME, copies.log.position)
    assert copies.have_let_go()
    filled.store.erase_list()
    assert not copies.have_let_go(), "also where no page says so"
    copies.followers.note(NAME, copies.log.position)
    assert copies.have_let_go()


def test_the_exchange_is_not_told_before(filled: Partner, exchange: FakeExchange, clock: Clock) -> None:
    copies = copies_of(filled, clock)
    sync = filled.sync._sync
    sync._update_index, sync._have_let_go = copies.follow, copies.have_let_go
    copies.followers.note(NAME, copies.log.position)
    exchange.withdraw("f")
    told = list(exchange.acknowledged)
    filled.sync.run()
    assert exchange.acknowledged == told
    assert not filled.store.place().is_acknowledged
    copies.followers.note(NAME, copies.log.position)
    filled.sync.run()
    assert exchange.acknowledged[-1] == exchange.cursor()


def test_a_list_comes_back_as_it_was(filled: Partner, home: Path) -> None:
    read = ReadList([stream(home)])
    assert len(read.index) == len(filled.store.active())
    assert all(fingerprint_id in read.index for fingerprint_id, _, _ in filled.store.active())
    assert len(read.flagged) == 1
    assert read.mark == filled.store.list_mark()


def test_a_list_that_was_cut_or_changed_is_not_used(filled: Partner, home: Path) -> None:
    whole = stream(home)
    for end in (*range(0, len(whole), 97), len(whole) - 1):
        with pytest.raises(FeedSnapshotCutError):
            ReadList([whole[:end]])
    for place in (*range(5, len(whole), 53), len(whole) - 1):
        flipped = whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]
        with pytest.raises((FeedSnapshotCutError, FeedSnapshotDamagedError)):
            ReadList([flipped])


def test_the_next_start_reads_the_copy_and_none_that_is_of_another_list_or_damaged(
    filled: Partner, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = filled.home / list_copy.FILE_NAME

    def start() -> int:
        index, _ = list_in_memory(filled.store, clock.seconds, lambda: False, looks_up=True, is_leading=False)
        return len(index)

    count = len(filled.store.active())
    ListCopy(filled.home).write()
    assert path.stat().st_mode & 0o777 == 0o600
    with monkeypatch.context() as patch:
        patch.setattr("stillmine.partner.service.leading.loaded_index", lambda _store: pytest.fail("row by row"))
        assert start() == count

    damaged = bytearray(path.read_bytes())
    damaged[-40] ^= 1
    path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        assert start() == count
    assert "can't be used" in caplog.text
    assert not path.exists()

    ListCopy(filled.home).write()
    exchange.withdraw("f")
    filled.sync.run()  # by a program that knows nothing of copies
    assert start() == count - 1
    assert not path.exists()


def test_nothing_withdrawn_stays_in_the_copy(filled: Partner, exchange: FakeExchange, clock: Clock) -> None:
    copies = copies_of(filled, clock)
    filled.sync._sync._update_index = copies.follow
    copies.on_disk.write()
    path = filled.home / list_copy.FILE_NAME
    value = sha256(FILE).digest()
    assert value in path.read_bytes()
    with path.open("rb") as opened:  # as a follower that reads it at this moment
        exchange.withdraw("f")
        filled.sync.run()
        assert not path.exists()
        assert value not in opened.read()


def test_what_a_killed_service_left_is_gone_before_another_program_tells_the_exchange(
    filled: Partner, exchange: FakeExchange, clock: Clock
) -> None:
    ListCopy(filled.home).write()
    exchange.withdraw("f")
    filled.sync.run()  # and killed before the copy was removed
    copies = copies_of(filled, clock)
    assert (filled.home / list_copy.FILE_NAME).exists()
    assert copies.have_let_go()
    assert not (filled.home / list_copy.FILE_NAME).exists()
    copies.on_disk.write()
    assert copies.have_let_go()
    assert (filled.home / list_copy.FILE_NAME).exists(), "one of this list stays"


def test_the_copy_is_written_once_for_each_list(filled: Partner, open_partner: Callable[[], Partner]) -> None:
    copy = ListCopy(filled.home)
    copy.write()
    written_at = (filled.home / list_copy.FILE_NAME).stat().st_mtime_ns
    copy.write()
    assert (filled.home / list_copy.FILE_NAME).stat().st_mtime_ns == written_at
    again = open_partner()
    assert again.store.list_mark() == filled.store.list_mark()


@pytest.mark.parametrize(
    "url", ["http://leader.example", "ftp://127.0.0.1", "https://user@leader.example", "https://leader.example?a=b", "x"]
)
def test_a_key_goes_nowhere_in_clear_unless_the_operator_says_so(url: str) -> None:
    key = Secret(b"smi_" + b"A" * 43)
    with pytest.raises(NotConfiguredError, match="--follow"):
        LeaderAddress(url, key)
    LeaderAddress("http://leader.example", key, is_insecure=True)
    LeaderAddress("http://127.0.0.1:8460", key)
    redirected = httpx.MockTransport(lambda _request: httpx.Response(307, headers={"Location": "http://elsewhere.example"}))
    with closing(Leader(LeaderAddress("https://leader.example", key), redirected)) as leader, pytest.raises(LeaderAwayError):
        leader.welcome()


def test_what_a_leader_says_in_another_form_or_without_end_is_no_answer() -> None:
    key = Secret(b"smi_" + b"A" * 43)
    for answer in (b"{}", b"not JSON", b"x" * 100):
        transport = httpx.MockTransport(lambda _request, said=answer: httpx.Response(200, content=said))
        with closing(Leader(LeaderAddress("https://leader.example", key), transport)) as leader, pytest.raises(LeaderAwayError):
            leader.welcome()
