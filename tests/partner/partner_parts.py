# SPDX-License-Identifier: Apache-2.0
"""The partner's parts put together around a fake exchange, a clock that is set by hand and numbers instead of randomness."""

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import Result

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.upload import OpenFile, Upload
from stillmine.partner.fingerprinting.worker_messages import Job, JobResult, PlacesWanted
from stillmine.partner.following.reporting import Reporting
from stillmine.partner.listing.index import ListIndex, loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.listing.sync import Sync, SyncReport
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.kinds import LISTED_KINDS
from stillmine.wire.screen import RegionsChoice, ScreenResult
from tests.partner.fake_exchange import KEY, FakeExchange

SETTINGS = ExchangeSettings("https://exchange.example", Secret(KEY.encode()))

Run = Callable[..., Result]
"""Runs a command."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2030, 5, 17, 12, 34, 56, tzinfo=UTC)
        self._set_back_seconds = 0.0

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Count seconds, whatever the clock is set to."""
        return self.now.timestamp() + self._set_back_seconds

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def set_back(self, seconds: float) -> None:
        """Correct a clock that was ahead; no time passes."""
        self.now -= timedelta(seconds=seconds)
        self._set_back_seconds += seconds


class Numbers:
    """Stands in for randomness: every call gives other bytes, and every run the same."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, count: int) -> bytes:
        self._next += 1
        return self._next.to_bytes(count)


class NoPlaces:
    """Makes fingerprints in some way of its own, and is never asked for places."""

    def hash_places(self, _file: OpenFile, _wanted: PlacesWanted, _seconds: float) -> JobResult:
        raise AssertionError


class InThisProcess:
    """Makes fingerprints as a worker does, but here: for tests that are not about processes."""

    def fingerprints(self, file: OpenFile, regions: RegionsChoice = RegionsChoice.OFF) -> JobResult:
        return self._made(file, Job(takes_long=True, seconds=600, cpu_seconds=600, regions=regions))

    def hash_places(self, file: OpenFile, wanted: PlacesWanted, _seconds: float) -> JobResult:
        return self._made(file, Job(takes_long=False, seconds=600, cpu_seconds=600, places=wanted))

    @staticmethod
    def _made(file: OpenFile, job: Job) -> JobResult:
        with os.fdopen(os.dup(file.fileno()), "rb") as own:
            *_, answer = fingerprints_of(own, job)
        return answer


class ListRound:
    """What a round of the service does with a list: follow it, then hand over what waits."""

    def __init__(self, sync: Sync, reporting: Reporting) -> None:
        self._sync = sync
        self._reporting = reporting

    def run(self) -> SyncReport:
        return self._sync.follow().with_feedback(*self._reporting.send())


class Partner:
    """Store, index, sync and screening over one home folder, without HTTP service, thread and worker process."""

    def __init__(self, home: Path, exchange: FakeExchange, clock: Clock, key: str = KEY) -> None:
        self.home = home
        self.store = Store(home)
        self.store.match_kinds(LISTED_KINDS)
        self.index: ListIndex = loaded_index(self.store)
        client = Exchange(ExchangeSettings(SETTINGS.url, Secret(key.encode())), exchange.transport())
        self.must_stop: Callable[[], bool] = lambda: False
        sync = Sync(client, self.store, self.index.follow, clock, must_stop=self._must_stop)
        self.sync = ListRound(sync, Reporting(client, self.store, self._must_stop))
        self.woken = 0
        self.tokens = UploadTokens(Secret(b"smu_of_tests"), clock)
        self.way = ListWay(self.store, self.index, threads=2)
        self.screening = Screening(
            self.store,
            one_source(self.way),
            InThisProcess(),
            self.tokens,
            clock=clock,
            feedback_is_waiting=self._wake,
        )

    def screen(self, data: bytes, uploader: str | None = None, content_id: str | None = None) -> ScreenResult:
        """Screen the bytes of a file."""
        with Upload(self.home) as upload:
            upload.write(data)
            return self.screening.screen_upload(upload, uploader, content_id)

    def _must_stop(self) -> bool:
        return self.must_stop()

    def _wake(self) -> None:
        self.woken += 1

    def close(self) -> None:
        self.screening.close()
        self.store.close()


_NO_SOURCES = (
    *(f"ALTER TABLE matches DROP COLUMN {column}" for column in ("source", "action", "is_in_own_negative_bank")),
    *(f"ALTER TABLE {table} DROP COLUMN source" for table in ("outbox", "vote_outbox")),
    "ALTER TABLE uploads ADD COLUMN token BLOB",
    "ALTER TABLE uploads ADD COLUMN near BLOB",
    "UPDATE uploads SET (token, near) = (SELECT token, near FROM upload_sources AS of WHERE of.upload_id = uploads.upload_id)",
    "DROP TABLE upload_sources",
)
_NO_MARK = ("ALTER TABLE place DROP COLUMN list_mark", "ALTER TABLE place DROP COLUMN list_sum")
_NO_OLDER = ("ALTER TABLE outbox DROP COLUMN is_older",)
_NO_REVIEWERS = ("DROP TABLE reviewers", "DROP TABLE review_sessions", "DROP TABLE review_holds")
_NOT_REMEMBERED = (
    "ALTER TABLE matches DROP COLUMN is_older",
    *(f"DROP TABLE {name}" for name in ("older", "older_newcomers", "older_deleted", "older_asked")),
)
_NO_WEBHOOKS = ("DROP TABLE screenings", "DROP TABLE webhook_events", "DROP TABLE webhook", "DROP INDEX matches_of_fingerprint")


def take_webhooks_off(database: sqlite3.Connection) -> None:
    """Leave a store as it was before it knew webhooks and what came after, on the way to one of an earlier version."""
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    since = (*_NOT_REMEMBERED, *_NO_WEBHOOKS, *_NO_SOURCES, *_NO_OLDER, *_NO_REVIEWERS, *_NO_MARK)
    for statement in (*(f"DROP TRIGGER {name}" for (name,) in triggers), *since):
        database.execute(statement)
