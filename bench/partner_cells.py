# SPDX-License-Identifier: Apache-2.0
"""What two services take for the same requests, in turn: answers a second, waiting times and processor time of each.

Clients keep their connections, write whole requests and read no more of an answer than its end: they share the processors with what is
measured, and a richer client would hide how the two differ. Must never leave out an answer because it is late or wrong.
"""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
from processes import Running

ANSWER_SECONDS = 120
PIECE = 256 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Side:
    """Where requests of one sort are sent: what each is made of, and what an answer says went wrong."""

    name: str
    served: Running
    method: str
    headers: Mapping[str, str]
    request: Callable[[bytes], tuple[str, bytes]]
    """Returns path and body for a photograph or a value."""
    fault: Callable[[int, bytes], str | None]
    """Of an answer's status and body; nothing that is sent is expected to match."""
    others: tuple[Running, ...] = ()
    """More instances of the service: connections are spread over all of them, as a load balancer does."""

    @property
    def instances(self) -> tuple[Running, ...]:
        """All that answer."""
        return (self.served, *self.others)

    def processor_seconds(self) -> float:
        """Return the processor time that all of it has taken."""
        return sum(instance.processor_seconds() for instance in self.instances)

    def whole(self, subject: bytes) -> bytes:
        """Return a request as it is written to a connection."""
        path, body = self.request(subject)
        headers = {"Host": urlsplit(self.served.url).netloc, **self.headers, "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        return f"{self.method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@dataclass
class Taken:
    """What one service took for requests from some clients."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0
    processor_seconds: float = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return (len(self.milliseconds) - self.faults.total()) / self.seconds

    def percentile(self, percent: float) -> float:
        """Return a percentile of the waiting times, in milliseconds."""
        return float(np.percentile(self.milliseconds, percent))

    @property
    def processor_milliseconds(self) -> float:
        """Of a processor, for each request."""
        return self.processor_seconds * 1000 / len(self.milliseconds)


class Client:
    """One kept connection."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        self._address = (at.hostname, at.port)
        self.open()

    def open(self) -> None:
        """Connect, again after a fault; raises OSError."""
        self._socket = socket.create_connection(self._address, ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body; raises OSError, also where an answer ends early or has no length."""
        self._socket.sendall(request)
        data = self._received(b"")
        while (end := data.find(b"\r\n\r\n")) < 0:
            data = self._received(data)
        stated = _LENGTH.search(data, 0, end + 2)
        if stated is None:
            raise ConnectionError("an answer without a length")
        whole = end + 4 + int(stated[1])
        while len(data) < whole:
            data = self._received(data)
        return int(data[9:12]), data[end + 4 :]

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _received(self, data: bytes) -> bytes:
        part = self._socket.recv(PIECE)
        if not part:
            raise ConnectionError("the connection ended")
        return data + part


def took(side: Side, subjects: Sequence[bytes], clients: int, seconds: float) -> Taken:
    """Let so many clients send the subjects in turn, again and again, each the next when the last is answered, for so many seconds."""
    requests = [side.whole(subject) for subject in subjects]
    numbers, taken = itertools.count(), Taken()
    open_clients = [Client(side.instances[number % len(side.instances)].url) for number in range(clients)]
    ended: list[OSError] = []
    taken.processor_seconds = -side.processor_seconds()
    start = time.perf_counter()

    def run(client: Client) -> None:
        try:
            send(client)
        except OSError as error:  # nobody listens any more
            ended.append(error)

    def send(client: Client) -> None:
        while (began := time.perf_counter()) - start < seconds:
            try:
                fault = side.fault(*client.ask(requests[next(numbers) % len(requests)]))
            except OSError as error:
                fault = type(error).__name__
            taken.milliseconds.append((time.perf_counter() - began) * 1000)
            if fault is not None:
                taken.faults[fault] += 1
                client.close()
                client.open()

    threads = [threading.Thread(target=run, args=(client,)) for client in open_clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if ended:
        raise ended[0]
    taken.seconds = time.perf_counter() - start
    taken.processor_seconds += side.processor_seconds()
    for client in open_clients:
        client.close()
    return taken
