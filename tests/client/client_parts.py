# SPDX-License-Identifier: Apache-2.0
"""What tests of the clients share: the asynchronous one called from a test, and an exchange that sends whatever a test wants."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from stillmine.client import AsyncExchange, Exchange, ExchangeSettings
from stillmine.wire.case_key import Secret
from stillmine.wire.snapshot import SnapshotBlock, SnapshotHead

KEY = "smk_01234567_" + "A" * 43
SETTINGS = ExchangeSettings("https://exchange.example/below", Secret(KEY.encode()))


class InALoop:
    """An AsyncExchange with the methods of Exchange."""

    def __init__(self, exchange: AsyncExchange) -> None:
        self._exchange = exchange
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: self._loop.run_until_complete(getattr(self._exchange, name)(*arguments))

    def close(self) -> None:
        self._loop.run_until_complete(self._exchange.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    @contextmanager
    def snapshot(self) -> Iterator["WholeSnapshot | None"]:
        """Read all of it at once."""
        yield self._loop.run_until_complete(self._whole_snapshot())

    async def _whole_snapshot(self) -> "WholeSnapshot | None":
        async with self._exchange.snapshot() as snapshot:
            return None if snapshot is None else WholeSnapshot(snapshot.head, [block async for block in snapshot.blocks()])


Client = Exchange | InALoop
ClientOf = Callable[..., Client]


class WholeSnapshot:
    """What a SnapshotReader has."""

    def __init__(self, head: SnapshotHead, rows: list[SnapshotBlock]) -> None:
        self.head = head
        self._rows = rows

    def blocks(self) -> list[SnapshotBlock]:
        return self._rows


def streamed(status: int, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """An answer that is not read yet, as from a network."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


Script = Callable[["Connection", bytes], None]


class Connection:
    """One connection to a scripted exchange, after a whole request came."""

    def __init__(self, own: socket.socket, number: int, ended: threading.Event) -> None:
        self.number = number
        """How many connections there were before it."""
        self._own = own
        self._ended = ended

    def send(self, data: bytes) -> None:
        self._own.sendall(data)

    def drip(self, data: bytes, seconds: float) -> None:
        """Send byte after byte, until the test has ended."""
        for place in range(len(data)):
            if self._ended.wait(seconds):
                return
            self._own.sendall(data[place : place + 1])

    def say_nothing(self) -> None:
        self._ended.wait()

    def hang_up(self) -> None:
        self._own.shutdown(socket.SHUT_RDWR)


class ScriptedExchange:
    """Reads requests and answers each as `script` does."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def settings(self) -> ExchangeSettings:
        scheme = "http" if self._tls is None else "https"
        return ExchangeSettings(f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}", Secret(KEY.encode()))

    def __enter__(self) -> "ScriptedExchange":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                own, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(own, self.connections))
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket, number: int) -> None:
        with suppress(OSError), self._secured(accepted) as own:
            own.settimeout(0.1)
            while (request := self._request(own)) is not None:
                self.requests.append(request)
                own.settimeout(None)
                self._script(Connection(own, number, self._ended), request)
                own.settimeout(0.1)

    def _secured(self, accepted: socket.socket) -> socket.socket:
        return accepted if self._tls is None else self._tls.wrap_socket(accepted, server_side=True)

    def _request(self, own: socket.socket) -> bytes | None:
        data = b""
        while not self._ended.is_set():
            head, found, body = data.partition(b"\r\n\r\n")
            if found and len(body) >= _content_length(head):
                return data
            try:
                part = own.recv(65_536)
            except TimeoutError:
                continue
            if not part:
                return None
            data += part
        return None


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def http(status: str, content: bytes, *headers: str) -> bytes:
    """Return a whole answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers, "", ""]).encode() + content
