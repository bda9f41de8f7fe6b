# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange …`: what an operator types.

Django is prepared inside each command, so that `--help` works anywhere.
"""

import json
import os
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from stillmine.exchange.commands.alerts import alerts_app
from stillmine.exchange.commands.backups import add_commands as add_backup_commands
from stillmine.exchange.commands.command_line import AsJson, Commands, Home, noted, prepare, read_span
from stillmine.exchange.commands.console import app as operator_app
from stillmine.exchange.commands.flags import flag_app
from stillmine.exchange.commands.health import add_commands as add_health_commands
from stillmine.exchange.commands.health import require_home
from stillmine.exchange.commands.intake import attack_app, bank_app, quarantine_app
from stillmine.exchange.commands.keys import keys_app
from stillmine.exchange.commands.partners import app as partner_app
from stillmine.exchange.commands.receipts import receipt_app
from stillmine.exchange.database.migrate import migrate as migrate_database
from stillmine.exchange.database.migrate import require_known
from stillmine.exchange.ground.database_address import DATABASE_VARIABLE
from stillmine.exchange.settings.config import ExchangeConfig, Options, read_config
from stillmine.exchange.settings.file import keep_settings
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure
from stillmine.wire.errors import NotConfiguredError

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help=f"Run an exchange. The database is what exchange.toml in the home folder says, else {DATABASE_VARIABLE}, else SQLite there.",
)
app.add_typer(partner_app, name="partner")
app.add_typer(keys_app, name="keys")
add_backup_commands(app)
add_health_commands(app)
app.add_typer(alerts_app, name="alerts")
app.add_typer(operator_app, name="operator")
app.add_typer(bank_app, name="bank")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(flag_app, name="flag")
app.add_typer(attack_app, name="under-attack")
app.add_typer(receipt_app, name="receipt")


@app.command()
def serve(  # noqa: PLR0917 (options, all named)
    home: Home = None,
    listen: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: 8080.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes (default: 1).")] = None,
    host_name: Annotated[list[str] | None, typer.Option(help="Host name that people use; repeatable. localhost always works.")] = None,
    trusted_proxies: Annotated[int | None, typer.Option(min=0, max=5, help="Hops of X-Forwarded-For to trust (default: 0).")] = None,
    portal: Annotated[Path | None, typer.Option(help="Folder of the built portal (default: the one that came with this program).")] = None,
    console: Annotated[
        bool | None, typer.Option("--console/--no-console", help="Serve the console for operators at /console/ (default: off).")
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer GET /metrics on this port of 127.0.0.1 (default: 0, off).")
    ] = None,
) -> None:
    """Bring the database up to date, then answer portal and partners until stopped.

    The first start writes what it used into `exchange.toml` in the home folder; later starts need no options.
    """
    from stillmine.exchange.running.serve import serve as run

    options = Options(tuple(host_name) if host_name else None, trusted_proxies, portal, console, listen, port, workers, metrics_port)
    run(read_config(os.environ, home, options))


@app.command()
def migrate(
    home: Home = None,
    is_planned: Annotated[
        bool, typer.Option("--plan", help="Change nothing: say what would be done, and about how long it takes.")
    ] = False,
) -> None:
    """Bring the database up to date; `serve` does this too."""
    config = read_config(os.environ, home)
    if is_planned:
        _say_plan(config)
        return
    exchange = configure(config)
    migrate_database(exchange, lambda name, number, of: typer.echo(f"{number} of {of}: {name}"))
    keep_settings(config.home, config.database_url, {}, exchange.random_bytes)
    typer.echo("The database is up to date.")


def _say_plan(config: ExchangeConfig) -> None:
    require_home(config)
    configure(replace(config, is_reading=True))
    from stillmine.exchange.database.plan import plan

    require_known()
    steps = plan()
    for step in steps:
        rows = ", ".join(f"{table}: {count} row(s)" for table, count in step.rows.items()) or "no rows"
        typer.echo(f"{step.name}  {rows}{'; has steps of its own, whose time is not known' if step.has_code else ''}")
    if not steps:
        typer.echo("Nothing is to be applied: the database is up to date.")
        return
    seconds = sum(step.seconds for step in steps)
    typer.echo(f"{len(steps)} change(s), about {max(1, round(seconds))} s, by how fast this machine just read rows of these tables.")
    typer.echo("Make a backup first, stop `serve`, and keep as much space free as the database has. Nothing was changed.")


@app.command()
def expire(
    home: Home = None,
    confirm_clock: Annotated[
        bool, typer.Option("--confirm-clock", help="This machine's clock is right: end all cases that are due by it, however many.")
    ] = False,
    undo: Annotated[
        str | None, typer.Option(help="Only restore the cases that expired in this time and are not erased, such as 72h.")
    ] = None,
) -> None:
    """Do what `serve` does every minute: end cases whose term is over, delete old counts and values; exit code 1 if a step failed."""
    if confirm_clock and undo is not None:
        raise NotConfiguredError("--undo and --confirm-clock are two commands: undo first, then confirm the clock that is right")
    exchange = prepare(home)
    if undo is not None:
        _undo(exchange, read_span(undo))
        return
    from stillmine.exchange.running.upkeep import run_upkeep

    typer.echo(f"This machine's clock says {exchange.clock():%Y-%m-%d %H:%M} UTC.")
    failed: list[str] = []
    with noted(exchange, "clock_confirmed") if confirm_clock else nullcontext():
        done = run_upkeep(exchange, is_clock_confirmed=confirm_clock, tell=lambda step, why: failed.append(f"{step}: {why}"))
    for what, rows in done.items():
        typer.echo(f"{what}: {rows}")
    if "cases expired" not in done:
        typer.echo("No case ended: the clock is not trusted right now, or it failed. See docs/operators.md, “The clock”.")
    for step in failed:
        typer.echo(f"Failed: {step}", err=True)
    if failed:
        raise typer.Exit(1)


def _undo(exchange: Context, ended_within: timedelta) -> None:
    from stillmine.exchange.protection.expiry import bring_back_cases

    with noted(exchange, "expiry_undone"):
        cases, fingerprints = bring_back_cases(exchange, ended_within)
    typer.echo(f"{cases} case(s) are open again, and {fingerprints} fingerprint(s) are in the feed as before.")


@app.command()
def fsck(home: Home = None, as_json: AsJson = False) -> None:
    """Check that stored data is consistent and erased data is gone on time; exit code 1 and one line per finding if not."""
    exchange = prepare(home)
    from stillmine.exchange.erasure.copies import late
    from stillmine.exchange.fsck.findings import findings

    found = [*findings(), *late(exchange)]
    if as_json:
        typer.echo(json.dumps({"findings": found}))
    else:
        typer.echo("\n".join(found) if found else "Everything is consistent.")
    if found:
        raise typer.Exit(1)
