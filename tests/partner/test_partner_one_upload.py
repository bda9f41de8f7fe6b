# SPDX-License-Identifier: Apache-2.0
"""One upload, one match: the same upload has the same ids, is reported once, and keeps what was decided about it."""

import sqlite3
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import md5, sha256
from pathlib import Path

import pytest

from stillmine.partner.screening.made import Made
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.partner.screening.way import Candidate, LookedUp
from stillmine.partner.store.matches import FoundMatch, FoundUpload, Wanted
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.store import Store
from stillmine.wire.feedback import NotRemovedReason, Outcome
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, DistanceBucket, MatchClass, MatchState, Review, ScreenOutcome, Variant
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, InThisProcess, Partner
from tests.partner.test_partner_store import active, tombstone

FILE = b"any file, also one that can't be read"
VALUE = bytes(range(32))
DIGEST = Fingerprint(Kind.SHA256, "cd" * 32, 100)
REMOVED = Review(1, Decision.REMOVED)
NOT_THE_SAME = Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME)
A_DAY = 86_400


@pytest.fixture
def protecting(partner: Partner, exchange: FakeExchange) -> Partner:
    """A partner with a list that holds the digest of FILE."""
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    partner.sync.run()
    return partner


def match_id(partner: Partner, data: bytes = FILE, uploader: str | None = None, content_id: str | None = None) -> str:
    """Screen a file that matches once; return the match id."""
    result = partner.screen(data, uploader, content_id)
    assert result.content_id == content_id
    (match,) = result.matches
    return match.match_id


def test_the_same_upload_is_the_same_match_and_is_reported_once(protecting: Partner, exchange: FakeExchange) -> None:
    assert len({match_id(protecting, content_id="post 7") for _ in range(5)}) == 1
    assert protecting.sync.run().feedback_sent == 1
    assert match_id(protecting, content_id="post 7")
    assert protecting.sync.run().feedback_sent == 0
    assert [report.outcome for report in exchange.feedback.values()] == [Outcome.FOUND]
    assert len(protecting.store.matches(Wanted(MatchState.ALL)).matches) == 1


def test_another_word_for_it_other_bytes_and_another_uploader_are_other_uploads(protecting: Partner, exchange: FakeExchange) -> None:
    exchange.add("g", sha256(FILE + b"2").digest(), Kind.SHA256)
    protecting.sync.run()
    ids = [
        match_id(protecting, content_id="post 7"),
        match_id(protecting, content_id="post 8"),
        match_id(protecting, FILE + b"2", content_id="post 7"),
        match_id(protecting),
        match_id(protecting, uploader="account 1"),
    ]
    assert len(set(ids)) == 5
    assert protecting.store.counts().waiting_feedback == 5
    assert match_id(protecting, uploader="account 1", content_id="post 7") == ids[0], "the word for the upload is enough"


def test_a_day_later_the_same_word_is_the_same_match_and_without_one_it_is_another_upload(protecting: Partner, clock: Clock) -> None:
    with_word, without = match_id(protecting, content_id="post 7"), match_id(protecting)
    clock.move(A_DAY)
    assert match_id(protecting, content_id="post 7") == with_word
    assert match_id(protecting) != without
    assert protecting.store.counts().waiting_feedback == 3


def test_a_decision_stays_and_is_answered_to_the_same_upload_only(protecting: Partner, clock: Clock) -> None:
    reviewed = match_id(protecting, content_id="post 7")
    protecting.store.record_review(bytes.fromhex(reviewed), REMOVED, b"r" * 16, 50)
    clock.move(A_DAY)
    again = protecting.screen(FILE, content_id="post 7")
    assert (again.outcome, again.matches[0].match_id, again.matches[0].decision) == (ScreenOutcome.MATCH, reviewed, Decision.REMOVED)
    assert [match.decision for match in protecting.screen(FILE, content_id="post 8").matches] == [None]
    kept = protecting.store.match(bytes.fromhex(reviewed))
    assert (kept.decision, kept.reason, kept.content_id) == (Decision.REMOVED, None, "post 7")
    protecting.store.record_review(bytes.fromhex(reviewed), NOT_THE_SAME, b"s" * 16, 50)
    assert protecting.screen(FILE, content_id="post 7").matches[0].decision is Decision.NOT_REMOVED


