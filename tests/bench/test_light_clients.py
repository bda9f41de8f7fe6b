# SPDX-License-Identifier: Apache-2.0
"""The light clients of a bench time whole answers, however they come, and end where one is none."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from light_clients import Ready, answered, request_bytes

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


@contextmanager
def server(*parts: bytes) -> Iterator[str]:
    """Answer each request with these parts, sent one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection:
                while connection.recv(65_536):
                    for part in parts:
                        connection.sendall(part)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def asked(url: str, count: int) -> Iterator[Ready]:
    def check(body: bytes) -> None:
        assert body == b"good"

    return iter([Ready(request_bytes(url, "/", {"A": "b"}, b"body"), check)] * count)


@pytest.mark.parametrize("parts", [(ANSWER + b"good",), (ANSWER[:20], ANSWER[20:], b"go", b"od")])
def test_every_request_is_sent_once_and_its_whole_answer_timed(parts: tuple[bytes, ...]) -> None:
    with server(*parts) as url:
        done = answered(url, 60, 3, asked(url, 10))
    assert len(done.times) == 10
    assert all(took > 0 for took in done.times)


def test_an_answer_to_no_request_ends_the_bench() -> None:
    with server(ANSWER + b"gone") as url, pytest.raises(AssertionError):
        answered(url, 60, 1, asked(url, 1))


def test_a_refusal_ends_the_bench() -> None:
    with server(ANSWER.replace(b"200 OK", b"503 Service Unavailable") + b"good") as url, pytest.raises(AssertionError, match="503"):
        answered(url, 60, 1, asked(url, 1))
