# SPDX-License-Identifier: Apache-2.0
"""Liveness and readiness: one word for each part, and nothing of what is inside."""

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.db import OperationalError

from stillmine.exchange.ask.protocol import ServiceStatus
from stillmine.exchange.transaction.context import Context
from tests import plain_http
from tests.exchange.exchange_parts import Clock, Phone
from tests.exchange.served_exchange import Operator

PARTS = {"database", "migrations", "upkeep", "clock", "index", "disk", "erasing", "ledger", "feed", "keys"}


@pytest.fixture
def ready(exchange: Context, monkeypatch: pytest.MonkeyPatch) -> Context:
    """An exchange in which all is well."""
    from stillmine.exchange.running.upkeep import run_upkeep

    run_upkeep(exchange)
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: ServiceStatus(0, 0.1))
    return exchange


def parts(web: httpx.Client) -> dict[str, str]:
    """The parts that are not well."""
    answer = web.get("/readyz")
    said = answer.json()
    assert set(said["parts"]) == PARTS
    wrong = {part: word for part, word in said["parts"].items() if word != "ok"}
    assert answer.status_code == (503 if wrong else 200)
    assert said["is_ready"] is not bool(wrong)
    assert ("Retry-After" in answer.headers) is bool(wrong)
    assert answer.headers["Cache-Control"] == "no-store"
    return wrong


def test_all_is_well_under_any_host_name(ready: Context, web: httpx.Client, phone: Phone) -> None:
    phone.open(1)
    assert parts(web) == {}
    for host in ("10.0.0.7:8080", "exchange.example", ""):
        assert web.get("/readyz", headers={"Host": host}).status_code == 200
        assert web.get("/livez", headers={"Host": host}).text == "alive\n"
    assert web.get("/api/v1/statistics", headers={"Host": "10.0.0.7"}).status_code == 400


@pytest.mark.parametrize("behind", [None, 31.0])
def test_an_index_that_is_behind_or_away(ready: Context, web: httpx.Client, monkeypatch: pytest.MonkeyPatch, behind: float | None) -> None:
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: ServiceStatus(0, behind))
    assert parts(web) == {"index": "loading"}
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: None)
    assert parts(web) == {"index": "loading"}


def test_a_database_that_is_down_leaves_the_process_alive(ready: Context, web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("stillmine.exchange.health.parts.MigrationRecorder.applied_migrations", fails)
    unknown = ("migrations", "upkeep", "clock", "erasing", "ledger", "feed", "keys")
    assert parts(web) == {"database": "down", **dict.fromkeys(unknown, "unknown")}
    assert web.get("/livez").status_code == 200


def test_upkeep_that_does_not_run(ready: Context, web: httpx.Client, clock: Clock) -> None:
    from stillmine.exchange.rows.clock import ClockState

    clock.forward(minutes=6)
    assert parts(web) == {"upkeep": "late"}
    ClockState.objects.all().delete()
    assert parts(web) == {"upkeep": "never", "clock": "unknown"}


def test_a_tick_and_a_publication_that_nobody_makes(ready: Context, web: httpx.Client, phone: Phone, clock: Clock) -> None:
    """Upkeep runs, and each time fails at these: its other steps are in order."""
    from stillmine.exchange.clock.actions import look_at_clock

    def minutes_later(minutes: int) -> dict[str, str]:
        clock.forward(minutes=minutes)
        look_at_clock(ready)
        return parts(web)

    phone.open(1)
    assert minutes_later(4) == {}, "the tick is late by less than five minutes"
    assert minutes_later(2) == {"feed": "late"}
    assert minutes_later(4 * 60 - 10) == {"feed": "late"}, "18:01"
    assert minutes_later(5) == {"feed": "late", "ledger": "late"}


def test_keys_of_the_day_that_are_gone(ready: Context, web: httpx.Client, phone: Phone) -> None:
    from stillmine.exchange.rows.keys import DayKey

    phone.open(1)
    file, away = ready.home / "day.keys", ready.home / "away"
    file.rename(away)
    try:
        assert parts(web) == {"keys": "missing"}
    finally:
        away.rename(file)
    assert parts(web) == {}
    other = DayKey.objects.create(id="0" * 8, sequence=10**6, made_at=ready.clock())
    assert parts(web) == {"keys": "missing"}, "the file of another day, or of another exchange"
    other.delete()


def test_a_clock_that_jumped(ready: Context, web: httpx.Client, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    before = ready.uptime()
    clock.forward(days=800)
    run_upkeep(replace(ready, uptime=lambda: before))
    assert parts(web) == {"clock": "doubted"}


def test_migrations_that_are_missing_or_unknown(ready: Context, web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.health.parts import known_migrations

    known = known_migrations()
    monkeypatch.setattr("stillmine.exchange.health.parts.known_migrations", lambda: known | {("rows", "9999_later")})
    assert parts(web)["migrations"] == "missing"
    monkeypatch.setattr("stillmine.exchange.health.parts.known_migrations", lambda: frozenset(sorted(known)[1:]))
    assert parts(web) == {"migrations": "newer"}


def test_a_machine_that_has_a_copy_of_the_day_keys_is_not_ready_once_the_day_has_turned(
    ready: Context, web: httpx.Client, phone: Phone, clock: Clock
) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    path = ready.home / "day.keys"
    copied = path.read_bytes()
    clock.forward(days=1)
    run_upkeep(ready)
    clock.forward(minutes=1)
    run_upkeep(ready)
    assert parts(web) == {}
    current = path.read_bytes()
    path.write_bytes(copied)  # what the other machine's home holds, which served well until now
    try:
        assert parts(web) == {"keys": "missing"}
        path.unlink()
        assert parts(web) == {"keys": "missing"}
    finally:
        path.write_bytes(current)
        path.chmod(0o600)
    assert parts(web) == {}


def test_a_disk_that_is_full(ready: Context, web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.ground import reserve

    (ready.home / reserve.RESERVE_FILE).write_bytes(b"")
    assert parts(web) == {"disk": "full"}
    (ready.home / reserve.RESERVE_FILE).unlink()
    monkeypatch.setattr(reserve, "free_bytes", lambda _: 64 * 1024)
    assert parts(web) == {"disk": "full"}


def test_an_exchange_that_is_served_becomes_ready(operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path]) -> None:
    url, _, log = served
    for _ in range(600):
        answer = plain_http.get(f"{url}/readyz", timeout=60)
        if answer.status_code == 200:
            break
        time.sleep(0.1)
    assert answer.json() == {"is_ready": True, "parts": dict.fromkeys(PARTS, "ok")}, log.read_text()
    assert (operator.home / "storage.reserve").stat().st_size == 16 * 1024 * 1024
