# SPDX-License-Identifier: Apache-2.0
"""Put all that is looked at together."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from stillmine.partner.doctor.connection import Connection
from stillmine.partner.doctor.findings import Finding, is_right
from stillmine.partner.doctor.home import of_home
from stillmine.partner.doctor.machine import free_memory, of_decoders, of_files, of_memory, of_versions, of_worker
from stillmine.wire.ask import IndexState


class Report(msgspec.Struct, frozen=True):
    """What `partner doctor --json` prints; what could not be learned is null, and the address is empty where it was wrong."""

    exchange: str
    is_right: bool
    findings: list[Finding]
    scopes: list[str] | None = None
    index: IndexState | None = None
    queries_today: int | None = None
    queries_a_day: int | None = None
    clock_difference_seconds: float | None = None


def report_of(home: Path, threads: int, connection: Connection, further: Sequence[Finding] = (), *, needs_sandbox: bool = False) -> Report:
    """Look at this machine and the home folder; the connection was looked at before, and what is `further`: other sources."""
    findings = [*_of_this_machine(home, threads, needs_sandbox), *connection.findings, *further]
    return Report(
        connection.exchange,
        is_right=is_right(findings),
        findings=findings,
        scopes=connection.scopes,
        index=connection.index,
        queries_today=connection.queries_today,
        queries_a_day=connection.queries_a_day,
        clock_difference_seconds=connection.clock_difference_seconds,
    )


def _of_this_machine(home: Path, threads: int, needs_sandbox: bool) -> Iterator[Finding]:
    yield of_versions()
    yield from of_decoders()
    yield from of_worker(needs_sandbox)
    yield of_memory(threads, free_memory())
    yield of_files()
    yield from of_home(home)
