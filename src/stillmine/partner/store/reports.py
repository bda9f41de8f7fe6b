# SPDX-License-Identifier: Apache-2.0
"""Feedback in the store: what waits, and which fingerprints a report is about.

A report is about an upload, and an upload may match fingerprints of several cases, which a partner can't tell apart. So it names all of
them, nearest first: else whoever opens a case with their own copy of a picture would take the report away from the person in it.
Each function needs the store's lock, and those that write its transaction.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from stillmine.wire.feedback import MAXIMUM_NEAR, MAXIMUM_NEAR_PER_MESSAGE, Feedback, NotRemovedReason, Outcome
from stillmine.wire.screen import Review
from stillmine.wire.vote import Vote, VoteKind, VoteReason

_ID_BYTES = 16


class Said(NamedTuple):
    """What is reported of an upload; the token is None for matches of before there were any."""

    outcome: Outcome
    reason: NotRemovedReason | None
    token: bytes | None


def queue_reports(db: sqlite3.Connection, feedback_id: bytes, said: Said, near: Sequence[bytes]) -> None:
    """Queue what is said of these fingerprints, the first being the one that it is said of: one report for every 1,000.

    One that waits already is not queued again.
    """
    for start in range(0, len(near), MAXIMUM_NEAR):
        own, *others = near[start : start + MAXIMUM_NEAR]
        own_id = feedback_id if start == 0 else hashlib.sha256(feedback_id + start.to_bytes(4)).digest()[:_ID_BYTES]
        db.execute(
            "INSERT INTO outbox (feedback_id, fingerprint_id, outcome, reason, token, near) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (feedback_id) DO NOTHING",
            (own_id, own, said.outcome, said.reason, said.token, b"".join(others)),
        )


def waiting_reports(db: sqlite3.Connection, maximum: int) -> list[Feedback]:
    """Return the oldest reports that wait: at most `maximum`, and no more than one message holds."""
    rows = db.execute("SELECT feedback_id, fingerprint_id, outcome, reason, token, near FROM outbox ORDER BY place LIMIT ?", (maximum,))
    waiting: list[Feedback] = []
    left = MAXIMUM_NEAR_PER_MESSAGE
    for feedback_id, fingerprint_id, outcome, reason, token, near in rows:
        others = split_ids(near)
        left -= 1 + len(others)
        if left < 0:
            break
        waiting.append(
            Feedback(
                feedback_id=feedback_id.hex(),
                fingerprint_id=fingerprint_id.hex(),
                outcome=Outcome(outcome),
                reason=None if reason is None else NotRemovedReason(reason),
                upload_token=None if token is None else token.hex(),
                near=[one.hex() for one in others],
            )
        )
    return waiting


def votes_that_wait(db: sqlite3.Connection, maximum: int) -> list[Vote]:
    """Return the oldest votes that wait, at most `maximum`."""
    rows = db.execute("SELECT vote_id, fingerprint_id, vote, reason FROM vote_outbox ORDER BY place LIMIT ?", (maximum,))
    return [
        Vote(vote_id.hex(), fingerprint_id.hex(), VoteKind(vote), None if reason is None else VoteReason(reason))
        for vote_id, fingerprint_id, vote, reason in rows
    ]


def decided_together(db: sqlite3.Connection, match_id: bytes, review: Review) -> tuple[bytes | None, list[bytes]]:
    """Return the token of the upload that a match is of, and the fingerprints that a decision about the match is about, its own first.

    The others that the upload matched are decided with it, but for those on which a reviewer decided by themself. That it is not the same
    is said of one fingerprint alone where the upload was decided about otherwise.
    """
    (own, upload_id) = db.execute("SELECT fingerprint_id, upload_id FROM matches WHERE match_id = ?", (match_id,)).fetchone()
    upload = db.execute("SELECT token, near FROM uploads WHERE upload_id = ?", (upload_id,)).fetchone()
    if upload is None:
        return None, [own]
    decided = db.execute(
        "SELECT fingerprint_id, reason FROM matches WHERE upload_id = ? AND match_id != ? AND is_own", (upload_id, match_id)
    ).fetchall()
    is_decided_otherwise = any(reason != NotRemovedReason.NOT_THE_SAME for _, reason in decided)
    if review.reason is NotRemovedReason.NOT_THE_SAME and is_decided_otherwise:
        return upload[0], [own]
    without = {own, *(fingerprint_id for fingerprint_id, _ in decided)}
    return upload[0], [own, *(one for one in split_ids(upload[1]) if one not in without)]


def split_ids(ids: bytes) -> list[bytes]:
    """Return the ids of a column that holds several."""
    return [ids[start : start + _ID_BYTES] for start in range(0, len(ids), _ID_BYTES)]
