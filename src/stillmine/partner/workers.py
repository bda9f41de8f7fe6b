# SPDX-License-Identifier: Apache-2.0
"""Worker processes that decode uploads, watched from outside: one that takes too long or dies is replaced, and the service goes on.

Pictures and long media have workers of their own, or an hour of video would keep every picture waiting. Whatever happens, a job ends
with an answer before its deadline, and the answer says what is missing. See worker.py for what a worker may do.
"""

import contextlib
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from stillmine.partner.errors import DeadlineError, DecoderStoppedError
from stillmine.partner.sandbox import NEEDED
from stillmine.partner.upload import OpenFile
from stillmine.partner.worker_messages import LONG_MEDIA, Answer, Job, Media, WorkerGoneError, receive_answer, receive_ready, send
from stillmine.wire.errors import NotConfiguredError

log = logging.getLogger("stillmine.partner")

DEADLINE_SECONDS = {Media.UNKNOWN: 5.0, Media.IMAGE: 5.0, Media.SOUND: 30.0, Media.ANIMATION: 120.0, Media.VIDEO: 120.0}
"""From the last byte of the upload to the answer, waiting for a free worker included."""

PICTURE_MEMORY_BYTES = 2 * 1024**3
"""Address space of a worker; the largest picture takes about 0.7 GB."""

LONG_MEMORY_BYTES = 4 * 1024**3
"""Of a worker for video and sound, whose decoder has threads of its own."""

CPU_SECONDS_PER_SECOND = 4
"""Processor time a job may take, per second of its deadline: decoders use several processors."""

READY_SECONDS = 60.0
"""For a worker to load its decoders, on a machine that is busy."""

JOBS_PER_WORKER = 500
"""Then it is replaced, so that what a decoder forgets to free does not add up to its limit."""

ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""All that a worker gets: nothing of the service's own, and no more threads than needed, because each takes address space."""

COMMAND = (sys.executable, "-I", "-m", "stillmine.partner.worker")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker is started; tests replace the command."""

    memory_bytes: int
    command: Sequence[str] = COMMAND
    needs_sandbox: bool = False
    """Hand no file to a worker that could not shut itself in."""


class Worker:
    """One process. One thread uses it at a time; `end` may come from another."""

    def __init__(self, settings: WorkerSettings) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command with our own arguments
                [*settings.command, str(theirs.fileno()), str(settings.memory_bytes)],
                pass_fds=[theirs.fileno()],
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._connection = ours
        self._missing_walls: list[str] | None = None
        self._needs_sandbox = settings.needs_sandbox
        self.jobs = 0

    @property
    def process_id(self) -> int:
        """The number of the process."""
        return self._process.pid

    def missing_walls(self, until: float, monotonic: Callable[[], float]) -> list[str]:
        """Wait until it is shut in and return what it could not build; raises TimeoutError or WorkerGoneError."""
        if self._connection.fileno() < 0:
            raise WorkerGoneError
        if self._missing_walls is None:
            self._missing_walls = receive_ready(self._connection, until, monotonic).missing
        return self._missing_walls

    def begin(self, job: Job, file: OpenFile, until: float, monotonic: Callable[[], float]) -> None:
        """Hand over a job once it is shut in; raises TimeoutError or WorkerGoneError."""
        self.jobs += 1
        if NEEDED.intersection(self.missing_walls(until, monotonic)) and self._needs_sandbox:
            raise WorkerGoneError
        send(self._connection, job, file.fileno())

    def answer(self, until: float, monotonic: Callable[[], float]) -> Answer:
        """Return the next answer; raises TimeoutError or WorkerGoneError."""
        return receive_answer(self._connection, until, monotonic)

    def end(self) -> None:
        """Kill the process, wait for its end and let go of it. Only by whoever uses it."""
        self.kill()
        self._process.wait()
        self._connection.close()

    def kill(self) -> None:
        """Kill the process; whoever waits for its answer is told that it is gone."""
        self._process.kill()


class WorkerPool:
    """A fixed number of workers of one sort. Safe to use from several threads."""

    def __init__(self, size: int, settings: WorkerSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts seconds."""
        self._size = size
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Guarded by the lock: every worker there is, free or at work, and whether there may be more.
        self._all: set[Worker] = set()
        self._is_closed = False
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()

    def start(self) -> None:
        """Start all workers; a job that comes before waits for one."""
        with self._lock:
            self._all = {Worker(self._settings) for _ in range(self._size)}
            for worker in self._all:
                self._free.put(worker)

    @property
    def process_ids(self) -> list[int]:
        """The numbers of the processes there are now."""
        with self._lock:
            return [worker.process_id for worker in self._all]

    def missing_walls(self, seconds: float) -> list[str]:
        """Return what the sandbox of a worker lacks here; raises TimeoutError or WorkerGoneError if none gets ready."""
        worker = self._free.get(timeout=seconds)
        is_well = False
        try:
            missing = worker.missing_walls(self._monotonic() + seconds, self._monotonic)
            is_well = True
            return missing
        finally:
            self._free.put(self._kept_or_new(worker, is_well))

    def work(self, file: OpenFile, takes_long: bool, seconds: float, known: Answer) -> Answer:
        """Return the final answer, or `known` and what came until the deadline or the worker's end, with a code of why it is not all."""
        until = self._monotonic() + seconds
        try:
            worker = self._free.get(timeout=seconds)
        except queue.Empty:
            return _with_reason(known, DeadlineError.code)
        is_well = False
        try:
            left = until - self._monotonic()
            worker.begin(Job(takes_long, left, int(seconds * CPU_SECONDS_PER_SECOND)), file, until, self._monotonic)
            while not known.is_final:
                known = worker.answer(until, self._monotonic)
            is_well = worker.jobs < JOBS_PER_WORKER
            return known
        except TimeoutError:
            log.warning("a worker took too long and was replaced")
            return _with_reason(known, DeadlineError.code)
        except WorkerGoneError:
            log.warning("a worker ended while it read an upload and was replaced")
            return _with_reason(known, DecoderStoppedError.code)
        finally:
            self._free.put(self._kept_or_new(worker, is_well))

    def close(self) -> None:
        """End every worker; jobs at work, and those that wait or still come, are answered as ended."""
        with self._lock:
            self._is_closed = True
            for worker in self._all:
                worker.kill()
        free = []
        with contextlib.suppress(queue.Empty):
            while True:
                free.append(self._free.get_nowait())
        for worker in free:
            worker.end()
            self._free.put(worker)  # dead: whoever takes it is told at once, instead of waiting for its deadline

    def _kept_or_new(self, worker: Worker, is_well: bool) -> Worker:
        """Return the worker to use next: this one, another in its place, or a dead one where there can be no other now.

        A dead one fails its next job at once, and then another start is tried; so a pool never shrinks for good.
        """
        with self._lock:
            if is_well and not self._is_closed:
                return worker
            worker.end()
            if self._is_closed:
                return worker
            try:
                new = Worker(self._settings)
            except OSError as error:
                log.error("a worker can't be started: %s", error.strerror)
                return worker
            self._all.discard(worker)
            self._all.add(new)
            return new


