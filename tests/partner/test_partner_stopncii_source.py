# SPDX-License-Identifier: Apache-2.0
"""A StopNCII v1 server as a source: what is matched, what is withdrawn, what it is told, and what a broken one costs."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stillmine.client.errors import ExchangeAnswerError
from stillmine.partner.following.reporting import Reporting
from stillmine.partner.listing.index import loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.sources.stopncii import ByValue, StopNciiSync
from stillmine.partner.sources.stopncii_client import StopNciiServer, StopNciiSettings, keys_in
from stillmine.partner.sources.stopncii_rounds import RefusableWay, StopNciiRounds
from stillmine.partner.store.matches import FoundMatch, FoundUpload
from stillmine.partner.store.place import PageChanges
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.several import SeveralStores
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError, NotConfiguredError, PartnerKeyUnknownError, StillmineError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass, Review
from tests.partner.fake_stopncii import FakeStopNcii
from tests.partner.partner_parts import Clock

PDQ, MD5 = "0123456789abcdef" * 4, "ab" * 16


class Follower:
    """The parts of a source of this type over two stores."""

    def __init__(self, home: Path, server: FakeStopNcii, clock: Clock) -> None:
        (home / "ncii").mkdir(mode=0o700, exist_ok=True)
        self.store, self.listed = Store(home), Store(home / "ncii")
        self.index = loaded_index(self.listed)
        settings = StopNciiSettings("https://ncii.example/v1", Secret(b"subscription"), Secret(b"function"))
        client = self.client = StopNciiServer(settings, httpx.MockTransport(server.answer))
        self.sync = StopNciiSync(client, self.listed, self.index.follow, clock)
        self.reporting = Reporting(ByValue(client, self.listed), self.store, source="ncii")
        self.way = RefusableWay(ListWay(self.listed, self.index, threads=1))
        self.rounds = StopNciiRounds(self.sync.follow, self.reporting.send, self.way)
        self.matches = SeveralStores(self.store, {"ncii": self.listed})

    def active(self) -> set[tuple[Kind, str]]:
        found = {(kind, value.hex()) for _, kind, value in self.listed.active()}
        assert len(found) == len(self.index)
        return found

    def close(self) -> None:
        self.way.close()
        self.store.close()
        self.listed.close()


@pytest.fixture
def server() -> FakeStopNcii:
    return FakeStopNcii()


@pytest.fixture
def follower(home: Path, server: FakeStopNcii, clock: Clock) -> Iterator[Follower]:
    parts = Follower(home, server, clock)
    yield parts
    parts.close()


def test_all_pages_are_fetched_and_the_next_time_only_what_is_new(follower: Follower, server: FakeStopNcii) -> None:
    for number in range(5):
        server.say(f"{number:064x}"[::-1])
    server.say(MD5.upper(), signal_type="StopNCIISignalType.VideoMD5")
    follower.rounds.run()
    assert len(follower.active()) == 6
    assert (Kind.MD5, MD5) in follower.active()
    assert set(server.starts) == {0}
    server.starts.clear()
    server.say(PDQ)
    follower.rounds.run()
    assert server.starts == [1060], "the last record comes again, which changes nothing"
    assert (Kind.PDQ, PDQ) in follower.active()


def test_the_list_counts_as_synced_only_once_what_it_holds_is_searched_for(follower: Follower, server: FakeStopNcii, clock: Clock) -> None:
    server.say(PDQ)
    known_before: list[object] = []

    def follow(changes: PageChanges) -> None:
        if changes.active:
            known_before.append(follower.listed.synced_at())
        follower.index.follow(changes)

    StopNciiSync(follower.client, follower.listed, follow, clock).follow()
    assert (known_before, follower.active()) == ([None], {(Kind.PDQ, PDQ)})
    assert follower.listed.synced_at() == clock.now


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted", "SomethingNew"])
def test_what_is_not_active_any_more_is_matched_no_more_and_not_in_the_file(
    follower: Follower, server: FakeStopNcii, home: Path, status: str
) -> None:
    server.say(PDQ)
    follower.rounds.run()
    server.say(PDQ, status)
    follower.rounds.run()
    assert follower.active() == set()
    follower.listed.forget_erased()
    assert bytes.fromhex(PDQ) not in b"".join(path.read_bytes() for path in (home / "ncii").iterdir())


def test_what_is_no_value_or_of_another_type_is_left_out(
    follower: Follower, server: FakeStopNcii, caplog: pytest.LogCaptureFixture
) -> None:
    server.say("zz" * 32)
    server.say("ab" * 8, signal_type="VideoTMK")
    server.say(MD5, signal_type="ImagePDQ")
    server.say("ab" * 40_000, signal_type="VideoVPDQ" * 20, hashStatus="x" * 100)
    server.say(None, status="Withdrawn")  # type: ignore[arg-type]
    server.say(PDQ)
    follower.rounds.run()
    assert follower.active() == {(Kind.PDQ, PDQ)}
    assert "5 hashes are of types" in caplog.text


def test_a_fetch_that_is_cut_off_begins_there_again(follower: Follower, server: FakeStopNcii) -> None:
    for number in range(4):
        server.say(f"{number + 1:064x}")
    pages = iter([None, httpx.ReadError("lost")])
    whole = server._page

    def cut(parameters: httpx.QueryParams) -> dict[str, object]:
        fault = next(pages, None)
        if fault is not None:
            raise fault
        return whole(parameters)

    server._page = cut  # type: ignore[method-assign]
    with pytest.raises(ExchangeUnreachableError):
        follower.rounds.run()
    assert follower.listed.synced_at() is None, "half a list is no list"
    assert len(follower.active()) == 2
    follower.rounds.run()
    assert len(follower.active()) == 4
    assert follower.listed.synced_at() is not None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.Response(200, content=b"<html>"), ExchangeAnswerError),
        (httpx.Response(200, json={"hashRecords": []}), ExchangeAnswerError),
        (httpx.Response(200, content=b"x" * (8 * 1024 * 1024 + 1)), ExchangeAnswerError),
        (httpx.Response(200, json={"hashRecords": [], "nextSetTimestamp": 1, "hasMoreRecords": True}), ExchangeAnswerError),
        (httpx.Response(302, headers={"Location": "https://far.example"}), ExchangeAnswerError),
        (httpx.Response(503), ExchangeUnreachableError),
        (httpx.Response(429), ExchangeUnreachableError),
        (httpx.ConnectError("no"), ExchangeUnreachableError),
    ],
)
def test_a_broken_server_changes_nothing(
    follower: Follower, server: FakeStopNcii, fault: httpx.Response | Exception, error: type[StillmineError]
) -> None:
    server.say(PDQ)
    follower.rounds.run()
    server.fault = fault
    with pytest.raises(error):
        follower.rounds.run()
    assert follower.active() == {(Kind.PDQ, PDQ)}


@pytest.mark.parametrize("status", [401, 403])
def test_while_the_key_is_refused_nothing_is_looked_up(follower: Follower, server: FakeStopNcii, status: int) -> None:
    server.say(PDQ)
    follower.rounds.run()
    follower.way.require_use()
    server.fault = httpx.Response(status)
    with pytest.raises(PartnerKeyUnknownError):
        follower.rounds.run()
    with pytest.raises(PartnerKeyUnknownError):
        follower.way.require_use()
    server.fault = None
    follower.rounds.run()
    follower.way.require_use()


def found(follower: Follower, kind: Kind) -> bytes:
    id = next(id for id, own_kind, _ in follower.listed.active() if own_kind is kind)
    match = FoundMatch(id[::-1], id, kind, MatchClass.EXACT, None, None, source="ncii")
    follower.matches.record_upload(FoundUpload(id, b"t" * 16, [match]), 20, 7)
    return match.match_id


def test_found_and_what_reviewers_decide_is_told_by_value(follower: Follower, server: FakeStopNcii) -> None:
    server.say(PDQ)
    server.say(MD5, signal_type="VideoMD5")
    follower.rounds.run()
    removed, kept = found(follower, Kind.PDQ), found(follower, Kind.MD5)
    follower.store.record_review(removed, Review(1, Decision.REMOVED), b"1" * 16, 8)
    follower.store.record_review(kept, Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME), b"2" * 16, 8)
    follower.rounds.send_feedback()
    assert server.told == [(PDQ, "PendingReview"), (MD5, "PendingReview"), (PDQ, "Blocked"), (MD5, "NotBlocked")]
    assert follower.store.waiting_for("ncii") == 0


def test_what_was_withdrawn_meanwhile_is_not_told(follower: Follower, server: FakeStopNcii) -> None:
    server.say(PDQ)
    follower.rounds.run()
    match_id = found(follower, Kind.PDQ)
    follower.reporting.send()
    server.told.clear()
    follower.store.record_review(match_id, Review(1, Decision.REMOVED), b"1" * 16, 8)
    server.say(PDQ, "Withdrawn")
    follower.rounds.run()
    assert (server.told, follower.store.waiting_for("ncii")) == ([], 0)


def test_a_list_that_the_disk_damaged_is_fetched_from_its_start(follower: Follower, server: FakeStopNcii, home: Path) -> None:
    server.say(PDQ)
    server.say(MD5, signal_type="VideoMD5")
    follower.rounds.run()
    with sqlite3.connect(home / "ncii" / FILE_NAME) as db:
        db.execute("UPDATE fingerprints SET value = ? WHERE kind = 'pdq'", (b"x" * 32,))
    db.close()
    assert follower.listed.mend() == 1
    server.starts.clear()
    follower.rounds.run()
    assert server.starts[0] == 0
    assert {kind for _, kind, _ in follower.listed.active()} == {Kind.PDQ, Kind.MD5}


def test_keys_of_a_file() -> None:
    assert [bytes(key) for key in keys_in(b"one")] == [b"one", b"one"]
    assert [bytes(key) for key in keys_in(b"one\ntwo")] == [b"one", b"two"]
    for wrong in (b"", b"a\nb\nc", b"\xff"):
        with pytest.raises(NotConfiguredError):
            keys_in(wrong)
