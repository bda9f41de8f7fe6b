# SPDX-License-Identifier: Apache-2.0
"""Who may hold up the service: nobody by connections, and requests only as many as there is memory for."""

import asyncio
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.screening.screening import Screening
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.service.room import MAXIMUM_REQUESTS_AT_ONCE, Room
from stillmine.wire.door_errors import BusyError
from stillmine.wire.screen import ScreenOutcome, ScreenResult
from tests import plain_http
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import running
from tests.partner.test_partner_commands import free_port, wait_for

IMPATIENT = """
from dataclasses import replace
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.service import running as serving
serving.DOORS = replace(serving.DOORS, {doors})
{more}
from stillmine.partner.commands.service_commands import app
app()
"""


@contextmanager
def service(home: Path, url: str, doors: str = "", more: str = "") -> Iterator[int]:
    """A real process with some numbers of its doors, and `more`, changed; gives its port."""
    port = free_port()
    command = [
        sys.executable,
        "-c",
        IMPATIENT.format(doors=doors, more=more),
        "serve",
        "--home",
        str(home),
        "--exchange",
        url,
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command, env={**os.environ, "STILLMINE_PARTNER_KEY": KEY}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    try:
        with plain_http.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_for(lambda: client.get("/health").status_code == 200, process)
        yield port
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def url(exchange: FakeExchange) -> Iterator[str]:
    with exchange.serving() as address:
        yield address


def silent(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def test_open_connections_keep_nobody_waiting(home: Path, url: str, root: Path) -> None:
    """33 that say nothing, 40 that a platform keeps, each used twice; with each a picture is screened."""
    picture = (root / "media/clothing/coat.jpg").read_bytes()
    with service(home, url, "silent_seconds=600") as port:
        quiet = [silent(port) for _ in range(33)]
        kept = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(40)]
        headers = {"Authorization": f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"}
        for _ in range(2):
            for connection in kept:
                connection.request("GET", "/health")
                answer = connection.getresponse()
                assert (answer.status, b"is_fresh" in answer.read()) == (200, True)
        kept[-1].request("POST", "/screen", picture, headers)
        assert b"no_match" in kept[-1].getresponse().read()
        closed: list[socket.socket | http.client.HTTPConnection] = [*quiet, *kept]
        for each in closed:
            each.close()


def test_a_silent_connection_is_closed_soon_and_a_slow_body_too(home: Path, url: str) -> None:
    with service(home, url, "silent_seconds=1, window_seconds=1") as port:
        key = (home / SERVICE_KEY_FILE).read_text().strip()
        nothing, half_head, half_body = (silent(port) for _ in range(3))
        half_head.sendall(b"POST /screen HTTP/1.1\r\nHost")
        half_body.sendall(f"POST /screen HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 9\r\n\r\nabc".encode())
        with nothing, half_head, half_body:
            assert nothing.recv(1000) == b""
            assert b" 408 " in half_head.recv(1000)
            assert b" 408 " in half_body.recv(1000)


def head(home: Path, *lines: str) -> bytes:
    key = (home / SERVICE_KEY_FILE).read_text().strip()
    return "\r\n".join(("POST /screen HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", *lines, "", "")).encode()


def to_its_end(client: socket.socket) -> bytes:
    """What is still answered before the connection ends."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65536):
            answer += data
    return answer


def test_forty_slow_bodies_keep_nobody_waiting(home: Path, url: str, root: Path) -> None:
    """Each has sent half a picture and sends no more; a picture is screened, and health is answered."""
    picture = (root / "media/clothing/coat.jpg").read_bytes()
    with service(home, url, "body_seconds=600, window_seconds=600") as port:
        slow = [silent(port) for _ in range(40)]
        for client in slow:
            client.sendall(head(home, f"Content-Length: {len(picture)}") + picture[: len(picture) // 2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for method, path, body in (("POST", "/screen", picture), ("GET", "/health", None)):
            connection.request(method, path, body, {"Authorization": f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"})
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
        slow[0].sendall(picture[len(picture) // 2 :])
        answered = b""
        while b"no_match" not in answered:  # and who is slow is answered, too
            answered += (data := slow[0].recv(10_000))
            assert data, answered
        closed: list[socket.socket | http.client.HTTPConnection] = [*slow, connection]
        for each in closed:
            each.close()


@pytest.mark.parametrize("path", ["/h/hash", "/m/lookup"])
def test_forty_slow_forms_of_hma_keep_nobody_waiting(home: Path, url: str, root: Path, path: str) -> None:
    """Each has sent half a form; another form is answered, and so is one of the slow ones once it is whole."""
    picture = (root / "media/clothing/coat.jpg").read_bytes()
    before = b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    form = before + picture + b"\r\n--edge--\r\n"
    hma = "import sys\nsys.argv += ['--hma', 'key']"
    with service(home, url, "body_seconds=600, window_seconds=600", hma) as port, contextlib.ExitStack() as stack:
        key = {"Authorization": f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"}
        sent = {**key, "Content-Type": "multipart/form-data; boundary=edge"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**sent, "Content-Length": len(form)}.items())
        slow = [stack.enter_context(silent(port)) for _ in range(40)]
        for client in slow:
            client.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode() + form[: len(form) // 2])
        answer = plain_http.post(f"http://127.0.0.1:{port}{path}", content=form, headers=sent, timeout=60, trust_env=False)
        assert (answer.status_code, "pdq" in answer.json()) == (200, True)
        slow[0].sendall(form[len(form) // 2 :])
        answered = b""
        while b'"pdq"' not in answered:
            answered += (data := slow[0].recv(10_000))
            assert data, answered


def test_a_gigabyte_is_refused_by_its_stated_length(home: Path, url: str) -> None:
    """Nothing of any body is sent: the answers come by what the heads state, and then the connections end."""
    with service(home, url) as port:
        for lines, code in (
            ((), b'"reason":"file_too_large"'),
            (("Content-Type: multipart/form-data; boundary=b",), b'"reason":"file_too_large"'),
            (("Content-Type: application/json",), b'"code":"message_too_large"'),
        ):
            with silent(port) as client:
                client.sendall(head(home, "Content-Length: 1073741824", *lines))
                answer = to_its_end(client)
                assert (code in answer, b"connection: close" in answer.lower()) == (True, True)


def test_a_body_of_no_stated_length_is_read_to_the_limit_and_no_further(home: Path, url: str) -> None:
    with service(home, url, more="Upload.__init__.__defaults__ = (2**26, 100_000)") as port, silent(port) as client:
        client.sendall(head(home, "Transfer-Encoding: chunked"))
        for _ in range(26):
            client.sendall(b"1000\r\n" + b"a" * 4096 + b"\r\n")
        assert b'"reason":"file_too_large"' in to_its_end(client)


def test_a_body_that_comes_takes_a_place_where_too_much_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.partner.service.room.MAXIMUM_REQUESTS_AT_ONCE", 1)

    async def fill() -> None:
        room = Room(patience_seconds=0.01, coming_bytes=100)
        with room.guest() as slow, room.guest() as other:
            await slow.hold(90)
            await other.hold(10)
            await other.hold(1)  # takes the only place, and gives its ten back
            with room.guest() as third:
                await third.hold(10)
                for beyond in (third.hold(1), third.take_place()):
                    with pytest.raises(BusyError):
                        await beyond
        with room.guest() as alone:
            await alone.hold(100)
            await alone.take_place()
            assert room.take_bytes(100)

    asyncio.run(fill())


def test_a_body_without_end_is_not_read_for_long_after_its_answer(home: Path, url: str) -> None:
    with service(home, url, "silent_seconds=1") as port, silent(port) as client:
        client.sendall(b"POST /screen HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b" 401 " in client.recv(1000)
        deadline = time.monotonic() + 40  # an idle connection has 75 s
        while is_taken(client, b"1000\r\n" + b"a" * 4096 + b"\r\n"):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def is_taken(client: socket.socket, data: bytes) -> bool:
    try:
        client.sendall(data)
    except OSError:
        return False
    return True


class Waiting:
    """Screening that answers when it is told to."""

    def __init__(self) -> None:
        self.at_work = threading.Semaphore(0)
        self.may_end = threading.Event()

    def screen_upload(self, _file: OpenFile, _uploader: str | None, _content_id: str | None) -> ScreenResult:
        self.at_work.release()
        assert self.may_end.wait(60)
        return ScreenResult(ScreenOutcome.NO_MATCH, [], None)


def test_more_requests_than_there_is_memory_for_are_told_so(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Waiting()
    monkeypatch.setattr(Screening, "screen_upload", waiting.screen_upload)
    monkeypatch.setattr("stillmine.partner.service.service.PATIENCE_SECONDS", 0.2)
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    application = build_service(home, SETTINGS, sync_every_seconds=60, threads=1, surroundings=surroundings)
    with running(application) as client, ThreadPoolExecutor(MAXIMUM_REQUESTS_AT_ONCE) as threads:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        jobs = [threads.submit(client.post, "/screen", b"x") for _ in range(MAXIMUM_REQUESTS_AT_ONCE)]
        try:
            for _ in jobs:
                assert waiting.at_work.acquire(timeout=60)
            for _ in range(2):
                refused = client.post("/screen", b"x")
                assert (refused.status_code, refused.json()["code"]) == (503, "busy")
                assert int(refused.headers["Retry-After"]) > 0
                assert client.get("/health").status_code in (200, 503)
                assert client.request("POST", "/screen", b"x", {"Authorization": "Bearer x"}).status_code == 401
        finally:
            waiting.may_end.set()
        assert {job.result(timeout=60).status_code for job in jobs} == {200}
        assert client.post("/screen", b"x").status_code == 200
