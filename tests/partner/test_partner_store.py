# SPDX-License-Identifier: Apache-2.0
"""The store: what is erased is gone from the files, what is half done is not done, and files are private."""

import random
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.partner.ground.errors import HomeOfAnotherExchangeError, StoreUnreadableError
from stillmine.partner.store import schema
from stillmine.partner.store.leftovers import StoreFile
from stillmine.partner.store.matches import FoundMatch, FoundUpload, Wanted
from stillmine.partner.store.place import StoredEntry
from stillmine.partner.store.store import Store
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import MatchNotFoundError
from stillmine.wire.feedback import NotRemovedReason, Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, DistanceBucket, MatchClass, Review, Variant, WayName


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store(home)
    yield opened
    opened.close()


def active(number: int, value: bytes = b"v" * 32) -> StoredEntry:
    return StoredEntry(number.to_bytes(16), Kind.PDQ, FingerprintState.ACTIVE, value, 90)


def tombstone(number: int, state: FingerprintState = FingerprintState.WITHDRAWN) -> StoredEntry:
    return StoredEntry(number.to_bytes(16), Kind.PDQ, state, None, None)


def found(fingerprint: int, number: int = 1) -> FoundMatch:
    return FoundMatch(
        match_id=(100 + number).to_bytes(16),
        fingerprint_id=fingerprint.to_bytes(16),
        kind=Kind.PDQ,
        match_class=MatchClass.NEAR,
        bucket=DistanceBucket.CLOSE,
        variant=Variant.ROTATE90,
    )


def upload(*fingerprints: int, number: int = 1, first_match: int = 1) -> FoundUpload:
    matches = [found(one, first_match + place) for place, one in enumerate(fingerprints)]
    return FoundUpload((300 + number).to_bytes(16), (400 + number).to_bytes(16), matches)


def test_page_and_cursor_are_applied_together(store: Store) -> None:
    changes = store.apply_page([active(1), active(2)], "c1", None)
    assert (changes.added, len(changes.active), changes.erased) == (2, 2, [])
    assert store.place().cursor == "c1"
    assert store.place().synced_at is None
    assert store.counts().fingerprints == 2


def test_page_that_fails_leaves_nothing(store: Store) -> None:
    store.apply_page([active(1)], "c1", 5)
    broken = StoredEntry((3).to_bytes(16), Kind.PDQ, FingerprintState.ACTIVE, None, None)
    with pytest.raises(StoreUnreadableError):
        store.apply_page([active(2), broken], "c2", 6)
    assert [row[0] for row in store.active()] == [(1).to_bytes(16)]
    assert (store.place().cursor, store.place().synced_at) == ("c1", 5)
    assert store.counts().fingerprints == 1


@pytest.mark.parametrize("state", [FingerprintState.WITHDRAWN, FingerprintState.SUSPENDED])
def test_tombstone_erases_and_suspension_can_end(store: Store, state: FingerprintState) -> None:
    store.apply_page([active(1)], "c1", None)
    changes = store.apply_page([tombstone(1, state)], "c2", None)
    assert changes.erased == [(1).to_bytes(16)]
    assert store.active() == []
    assert store.apply_page([tombstone(1, state)], "c3", None).erased == []
    assert store.apply_page([active(1)], "c4", None).added == 1


def test_newest_entry_of_a_page_wins(store: Store) -> None:
    store.apply_page([active(1), tombstone(1)], "c1", None)
    assert store.active() == []
    assert store.counts().fingerprints == 0


def test_no_tombstone_can_keep_a_value(home: Path, store: Store) -> None:
    store.apply_page([active(1)], "c1", None)
    with sqlite3.connect(home / schema.FILE_NAME) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute("UPDATE fingerprints SET state = 'withdrawn'")
    other.close()


def test_erased_values_are_in_no_file(home: Path, store: Store) -> None:
    """Thousands of values in random order, so that pages split, merge and are moved; then most are erased in three ways."""
    numbers = random.Random(20260101)
    values = {number: numbers.randbytes(32) for number in (numbers.getrandbits(100) for _ in range(6000))}
    order = list(values)
    for start in range(0, len(order), 500):
        store.apply_page([active(number, values[number]) for number in order[start : start + 500]], f"a{start}", None)
    numbers.shuffle(order)
    erased, swept, kept = order[:3000], order[3000:5000], order[5000:]
    for start in range(0, len(erased), 300):
        store.apply_page([tombstone(number) for number in erased[start : start + 300]], f"b{start}", None)
    store.start_again()
    store.apply_page([active(number, values[number]) for number in kept], "c", 7)
    assert any(values[number] in _files(home) for number in kept)
    assert store.forget_erased()
    content = _files(home)
    assert not [number for number in erased + swept if values[number] in content]
    assert all(values[number] in content for number in kept)
    assert store.counts().fingerprints == len(kept)


