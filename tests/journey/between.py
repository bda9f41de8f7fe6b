# SPDX-License-Identifier: Apache-2.0
"""What stands between a partner's service and its exchange: it relays, keeps all requests, and can be as broken or hostile as networks are.

A fault is a function that answers in the exchange's place. It takes effect with the next request, on kept connections as well.
"""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple

ASK = "/api/v1/ask"
ASK_REGIONS = "/api/v1/ask/regions"
STATUS = "/api/v1/status"
FEEDBACK = "/api/v1/feedback"


class Seen(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def raw(self) -> bytes:
        """All of it, to search through."""
        head = "".join(f"{name}: {text}\n" for name, text in self.headers.items())
        return f"{self.method} {self.path}\n{head}\n".encode() + self.body


class Answered(NamedTuple):
    """An answer as the exchange gave it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Connection(BaseHTTPRequestHandler):
    """One connection of the service's; what faults answer with."""

    protocol_version = "HTTP/1.1"
    between: "Between"
    seen: Seen

    def setup(self) -> None:
        super().setup()
        self._onward = http.client.HTTPConnection("127.0.0.1", self.between.target_port, timeout=120)
        self.between.connections.add(self.connection)

    def finish(self) -> None:
        self._onward.close()
        self.between.connections.discard(self.connection)
        with contextlib.suppress(OSError):  # the other end is gone
            super().finish()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen = Seen(self.command, self.path, dict(self.headers.items()), body)
        self.between.seen.append(self.seen)
        try:
            (self.between.fault or Connection.relay)(self)
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # one of the two ends went away

    do_POST = do_GET  # noqa: N815 (http.server's word)

    def relay(self) -> None:
        """Pass it on and answer what the exchange answers."""
        self.give(self.ask_exchange())

    def ask_exchange(self) -> Answered:
        """Let the exchange answer; a kept connection that ended meanwhile is opened again."""
        try:
            return self._ask_exchange()
        except (OSError, http.client.HTTPException):
            self._onward.close()
            return self._ask_exchange()

    def _ask_exchange(self) -> Answered:
        self._onward.request(self.seen.method, self.seen.path, self.seen.body or None, self.seen.headers)
        answer = self._onward.getresponse()
        return Answered(answer.status, answer.getheaders(), answer.read())

    def give(self, answered: Answered) -> None:
        """Answer, with the length of the body as it is."""
        self.send_response_only(answered.status)
        for name, text in answered.headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, text)
        if answered.status != 204:
            self.send_header("Content-Length", str(len(answered.body)))
        self.end_headers()
        self.wfile.write(answered.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Fault = Callable[[Connection], None]


class Between:
    """Listens on one port all its life, but while it is `away`; use it as a context manager."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.fault: Fault | None = None
        self.seen: list[Seen] = []
        self.connections: set[socket.socket] = set()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bodies(self, path: str) -> list[bytes]:
        """What was sent to a path so far."""
        return [each.body for each in list(self.seen) if each.path.partition("?")[0] == path]

    def back(self) -> None:
        """Listen, at the port of before."""
        handler = type("Handler", (Connection,), {"between": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def away(self) -> None:
        """Be gone: connections end, and new ones are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._server = None
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # it ended by itself
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Between":
        self.back()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.away()
