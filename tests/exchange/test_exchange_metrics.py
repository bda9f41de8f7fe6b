# SPDX-License-Identifier: Apache-2.0
"""`GET /metrics` of an exchange, read by Prometheus' own parser: names of the spec and no other, nothing of a person or a partner."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.db import OperationalError
from prometheus_client.parser import text_string_to_metric_families

from stillmine.demo.processes import free_ports
from stillmine.exchange.running.counted import Counted
from stillmine.exchange.running.metrics_server import application
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import SuspensionReason
from tests import plain_http
from tests.child_processes import child_processes
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, suspend
from tests.exchange.served_exchange import COMMAND, PATIENCE_SECONDS, Operator, serving, wait_until

Read = dict[tuple[str, ...], float]


def read(text: str) -> Read:
    """Return each sample's value by its name without our prefix and the values of its labels."""
    families = text_string_to_metric_families(text)
    return {(one.name.removeprefix("stillmine_exchange_"), *one.labels.values()): one.value for each in families for one in each.samples}


def counted() -> Counted:
    from stillmine.exchange.running.upkeep import step_names

    return Counted(step_names())


def text_of(exchange: Context, counts: Counted | None = None) -> str:
    from stillmine.exchange.running.metrics import metrics_text

    return metrics_text(exchange, counts or counted())


def documented(root: Path) -> dict[str, tuple[str, set[str]]]:
    """Each name of the spec, its kind and its labels."""
    found: dict[str, tuple[str, set[str]]] = {}
    for line in (root / "spec/exchange-metrics.md").read_text().splitlines():
        if line.startswith("| counter") or line.startswith("| gauge"):
            kind = line.split()[1]
        elif line.startswith("| `"):
            names, labels, _ = (cell.strip() for cell in line.strip("|").split("|", 2))
            found |= {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name in re.findall(r"`(\w+)`", names)}
    return found


@pytest.fixture
def full(exchange: Context, indexed: None, partner: PartnerClient, phone: Phone, tmp_path: Path) -> Context:
    """An exchange of which everything can be said."""
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.running.upkeep import run_upkeep

    run_upkeep(exchange)
    phone.open(1, 2, 3)
    back_up(exchange, tmp_path / "backup")
    return exchange


def test_every_name_is_in_the_spec_and_no_other(full: Context, root: Path) -> None:
    families = list(text_string_to_metric_families(text_of(full)))
    wanted = documented(root)
    said = {}
    for family in families:
        name = family.name.removeprefix("stillmine_exchange_") + ("_total" if family.type == "counter" else "")
        said[name] = (family.type, {label for sample in family.samples for label in sample.labels})
    assert len(wanted) > 20
    assert said == wanted
    assert len({family.name for family in families}) == len(families)


def test_numbers_of_persons_come_in_tens_and_nothing_has_a_name(
    full: Context, partner: PartnerClient, phone: Phone, web: httpx.Client
) -> None:
    assert read(text_of(full))["open_cases",] == 0, "one case"
    for number in range(11):
        Phone(web, secret=f"secret {number:03}".encode()).open(100 + number)
    text = text_of(full)
    found = read(text)
    assert found["open_cases",] == 10, "twelve"
    assert (found["fingerprints", "active"], found["fingerprints", "suspended"]) == (10, 0)
    assert (found["partners", "list"] + found["partners", "ask"], found["partners_late",]) == (1, 0)
    for word in ("Example Social", phone.show().fingerprints[0].id, str(full.home)):
        assert word not in text


def test_what_waits_is_said_by_age_alone(full: Context, phone: Phone, clock: Clock) -> None:
    assert read(text_of(full))["quarantine_oldest_seconds",] == 0
    suspend(full, [phone.show().fingerprints[0].id], SuspensionReason.OPERATOR)
    clock.forward(minutes=40)
    found = read(text_of(full))
    assert 39 * 60 <= found["quarantine_oldest_seconds",] <= 41 * 60
    assert found["flags_oldest_seconds",] == 0
    assert found["upkeep_age_seconds",] >= 40 * 60
    assert found["part_is_ok", "upkeep"] == 0
    assert found["part_is_wrong", "upkeep"] == 1
    assert found["part_is_ok", "database"] == 1


def test_an_old_backup(full: Context) -> None:
    from stillmine.exchange.rows.backups import BackupFolder

    assert read(text_of(full))["part_is_wrong", "backup"] == 0
    BackupFolder.objects.update(backed_up_at=full.clock() - timedelta(days=8))
    found = read(text_of(full))
    assert (found["part_is_wrong", "backup"], found["backup_age_seconds",]) == (1, 8 * 86400)
    BackupFolder.objects.update(backed_up_at=None)
    assert ("backup_age_seconds",) not in read(text_of(full))