def a_long_life(home: Path, store: Store, seed: int) -> tuple[dict[int, bytes], list[int]]:
    """Pages of additions and tombstones in turn, sizes of all sorts; returns all values and what was erased."""
    numbers = random.Random(seed)
    values: dict[int, bytes] = {}
    live: list[int] = []
    gone: list[int] = []
    for _ in range(numbers.randint(5, 20)):
        new = [numbers.getrandbits(100) for _ in range(numbers.choice([5, 50, 200, 400]))]
        for number in new:
            values[number] = numbers.randbytes(32 if numbers.random() < 0.9 else numbers.randint(100, 6000))
        store.apply_page([active(number, values[number]) for number in new], "a", None)
        live += new
        numbers.shuffle(live)
        place = numbers.randint(0, len(live) * 2 // 3)
        erased, live = live[:place], live[place:]
        if erased:
            store.apply_page([tombstone(number) for number in erased], "b", None)
            gone += erased
    return values, gone


@pytest.mark.parametrize("seed", range(40, 52))
def test_what_sqlite_leaves_where_it_moves_rows_goes_too(home: Path, store: Store, seed: int) -> None:
    values, gone = a_long_life(home, store, seed)
    assert store.forget_erased()
    content = _files(home)
    assert not [number for number in gone if values[number][:32] in content]


def test_a_leftover_of_one_value_is_found(home: Path, store: Store) -> None:
    first, second = bytes(range(32)), bytes(range(32, 64))
    store.apply_page([active(1, first), active(2, second)], "a", None)
    assert store.forget_erased()
    store.apply_page([tombstone(1)], "b", None)
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (home / schema.FILE_NAME).open("r+b") as file:  # as a page that was split leaves it: in room that no row uses
        page = file.read(4096 * 2)[4096:]
        file.seek(4096 + page.index(bytes(64), 64))
        file.write(first)
    assert first in _files(home)
    assert store.forget_erased()
    assert first not in _files(home)
    assert second in _files(home)
    assert store.active() == [((2).to_bytes(16), Kind.PDQ, second)]


def test_a_store_that_died_before_it_looked_is_written_anew(home: Path, store: Store) -> None:
    store.apply_page([active(1, bytes(range(32)))], "a", None)
    assert store.forget_erased()
    store.apply_page([tombstone(1)], "b", None)
    store.close()
    for is_unknown in (True, False):
        again = Store(home)
        assert again._leftovers.is_unknown is is_unknown
        assert again.forget_erased()
        again.close()


def test_reader_in_the_way_delays_emptying_the_log_only(home: Path, store: Store) -> None:
    value = bytes(range(32))
    store.apply_page([active(1, value)], "c1", None)
    reader = sqlite3.connect(home / schema.FILE_NAME, isolation_level=None)
    reader.execute("PRAGMA busy_timeout = 0")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM fingerprints").fetchone()
    store.apply_page([tombstone(1)], "c2", None)
    store._db.execute("PRAGMA busy_timeout = 0")
    assert not store.forget_erased()
    reader.execute("COMMIT")
    reader.close()
    assert store.forget_erased()
    assert value not in _files(home)


def test_fetch_from_the_start_sweeps_only_at_its_end(store: Store) -> None:
    store.apply_page([active(1), active(2), active(3)], "c1", 5)
    store.mark_acknowledged("c1")
    store.start_again()
    assert store.place().cursor is None
    assert store.counts().fingerprints == 3
    assert store.apply_page([active(1)], "d1", None).erased == []
    changes = store.apply_page([active(4)], "d2", 6)
    assert sorted(changes.erased) == [(2).to_bytes(16), (3).to_bytes(16)]
    assert {row[0] for row in store.active()} == {(1).to_bytes(16), (4).to_bytes(16)}
    assert store.apply_page([], "d3", 7).erased == []


def test_match_is_kept_only_while_its_fingerprint_is_active(store: Store) -> None:
    store.apply_page([active(1), active(2), tombstone(2)], "c1", None)
    kept = store.record_upload(upload(1, 2, 3), 20, minute=10)
    assert [match.fingerprint_id for match in kept] == [(1).to_bytes(16)]
    assert [(report.outcome, report.fingerprint_id) for report in store.waiting_feedback(10)] == [(Outcome.FOUND, f"{1:032x}")]


def test_review_needs_a_match_and_each_becomes_feedback(store: Store, home: Path) -> None:
    store.apply_page([active(1)], "c1", None)
    store.record_upload(upload(1), 20, minute=10)
    match_id = (101).to_bytes(16)
    store.record_review(match_id, Review(1, Decision.REMOVED), (1).to_bytes(16), 50)
    store.record_review(match_id, Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME), (2).to_bytes(16), 50)
    with pytest.raises(MatchNotFoundError):
        store.record_review(bytes(16), Review(1, Decision.REMOVED), (3).to_bytes(16), 50)
    outcomes = [(report.outcome, report.reason) for report in store.waiting_feedback(10)]
    assert outcomes == [(Outcome.FOUND, None), (Outcome.REMOVED, None), (Outcome.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME)]
    store.remove_feedback(store.waiting_feedback(2))
    assert [report.outcome for report in store.waiting_feedback(10)] == [Outcome.NOT_REMOVED]
    with sqlite3.connect(home / schema.FILE_NAME) as other:
        row = other.execute("SELECT kind, variant, bucket, class, matched_minute, decision, reason FROM matches").fetchone()
    other.close()
    assert row == ("pdq", "rotate90", "8-15", "near", 10, "not_removed", "not_the_same")


