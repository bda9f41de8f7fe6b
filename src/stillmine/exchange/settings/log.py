# SPDX-License-Identifier: Apache-2.0
"""How the log is written, as an operator says it. `config.py` alone reads the environment."""

from collections.abc import Mapping

from stillmine.serving.log_lines import LOG_FORMAT_VARIABLE, LogFormat
from stillmine.wire.errors import NotConfiguredError

LOG_FORMAT_WORDS = "`text` or `json`"


def log_format(environment: Mapping[str, str]) -> LogFormat:
    """Return it; raises NotConfiguredError for a form that there is not."""
    said = environment.get(LOG_FORMAT_VARIABLE, LogFormat.TEXT)
    if not is_log_format(said):
        raise NotConfiguredError(f"{LOG_FORMAT_VARIABLE}: {LOG_FORMAT_WORDS}")
    return LogFormat(said)


def is_log_format(text: str) -> bool:
    """True for the name of a form."""
    return text in set(LogFormat)
