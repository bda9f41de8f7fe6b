# SPDX-License-Identifier: Apache-2.0
"""What the platform was not told yet, over a connection of its own, so that sending holds up no upload.

Triggers of the schema queue what happens to matches and screenings, in the transaction in which it happens. Must never give out a
fingerprint or its id.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillmine.partner.store.matches import one_listed
from stillmine.partner.store.own_connection import OwnConnection
from stillmine.partner.store.screenings import one_screening
from stillmine.wire.screen import FIRST_SOURCE, WebhooksHealth
from stillmine.wire.webhook import SCREEN_FINISHED, ScreeningWebhook, Webhook, WebhookType

RETRY_SECONDS = (5, 30, 120, 600, 3600)
"""After the first tries; then every hour."""

MAXIMUM_TRIES = 1 + len(RETRY_SECONDS) + 72
"""The last 72 are three days."""


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """What is to be sent, and its place in the queue."""

    place: int
    webhook_id: str
    webhook: Webhook | ScreeningWebhook


@dataclass(frozen=True, slots=True)
class FailedWebhook:
    """What could not be sent for three days."""

    type: str
    about: str
    """The id of the match, or of the screening."""
    happened_at: datetime


def queue_withdrawn(db: sqlite3.Connection, fingerprint_ids: Sequence[bytes]) -> None:
    """Queue it for the matches that are kept of these fingerprints of the first source, in the transaction of whoever calls."""
    db.executemany(
        "INSERT INTO webhook_events (type, about) SELECT 'match.withdrawn', match_id FROM matches WHERE fingerprint_id = ? AND source = ?",
        [(fingerprint_id, FIRST_SOURCE) for fingerprint_id in fingerprint_ids],
    )


class WebhookQueue:
    """The queue of one home folder. Safe to use from several threads and processes; each method raises StoreUnreadableError."""

    def __init__(self, folder: Path) -> None:
        """Open the store that is there, or make it."""
        self._connection = OwnConnection(folder)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def aim(self, url: str | None) -> None:
        """Queue what happens from now on, for this address; None: queue nothing. Another address begins anew where one had answered 410."""
        with self._connection.transaction() as db:
            if url is None:
                db.execute("UPDATE webhook SET is_wanted = 0")
                return
            db.execute("UPDATE webhook SET is_switched_off = is_switched_off AND url IS ?, is_wanted = 1, url = ?", (url, url))

    def next_due(self, now_seconds: int) -> DueWebhook | None:
        """Return what is to be sent first, None if nothing is due or sending is switched off."""
        query = """SELECT place, webhook_id, type, minute, about FROM webhook_events
            WHERE due_at <= ? AND NOT (SELECT is_switched_off FROM webhook) ORDER BY due_at, place LIMIT 1"""
        with self._connection.reading() as db:
            row = db.execute(query, (now_seconds,)).fetchone()
            if row is None:
                return None
            place, webhook_id, word, minute, about = row
            return DueWebhook(place, webhook_id.hex(), _webhook(db, word, minute, about))

    def delivered(self, place: int) -> None:
        """Note that the platform has it."""
        with self._connection.transaction() as db:
            db.execute("DELETE FROM webhook_events WHERE place = ?", (place,))
            db.execute("UPDATE webhook SET problem = NULL")

    def tried(self, place: int, now_seconds: int, problem: str) -> None:
        """Note that a try failed, and when to try again, if ever."""
        with self._connection.transaction() as db:
            db.execute("UPDATE webhook_events SET tries = tries + 1 WHERE place = ?", (place,))
            for (tries,) in db.execute("SELECT tries FROM webhook_events WHERE place = ?", (place,)).fetchall():
                due_at = None if tries >= MAXIMUM_TRIES else now_seconds + RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1]
                db.execute("UPDATE webhook_events SET due_at = ? WHERE place = ?", (due_at, place))
            db.execute("UPDATE webhook SET problem = ?", (problem,))

    def switch_off(self, problem: str) -> None:
        """Send nothing until somebody says so."""
        with self._connection.transaction() as db:
            db.execute("UPDATE webhook SET is_switched_off = 1, problem = ?", (problem,))

    def retry(self) -> None:
        """Send everything now that waits or has failed, also where the target had answered 410."""
        with self._connection.transaction() as db:
            db.execute("UPDATE webhook SET is_switched_off = 0")
            db.execute("UPDATE webhook_events SET tries = 0, due_at = 0")

    def health(self) -> WebhooksHealth:
        """Return how it stands."""
        with self._connection.reading() as db:
            (failed,) = db.execute("SELECT count(*) FROM webhook_events WHERE due_at IS NULL").fetchone()
            held, not_queued, is_off, problem = db.execute("SELECT held, not_queued, is_switched_off, problem FROM webhook").fetchone()
        return WebhooksHealth(held - failed, failed, not_queued, bool(is_off), problem)

    def failed(self) -> list[FailedWebhook]:
        """Return what has failed, oldest first."""
        with self._connection.reading() as db:
            rows = db.execute("SELECT type, about, minute FROM webhook_events WHERE due_at IS NULL ORDER BY place").fetchall()
        return [FailedWebhook(word, about.hex(), _moment(minute)) for word, about, minute in rows]


def _webhook(db: sqlite3.Connection, word: str, minute: int, about: bytes) -> Webhook | ScreeningWebhook:
    if word == SCREEN_FINISHED:
        return ScreeningWebhook(SCREEN_FINISHED, _moment(minute), one_screening(db, about))
    return Webhook(WebhookType(word), _moment(minute), one_listed(db, about))


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