def test_what_an_upload_matches_later_is_added_and_reported_once(protecting: Partner, exchange: FakeExchange) -> None:
    first = match_id(protecting, content_id="post 7")
    protecting.store.record_review(bytes.fromhex(first), REMOVED, b"r" * 16, 50)
    protecting.sync.run()
    exchange.add("later", sha256(FILE).digest(), Kind.SHA256)
    protecting.sync.run()
    for _ in range(3):
        matches = protecting.screen(FILE, content_id="post 7").matches
        assert sorted((match.match_id == first, match.decision) for match in matches) == [(False, None), (True, Decision.REMOVED)]
    protecting.sync.run()
    said = [(report.outcome, report.fingerprint_id, report.near) for report in exchange.feedback.values()]
    first_id, later_id = exchange.id_of("f"), exchange.id_of("later")
    assert said == [(Outcome.FOUND, first_id, []), (Outcome.REMOVED, first_id, []), (Outcome.FOUND, later_id, [])]
    assert len(protecting.store.matches(Wanted()).matches) == 1


def test_a_decision_is_told_with_the_token_under_which_the_upload_was_reported_last(
    protecting: Partner, exchange: FakeExchange, clock: Clock
) -> None:
    first = match_id(protecting, content_id="post 7")
    clock.move(A_DAY)
    exchange.add("g", md5(FILE, usedforsecurity=False).digest(), Kind.MD5)
    protecting.sync.run()
    assert len(protecting.screen(FILE, content_id="post 7").matches) == 2
    protecting.store.record_review(bytes.fromhex(first), REMOVED, b"r" * 16, 50)
    protecting.sync.run()
    yesterday, today, decided = [report.upload_token for report in exchange.feedback.values()]
    assert decided == today != yesterday


def test_one_decision_closes_all_that_the_upload_matched_and_each_can_be_decided_by_itself(
    protecting: Partner, exchange: FakeExchange
) -> None:
    exchange.add("g", sha256(FILE).digest(), Kind.SHA256)
    exchange.add("h", md5(FILE, usedforsecurity=False).digest(), Kind.MD5)
    protecting.sync.run()
    protecting.screen(FILE, content_id="post 8")
    ids = [bytes.fromhex(match.match_id) for match in protecting.screen(FILE, content_id="post 7").matches]
    protecting.store.record_review(ids[0], REMOVED, b"r" * 16, 50)
    assert [match.content_id for match in protecting.store.matches(Wanted()).matches] == ["post 8"] * 3
    assert [match.decision for match in protecting.screen(FILE, content_id="post 7").matches] == [Decision.REMOVED] * 3
    protecting.store.record_review(ids[1], NOT_THE_SAME, b"s" * 16, 51)
    decided = [Decision.REMOVED, Decision.NOT_REMOVED, Decision.REMOVED]
    assert [protecting.store.match(own).decision for own in ids] == decided, "that it is not the same is said of one alone"
    protecting.store.record_review(ids[0], REMOVED, b"t" * 16, 52)
    assert [protecting.store.match(own).decision for own in ids] == decided


def test_closing_what_one_person_took_back_leaves_open_what_another_protects(protecting: Partner, exchange: FakeExchange) -> None:
    exchange.add("g", md5(FILE, usedforsecurity=False).digest(), Kind.MD5)
    protecting.sync.run()
    protecting.screen(FILE, content_id="post 7")
    exchange.withdraw("f")
    protecting.sync.run()
    of = {bool(one.is_withdrawn): one.match_id for one in protecting.store.matches(Wanted()).matches}
    closed = Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_AGAINST_RULES)
    protecting.store.record_review(bytes.fromhex(of[True]), closed, bytes(16), 1)
    assert [one.match_id for one in protecting.store.matches(Wanted()).matches] == [of[False]]
    protecting.sync.run()
    said = [report.fingerprint_id for report in exchange.feedback.values() if report.outcome is Outcome.NOT_REMOVED]
    assert said == [exchange.id_of("f")]
    protecting.store.record_review(bytes.fromhex(of[False]), REMOVED, bytes(15) + b"1", 1)
    assert not protecting.store.matches(Wanted()).matches


def test_a_lost_store_makes_the_same_ids_again_so_nothing_counts_twice(
    protecting: Partner, exchange: FakeExchange, home: Path, open_partner: Callable[[], Partner]
) -> None:
    before = match_id(protecting, content_id="post 7")
    protecting.sync.run()
    protecting.close()
    for path in home.glob(f"{FILE_NAME}*"):
        path.unlink()
    again = open_partner()
    again.sync.run()
    assert match_id(again, content_id="post 7") == before
    again.sync.run()
    assert len(exchange.feedback) == 1


