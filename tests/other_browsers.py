# SPDX-License-Identifier: Apache-2.0
"""Firefox and WebKit of the system, each driven by the protocol that it brings itself, behind one `Window` that Chromium has too.

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
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PATIENCE_SECONDS = 300
"""For a page to come to its result, on a busy machine."""

Run = Callable[[str, str], Any]
"""Opens an address, and returns what an expression gives there once it gives something."""

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""How WebDriver marks what stands for an element."""


class RefusedError(Exception):
    """The browser didn't do what it was told: the page was just leaving, or there is no such element."""


class Window(Protocol):
    """A browser's one window. An element is named by an expression of JavaScript that gives it."""

    def open(self, address: str) -> None: ...
    def back(self) -> None: ...
    def ask(self, script: str) -> Any:
        """Return what the body of a function returns there."""

    def press(self, element: str) -> None: ...
    def write(self, element: str, text: str) -> None:
        """Type a text into a field; into one for files their paths, a line each."""


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
    with other_window(name, folder) as window:

        def run(address: str, expression: str) -> Any:
            window.open(address)
            return until(lambda: window.ask(f"return {expression}"))

        yield run


@contextmanager
def other_window(name: str, folder: Path) -> Iterator[Window]:
    """Give the window of `firefox` or `webkit`, that keeps what it needs in a folder and ends with the block."""
    with ExitStack() as ending:
        yield _firefox(ending, folder) if name == "firefox" else _webkit(ending, folder)


class _WebDriver:
    """The commands that both know, said in each one's own way."""

    def __init__(self, say: Callable[..., Any]) -> None:
        self._say = say

    def open(self, address: str) -> None:
        self._say("Navigate", url=address)

    def back(self) -> None:
        self._say("Back")

    def ask(self, script: str) -> Any:
        return self._say("ExecuteScript", script=script, args=[])

    def press(self, element: str) -> None:
        # WebKit's driver doesn't scroll a body that scrolls itself.
        self._say("ElementClick", id=self._found(f"((one) => (one?.scrollIntoView({{ block: 'center' }}), one))({element})"))

    def write(self, element: str, text: str) -> None:
        self._say("ElementSendKeys", id=self._found(element), text=text)

    def _found(self, element: str) -> str:
        answer = self.ask(f"return {element}")
        if answer is None:
            raise RefusedError(f"no such element: {element}")
        return str(answer[ELEMENT])


def _firefox(ending: ExitStack, folder: Path) -> Window:
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
        message = json.dumps([0, 1, f"WebDriver:{command}", parameters]).encode()
        stream.write(b"%d:%s" % (len(message), message))
        stream.flush()
        _, _, error, answer = _read_message(stream)
        if error is not None:
            raise RefusedError(error)
        return answer.get("value")

    say("NewSession")
    return _WebDriver(say)


def _read_message(stream: Any) -> Any:
    length = b""
    while not length.endswith(b":"):
        sign = stream.read(1)
        assert sign, "the browser ended"
        length += sign
    return json.loads(stream.read(int(length[:-1])))


WEBKIT_PATHS = {
    "Navigate": "url",
    "Back": "back",
    "ExecuteScript": "execute/sync",
    "ElementClick": "element/{id}/click",
    "ElementSendKeys": "element/{id}/value",
}


def _webkit(ending: ExitStack, folder: Path) -> Window:
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

    def say(command: str, **parameters: Any) -> Any:
        return _post(f"{session}/{WEBKIT_PATHS[command].format(**parameters)}", parameters)

    return _WebDriver(say)


def _start_display(ending: ExitStack, folder: Path) -> str:
    log = folder / "display"
    with log.open("wb") as out:
        process = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24"], stdout=out, stderr=subprocess.DEVNULL)
    ending.callback(_end, process)
    return f":{until(lambda: log.read_text().strip())}"


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
    try:
        with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:
        raise RefusedError(error.read().decode()) from error


def _connected(port: int) -> socket.socket:
    def connect() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        except OSError:
            return None

    connection: socket.socket = until(connect)
    return connection


def until(ask: Callable[[], Any], what: str = "", patience: int = PATIENCE_SECONDS) -> Any:
    """Return the first answer that is something; what is refused meanwhile is asked for again."""
    deadline = time.monotonic() + patience
    refused = None
    while time.monotonic() < deadline:
        try:
            if answer := ask():
                return answer
        except RefusedError as error:
            refused = error
        time.sleep(0.1)
    raise AssertionError(f"never came: {what} ({refused})")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
