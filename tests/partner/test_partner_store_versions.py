# SPDX-License-Identifier: Apache-2.0
"""Stores of every earlier version: they are brought up to date, and nothing that they hold is lost."""

import sqlite3
from pathlib import Path

import pytest

from stillmine.partner.store import schema
from stillmine.partner.store.matches import FoundMatch, FoundUpload, Wanted
from stillmine.partner.store.store import Store
from stillmine.wire.feedback import Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass, MatchState, Review
from stillmine.wire.vote import VoteKind

TABLES_OF = {
    2: schema._TABLES,
    3: schema._TABLES + schema._VOTES,
    4: schema._TABLES + schema._VOTES + schema._UPLOADS,
    5: schema._TABLES + schema._VOTES + schema._UPLOADS + schema._LEFTOVERS,
}
"""Version 1 has a test of its own, in test_partner_kinds.py."""

FINGERPRINT, UPLOAD, TOKEN = (number.to_bytes(16) for number in (1, 301, 401))
REMOVED = Review(1, Decision.REMOVED, vote=VoteKind.AGREE)


def make_old(home: Path, version: int) -> None:
    """Two matches, the later one reviewed, the upload of the other where the version knew uploads, and a report that waits."""
    with sqlite3.connect(home / schema.FILE_NAME) as old:
        old.executescript(TABLES_OF[version])
        old.execute("INSERT INTO fingerprints VALUES (?, 'pdq', 'active', ?, 90, 0)", (FINGERPRINT, b"v" * 32))
        old.execute("UPDATE place SET cursor = 'c1', acknowledged_cursor = 'c1', synced_at = 5, kinds = 'pdq'")
        columns = "match_id, fingerprint_id, kind, variant, bucket, class, matched_minute, decision"
        for number, minute, decision in ((102, 20, "removed"), (101, 10, None)):
            values = (number.to_bytes(16), FINGERPRINT, "pdq", "rotate90", "8-15", "near", minute, decision)
            old.execute(f"INSERT INTO matches ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        old.execute("INSERT INTO outbox (feedback_id, fingerprint_id, outcome) VALUES (?, ?, 'found')", ((201).to_bytes(16), FINGERPRINT))
        if version >= 4:
            old.execute("INSERT INTO uploads VALUES (?, ?, ?)", (UPLOAD, TOKEN, FINGERPRINT))
            old.execute("UPDATE matches SET upload_id = ? WHERE decision IS NULL", (UPLOAD,))
        old.execute(f"PRAGMA user_version = {version}")
    old.close()


@pytest.mark.parametrize("version", TABLES_OF)
def test_a_store_of_before_keeps_its_matches_and_can_list_and_review_them(home: Path, version: int) -> None:
    make_old(home, version)
    for _ in range(2):
        store = Store(home)
        kept = store.matches(Wanted(MatchState.ALL)).matches
        assert [int(match.match_id, 16) for match in kept] == [101, 102], "the oldest first"
        assert [match.decision for match in kept] == [None, Decision.REMOVED]
        assert [(match.variant, match.distance_bucket, match.is_withdrawn, match.content_id) for match in kept] == [
            ("rotate90", "8-15", False, None)
        ] * 2
        assert [int(match.match_id, 16) for match in store.matches(Wanted()).matches] == [101]
        assert store.place().cursor == "c1"
        store.close()


@pytest.mark.parametrize("version", TABLES_OF)
def test_a_store_of_before_sends_what_waits_and_takes_what_is_new(home: Path, version: int) -> None:
    make_old(home, version)
    store = Store(home)
    store.record_review((101).to_bytes(16), REMOVED, (1).to_bytes(16), 50)
    found = FoundMatch((103).to_bytes(16), FINGERPRINT, Kind.PDQ, MatchClass.NEAR, None, None)
    store.record_upload(FoundUpload((302).to_bytes(16), (402).to_bytes(16), [found], "video 7"), 20, minute=30)
    waiting = store.waiting_feedback(10)
    assert [row.outcome for row in waiting] == [Outcome.FOUND, Outcome.REMOVED, Outcome.FOUND]
    known = TOKEN.hex() if version >= 4 else None
    assert [row.upload_token for row in waiting] == [None, known, f"{402:032x}"], "matches of before version 4 have no upload"
    assert [vote.vote for vote in store.waiting_votes(10)] == [VoteKind.AGREE]
    assert [match.content_id for match in store.matches(Wanted(content_id="video 7")).matches] == ["video 7"]
    store.close()


def test_what_was_decided_with_its_upload_before_is_not_open(home: Path) -> None:
    make_old(home, 5)
    with sqlite3.connect(home / schema.FILE_NAME) as old:
        old.execute("UPDATE matches SET upload_id = ?", (UPLOAD,))
    old.close()
    store = Store(home)
    assert store.matches(Wanted()).matches == []
    assert [match.decision for match in store.matches(Wanted(MatchState.REVIEWED)).matches] == [Decision.REMOVED] * 2
    store.close()
