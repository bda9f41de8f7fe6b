# SPDX-License-Identifier: Apache-2.0
"""What a decision changes, wherever it was made: the matches that it is about, the report, the vote.

Each function needs the store's lock and its transaction.
"""

import hashlib
import sqlite3

from stillmine.partner.store.matches import ID_BYTES, IS_WITHDRAWN, decide
from stillmine.partner.store.reports import NOT_REPORTED, Said, Together, decided_together, queue_reports, report_id_at
from stillmine.wire.errors import MatchNotFoundError
from stillmine.wire.feedback import Outcome
from stillmine.wire.screen import Decision, Review


def record_review(db: sqlite3.Connection, match_id: bytes, review: Review, report_id: bytes, minute: int) -> None:
    """Keep a reviewer's decision and queue it as feedback, and their vote if there is one; raises MatchNotFoundError."""
    row = db.execute("SELECT fingerprint_id, source FROM matches WHERE match_id = ?", (match_id,)).fetchone()
    if row is None:
        raise MatchNotFoundError
    fingerprint_id, own_source = row
    together = decided_together(db, match_id, review)
    if review.decision is Decision.NOT_REMOVED:
        together = _of_what_was_taken_back(db, match_id, together)
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
    query = f"""SELECT upload_id, match_id, decision, reason FROM matches
        WHERE upload_id IN (SELECT upload_id FROM uploads WHERE content_id = ?)
        ORDER BY decision IS NOT NULL, {IS_WITHDRAWN} IS 1, NOT is_own, place"""  # noqa: S608 (no value)
    first: dict[bytes, bytes] = {}
    for upload_id, match_id, decision, reason in db.execute(query, (content_id,)).fetchall():
        if (decision, reason) != (review.decision, review.reason):
            first.setdefault(upload_id, match_id)
    for upload_id, match_id in first.items():
        record_review(db, match_id, review, hashlib.sha256(report_id + upload_id).digest()[:ID_BYTES], minute)
    return len(first)


def _of_what_was_taken_back(db: sqlite3.Connection, match_id: bytes, together: list[Together]) -> list[Together]:
    """Leave open what the upload still matches, where one person's match is closed because they took it back: it is another person's."""
    query = f"""SELECT source, fingerprint_id, match_id, {IS_WITHDRAWN} FROM matches
        WHERE upload_id = (SELECT upload_id FROM matches WHERE match_id = ?)"""  # noqa: S608 (no value)
    rows = db.execute(query, (match_id,)).fetchall()
    taken_back = {(source, fingerprint_id) for source, fingerprint_id, _, is_withdrawn in rows if is_withdrawn}
    is_own_taken_back = any(own == match_id and is_withdrawn for _, _, own, is_withdrawn in rows)
    if not is_own_taken_back or len(taken_back) == len(rows):
        return together
    found = [one._replace(near=[each for each in one.near if (one.source, each) in taken_back]) for one in together]
    return [one for one in found if one.near]
