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
from stillmine.wire.screen import FIRST_SOURCE, Review
from stillmine.wire.vote import Vote, VoteKind, VoteReason

_ID_BYTES = 16


NOT_REPORTED = bytes(_ID_BYTES)
"""Stands for the token of an upload at a source that nobody is told of, as a bank of the platform's own is."""


class Said(NamedTuple):
    """What is reported of an upload; the token is None for matches of before there were any."""

    outcome: Outcome
    reason: NotRemovedReason | None
    token: bytes | None
    is_older: bool = False


class Together(NamedTuple):
    """Fingerprints of one source that are decided together, and the token of their upload; None as above."""

    source: str
    token: bytes | None
    near: list[bytes]


def report_id_at(report_id: bytes, source: str, own_source: str) -> bytes:
    """Return the id of a report about one decision at a source: another one at each but its own."""
    return report_id if source == own_source else hashlib.sha256(report_id + source.encode()).digest()[:_ID_BYTES]


def queue_reports(db: sqlite3.Connection, feedback_id: bytes, said: Said, near: Sequence[bytes], source: str = FIRST_SOURCE) -> None:
    """Queue what a source is told of these fingerprints of its own, the first being the one that it is said of: one report for every 1,000.

    One that waits already is not queued again, and nothing where nobody is told.
    """
    if said.token == NOT_REPORTED:
        return
    for start in range(0, len(near), MAXIMUM_NEAR):
        own, *others = near[start : start + MAXIMUM_NEAR]
        own_id = feedback_id if start == 0 else hashlib.sha256(feedback_id + start.to_bytes(4)).digest()[:_ID_BYTES]
        db.execute(
            "INSERT INTO outbox (feedback_id, fingerprint_id, outcome, reason, token, near, source, is_older) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (feedback_id) DO NOTHING",
            (own_id, own, said.outcome, said.reason, said.token, b"".join(others), source, said.is_older),
        )


def waiting_reports(db: sqlite3.Connection, maximum: int, source: str) -> list[Feedback]:
    """Return the oldest reports that wait for a source: at most `maximum`, and no more than one message holds."""
    columns = "feedback_id, fingerprint_id, outcome, reason, token, near, is_older"
    query = f"SELECT {columns} FROM outbox WHERE source = ? ORDER BY place LIMIT ?"  # noqa: S608 (no value)
    rows = db.execute(query, (source, maximum))
    waiting: list[Feedback] = []
    left = MAXIMUM_NEAR_PER_MESSAGE
    for feedback_id, fingerprint_id, outcome, reason, token, near, is_older in rows:
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
                is_older=bool(is_older),
            )
        )
    return waiting


def votes_that_wait(db: sqlite3.Connection, maximum: int, source: str) -> list[Vote]:
    """Return the oldest votes that wait for a source, at most `maximum`."""
    query = "SELECT vote_id, fingerprint_id, vote, reason FROM vote_outbox WHERE source = ? ORDER BY place LIMIT ?"
    rows = db.execute(query, (source, maximum))
    return [
        Vote(vote_id.hex(), fingerprint_id.hex(), VoteKind(vote), None if reason is None else VoteReason(reason))
        for vote_id, fingerprint_id, vote, reason in rows
    ]


def decided_together(db: sqlite3.Connection, match_id: bytes, review: Review) -> list[Together]:
    """Return the fingerprints that a decision about a match is about, those of its own source first, and of these its own.

    The others that the upload matched, in whatever source, are decided with it, but for those on which a reviewer decided by themself. That
    it is not the same is said of one fingerprint alone where the upload was decided about otherwise.
    """
    (own, source, upload_id) = db.execute(
        "SELECT fingerprint_id, source, upload_id FROM matches WHERE match_id = ?", (match_id,)
    ).fetchone()
    matched = db.execute("SELECT source, token, near FROM upload_sources WHERE upload_id = ?", (upload_id,)).fetchall()
    rows = sorted(matched, key=lambda row: row[0] != source)
    if not rows or rows[0][0] != source:
        return [Together(source, None, [own])]
    decided = db.execute(
        "SELECT source, fingerprint_id, reason FROM matches WHERE upload_id = ? AND match_id != ? AND is_own", (upload_id, match_id)
    ).fetchall()
    is_decided_otherwise = any(reason != NotRemovedReason.NOT_THE_SAME for _, _, reason in decided)
    if review.reason is NotRemovedReason.NOT_THE_SAME and is_decided_otherwise:
        return [Together(source, rows[0][1], [own])]
    without = {(source, own), *((other, fingerprint_id) for other, fingerprint_id, _ in decided)}
    found = [Together(name, token, [one for one in split_ids(near) if (name, one) not in without]) for name, token, near in rows]
    found[0].near.insert(0, own)
    return [one for one in found if one.near]


def split_ids(ids: bytes) -> list[bytes]:
    """Return the ids of a column that holds several."""
    return [ids[start : start + _ID_BYTES] for start in range(0, len(ids), _ID_BYTES)]
