# SPDX-License-Identifier: Apache-2.0
"""A client with bad manners: raw sockets that are silent, slow, half, aborted, or speak HTTP/2 where nobody asked for it.

It talks to 127.0.0.1 only, in bounded number. Its networks are those of 127.0.0.0/8: each 127.x.y.0/24 counts as one.
"""

import contextlib
import json
import resource
import secrets
import socket
import struct
import time
from collections.abc import Iterator

MAXIMUM_SOCKETS = 1600
HTTP_2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Attacker:
    """One for each test; `close` hangs up everywhere."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sockets: list[socket.socket] = []
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < MAXIMUM_SOCKETS + 256:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(MAXIMUM_SOCKETS + 256, hard), hard))

    def connect(self, network: int = 0) -> socket.socket:
        """Open one connection, from a network of 127.0.0.0/8."""
        assert len(self.sockets) < MAXIMUM_SOCKETS
        client = socket.socket()
        client.settimeout(20)
        client.bind((f"127.{network // 256}.{network % 256}.1", 0))
        client.connect(("127.0.0.1", self.port))
        self.sockets.append(client)
        return client

    def send(self, data: bytes, network: int = 0) -> socket.socket:
        """Open a connection and send something."""
        client = self.connect(network)
        with contextlib.suppress(OSError):  # refused already
            client.sendall(data)
        return client

    def say(self, client: socket.socket, data: bytes) -> None:
        """Send some more, where somebody still listens."""
        with contextlib.suppress(OSError):
            client.sendall(data)

    def begin_body(self, path: str, headers: dict[str, str], stated: int = 4000, network: int = 0) -> socket.socket:
        """Send a head and one byte of the body that it promises."""
        return self.send(head("POST", path, {**headers, "Content-Length": str(stated), "Content-Type": "application/json"}) + b"{", network)

    def close(self) -> None:
        for client in self.sockets:
            client.close()
        self.sockets.clear()


@contextlib.contextmanager
def attacking(port: int) -> Iterator[Attacker]:
    attacker = Attacker(port)
    try:
        yield attacker
    finally:
        attacker.close()


def head(method: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode()


def new_case() -> dict[str, str]:
    """A well-formed case key that opens nothing."""
    return {"Authorization": f"Case {secrets.token_hex(16)}.{secrets.token_hex(32)}"}


def everything(client: socket.socket, seconds: float = 20) -> bytes:
    """What comes until the other side hangs up; fails where it does not."""
    client.settimeout(seconds)
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def answered(client: socket.socket, seconds: float = 20) -> tuple[int, str]:
    """Status and code of a refusal that comes in JSON."""
    client.settimeout(seconds)
    data = b""
    while b"}" not in data:
        part = client.recv(65536)
        assert part, data
        data += part
    return int(data.split()[1]), json.loads(data[data.index(b"{") :])["code"]


def is_open(client: socket.socket) -> bool:
    """Whether the other side has not hung up; what it said before that is dropped."""
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        client.setblocking(True)
    return False


def wait_until(is_so: object, seconds: float = 60) -> None:
    """Wait for something that comes by itself; a busy machine gets the time it needs."""
    assert callable(is_so)
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


def http_2_uploads(path: str, headers: dict[str, str], streams: int) -> bytes:
    """Bytes of HTTP/2 with prior knowledge: so many uploads of which one byte comes."""
    named = {":method": "POST", ":scheme": "http", ":authority": "127.0.0.1", ":path": path, "content-length": "4000000"}
    fields = {**named, "content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    block = b"".join(_literal(name, value) for name, value in fields.items())
    frames = [HTTP_2_PREFACE, _frame(4, 0, 0, b"")]
    for number in range(1, 2 * streams, 2):
        frames += [_frame(1, 4, number, block), _frame(0, 0, number, b"{")]
    return b"".join(frames)


def _literal(name: str, value: str) -> bytes:
    """A header field without indexing (RFC 7541, 6.2.2), both as plain text under 127 bytes."""
    return b"\x00" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    assert len(data) < 127 + 128
    return bytes([127, len(data) - 127]) + data


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
