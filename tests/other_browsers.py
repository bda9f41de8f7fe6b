# SPDX-License-Identifier: Apache-2.0
"""Firefox and WebKit of the system, each driven by the protocol that it brings itself: a page is opened and a value read from it.

Where one is not installed its tests say "not run" and how to install it: `make` sets up Chromium alone.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

PATIENCE_SECONDS = 300
"""For a page to come to its result, on a busy machine."""

Run = Callable[[str, str], Any]
"""Opens an address, and returns what an expression gives there once it gives something."""

MINI_BROWSER = next(iter(sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))), None)


def missing_programs(name: str) -> str | None:
    """Return what to install for a browser, None if it is there."""
    if name == "firefox":
        return None if shutil.which("firefox-esr") else "Debian's firefox-esr"
    is_there = MINI_BROWSER is not None and shutil.which("WebKitWebDriver") and shutil.which("Xvfb")
    return None if is_there else "Debian's webkit2gtk-driver and xvfb"


@contextmanager
def running(name: str, folder: Path) -> Iterator[Run]:
    """Give a browser, `firefox` or `webkit`, that keeps what it needs in a folder and ends with the block."""
    with ExitStack() as ending:
        if name == "firefox":
            yield _firefox(ending, folder)
        else:
            yield _webkit(ending, folder)


def _firefox(ending: ExitStack, folder: Path) -> Run:
    port = _free_port()
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\nuser_pref("remote.active-protocols", 0);\n')
    command = ["firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    _start(ending, command, folder)
    connection = ending.enter_context(closing(_connected(port)))
    stream = ending.enter_context(connection.makefile("rwb"))
    _read_message(stream)

    def say(command: str, **parameters: Any) -> Any:
        message = json.dumps([0, 1, command, parameters]).encode()
        stream.write(b"%d:%s" % (len(message), message))
        stream.flush()
        _, _, error, answer = _read_message(stream)
        assert error is None, error
        return answer

    say("WebDriver:NewSession")

    def run(address: str, expression: str) -> Any:
        say("WebDriver:Navigate", url=address)
        return _until(lambda: say("WebDriver:ExecuteScript", script=f"return {expression}", args=[])["value"])

    return run


def _read_message(stream: Any) -> Any:
    length = b""
    while not length.endswith(b":"):
        sign = stream.read(1)
        assert sign, "the browser ended"
        length += sign
    return json.loads(stream.read(int(length[:-1])))


def _webkit(ending: ExitStack, folder: Path) -> Run:
    display = _start_display(ending, folder)
    port = _free_port()
    environment = {"DISPLAY": display, "HOME": str(folder), "PATH": "/usr/bin:/bin", "LIBGL_ALWAYS_SOFTWARE": "1"}
    environment |= {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "WEBKIT_FORCE_SANDBOX": "0", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    _start(ending, ["WebKitWebDriver", f"--port={port}"], folder, environment)
    _connected(port).close()
    options = {"binary": str(MINI_BROWSER), "args": ["--automation"]}
    capabilities = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
    session = f"http://127.0.0.1:{port}/session"
    session += "/" + _post(session, capabilities)["sessionId"]

    def run(address: str, expression: str) -> Any:
        _post(f"{session}/url", {"url": address})
        return _until(lambda: _post(f"{session}/execute/sync", {"script": f"return {expression}", "args": []}))

    return run


def _start_display(ending: ExitStack, folder: Path) -> str:
    log = folder / "display"
    with log.open("wb") as out:
        process = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24"], stdout=out, stderr=subprocess.DEVNULL)
    ending.callback(_end, process)
    return f":{_until(lambda: log.read_text().strip())}"


def _start(ending: ExitStack, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    ending.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _post(address: str, message: dict[str, Any]) -> Any:
    request = Request(address, json.dumps(message).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)["value"]


def _connected(port: int) -> socket.socket:
    def connect() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        except OSError:
            return None

    connection: socket.socket = _until(connect)
    return connection


def _until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError("never came")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
