# SPDX-License-Identifier: Apache-2.0
"""One request of a WSGI application: from ASGI's words to WSGI's, and an answer that is whole or made in steps.

Everything here but `environ_of` runs in a thread. What an application raises is logged by type and place, never by its words.
"""

import logging
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillmine.serving.connection import Headers
from stillmine.wire.codec import encode
from stillmine.wire.errors import StillmineError

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from uvicorn._types import HTTPScope

STEP_BYTES = 128 * 1024
"""So much of an answer is made before its client takes the first byte; what is longer is made in steps."""

_log = logging.getLogger(__name__)


class Steps:
    """The rest of an answer. Each step may be made by another thread."""

    def __init__(self, made: Iterable[bytes], parts: Iterator[bytes]) -> None:
        self._made, self._parts = made, parts

    def next(self) -> tuple[bytes, bool]:
        """Return some more, and whether that was all."""
        return _taken(self._parts)

    def close(self) -> None:
        """End it, finished or not."""
        close = getattr(self._made, "close", None)
        if close is not None:
            close()


@dataclass
class Answer:
    """An answer, or its beginning and what makes the rest."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    rest: Steps | None = None


def environ_of(scope: "HTTPScope") -> "WSGIEnvironment":
    """Return WSGI's description of a request. A header whose name holds an underscore could pass for another and is left out."""
    client, server = scope["client"], scope["server"]
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0] if server else "",
        "SERVER_PORT": str(server[1]) if server else "0",
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        key = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        if key == "CONTENT_LENGTH":
            value = value.lstrip("0") or "0"  # a number of thousands of digits is none to Python
        environ[key] = f"{environ[key]}{'; ' if name == 'COOKIE' else ','}{value}" if key in environ else value
    return environ


def made(application: "WSGIApplication", environ: "WSGIEnvironment", refusal_headers: Headers) -> Answer:
    """Return what the application answers, whole if it is short."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: "OptExcInfo | None" = None) -> object:
        started[:] = [(status, headers)]
        return None  # `write` is never used

    try:
        parts = application(environ, start_response)  # type: ignore[arg-type]
        iterator = iter(parts)
        body, is_all = _taken(iterator)
        steps = Steps(parts, iterator)
        if is_all:
            steps.close()
    except Exception as error:
        _log.error("%s in %s", type(error).__name__, place_of(error))
        return refusal(StillmineError(), refusal_headers)
    status, headers = started[0]
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    code = int(status[:3])
    if (
        is_all
        and environ["REQUEST_METHOD"] != "HEAD"
        and code not in {204, 304}
        and not any(name.lower() == b"content-length" for name, _ in lines)
    ):
        lines.append((b"content-length", b"%d" % len(body)))
    return Answer(code, lines, body, None if is_all else steps)


def refusal(error: StillmineError, headers: Headers) -> Answer:
    """Return an error as an answer."""
    after = [] if error.retry_after_seconds is None else [(b"retry-after", b"%d" % error.retry_after_seconds)]
    return whole(error.status, [*headers, (b"content-type", b"application/json"), *after], encode(error.message()))


def whole(status: int, headers: Headers, body: bytes) -> Answer:
    """Return an answer after which the connection is closed: what it was sent may not have been read to its end."""
    return Answer(status, [*headers, (b"content-length", b"%d" % len(body)), (b"connection", b"close")], body)


def place_of(error: Exception) -> str:
    """Name file and line of where it was raised, never a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno} {last.name}"


def _taken(parts: Iterator[bytes]) -> tuple[bytes, bool]:
    taken: list[bytes] = []
    size = 0
    for part in parts:
        taken.append(part)
        size += len(part)
        if size >= STEP_BYTES:
            return b"".join(taken), False
    return b"".join(taken), True
