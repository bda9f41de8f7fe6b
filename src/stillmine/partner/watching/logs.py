# SPDX-License-Identifier: Apache-2.0
"""The log, on standard error: lines for people, or one JSON object a line for what collects logs.

Must never hold anything of a request: of an exception its type alone is written, since its words could hold what was sent.
"""

import logging
import sys

from stillmine.serving.log_lines import TEXT, JsonLines, LogFormat, SparingHandler

log = logging.getLogger("stillmine.partner")


def begin_log(log_format: LogFormat = LogFormat.TEXT) -> None:
    """Write the log to standard error. Request lines of the HTTP library stay out, because they hold cursors."""
    handler = SparingHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format is LogFormat.JSON else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)


def say(words: str, log_format: LogFormat) -> None:
    """Say something once to whoever started the program: as it is, or as a line of a log that is read by a program."""
    if log_format is LogFormat.JSON:
        log.info("%s", words)
    else:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()
