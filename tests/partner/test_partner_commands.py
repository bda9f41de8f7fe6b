# SPDX-License-Identifier: Apache-2.0
"""The commands, with an exchange over real HTTP, and one service as a real process."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.partner.asking.connecting import PICTURE_CONNECTIONS, PICTURE_LIMITS
from stillmine.partner.asking.look_up import PICTURE_SECONDS
from stillmine.partner.commands.service_commands import app
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.ground.errors import HomeInUseError, HomeOfAnotherExchangeError
from stillmine.partner.ground.home import sole_user
from stillmine.partner.service.running import DOORS, FINISHING_SECONDS
from stillmine.wire.ask import Answer, AskQuery
from stillmine.wire.errors import ExchangeUnreachableError, NotConfiguredError, PartnerKeyUnknownError, StillmineError
from stillmine.wire.kinds import Kind
from tests import plain_http
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.fake_regions import FakeRegions
from tests.partner.moving_media import video_file
from tests.partner.partner_parts import Run

COAT, HAT = "media/clothing/coat.jpg", "media/clothing/hat.jpg"


@pytest.fixture
def coat(root: Path) -> Path:
    return root / COAT


def refused(result: Result, error: type[StillmineError]) -> None:
    assert isinstance(result.exception, error), result.exception
    assert result.stdout == ""


def test_sync_says_in_words_what_changed(run: Run, exchange: FakeExchange) -> None:
    exchange.add("f", bytes(range(32)))
    exchange.add("g", bytes(range(1, 33)))
    first = run("sync")
    assert (first.exit_code, first.stdout) == (0, "2 fingerprints added, 0 erased; 2 matched from now on.\n")
    exchange.withdraw("f")
    assert run("sync").stdout == "0 fingerprints added, 1 erased; 1 matched from now on.\n"
    assert exchange.acknowledged == ["a.2", "a.3"]


def test_a_sync_reads_no_list_into_memory(run: Run, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.add("f", bytes(range(32)))
    assert run("sync").exit_code == 0
    exchange.add("g", bytes(range(1, 33)))
    for reading in ("stillmine.partner.service.leading.loaded_index", "stillmine.partner.listing.index.ListIndex.follow"):
        monkeypatch.setattr(reading, lambda *_: pytest.fail("read into memory"))
    assert run("sync").stdout == "1 fingerprint added, 0 erased; 2 matched from now on.\n"


def test_sync_as_json(run: Run, exchange: FakeExchange) -> None:
    exchange.add("f", bytes(range(32)))
    report = json.loads(run("sync", "--json").stdout)
    assert report == {
        "pages": 1,
        "added": 1,
        "erased": 0,
        "of_other_kinds": 0,
        "feedback_sent": 0,
        "feedback_unknown": 0,
        "started_again": False,
        "way": "list",
    }


def test_sync_refusals(run: Run, url: str, home: Path) -> None:
    refused(run("sync", STILLMINE_PARTNER_EXCHANGE=""), NotConfiguredError)
    refused(run("sync", STILLMINE_PARTNER_KEY=""), NotConfiguredError)
    refused(run("sync", STILLMINE_PARTNER_KEY="smk_01234567_" + "B" * 43), PartnerKeyUnknownError)
    refused(run("sync", STILLMINE_PARTNER_EXCHANGE="http://localhost:9"), ExchangeUnreachableError)
    assert run("sync").exit_code == 0, "a wrong address is corrected while nothing is held"
    refused(run("sync", STILLMINE_PARTNER_EXCHANGE="http://localhost:9"), HomeOfAnotherExchangeError)
    with sole_user(home):
        refused(run("sync"), HomeInUseError)


def test_unreachable_exchange_is_said(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        refused(run("sync", STILLMINE_PARTNER_EXCHANGE=closed), ExchangeUnreachableError)


def test_screen_exit_codes_and_words(run: Run, exchange: FakeExchange, coat: Path, root: Path, tmp_path: Path) -> None:
    missing, empty, hat = str(tmp_path / "missing.jpg"), tmp_path / "empty.jpg", str(root / HAT)
    empty.touch()
    exchange.regions = FakeRegions()
    never = run("screen", str(coat))
    assert (never.exit_code, never.stdout) == (2, f"{coat}: not screened [never_synced]\n")
    exchange.add("f", fingerprint_image(coat.read_bytes()).pdq)
    run("sync")
    clear = run("screen", hat)
    assert (clear.exit_code, clear.stdout) == (0, f"{hat}: no match\n")
    stopped = run("screen", hat, str(coat), missing)
    assert stopped.exit_code == 1
    assert f"{coat}: match: exact as original, 0-7 of 256 bits differ, one judge, match id " in stopped.stdout
    assert f"{missing}: not screened [file_unreadable]" in stopped.stdout
    assert run("screen", hat, str(empty)).exit_code == 2
    assert "1 report sent." in run("sync").stdout
    assert len(exchange.feedback) == 1


def test_screen_as_json_lines(run: Run, exchange: FakeExchange, coat: Path, root: Path) -> None:
    exchange.add("f", fingerprint_image(coat.read_bytes()).pdq)
    run("sync")
    lines = [json.loads(line) for line in run("screen", "--json", str(coat), str(root / HAT)).stdout.splitlines()]
    assert [(line["file"], line["result"]["outcome"]) for line in lines] == [(str(coat), "match"), (str(root / HAT), "no_match")]


def test_screen_names_what_matched_of_a_video(run: Run, exchange: FakeExchange, root: Path, tmp_path: Path) -> None:
    pictures = [Image.open(path).convert("RGB") for path in sorted((root / "media/clothing").glob("*.jpg"))[:3]]
    film, copy = tmp_path / "film.mp4", tmp_path / "a name that says nothing"
    film.write_bytes(video_file(pictures))
    copy.write_bytes(video_file(pictures, codec="libx264"))
    exchange.add_text("v", Kind.VPDQ, write_vpdq(fingerprint_video(film).frames), 100)
    exchange.add("m", hashlib.md5(film.read_bytes()).digest(), kind=Kind.MD5)
    run("sync")
    shown = run("screen", str(film), str(copy))
    assert shown.exit_code == 1
    first, second = shown.stdout.splitlines()
    assert "match: the same file, match id " in first
    assert f"{copy}: match: near video, 0-" in second
    assert " s is 0-" in second


@pytest.mark.parametrize("command", [["serve"], ["screen", COAT]])
def test_a_sandbox_can_be_made_a_condition(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    without = (sys.executable, "-I", str(Path(__file__).parent / "worker_without_walls.py"))
    for place in ("app", "opened"):
        monkeypatch.setattr(f"stillmine.partner.service.{place}.Fingerprinter", partial(Fingerprinter, command=without))
    assert run("sync").exit_code == 0
    port = ["--port", str(free_port())] if command == ["serve"] else []
    result = run(*command, *port, "--require-sandbox")
    refused(result, NotConfiguredError)
    assert "no landlock, seccomp" in str(result.exception)


@pytest.mark.parametrize("command", ["sync", "serve", "screen"])
def test_help_names_settings_and_exit_codes(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
    assert "STILLMINE_PARTNER_HOME" in shown
    assert command == "screen" or "STILLMINE_PARTNER_KEY" in shown
    assert command != "screen" or "Exit codes: 0 no file matched, 1 at least one file matched, 2" in shown


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serving(home: Path, url: str, port: int, before: str = "") -> subprocess.Popen[str]:
    program = f"{before}\nfrom stillmine.partner.commands.service_commands import app; app()"
    command = [sys.executable, "-c", program, "serve", "--home", str(home), "--exchange", url, "--port", str(port), "--sync-every", "1"]
    environment = {**os.environ, "STILLMINE_PARTNER_KEY": KEY}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(ask: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()
        try:
            if ask():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_service_as_a_process(home: Path, exchange: FakeExchange, run: Run, coat: Path, number: signal.Signals) -> None:
    exchange.add("f", fingerprint_image(coat.read_bytes()).pdq)
    port = free_port()
    process = serving(home, exchange.url, port)
    try:
        with plain_http.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_for(lambda: client.get("/health").status_code == 200, process)
            headers = {"Authorization": f"Bearer {(home / 'service.key').read_text().strip()}"}
            assert client.post("/screen", content=coat.read_bytes(), headers=headers).json()["outcome"] == "match"
            wait_for(lambda: len(exchange.feedback) == 1, process)
            exchange.withdraw("f")
            wait_for(lambda: exchange.acknowledged[-1] == exchange.cursor(), process)
            assert client.post("/screen", content=coat.read_bytes(), headers=headers).json()["outcome"] == "no_match"
            refused(run("sync"), HomeInUseError)
            process.send_signal(number)
            output, log = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, log
    assert output == ""
    assert "Traceback" not in log
    assert exchange.id_of("f") not in log
    assert KEY not in log
    assert "GET" not in log
    assert run("sync").exit_code == 0


def test_stop_is_not_held_up_by_half_a_request(home: Path, exchange: FakeExchange, url: str) -> None:
    port = free_port()
    process = serving(home, url, port)
    try:
        with plain_http.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_for(lambda: client.get("/health").status_code == 200, process)
        key = (home / "service.key").read_text().strip()
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(f"POST /screen HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 9\r\n\r\nabc".encode())
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in log


PATIENT = """
from stillmine.client.time_limits import TimeLimits
from stillmine.partner.asking import connecting
from stillmine.partner.service import running
from stillmine.serving.doors import Doors
connecting.PICTURE_SECONDS = 600.0
connecting.PICTURE_LIMITS = TimeLimits(connect_seconds=600.0, silence_seconds=600.0, answer_seconds=600.0)
running.DOORS = Doors(connections=2048, stop_seconds=600.0)
"""
"""Before `serve`: what ends a request by itself is so far away that a slow machine does not come near it."""


def begun(port: int, key: str, number: int) -> socket.socket:
    """Send an upload whose body the service has asked for: it has begun, and a stop must answer it."""
    body = b'{"version":1,"fingerprints":[{"kind":"sha256","value":"%064x","quality":100}]}' % number
    head = f"POST /screen HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    upload = socket.create_connection(("127.0.0.1", port), timeout=120)
    upload.sendall(f"{head}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert upload.recv(1000).startswith(b"HTTP/1.1 100 ")
    upload.sendall(body)
    return upload


def answer_of(upload: socket.socket) -> httpx.Response:
    with upload:
        raw = b"".join(iter(partial(upload.recv, 65536), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    return httpx.Response(int(head.split()[1]), content=body)


def test_what_waits_for_the_exchange_at_a_stop_is_told_so(
    home: Path, exchange: FakeExchange, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exchange that holds every ask: those under way take all connections, and those that wait can't be sent."""
    exchange.scopes = ["ask", "feedback"]
    held, may_answer, port = threading.Semaphore(0), threading.Event(), free_port()

    def hold(_: FakeExchange, queries: list[AskQuery]) -> list[Answer]:
        held.release()
        may_answer.wait()
        return [Answer() for _ in queries]

    monkeypatch.setattr(FakeExchange, "_answered", hold)
    process = serving(home, url, port, PATIENT)
    try:
        with plain_http.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_for(lambda: client.get("/readyz").status_code == 200, process)
        key = (home / "service.key").read_text().strip()
        under_way = []
        for number in range(PICTURE_CONNECTIONS):
            under_way.append(begun(port, key, number))
            assert held.acquire(timeout=120)
        waiting = [begun(port, key, PICTURE_CONNECTIONS + number) for number in range(3)]
        process.send_signal(signal.SIGTERM)
        told = [answer_of(upload) for upload in waiting]
        may_answer.set()
        answered = [answer_of(upload) for upload in under_way]
        _, log = process.communicate(timeout=120)
    finally:
        may_answer.set()
        process.kill()
        process.communicate()
    assert (process.returncode, "Traceback" in log) == (0, False)
    assert [(answer.status_code, answer.json()["code"]) for answer in told] == [(503, "busy")] * 3
    assert [(answer.status_code, answer.json()["outcome"]) for answer in answered] == [(200, "no_match")] * PICTURE_CONNECTIONS


def test_a_stop_gives_up_what_waits_before_it_ends_connections_and_both_before_an_ask_ends() -> None:
    assert FINISHING_SECONDS < DOORS.stop_seconds < PICTURE_LIMITS.answer_seconds < PICTURE_SECONDS


def test_taken_port_is_said(home: Path, url: str, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(run("serve", "--port", str(taken.getsockname()[1])), NotConfiguredError)
