# SPDX-License-Identifier: Apache-2.0
"""The network for code that may wait, with a deadline for a whole request.

The HTTP library limits each step. An exchange that sends a byte of its head now and then, or takes one, would keep every step short and
hold a thread for ever; so each step here gets what is left of the time in which all must be done.
"""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from stillmine.client.network import core_request, pool_options
from stillmine.client.settings import ExchangeSettings

_PART_BYTES = 16 * 1024


class DeadlineTransport(httpx.BaseTransport):
    """Sends requests whose extension `deadline` says until when, over connections that are kept open. For several threads at once."""

    def __init__(self, settings: ExchangeSettings, monotonic: Callable[[], float]) -> None:
        """`monotonic` counts the seconds of deadlines."""
        self._left = TimeLeft(monotonic)
        self._pool = httpcore.ConnectionPool(**pool_options(settings), network_backend=_Backend(self._left))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose content is still to be read."""
        deadline: float = request.extensions["deadline"]
        with self._left.until(deadline):
            answer = self._pool.handle_request(core_request(request))
        return httpx.Response(answer.status, headers=answer.headers, stream=_Content(answer, self._left, deadline))

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class TimeLeft(threading.local):
    """Until when this thread may wait."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._deadline: float | None = None

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        self._deadline = deadline
        try:
            yield
        finally:
            self._deadline = None

    def of(self, seconds: float | None, over: type[Exception]) -> float | None:
        """Return the shorter of both; raises `over` where nothing is left."""
        if self._deadline is None:
            return seconds
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise over
        return left if seconds is None else min(left, seconds)


class _Content(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response, left: TimeLeft, deadline: float) -> None:
        self._answer = answer
        self._left = left
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        parts = self._answer.iter_stream()
        while True:
            with self._left.until(self._deadline):
                part = next(parts, None)
            if part is None:
                return
            yield part

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """The system's network, within the time that is left."""

    def __init__(self, left: TimeLeft) -> None:
        self._network = httpcore.SyncBackend()
        self._left = left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._left.of(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._network.connect_tcp(host, port, seconds, local_address, socket_options), self._left)


class TimedStream(httpcore.NetworkStream):
    """One connection of it."""

    def __init__(self, stream: httpcore.NetworkStream, left: TimeLeft) -> None:
        self._stream = stream
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left.of(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PART_BYTES):
            part = buffer[start : start + _PART_BYTES]
            self._stream.write(part, self._left.of(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = self._left.of(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._left)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
