# SPDX-License-Identifier: Apache-2.0
"""What every command of an operator shares: the home, the form of the answer, a process prepared for a database that is ready, the log."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stillmine.exchange.database.migrate import require_ready, unusable
from stillmine.exchange.settings.config import DEFAULT_HOME, HOME_VARIABLE, read_config
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure
from stillmine.wire.errors import NotConfiguredError

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help=f"Folder of this exchange: secret, keys, settings and SQLite database (default: {HOME_VARIABLE}, else {DEFAULT_HOME}).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

_SPAN = re.compile(r"(\d{1,4})([dhm])", re.ASCII)
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class Commands(TyperGroup):
    """Commands of an exchange: a database that fails in the middle of one is one sentence too, never a traceback."""

    def invoke(self, ctx: Any) -> object:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from django.db import Error

            if isinstance(error, Error):
                raise unusable(error) from None
            raise


def prepare(home: Path | None) -> Context:
    """Prepare this process for a command that needs a database that is up to date, and its own secret."""
    exchange = configure(read_config(os.environ, home))
    require_ready(exchange)
    return exchange


@contextmanager
def noted(exchange: Context, action: str, target: str = "") -> Iterator[None]:
    """Leave a line in the log of actions, with the command line as who: every command that changes something does."""
    from stillmine.exchange.console.log import COMMAND_LINE, logged

    with logged(exchange, COMMAND_LINE, action, target):
        yield


def read_span(text: str) -> timedelta:
    """Read `7d`, `12h` or `30m`; raises NotConfiguredError for anything else."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise NotConfiguredError("a time: a number with d, h or m, such as 7d, 12h or 30m")
    return int(found.group(1)) * _UNITS[found.group(2)]
