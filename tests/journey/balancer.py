# SPDX-License-Identifier: Apache-2.0
"""A small load balancer: each request goes to the next instance that says it is ready, and none is tried twice.

It knows no more than any balancer does: what `/readyz` answered at the last look.
"""

import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

LOOK_SECONDS = 0.25
HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive")


class Balancer:
    """Listens on a port of its own in front of instances; use it as a context manager."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._ready: list[int] = []
        self._turns = itertools.count()
        self._stopped = threading.Event()
        self._looking = threading.Thread(target=self._look)
        handler = type("Handler", (_Connection,), {"balancer": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.sent_to: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def ready(self) -> list[int]:
        """Ports of the instances that were ready at the last look."""
        return self._ready

    def __enter__(self) -> "Balancer":
        self._looking.start()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._looking.join()
        self._server.shutdown()
        self._server.server_close()

    def next_port(self) -> int | None:
        """Return whose turn it is, None while no instance is ready."""
        ready = self._ready
        if not ready:
            return None
        port = ready[next(self._turns) % len(ready)]
        self.sent_to.append(port)
        return port

    def _look(self) -> None:
        while not self._stopped.is_set():
            self._ready = [port for port in self._ports if _is_ready(port)]
            time.sleep(LOOK_SECONDS)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    balancer: Balancer

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        port = self.balancer.next_port()
        if port is None:
            self._give(503, [], b"no instance is ready")
            return
        onward = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            onward.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = onward.getresponse()
            self._give(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._give(502, [], type(error).__name__.encode())
        finally:
            onward.close()

    do_POST = do_GET  # noqa: N815 (http.server's word)

    def _give(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, text in headers:
            if name.lower() not in ("content-length", *HOP_BY_HOP):
                self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client is gone
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
