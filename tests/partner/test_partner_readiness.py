# SPDX-License-Identifier: Apache-2.0
"""Liveness and readiness of a partner's service: a word for each part, whatever store and exchange do."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.store.store import Store
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import running


def test_ready_once_it_has_synced_and_alive_before(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    with running(build_service(home, SETTINGS, sync_every_seconds=0.2, threads=1, surroundings=surroundings)) as client:
        for _ in range(10_000):
            if client.get("/health").status_code == 200:
                break
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"is_ready": True, "parts": {"store": "ok", "sync": "ok", "disk": "ok"}})
        assert answer.headers["Cache-Control"] == "no-store"

        def fails(_: Store) -> None:
            raise sqlite3.OperationalError

        monkeypatch.setattr(Store, "counts", fails)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (
            503,
            {"is_ready": False, "parts": {"store": "down", "sync": "unknown", "disk": "ok"}},
        )
        assert answer.headers["Retry-After"] == "10"
        assert client.get("/livez").text == "alive\n"


def test_an_exchange_that_never_answered(home: Path, clock: Clock) -> None:
    def refuses(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=httpx.MockTransport(refuses))
    with running(build_service(home, SETTINGS, sync_every_seconds=60, threads=1, surroundings=surroundings)) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["parts"]) == (503, {"store": "ok", "way": "unknown", "disk": "ok"})
        assert client.get("/livez").status_code == 200


def test_a_sync_that_is_late_and_a_disk_that_is_full(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    with running(build_service(home, SETTINGS, sync_every_seconds=3600, threads=1, surroundings=surroundings)) as client:
        for _ in range(10_000):
            if client.get("/health").status_code == 200:
                break
        clock.now += timedelta(seconds=121)
        assert client.get("/readyz").json()["parts"] == {"store": "ok", "sync": "late", "disk": "ok"}
        monkeypatch.setattr("stillmine.partner.service.standing.READY_FROM_BYTES", 1 << 62)
        assert client.get("/readyz").json()["parts"]["disk"] == "full"


@pytest.mark.parametrize(
    ("choice", "said"), [(WayChoice.BOTH, "in the way: both"), (WayChoice.AUTO, "in the way: not known yet, the exchange is being asked")]
)
def test_the_way_is_in_the_log_from_the_start(
    home: Path, clock: Clock, caplog: pytest.LogCaptureFixture, choice: WayChoice, said: str
) -> None:
    def refuses(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    caplog.set_level("INFO", "stillmine.partner")
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=httpx.MockTransport(refuses))
    with running(build_service(home, SETTINGS, sync_every_seconds=60, threads=1, surroundings=surroundings, choice=choice)):
        assert sum(said in line for line in caplog.messages) == 1
