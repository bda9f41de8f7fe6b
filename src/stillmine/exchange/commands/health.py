# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange doctor`: how the exchange is, a line for each part. Changes nothing, whether the exchange is served or not."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from stillmine.exchange.commands.command_line import AsJson, Home
from stillmine.exchange.ground.secret import SECRET_FILE
from stillmine.exchange.settings.address import read_address
from stillmine.exchange.settings.config import ExchangeConfig, read_config
from stillmine.exchange.settings.file import SETTINGS_FILE
from stillmine.exchange.web.app import configure
from stillmine.wire.errors import NotConfiguredError

if TYPE_CHECKING:
    from stillmine.exchange.health.findings import Finding


def doctor(
    home: Home = None,
    address: Annotated[
        str | None, typer.Option(help="The public address, https://name: look at its certificate too (default: `public_address`).")
    ] = None,
    is_quick: Annotated[bool, typer.Option("--quick", help="Leave out what takes long to look at: certificate and portal.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how each part is and what to do about it, changing nothing; exit code 1 if something is wrong, 0 if there are only warnings."""
    config = read_config(os.environ, home)
    public = config.public_address if address is None else read_address(address, "--address")
    require_home(config)
    exchange = configure(replace(config, is_reading=True))
    from stillmine.exchange.health.report import report_of

    found = report_of(exchange, public, is_quick=is_quick)
    typer.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_line(finding) for finding in found.findings))
    if not found.is_well:
        raise typer.Exit(1)


def require_home(config: ExchangeConfig) -> None:
    """Raise NotConfiguredError where nothing was ever here: looking must not make a home."""
    if not any((config.home / name).exists() for name in (SECRET_FILE, SETTINGS_FILE)):
        raise NotConfiguredError(
            f"{config.home} is no exchange’s home. Name the right one with --home, or start one: stillmine exchange serve"
        )


def _line(finding: "Finding") -> str:
    return f"{finding.level:8} {finding.part:13} {finding.words}"


def add_commands(app: typer.Typer) -> None:
    """Put it beside the other commands."""
    app.command()(doctor)
