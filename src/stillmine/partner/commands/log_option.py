# SPDX-License-Identifier: Apache-2.0
"""How a platform says in which form the service writes its log: by option, or by a variable of the partner or of all of Stillmine."""

from typing import Annotated

import typer

from stillmine.serving.log_lines import LOG_FORMAT_VARIABLE, LogFormat

Logs = Annotated[
    LogFormat,
    typer.Option(
        envvar=["STILLMINE_PARTNER_LOG_FORMAT", LOG_FORMAT_VARIABLE], help="How the log is written: `text`, or `json`, one object a line."
    ),
]
