# SPDX-License-Identifier: Apache-2.0
"""The settings of older content."""

from pathlib import Path
from typing import Annotated

import typer

from stillmine.partner.older.older_content import OlderChoice
from stillmine.partner.older.quota import RESERVE_PERCENT

MAXIMUM_DAYS = 90

_PANEL = "Older content"

Days = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MAXIMUM_DAYS,
        rich_help_panel=_PANEL,
        help="Days for which fingerprints of uploads are remembered, sealed, so that a case opened later finds them. None unless said.",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="File (0600) with the key under which they are sealed, made if missing; `older.key` in the home folder unless said.",
    ),
]
Reserve = Annotated[
    int,
    typer.Option(
        min=0, max=95, rich_help_panel=_PANEL, help="Percent of the day's queries that asking about remembered uploads leaves for new ones."
    ),
]
DEFAULT_RESERVE = RESERVE_PERCENT


def choice(days: int | None, key_file: Path | None, reserve: int) -> OlderChoice | None:
    """Return what was chosen, None where nothing is remembered."""
    return None if days is None else OlderChoice(days, key_file, reserve)