def test_a_database_that_is_down_leaves_the_rest(full: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr("stillmine.exchange.health.parts.MigrationRecorder.applied_migrations", fails)
        found = read(text_of(full))
    assert found["part_is_ok", "database"] == 0
    assert ("open_cases",) not in found
    monkeypatch.setattr("stillmine.exchange.running.metrics.last_backup", fails)
    found = read(text_of(full))
    assert found["part_is_ok", "database"] == 1, "it goes meanwhile"
    assert ("open_cases",) not in found


def test_a_step_that_fails_is_counted(full: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    def fails(*_: object) -> int:
        raise OperationalError

    counts = counted()
    run_upkeep(full, tell=counts.step_failed)
    assert {value for (name, *_), value in read(text_of(full, counts)).items() if name.endswith("_total")} == {0}
    monkeypatch.setitem(run_upkeep.__globals__["_STEPS_BY_ANY_CLOCK"], "old counts deleted", fails)
    run_upkeep(full, tell=counts.step_failed)
    found = read(text_of(full, counts))
    assert found["upkeep_failures_total", "old_counts_deleted"] == 1
    assert sum(value for (name, *_), value in found.items() if name == "upkeep_failures_total") == 1


def test_an_answer_that_hangs_is_503_and_one_thread_waits() -> None:
    """The second does not start while the first hangs."""
    go_on, begun = threading.Event(), []

    def hangs() -> str:
        begun.append(1)
        go_on.wait(PATIENCE_SECONDS)
        return ""

    async def ask() -> list[int]:
        with ThreadPoolExecutor(1) as one:
            transport = httpx.ASGITransport(application(hangs, one, 0.05))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                found = [(await client.get("/metrics")).status_code for _ in range(2)]
                go_on.set()
                return [*found, (await client.get("/other")).status_code, (await client.post("/metrics")).status_code]

    assert asyncio.run(ask()) == [503, 503, 404, 404]
    assert len(begun) == 1


def test_an_answer_that_can_not_be_made_is_said_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> str:
        raise ValueError("a secret")

    async def ask() -> httpx.Response:
        with ThreadPoolExecutor(1) as one:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(application(fails, one)), base_url="http://127.0.0.1") as client:
                return await client.get("/metrics")

    answer = asyncio.run(ask())
    assert (answer.status_code, "a secret" in answer.text + caplog.text) == (500, False)


# Served


def test_it_is_served_on_its_own_port_alone(migrated_operator: Operator, portal_folder: Path, tmp_path: Path) -> None:
    (port,) = free_ports(0)
    url = f"http://127.0.0.1:{port}/metrics"
    with serving(migrated_operator, portal_folder, tmp_path / "log", "--metrics-port", str(port)) as (own, process, log):
        wait_until(lambda: read(plain_http.get(url, timeout=60).text).get(("part_is_ok", "index")) == 1)
        answer = plain_http.get(url, timeout=60)
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        found = read(answer.text)
        assert {value for (name, *_), value in found.items() if name == "part_is_ok"} == {1}, log.read_text()
        assert plain_http.get(f"{own}/metrics", timeout=60).status_code == 404
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: lost(url) == (1, 1))
    assert "metrics_port" in (migrated_operator.home / "exchange.toml").read_text()
    assert process.returncode == 0, log.read_text()


def lost(url: str) -> tuple[float, float]:
    found = read(plain_http.get(url, timeout=60).text)
    return found["workers_lost_total",], found["index_lost_total",]


def children_of(process: int) -> list[int]:
    """The worker and the index; what looks after their names is no child that counts."""
    return [number for number, line in child_processes(process).items() if "spawn_main" in line]


def test_a_port_in_use_is_said_with_its_option(migrated_operator: Operator, portal_folder: Path) -> None:
    metrics, own = free_ports(0, 0)
    with socket.create_server(("127.0.0.1", metrics)):
        command = [*COMMAND, "serve", "--home", str(migrated_operator.home), "--port", str(own), "--metrics-port", str(metrics)]
        done = subprocess.run(
            command, env=migrated_operator.environment, capture_output=True, timeout=PATIENCE_SECONDS, check=False, text=True
        )
    assert done.returncode == 2
    assert "--metrics-port: can't be used (another program listens there" in done.stderr
