# SPDX-License-Identifier: Apache-2.0
"""What `stillmine partner doctor` prints: a line for each thing that was looked at, or JSON."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import typer

from stillmine.client import Exchange, ExchangeSettings
from stillmine.partner.commands.in_words import as_shown
from stillmine.partner.doctor.connection import connection_of
from stillmine.partner.doctor.findings import Finding
from stillmine.partner.doctor.report import report_of
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import utc_now


def look(
    home: Path, read_settings: Callable[[], ExchangeSettings], way: WayChoice, threads: int, *, needs_sandbox: bool, is_json: bool
) -> bool:
    """Look at everything and print it; return whether all is right."""
    connection = connection_of(read_settings, Exchange, way, utc_now)
    report = report_of(home.expanduser(), threads, connection, needs_sandbox=needs_sandbox)
    typer.echo(msgspec.json.encode(report).decode() if is_json else in_words(report.findings))
    return report.is_right


def in_words(findings: Sequence[Finding]) -> str:
    """Return a line for each."""
    return "\n".join(f"{one.level:5} {one.part:9} {as_shown(_coded(one))}" for one in findings)


def _coded(finding: Finding) -> str:
    return finding.words if finding.code is None else f"{finding.words} [{finding.code}]"
