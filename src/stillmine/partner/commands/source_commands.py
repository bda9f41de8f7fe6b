# SPDX-License-Identifier: Apache-2.0
"""The option that names a file of sources."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(envvar="STILLMINE_PARTNER_CONFIG", help="File (TOML) with several sources, instead of --exchange, --key-file and --way."),
]
