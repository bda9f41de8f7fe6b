# SPDX-License-Identifier: Apache-2.0
"""The log, on standard error: lines for people, or one JSON object a line for what collects logs.

Must never hold anything of a request: of an exception its type alone is written, since its words could hold what was sent.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CODE = re.compile(r" ?\[([a-z][a-z0-9_]*)\]$")
"""An error code, at the end of a line."""

log = logging.getLogger("stillmine.partner")


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


class JsonLines(logging.Formatter):
    """Writes `time` (UTC), `level`, `logger`, `message`, the `code` of an error and the type of an exception where there are such."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        code = _CODE.search(message)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message if code is None else message[: code.start()],
        }
        if code is not None:
            line["code"] = code[1]
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line)


def begin_log(log_format: LogFormat = LogFormat.TEXT) -> None:
    """Write the log to standard error. Request lines of the HTTP library stay out, because they hold cursors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format is LogFormat.JSON else logging.Formatter(_TEXT))
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
