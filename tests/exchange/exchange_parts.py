# SPDX-License-Identifier: Apache-2.0
"""What the exchange's tests are made of: a clock that is set by hand, a person's phone, a partner."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from stillmine.exchange.ground.uptime import Uptime
from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseView, SuspensionReason
from stillmine.wire.case_key import credentials
from stillmine.wire.feed import FeedEntry, FeedPage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FEED_PATHS = frozenset({"/api/v1/feed", "/api/v1/feed/snapshot", "/stopncii/v1/FetchHashes"})
START = datetime(2026, 11, 22, 14, 5, 31, 250_000, tzinfo=UTC)
START_MINUTE = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
PORTAL_PAGE = "<!doctype html><title>start</title>"
PORTAL_NOT_FOUND = "<!doctype html><title>not here</title>"
PORTAL_NOT_FOUND_IN_FINNISH = "<!doctype html><title>ei täällä</title>"
ADULT = {"role": "person", "is_adult_now": True, "was_adult_then": True}


class Clock:
    """Stands still until it is moved; the machine's uptime goes with it where time passes, and not where somebody sets the clock."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.now = START
        self.uptime = Uptime("a boot", timedelta(days=3))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)
        self.uptime = self.uptime._replace(since_boot=self.uptime.since_boot + timedelta(**parts))

    def until(self, at: datetime) -> None:
        self.forward(seconds=(at - self.now).total_seconds())

    def jump(self, **parts: float) -> None:
        """The clock is set, or was wrong from the start: no time has passed."""
        self.now += timedelta(**parts)

    def off(self, **parts: float) -> None:
        """The machine is off for a time and then starts."""
        self.now += timedelta(**parts)
        self.uptime = Uptime(f"{self.uptime.boot}+", timedelta(minutes=1))


def value(number: int) -> str:
    """A fingerprint's value that belongs to no picture and is near no other."""
    return hashlib.sha256(f"value {number}".encode()).hexdigest()


def fingerprint(number: int, quality: int = 90) -> dict[str, object]:
    return {"kind": "pdq", "value": value(number), "quality": quality}


def opening(*numbers: int, **changes: object) -> dict[str, object]:
    return {"version": 1, "statement": ADULT, "fingerprints": [fingerprint(number) for number in numbers], **changes}


def code(response: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return response.status_code, response.json()["code"]


@dataclass
class Phone:
    """A person's device: knows its case key and nothing else."""

    web: httpx.Client
    secret: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": credentials(self.secret).authorization()}

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self.web.post(f"/api/v1/{path}", json=body, headers={**self.headers, **headers})

    def open(self, *numbers: int, **changes: object) -> CaseView:
        return self._view(self.post("case", opening(*numbers, **changes)))

    def add(self, *numbers: int) -> CaseView:
        return self._view(self.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(number) for number in numbers]}))

    def withdraw(self, fingerprint_id: str | None = None) -> CaseView:
        return self._view(self.post("case/withdraw", {"version": 1, "fingerprint_id": fingerprint_id}))

    def cancel(self, fingerprint_id: str | None = None) -> CaseView:
        return self._view(self.post("case/withdraw/cancel", {"version": 1, "fingerprint_id": fingerprint_id}))

    def set_delay(self, is_on: bool) -> CaseView:
        return self._view(self.post("case/delay", {"version": 1, "is_on": is_on}))

    def renew(self, **changes: object) -> CaseView:
        return self._view(self.post("case/renew", {"version": 1, **changes}))

    def show(self) -> CaseView:
        return self._view(self.web.get("/api/v1/case", headers=self.headers))

    @staticmethod
    def _view(response: httpx.Response) -> CaseView:
        assert response.status_code in {200, 201}, response.text
        return msgspec.json.decode(response.content, type=CaseView)


