# SPDX-License-Identifier: Apache-2.0
"""Clients that leave the machine to the service: what they send is made before, and one thread keeps all their connections.

Each sends its next request when its last is answered. Where what is measured takes a millisecond, clients that take one as well would be
half of the figure. Every answer is read whole and handed on to be checked. Must never time what is not an answer.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

ANSWER_SECONDS = 120
_READ_BYTES = 1 << 18
_END_OF_HEAD = b"\r\n\r\n"


class Ready(NamedTuple):
    """A request as it goes over the connection, and what raises where a body is not its answer."""

    request: bytes
    check: Callable[[bytes], None]


@dataclass(frozen=True)
class Answered:
    """Milliseconds that each answer took, seconds that all took together, and processor seconds of the clients."""

    times: list[float]
    seconds: float
    processor_seconds: float


def request_bytes(url: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Return a POST as it is sent."""
    lines = {"Host": urlsplit(url).netloc, **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def answered(url: str, seconds: float, clients: int, requests: Iterator[Ready]) -> Answered:
    """Let so many clients send until the time is over or nothing is left; raises AssertionError for an answer that is none."""
    place = urlsplit(url)
    address = (place.hostname or "", place.port or 80)
    with selectors.DefaultSelector() as selector, ExitStack() as closed:
        all_of_them = [_Client(closed.enter_context(_connected(address))) for _ in range(clients)]
        began, spent = time.perf_counter(), time.process_time()
        times: list[float] = []
        waiting = 0
        for client in all_of_them:
            selector.register(client.connection, selectors.EVENT_READ, client)
            waiting += client.send(next(requests, None))
        while waiting:
            ready = selector.select(ANSWER_SECONDS)
            assert ready, f"no answer within {ANSWER_SECONDS} s"
            for key, _ in ready:
                took = key.data.read()
                if took is not None:
                    times.append(took)
                    is_over = time.perf_counter() - began >= seconds
                    waiting -= not key.data.send(None if is_over else next(requests, None))
        return Answered(times, time.perf_counter() - began, time.process_time() - spent)


class _Client:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._sent = Ready(b"", _refuse)
        self._began = 0.0
        self._data = b""

    def send(self, ready: Ready | None) -> bool:
        """Send a request; returns whether there was one."""
        if ready is None:
            self._sent = Ready(b"", _refuse)
            return False
        self._sent, self._data, self._began = ready, b"", time.perf_counter()
        self.connection.sendall(ready.request)
        return True

    def read(self) -> float | None:
        """Read what has come; returns how many milliseconds the answer took once it is whole and right."""
        part = self.connection.recv(_READ_BYTES)
        assert part, "the connection ended before an answer"
        self._data += part
        head, end, body = self._data.partition(_END_OF_HEAD)
        if not end or len(body) < _content_length(head):
            return None
        took = (time.perf_counter() - self._began) * 1000
        assert head.startswith(b"HTTP/1.1 200 "), self._data[:500]
        self._sent.check(body)
        return took


def _connected(address: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(address, ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, text = line.partition(b":")
        if name.lower() == b"content-length":
            return int(text)
    raise AssertionError(f"no length: {head[:500]!r}")


def _refuse(body: bytes) -> None:
    raise AssertionError(f"an answer to nothing: {body[:200]!r}")