def test_fingerprints_are_one_upload_in_any_order(protecting: Partner, exchange: FakeExchange) -> None:
    exchange.add("p", VALUE)
    protecting.sync.run()
    made = [Fingerprint(Kind.PDQ, VALUE.hex(), 90), Fingerprint(Kind.PDQ, "0f" * 32, 90)]
    ids = {protecting.screening.screen_fingerprints(order, content_id="post 7").matches[0].match_id for order in (made, made[::-1])}
    assert len(ids) == 1
    assert protecting.store.counts().waiting_feedback == 1


def test_twenty_at_once_are_one(protecting: Partner) -> None:
    with ThreadPoolExecutor(20) as threads:
        ids = set(threads.map(lambda _: match_id(protecting, content_id="post 7"), range(40)))
    assert len(ids) == 1
    assert protecting.store.counts().waiting_feedback == 1
    assert len(protecting.store.matches(Wanted(MatchState.ALL)).matches) == 1


def test_a_match_that_was_recorded_and_not_answered_is_answered_with_the_same_id(
    protecting: Partner, open_partner: Callable[[], Partner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash between the two: the record is there, the answer never left."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stillmine.partner.screening.screening._shown", crash)
    with pytest.raises(KeyboardInterrupt):
        protecting.screen(FILE, content_id="post 7")
    monkeypatch.undo()
    again = open_partner()
    (kept,) = again.store.matches(Wanted(content_id="post 7")).matches
    assert match_id(again, content_id="post 7") == kept.match_id
    assert again.store.counts().waiting_feedback == 1


def test_nothing_is_half_recorded(protecting: Partner, home: Path) -> None:
    with sqlite3.connect(home / FILE_NAME) as db:
        db.execute("CREATE TRIGGER no_match BEFORE INSERT ON matches BEGIN SELECT raise(ABORT, 'as by a full disk'); END")
    db.close()
    answered = match_id(protecting, content_id="post 7")
    assert protecting.store.counts().waiting_feedback == 0
    with sqlite3.connect(home / FILE_NAME) as db:
        db.execute("DROP TRIGGER no_match")
    db.close()
    assert match_id(protecting, content_id="post 7") == answered, "an id that led nowhere leads to the match when it is sent again"
    assert protecting.store.match(bytes.fromhex(answered)).content_id == "post 7"
    assert protecting.store.counts().waiting_feedback == 1


def found(fingerprint: int, *, is_listed: bool, bucket: DistanceBucket | None = None, is_synthetic: bool | None = None) -> FoundMatch:
    return FoundMatch(
        match_id=(100 + fingerprint).to_bytes(16),
        fingerprint_id=fingerprint.to_bytes(16),
        kind=Kind.PDQ,
        match_class=MatchClass.NEAR,
        bucket=bucket,
        variant=Variant.ORIGINAL,
        is_listed=is_listed,
        is_synthetic=is_synthetic,
    )


def test_what_was_asked_about_is_recorded_as_it_is_and_one_fingerprint_is_one_match_in_both_ways(home: Path) -> None:
    store = Store(home)
    asked = FoundUpload(b"u" * 16, b"t" * 16, [found(1, is_listed=False, is_synthetic=True), found(2, is_listed=True)], "post 7")
    assert [match.fingerprint_id for match in store.record_upload(asked, 20, 10)] == [(1).to_bytes(16)], "the list has no fingerprint 2"
    (kept,) = store.matches(Wanted()).matches
    assert (kept.is_synthetic, kept.distance_bucket, kept.is_withdrawn) == (True, None, None)
    store.apply_page([active(1)], "c1", 5)
    listed = FoundUpload(b"u" * 16, b"t" * 16, [found(1, is_listed=True, bucket=DistanceBucket.CLOSE)], "post 7")
    assert len(store.record_upload(listed, 20, 11)) == 1
    (kept,) = store.matches(Wanted()).matches
    assert (kept.is_synthetic, kept.distance_bucket, kept.is_withdrawn) == (True, DistanceBucket.CLOSE, False)
    assert store.counts().waiting_feedback == 1
    store.apply_page([tombstone(1)], "c2", 6)
    assert [match.is_withdrawn for match in store.matches(Wanted()).matches] == [True]
    store.start_again()
    store.apply_page([], "c3", 7)
    assert [match.is_withdrawn for match in store.matches(Wanted()).matches] == [True], "it was in the list, and is there no more"
    store.close()


class Asks:
    """A way that asks: what it finds is in no list."""

    def __init__(self, *found: Candidate) -> None:
        self.found = list(found)

    def require_use(self) -> None: ...

    def as_of(self) -> None: ...

    def look_up(self, _made: Made, _token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        return LookedUp(self.found, [], None)

    def close(self) -> None: ...


ASKED = Candidate(b"f" * 16, Kind.SHA256, MatchClass.EXACT, is_listed=False, is_flagged=True, is_synthetic=True)


class ListGivenUp(Asks):
    """Finds in the list, which is erased before that is recorded; then asks."""

    def look_up(self, _made: Made, _token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        found, self.found = self.found, [ASKED]
        return LookedUp(found, [], None)


def test_what_a_list_knew_that_was_given_up_at_that_moment_is_looked_up_again(partner: Partner, clock: Clock) -> None:
    way = ListGivenUp(replace(ASKED, is_listed=True))
    partner.screening = Screening(partner.store, one_source(way), InThisProcess(), partner.tokens, clock=clock)
    assert partner.screening.screen_fingerprints([DIGEST]).outcome is ScreenOutcome.MATCH


def test_what_the_list_does_not_say_is_filled_in_by_asking(home: Path) -> None:
    store = Store(home)
    store.apply_page([active(1)], "c1", 5)
    for match in (found(1, is_listed=True), found(1, is_listed=False, is_synthetic=True), found(1, is_listed=True)):
        store.record_upload(FoundUpload(b"u" * 16, b"t" * 16, [match], "post 7"), 20, 10)
    assert [match.is_synthetic for match in store.matches(Wanted()).matches] == [True]
    store.close()


def test_what_is_asked_about_again_and_matches_no_more_is_known_to_be_withdrawn(partner: Partner, clock: Clock) -> None:
    way = Asks(ASKED)
    partner.screening = Screening(partner.store, one_source(way), InThisProcess(), partner.tokens, clock=clock)
    (answered,) = partner.screening.screen_fingerprints([DIGEST], content_id="post 7").matches
    assert (answered.is_flagged, answered.is_synthetic) == (True, True)

    def is_withdrawn() -> list[bool | None]:
        return [match.is_withdrawn for match in partner.store.matches(Wanted()).matches]

    assert is_withdrawn() == [None]
    way.found = []
    assert partner.screening.screen_fingerprints([DIGEST], content_id="post 8").outcome is ScreenOutcome.NO_MATCH
    assert is_withdrawn() == [None], "another upload"
    assert partner.screening.screen_fingerprints([DIGEST], content_id="post 7").outcome is ScreenOutcome.NO_MATCH
    assert is_withdrawn() == [True]
    way.found = [ASKED]
    assert partner.screening.screen_fingerprints([DIGEST], content_id="post 7").matches[0].match_id == answered.match_id
    assert is_withdrawn() == [None], "a suspension may end"
    way.found = [replace(ASKED, is_flagged=False)]
    partner.screening.screen_fingerprints([DIGEST], content_id="post 7")
    assert [match.is_flagged for match in partner.store.matches(Wanted()).matches] == [False], "as it is now"
    assert partner.store.counts().waiting_feedback == 1


def test_a_match_of_a_list_that_was_erased_is_neither_active_nor_withdrawn(protecting: Partner) -> None:
    match_id(protecting, content_id="post 7")
    protecting.store._db.execute("DELETE FROM fingerprints")
    assert [match.is_withdrawn for match in protecting.store.matches(Wanted()).matches] == [True], "the list does not have it any more"
    protecting.store._db.execute("UPDATE place SET synced_at = NULL")
    assert [match.is_withdrawn for match in protecting.store.matches(Wanted()).matches] == [None], "there is no list"


def test_the_same_upload_again_writes_nothing(protecting: Partner, home: Path) -> None:
    match_id(protecting, content_id="post 7")
    log = home / f"{FILE_NAME}-wal"
    before = log.stat().st_size
    assert len({match_id(protecting, content_id="post 7") for _ in range(10)}) == 1
    assert log.stat().st_size == before