def named(store: Store) -> list[tuple[str, list[int]]]:
    """What waits: the outcome or reason, and all fingerprints that it is said of."""
    return [(row.reason or row.outcome, [int(one, 16) for one in (row.fingerprint_id, *row.near)]) for row in store.waiting_feedback(1000)]


def test_everything_that_an_upload_matched_is_reported_and_the_nearest_are_shown(store: Store) -> None:
    store.apply_page([active(number) for number in range(1, 1502)], "c1", None)
    kept = store.record_upload(upload(*range(1, 1502)), 20, minute=10)
    assert [int.from_bytes(match.fingerprint_id) for match in kept] == list(range(1, 1502))
    assert [int(match.match_id, 16) for match in store.matches(Wanted()).matches] == [int.from_bytes(match.match_id) for match in kept[:20]]
    assert named(store) == [("found", list(range(1, 1001))), ("found", list(range(1001, 1502)))]
    assert {row.upload_token for row in store.waiting_feedback(10)} == {f"{401:032x}"}
    store.remove_feedback(store.waiting_feedback(10))
    store.record_review(kept[2].match_id, Review(1, Decision.REMOVED), (1).to_bytes(16), 50)
    assert named(store) == [("removed", [3, 1, 2, *range(4, 1001)]), ("removed", list(range(1001, 1502)))]


def test_no_message_holds_more_than_it_may(store: Store) -> None:
    store.apply_page([active(number) for number in range(1, 1001)], "c1", None)
    for number in range(7):
        store.record_upload(upload(*range(1, 1001), number=number, first_match=1000 * number), 20, minute=10)
    assert len(store.waiting_feedback(1000)) == 5
    store.remove_feedback(store.waiting_feedback(1000))
    assert len(store.waiting_feedback(1000)) == 2


def test_a_decision_is_about_the_upload_but_not_about_what_was_decided_by_itself(store: Store) -> None:
    store.apply_page([active(number) for number in range(1, 5)], "c1", None)
    first, second, third = store.record_upload(upload(1, 2, 3, 4), 3, minute=10)[:3]
    store.remove_feedback(store.waiting_feedback(10))
    not_the_same = Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME)
    store.record_review(first.match_id, not_the_same, (1).to_bytes(16), 50)
    store.record_review(second.match_id, Review(1, Decision.REMOVED), (2).to_bytes(16), 50)
    store.record_review(third.match_id, not_the_same, (3).to_bytes(16), 50)
    assert named(store) == [("not_the_same", [1, 2, 3, 4]), ("removed", [2, 3, 4]), ("not_the_same", [3])]


def test_a_store_belongs_to_one_exchange_once_it_holds_anything_of_it(store: Store) -> None:
    store.bind_exchange("https://mistyped.example")
    store.remember_way(WayName.ASK)
    store.bind_exchange("https://one.example")
    assert store.way() is None, "what the other one gave says nothing"
    store.remember_way(WayName.LIST)
    store.apply_page([active(1)], "c1", 1)
    store.bind_exchange("https://one.example")
    assert store.way() is WayName.LIST
    with pytest.raises(HomeOfAnotherExchangeError):
        store.bind_exchange("https://two.example")


def test_files_are_private(home: Path, store: Store) -> None:
    store.apply_page([active(1)], "c1", None)
    files = list(home.iterdir())
    assert len(files) >= 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look at" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_damaged_store_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / schema.FILE_NAME).write_bytes(content)
    with pytest.raises(StoreUnreadableError, match="fetches everything again"):
        Store(tmp_path)


def test_store_of_a_newer_version_is_refused_unchanged(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / schema.FILE_NAME) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreUnreadableError, match="version 99"):
        Store(tmp_path)


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_value_is_found_wherever_it_stands_in_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.partner.store.leftovers.READ_BYTES", 100)
    mark, path = bytes(range(32)), home / "file"
    for place in (0, 1, 68, 69, 99, 100, 137, 500):
        path.write_bytes(bytes(place) + mark + bytes(7))
        file = StoreFile(path)
        assert file.holds_any({mark}), place
        assert not file.holds_any({mark[::-1]})
        assert not file.holds_any(set())
        file.close()