class Decoder:
    """What makes fingerprints of an upload, whatever it is: one pool for pictures, one for what takes long."""

    def __init__(
        self,
        threads: int,
        command: Sequence[str] = COMMAND,
        deadline_seconds: dict[Media, float] | None = None,
        memory_bytes: tuple[int, int] = (PICTURE_MEMORY_BYTES, LONG_MEMORY_BYTES),
        needs_sandbox: bool = False,
    ) -> None:
        """`threads` pictures and half as many videos or sounds are read at once; `memory_bytes` of one and of the other."""
        self.deadline_seconds = {**DEADLINE_SECONDS, **(deadline_seconds or {})}
        self._needs_sandbox = needs_sandbox
        self._pictures = WorkerPool(threads, WorkerSettings(memory_bytes[0], command, needs_sandbox))
        self._long = WorkerPool(max(1, threads // 2), WorkerSettings(memory_bytes[1], command, needs_sandbox))

    def start(self) -> None:
        """Start all workers."""
        self._pictures.start()
        self._long.start()

    @property
    def process_ids(self) -> list[int]:
        """The numbers of all worker processes."""
        return [*self._pictures.process_ids, *self._long.process_ids]

    def check_sandbox(self, seconds: float = READY_SECONDS) -> list[str]:
        """Wait for a worker, log which walls it lacks on this system, and return them; raises NotConfiguredError if all are needed."""
        try:
            missing = self._pictures.missing_walls(seconds)
        except (TimeoutError, WorkerGoneError):
            log.error("no worker gets ready; until one does, uploads are not screened")
            missing = sorted(NEEDED)
        if self._needs_sandbox and NEEDED.intersection(missing):
            raise NotConfiguredError(f"--require-sandbox: on this system a worker has no {', '.join(missing)}")
        if missing:
            log.warning("the sandbox of workers is not whole on this system: no %s", ", ".join(missing))
        return missing

    def fingerprints(self, file: OpenFile) -> Answer:
        """Return what could be made of a file; raises nothing but what the operating system refuses."""
        nothing = Answer(Media.UNKNOWN)
        answer = self._pictures.work(file, takes_long=False, seconds=self.deadline_seconds[Media.IMAGE], known=nothing)
        if answer.media not in LONG_MEDIA or answer.left_out:
            return answer
        begun = msgspec.structs.replace(answer, is_final=False)
        return self._long.work(file, takes_long=True, seconds=self.deadline_seconds[answer.media], known=begun)

    def close(self) -> None:
        """End every worker."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._long.close)
            stack.callback(self._pictures.close)


def default_threads() -> int:
    """Return how many pictures are read at once unless said."""
    return min(4, os.cpu_count() or 1)


def _with_reason(answer: Answer, code: str) -> Answer:
    return msgspec.structs.replace(answer, is_final=True, left_out=[*answer.left_out, code])
