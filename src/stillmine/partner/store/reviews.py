# SPDX-License-Identifier: Apache-2.0
"""What a decision changes, wherever it was made: the matches that it is about, the report, the vote.

Each function needs the store's lock and its transaction.
"""

import hashlib
import sqlite3

from stillmine.partner.store.matches import ID_BYTES, decide
from stillmine.partner.store.reports import NOT_REPORTED, Said, decided_together, queue_reports, report_id_at
from stillmine.wire.errors import MatchNotFoundError
from stillmine.wire.feedback import Outcome
from stillmine.wire.screen import Review


def record_review(db: sqlite3.Connection, match_id: bytes, review: Review, report_id: bytes, minute: int) -> None:
    """Keep a reviewer's decision and queue it as feedback, and their vote if there is one; raises MatchNotFoundError."""
    row = db.execute("SELECT fingerprint_id, source FROM matches WHERE match_id = ?", (match_id,)).fetchone()
    if row is None:
        raise MatchNotFoundError
    fingerprint_id, own_source = row
    together = decided_together(db, match_id, review)
    decide(db, match_id, review, together, minute)
    for source, token, near in together:
        own_id = report_id_at(report_id, source, own_source)
        queue_reports(db, own_id, Said(Outcome(review.decision.value), review.reason, token), near, source)
    if review.vote is not None and together[0].token != NOT_REPORTED:
        db.execute(
            "INSERT INTO vote_outbox (vote_id, fingerprint_id, vote, reason, source) VALUES (?, ?, ?, ?, ?)",
            (report_id, fingerprint_id, review.vote, review.vote_reason, own_source),
        )


def record_review_of_content(db: sqlite3.Connection, content_id: str, review: Review, report_id: bytes, minute: int) -> int:
    """Decide about every upload with this content id, unless that is decided already; return about how many.

    Each report has an id of its own, made of `report_id`.
    """
    query = """SELECT upload_id, match_id, decision, reason FROM matches
        WHERE upload_id IN (SELECT upload_id FROM uploads WHERE content_id = ?) ORDER BY decision IS NOT NULL, NOT is_own, place"""
    first: dict[bytes, bytes] = {}
    for upload_id, match_id, decision, reason in db.execute(query, (content_id,)).fetchall():
        if (decision, reason) != (review.decision, review.reason):
            first.setdefault(upload_id, match_id)
    for upload_id, match_id in first.items():
        record_review(db, match_id, review, hashlib.sha256(report_id + upload_id).digest()[:ID_BYTES], minute)
    return len(first)