@dataclass
class PartnerClient:
    """A partner that keeps what it fetched, as the specification says."""

    web: httpx.Client
    key: str
    cursor: str | None = None
    entries: dict[str, FeedEntry] = field(default_factory=dict)

    @classmethod
    def add(cls, exchange: Context, web: httpx.Client, name: str, way: Way = Way.LIST) -> "PartnerClient":
        from stillmine.exchange.partners.actions import add_partner

        return cls(web, add_partner(exchange, name, way)[1])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def stopncii_headers(self) -> dict[str, str]:
        return {"x-functions-key": self.key, "Ocp-Apim-Subscription-Key": self.key}

    def fetch(self, cursor: str | None = None, limit: int | None = None) -> FeedPage:
        query = {name: value for name, value in (("cursor", cursor), ("limit", limit)) if value is not None}
        response = self.web.get("/api/v1/feed", params=query, headers=self.headers)
        assert response.status_code == 200, response.text
        return msgspec.json.decode(response.content, type=FeedPage)

    def sync(self, limit: int | None = None) -> None:
        """Fetch and keep everything new, page by page."""
        while True:
            page = self.fetch(self.cursor, limit)
            self.entries |= {entry.id: entry for entry in page.entries}
            self.cursor = page.cursor
            if not page.has_more:
                return

    def acknowledge(self, cursor: str | None = None) -> None:
        body = {"version": 1, "cursor": cursor or self.cursor}
        response = self.web.post("/api/v1/feed/acknowledgements", json=body, headers=self.headers)
        assert response.status_code == 204, response.text

    def active_values(self) -> list[str]:
        return sorted(entry.value for entry in self.entries.values() if entry.value is not None)

    def report(self, *feedback: dict[str, object]) -> dict[str, Any]:
        response = self.web.post("/api/v1/feedback", json={"version": 1, "feedback": feedback}, headers=self.headers)
        assert response.status_code == 200, response.text
        receipt: dict[str, Any] = response.json()
        return receipt

    def vote(self, *votes: dict[str, object]) -> dict[str, Any]:
        response = self.web.post("/api/v1/votes", json={"version": 1, "votes": votes}, headers=self.headers)
        assert response.status_code == 200, response.text
        receipt: dict[str, Any] = response.json()
        return receipt

    def fetch_hashes(self, start: int = 10, **query: str | int) -> dict[str, Any]:
        params: dict[str, str | int] = {"startTimestamp": start, "pageSize": 800, **query}
        response = self.web.get("/stopncii/v1/FetchHashes", params=params, headers=self.stopncii_headers)
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json()
        return page


def feedback_on(entry_id: str, number: int, outcome: str = "found", reason: str | None = None) -> dict[str, object]:
    return {"feedback_id": f"{number:032x}", "fingerprint_id": entry_id, "outcome": outcome, "reason": reason}


def vote_on(entry_id: str, number: int, vote: str = "agree", reason: str | None = None) -> dict[str, object]:
    return {"vote_id": f"{number:032x}", "fingerprint_id": entry_id, "vote": vote, "reason": reason}


def publish(exchange: Context) -> int:
    """Publish what the ledger holds back, as if its time had come; returns by how many leaves the log grew."""
    from stillmine.exchange.log.publishing import publish_due
    from stillmine.exchange.rows.log import LedgerHead

    LedgerHead.objects.update(next_at=None)
    return publish_due(exchange)


def ticking(exchange: Context, application: "WSGIApplication") -> "WSGIApplication":
    """The application with a tick before every page of the feed, so that a test need not wait; test_feed_ticks.py looks at waiting."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] in FEED_PATHS:
            tick(exchange)
        return application(environ, start_response)

    return answer


def suspend(exchange: Context, fingerprint_ids: Sequence[str], reason: SuspensionReason) -> list[str]:
    """Suspend active fingerprints; returns which."""
    from stillmine.exchange.protection import actions
    from stillmine.exchange.transaction.tx import tx

    with tx("test.suspend", exchange.clock) as transaction:
        return actions.suspend(exchange, transaction, fingerprint_ids, reason)


def restore(exchange: Context, fingerprint_ids: Sequence[str]) -> list[str]:
    """Match suspended fingerprints again; returns which."""
    from stillmine.exchange.protection import actions
    from stillmine.exchange.rows.intake import Decision
    from stillmine.exchange.transaction.tx import tx

    with tx("test.restore", exchange.clock) as transaction:
        return actions.restore(exchange, transaction, fingerprint_ids, Decision.RESTORED)


def tick(exchange: Context) -> None:
    """Show what waits, whatever the time."""
    from stillmine.exchange.protection.sequence import show_waiting
    from stillmine.exchange.rows.feed import Head
    from stillmine.exchange.transaction.tx import tx

    if Head.objects.get().waiting_since is not None:
        with tx("test.tick", exchange.clock) as transaction:
            show_waiting(exchange, transaction)


def numbers(shown: object) -> Iterator[int]:
    """Every count in an answer of the statistics; times are none."""
    if isinstance(shown, dict):
        for name, inner in shown.items():
            if name not in {"version", "minutes_to_decision", "minutes_to_confirmation"}:
                yield from numbers(inner)
    elif isinstance(shown, list):
        for inner in shown:
            yield from numbers(inner)
    elif isinstance(shown, int):
        yield shown


def empty_all_tables() -> None:
    """Delete every row but those that a migration made, which begin anew; foreign keys are looked at when it ends."""
    from django.apps import apps
    from django.db import transaction

    from stillmine.exchange.rows.feed import Head
    from stillmine.exchange.rows.keys import DayKey
    from stillmine.exchange.rows.log import LedgerHead

    with transaction.atomic():
        for model in apps.get_models():
            if model not in (Head, LedgerHead, DayKey):
                model._default_manager.all()._raw_delete("default")
        Head.objects.update(sequence=0, shown_sequence=0, waiting_since=None, changed_at="1970-01-01T00:00:00Z")
        LedgerHead.objects.update(size=0, hashes=b"", recorded=0, next_at=None)
        DayKey.objects.update(made_at=START_MINUTE)
