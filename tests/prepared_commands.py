# SPDX-License-Identifier: Apache-2.0
"""`stillmine …` in a process of its own that starts at once: a helper loads what commands load, and forks for each.

Loading takes longer than most commands do. Each still has its own process, environment, folder and exit code, and begins as the helper
stands: before anything is configured. This must never be used where a test ends a command, or looks at how one starts.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

LOADED = (
    "stillmine.cli",
    "stillmine.exchange.commands.program",
    "stillmine.exchange.log.key",
    "stillmine.exchange.keys.seal",
    "django.core.mail",
    "django.core.management.commands.migrate",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.views.debug",
    "django.views.generic",
    "numpy",
    "pydantic",
    "stillmine.matching.kinds",
    "typer._adapters",
)
ORDER_BYTES = 2**17


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `stillmine` with these arguments, in this folder and with no input; returns what `subprocess.run` would."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        order = json.dumps({"arguments": list(arguments), "environment": dict(environment), "folder": str(Path.cwd())})
        socket.send_fds(_helper(), [order.encode()], [theirs.fileno(), out.fileno(), err.fileno()])
        theirs.close()
        ended = ours.recv(16)
        assert ended, "the helper that runs commands is gone"
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(arguments), int(ended), out.read().decode(), err.read().decode())


@functools.cache
def _helper() -> socket.socket:
    """Start the helper, which ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-P", __file__, str(theirs.fileno())]
    helper = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()

    def end() -> None:
        ours.close()
        helper.wait()

    atexit.register(end)
    return ours


def _fork_for_each(orders: socket.socket) -> bool:
    """Return in each command's process, ready to run it, and in the helper once nobody is left who orders; says whether there is one."""
    while True:
        text, descriptors, _, _ = socket.recv_fds(orders, ORDER_BYTES, 3)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG if text else 0)[0]:
                pass
        if not text:
            return False
        if os.fork() == 0:
            orders.close()
            return _run_beside(json.loads(text), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _run_beside(order: dict[str, Any], descriptors: Sequence[int]) -> bool:
    """Fork once more: this process waits for the command and says how it ended, the other returns to become the command."""
    answer, out, err = descriptors
    command = os.fork()
    if command:
        os.write(answer, str(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])).encode())
        os._exit(0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    for descriptor in descriptors:
        os.close(descriptor)
    _become(**order)
    return True


def _become(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    sys.argv[:] = ["stillmine", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the tests stops them first
    for module in LOADED:
        importlib.import_module(module)
    gc.freeze()
    orders = socket.socket(fileno=int(sys.argv[1]))
    if _fork_for_each(orders):
        from stillmine.cli import main

        main()


if __name__ == "__main__":
    _main()
