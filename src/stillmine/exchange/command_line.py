# SPDX-License-Identifier: Apache-2.0
"""What every command of an operator shares: the home, the form of the answer, a process prepared for a database that is ready."""

import os
from pathlib import Path
from typing import Annotated

import typer

from stillmine.exchange.app import configure
from stillmine.exchange.config import DEFAULT_HOME, HOME_VARIABLE, read_config
from stillmine.exchange.context import Context
from stillmine.exchange.database import require_migrated

Home = Annotated[
    Path | None,
    typer.Option("--home", help=f"Folder of this exchange: secret and SQLite database (default: {HOME_VARIABLE}, else {DEFAULT_HOME})."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def prepare(home: Path | None) -> Context:
    """Prepare this process for a command that needs a database that is up to date."""
    exchange = configure(read_config(os.environ, home))
    require_migrated()
    return exchange
