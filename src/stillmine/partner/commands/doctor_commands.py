# SPDX-License-Identifier: Apache-2.0
"""What `stillmine partner doctor` prints: a line for each thing that was looked at, or JSON."""

from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path

import msgspec
import typer

from stillmine.client import Exchange
from stillmine.partner.commands.in_words import as_shown
from stillmine.partner.doctor.connection import connection_of, not_configured
from stillmine.partner.doctor.findings import Finding, warned
from stillmine.partner.doctor.report import report_of
from stillmine.partner.service.app import utc_now
from stillmine.partner.service.further_sources import SOURCES_FOLDER
from stillmine.partner.sources.bank_store import FILE_NAME
from stillmine.partner.sources.chosen import Chosen
from stillmine.partner.sources.file import SourceChoice, SourceType
from stillmine.wire.errors import NotConfiguredError


def look(home: Path, choose: Callable[[], Chosen], threads: int, *, needs_sandbox: bool, is_json: bool) -> bool:
    """Look at everything and print it; return whether all is right. `choose` reads the settings."""
    further: list[Finding] = []
    try:
        chosen = choose()
    except NotConfiguredError as error:
        connection = not_configured(error)
    else:
        connection = connection_of(chosen.settings, Exchange, chosen.way, utc_now)
        further = [finding for source in chosen.further for finding in _of_source(source)]
        further += _of_unnamed_banks(home.expanduser(), {source.policy.name for source in chosen.further})
    report = report_of(home.expanduser(), threads, connection, further, needs_sandbox=needs_sandbox)
    typer.echo(msgspec.json.encode(report).decode() if is_json else in_words(report.findings))
    return report.is_right


def _of_source(source: SourceChoice) -> Iterator[Finding]:
    """Look at a source beside the exchange; StopNCII v1 has no call that only looks, and a bank is in the home folder."""
    name = source.policy.name
    if source.exchange is not None:
        found = connection_of(source.exchange, Exchange, source.way, utc_now).findings
        yield from (msgspec.structs.replace(finding, source=name) for finding in found)
    elif source.type is SourceType.STOPNCII:
        yield Finding("exchange", "not looked at, since each of its calls fetches: GET /health says how it is", source=name)


def _of_unnamed_banks(home: Path, named: Set[str]) -> Iterator[Finding]:
    """Name banks that hold fingerprints and are not looked up, as after a slip in a name."""
    for file in sorted((home / SOURCES_FOLDER).glob(f"*/{FILE_NAME}")):
        name = file.parent.name
        if name not in named:
            yield warned(
                "bank", f"{name}: not looked up, since no source in --config has this name; name it there, or delete {file.parent}"
            )


def in_words(findings: Sequence[Finding]) -> str:
    """Return a line for each."""
    return "\n".join(f"{one.level:5} {one.part:9} {as_shown(_coded(one))}" for one in findings)


def _coded(finding: Finding) -> str:
    words = finding.words if finding.source is None else f"{finding.source}: {finding.words}"
    words = words.replace("\n", " / ")  # of a file of sources all that is wrong is said, a line for each
    return words if finding.code is None else f"{words} [{finding.code}]"
