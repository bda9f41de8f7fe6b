# SPDX-License-Identifier: Apache-2.0
"""What `partner.py` measures, as real processes: a stocked exchange, a partner that asks and one with the list, a service of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from exchange_stocked import stocked, waited
from processes import Running, running

from stillmine.wire import codec
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.screen import ScreenOutcome, ScreenResult

LONGEST_ANSWER_BYTES = 1024 * 1024

Fault = str | None


@dataclass(frozen=True)
class Target:
    """Where photographs are sent, in which form, and what its answer says went wrong."""

    name: str
    url: str
    path: str
    headers: dict[str, str]
    body: Callable[[bytes], bytes]
    """Of a photograph."""
    fault: Callable[[int, bytes], Fault]
    """Of an answer's status and body; a photograph is expected to match nothing."""
    served: Running | None = None
    """Its processes."""
    ready_seconds: float = 0
    """From the start of the process, with an empty home, until it says that it is fresh."""


@dataclass(frozen=True)
class Exchange:
    """The exchange as the partner that asks sees it."""

    served: Running
    key: str

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self.served.url

    def status(self) -> ExchangeStatus | None:
        """Return what it says of itself, None while nobody listens."""
        try:
            answer = httpx.get(f"{self.url}/api/v1/status", headers={"Authorization": f"Bearer {self.key}"})
        except httpx.TransportError:
            return None
        return codec.decode(answer.raise_for_status().content, ExchangeStatus)

    def is_ready(self) -> bool:
        """Whether asks are answered."""
        status = self.status()
        return status is not None and status.index is IndexState.READY

    def queries_today(self) -> int:
        """Return how many queries were counted."""
        status = self.status()
        assert status is not None
        return status.queries_today


@dataclass(frozen=True)
class Services:
    """Everything that runs."""

    exchange: Exchange
    targets: list[Target]
    list_key: str
    values: bytes
    """That the exchange holds, 32 bytes each."""


@contextmanager
def started(folder: Path, fingerprints: int, workers: int, ways: list[str]) -> Iterator[Services]:
    """Start everything and wait until it is ready; `ways` names the services that are wanted."""
    home = folder / "exchange"
    context, list_key, values = stocked(home, fingerprints)
    from stillmine.exchange.partners.actions import MAXIMUM_DAILY_QUOTA as QUOTA
    from stillmine.exchange.partners.actions import add_partner, set_partner

    keys = {"list": list_key, "ask": add_partner(context, "Example Forum")[1]}
    set_partner(context, "Example Forum", daily_quota=QUOTA)
    with ExitStack() as stack:
        command = ("exchange", "serve", "--home", str(home), "--workers", str(workers))
        exchange = Exchange(stack.enter_context(running(*command)), keys["ask"])
        _wait(exchange.served, exchange.is_ready)
        targets = [stack.enter_context(running_service(folder, way, exchange.url, keys[way.partition("-")[0]])) for way in ways]
        yield Services(exchange, targets, list_key, values)


@contextmanager
def searchable(folder: Path, kept: Path | None, fingerprints: int) -> Iterator[float]:
    """Give the seconds that an empty service with the list takes to search so many fingerprints; `kept` is where their exchange is, or
    is made."""
    home = kept or folder / f"exchange-{fingerprints}"
    key_file = home.with_name(f"{home.name}.key")
    if not key_file.exists():
        _, key, _ = stocked(home, fingerprints)
        key_file.write_text(key)
    key = key_file.read_text()
    with running("exchange", "serve", "--home", str(home)) as served:
        exchange = Exchange(served, key)
        _wait(served, exchange.is_ready)
        with running_service(folder, "list", exchange.url, key, "of-many") as target:
            yield target.ready_seconds


@contextmanager
def running_service(folder: Path, way: str, exchange: str, key: str, name: str | None = None, *options: str) -> Iterator[Target]:
    """Start the service of a partner that asks or has the list; `ask-small`, `list-all` and so on ask about regions too."""
    name = name or way
    key_file, home = folder / f"{name}.key", folder / name
    key_file.touch(mode=0o600)
    key_file.write_text(key)
    regions = ("--regions", way.partition("-")[2] or "off")
    command = ("partner", "serve", "--home", str(home), "--exchange", exchange, "--key-file", str(key_file), *regions, *options)
    start = time.perf_counter()
    with running(*command) as served:
        _wait(served, lambda: _is_fresh(served.url))
        seconds = time.perf_counter() - start
        headers = {"Authorization": f"Bearer {(home / 'service.key').read_text().strip()}", "Content-Type": "image/jpeg"}
        yield Target(name, served.url, "/screen", headers, lambda photograph: photograph, screen_fault, served, seconds)


@contextmanager
def two_instances(folder: Path, exchange: str, key: str, *options: str) -> Iterator[tuple[Target, Target]]:
    """Start a leader with the list and one that follows it, without regions; each as `running_service` starts one."""
    shared = folder / "instances.key"
    with ExitStack() as stack:
        leads = ("list", exchange, key, "list-leads", *options, "--instances-key-file", str(shared))
        leader = stack.enter_context(running_service(folder, *leads))
        home = folder / "list-follows"
        named = ("--home", str(home), "--exchange", exchange, "--key-file", str(folder / "list-leads.key"), "--regions", "off", *options)
        served = stack.enter_context(running("partner", "serve", *named, "--follow", leader.url, "--follow-key-file", str(shared)))
        _wait(served, lambda: _is_ready(served.url))
        yield leader, replace(leader, name="list-follows", url=served.url, served=served)


def _wait(served: Running, claim: Callable[[], bool]) -> None:
    def is_so() -> bool:
        served.require_running()
        return claim()

    waited(is_so)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _is_fresh(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False


def screen_fault(status: int, data: bytes) -> Fault:
    """Return what is wrong with an answer of our service."""
    if status != 200:
        return f"HTTP {status}"
    result = codec.decode(data, ScreenResult, LONGEST_ANSWER_BYTES)
    return None if result.outcome is ScreenOutcome.NO_MATCH else (result.reason or result.outcome)
