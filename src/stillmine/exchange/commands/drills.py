# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange partner drill`: run a withdrawal drill, or end one that is under way."""

import time
from pathlib import Path
from typing import Annotated

import typer

from stillmine.exchange.commands.command_line import Home, noted, prepare, read_span
from stillmine.exchange.drills.kind import DrillKind

DEFAULT_PICTURE = Path("withdrawal-drill.png")


def partner_drill(  # noqa: PLR0917 (options, all named)
    name: Annotated[str, typer.Argument(help="A list partner.")],
    kind: Annotated[DrillKind, typer.Option(help="What to plant. In the StopNCII shape only pdq and md5 are listed.")] = DrillKind.PDQ,
    wait: Annotated[str, typer.Option(help="How long each step waits for the partner: 30m, 12h, 2d.")] = "30m",
    watch: Annotated[str, typer.Option(help="How long to watch for matches after the acknowledgement.")] = "5m",
    picture: Annotated[
        Path | None, typer.Option(help=f"Where to write the drill's picture (default: {DEFAULT_PICTURE} in this folder).")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End the running drill without a verdict.")] = False,
    home: Home = None,
) -> None:
    """Plant a fingerprint for this partner alone, wait for its match, withdraw it, see whether it stops. Continues if interrupted."""
    waits, watches = read_span(wait), read_span(watch)
    exchange = prepare(home)
    from stillmine.exchange.drills.actions import end_drill
    from stillmine.exchange.drills.runner import Drilling, Verdict
    from stillmine.exchange.partners.actions import find_partner

    partner = find_partner(name)
    if end:
        with noted(exchange, "drill_ended", partner.name):
            was_under_way = end_drill(exchange, partner)
        typer.echo("Ended, and what was planted is withdrawn." if was_under_way else "No drill of this partner is under way.")
        return
    drilling = Drilling(exchange, waits, watches, time.sleep, typer.echo)
    with noted(exchange, "drill_run", partner.name):
        verdict = drilling.run(partner, kind, picture or DEFAULT_PICTURE)
    if verdict is not Verdict.STOPPED:
        raise typer.Exit(1)
