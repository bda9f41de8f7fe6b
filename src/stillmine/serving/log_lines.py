# SPDX-License-Identifier: Apache-2.0
"""How exchange and partner write their log: lines for people, or one JSON object a line; and never the same line without end.

Must never hold anything of a request: of an exception its type alone is written, since its words could hold what was sent.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

LOG_FORMAT_VARIABLE = "STILLMINE_LOG_FORMAT"

ALIKE = 20
"""So many lines alike are written in a minute."""

INTERVAL_SECONDS = 60.0

_CODE = re.compile(r" ?\[([a-z][a-z0-9_]*)\]$")
"""An error code, at the end of a line."""

_Sort = tuple[str, int, str]


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


class SparingHandler(logging.StreamHandler[TextIO]):
    """Leaves out what repeats a line for more than the twentieth time in a minute, and says after it how often that was."""

    def __init__(self, stream: TextIO | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts seconds."""
        super().__init__(stream)
        self._monotonic = monotonic
        # Guarded by the handler's own lock: when the minute of a sort ends, and how many came in it.
        self._minutes: dict[_Sort, tuple[float, int]] = {}
        self._is_waking = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it. The lock is held."""
        now = self._monotonic()
        self._end_minutes(now)
        sort = (record.name, record.levelno, record.getMessage())
        ends, count = self._minutes.get(sort, (now + INTERVAL_SECONDS, 0))
        self._minutes[sort] = (ends, count + 1)
        if count < ALIKE:
            super().emit(record)
        else:
            self._wake_later(ends - now)

    def end_minutes(self) -> None:
        """Say what was left out in minutes that are over."""
        with self._locked():
            self._is_waking = False
            self._end_minutes(self._monotonic())

    def close(self) -> None:
        """Say what was left out, before nothing can be said any more."""
        with self._locked():
            self._end_minutes(float("inf"))
        super().close()

    def _end_minutes(self, now: float) -> None:
        for sort, (ends, count) in list(self._minutes.items()):
            if ends > now:
                continue
            del self._minutes[sort]
            if count > ALIKE:
                super().emit(_left_out(sort, count - ALIKE))

    def _wake_later(self, seconds: float) -> None:
        """What is left out is said though nothing is written afterwards."""
        if not self._is_waking:
            self._is_waking = True
            timer = threading.Timer(max(seconds, 0.0) + 0.01, self.end_minutes)
            timer.daemon = True
            timer.start()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()


def _left_out(sort: _Sort, count: int) -> logging.LogRecord:
    name, level, message = sort
    return logging.LogRecord(name, level, "", 0, "left out %d more lines like this within a minute: %s", (count, message), None)
