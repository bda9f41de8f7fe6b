# SPDX-License-Identifier: Apache-2.0
"""Worker processes around one listening socket: started fresh, started again when one ends, ended with their parent.

The socket stays with the parent, so that what waits in it outlives a worker. A worker ends without taking its interpreter apart.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

RESTART_SECONDS = 1.0
KILL_AFTER_SECONDS = 5.0
"""After the time that a worker has for finishing."""

Settings = TypeVar("Settings")
Work = Callable[[Settings, socket.socket, asyncio.Event], Awaitable[None]]

_log = logging.getLogger(__name__)


def run_workers(
    work: "Work[Settings]",
    settings: Settings,
    listener: socket.socket,
    count: int,
    stop_seconds: float,
    *,
    lost: Callable[[], None] = lambda: None,
) -> None:
    """Run `work` in `count` processes until SIGTERM or SIGINT; both must be picklable. To be called from the main thread.

    `lost` is called for each that ended by itself.
    """
    told, tell = socket.socketpair()
    with told, tell:
        before = {number: signal.signal(number, lambda *_: _tell(tell)) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            workers = _Workers(work, settings, listener, lost)
            workers.keep_running(count, told)
            workers.stop(stop_seconds)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Workers(Generic[Settings]):
    def __init__(self, work: "Work[Settings]", settings: Settings, listener: socket.socket, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._arguments = (work, settings, listener)
        self._processes: list[SpawnProcess] = []

    def keep_running(self, count: int, told: socket.socket) -> None:
        """Start them, and others for those that end, until told to stop."""
        self._start(count)
        while told not in wait([told, *(process.sentinel for process in self._processes)]):
            ended = [process for process in self._processes if not process.is_alive()]
            for process in ended:
                _log.error("a worker ended (%s); starting another", process.exitcode)
                self._lost()
                self._processes.remove(process)
            if wait([told], RESTART_SECONDS):
                return
            self._start(len(ended))

    def stop(self, stop_seconds: float) -> None:
        """Let them finish, within bounds."""
        for process in self._processes:
            process.terminate()
        ends = time.monotonic() + stop_seconds + KILL_AFTER_SECONDS
        for process in self._processes:
            process.join(max(0.0, ends - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()

    def _start(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        for _ in range(count):
            process = context.Process(target=_work, args=self._arguments, name="worker")
            process.start()
            self._processes.append(process)


def _tell(tell: socket.socket) -> None:
    tell.setblocking(False)
    try:
        tell.send(b"!")
    except OSError:
        return  # it was told before


def _work(work: "Work[Settings]", settings: Settings, listener: socket.socket) -> None:
    """Be a worker. What it raises is logged by type: its words could hold what was sent."""
    code = 0
    try:
        asyncio.run(_until_told(work, settings, listener))
    except Exception as error:
        _log.error("a worker could not go on: %s", type(error).__name__)
        code = 1
    end_at_once(code)


async def _until_told(work: "Work[Settings]", settings: Settings, listener: socket.socket) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    await work(settings, listener, told_to_stop)


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on answering for ever, without upkeep: end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def end_at_once(code: int = 0) -> None:
    """End this process without taking the interpreter apart, once all requests are answered.

    Threads may still be at work for clients that are gone, and one that comes back into an interpreter which is being taken apart
    aborts the process.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
