# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange alerts …`: what is wrong since when, who was told; take care of it; try every target."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from stillmine.exchange.commands.command_line import Home
from stillmine.exchange.commands.health import require_home
from stillmine.exchange.settings.config import read_config
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure
from stillmine.wire.errors import NotConfiguredError

alerts_app = typer.Typer(no_args_is_help=True, help="What the exchange tells people by itself when something is wrong.")


@alerts_app.command("list")
def list_(home: Home = None) -> None:
    """List what is wrong, since when, and whether somebody takes care of it. Needs no database."""
    exchange = _prepare(home)
    from stillmine.exchange.health.alert_state import read_state
    from stillmine.exchange.health.findings import span

    state, now = read_state(exchange.home), exchange.clock().timestamp()
    for alert in sorted(state.alerts.values(), key=lambda alert: (not alert.is_urgent, alert.since)):
        told = "nobody was told yet" if not alert.told else f"told: {', '.join(alert.told)}"
        cared = "" if alert.acknowledged_at is None else ", somebody takes care of it"
        since = span(timedelta(seconds=max(0.0, now - alert.since)))
        typer.echo(f"{alert.part:13} {'urgent' if alert.is_urgent else '':7} for {since}; {told}{cared}")
    if not state.alerts:
        typer.echo("Nothing is wrong, as far as was looked.")
    for target, failing in state.failing.items():
        typer.echo(f"{target} takes nothing since {datetime.fromtimestamp(failing.since, UTC):%Y-%m-%d %H:%M} UTC: {failing.why}", err=True)


@alerts_app.command("ack")
def acknowledge(
    part: Annotated[list[str] | None, typer.Argument(help="What you take care of, as `alerts list` names it (default: all).")] = None,
    home: Home = None,
) -> None:
    """Say that you take care of it: nobody else is told of it any more, until it is over."""
    exchange = _prepare(home)
    from stillmine.exchange.health.alert_state import acknowledge as take_care
    from stillmine.exchange.health.alert_state import read_state

    unknown = [name for name in part or [] if name not in read_state(exchange.home).alerts]
    if unknown:
        raise NotConfiguredError(f"no alert is about {', '.join(unknown)}; `stillmine exchange alerts list` names what there is")
    chosen = take_care(exchange, part or [])
    typer.echo(f"You take care of: {', '.join(chosen)}." if chosen else "Nothing is wrong, as far as was looked.")


@alerts_app.command("test")
def try_targets(home: Home = None) -> None:
    """Send a test to every target, and say of each whether it was taken. Exit code 1 if one was not."""
    exchange = _prepare(home)
    from stillmine.exchange.alerts.sending import sender
    from stillmine.exchange.alerts.telling import letters_of_a_test

    if not exchange.alerts.is_on:
        raise NotConfiguredError("nobody is named: add [alerts] to exchange.toml (docs/operators.md, “It tells you”)")
    send, is_all = sender(exchange), True
    for letter in letters_of_a_test(exchange.alerts, exchange.clock().timestamp(), lambda: exchange.random_bytes(16).hex()):
        why = send(letter)
        is_all = is_all and why is None
        typer.echo(f"{letter.target}: {'taken' if why is None else f'NOT taken ({why})'}")
    if not is_all:
        raise typer.Exit(1)


def _prepare(home: Home) -> Context:
    """Prepare for a command that works while the database does not."""
    import os
    from dataclasses import replace

    config = read_config(os.environ, home)
    require_home(config)
    return configure(replace(config, is_reading=True))
