# SPDX-License-Identifier: Apache-2.0
"""Worker processes that decode uploads, watched from outside: one that takes too long or dies is replaced, and the service goes on.
from stillmine.wire.screen import RegionsChoice

Whatever happens, a job ends with an answer before its deadline, and the answer says what is missing. Which workers there are is said in
fingerprinter.py, whose turn it is in worker_queue.py, what a worker may do in worker.py. Must never trust what a worker says.
"""

import contextlib
import logging
import math
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from stillmine.fingerprint.ground.errors import DecoderFailedError
from stillmine.partner.fingerprinting.sandbox import NEEDED
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import (
    Job,
    JobResult,
    PlacesWanted,
    WorkerGoneError,
    receive_ready,
    receive_result,
    send,
)
from stillmine.partner.fingerprinting.worker_queue import WorkerQueue
from stillmine.partner.ground.errors import DeadlineError, DecoderStoppedError
from stillmine.wire.screen import RegionsChoice

log = logging.getLogger("stillmine.partner")

CPU_SECONDS_PER_SECOND = 4
"""Processor time a job may take, per second of its deadline: decoders use several processors."""

JOBS_PER_WORKER = 500
"""Unless its sort says otherwise. Then it is replaced, so that what a decoder forgets to free does not add up to its limit."""

JOBS_TO_GET_READY = 100
"""So many before, the one that takes its place is started: to load decoders takes it a third of a second, and no upload waits for that."""

LEAST_SHARE_OF_TIME = 0.1
"""Of a job's deadline. A queue that leaves less ends the job and no worker: others would have to wait for a new one to start."""

ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""All that a worker gets: nothing of the service's own, and no more threads than needed, because each takes address space."""

COMMAND = (sys.executable, "-I", "-m", "stillmine.partner.fingerprinting.worker")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker is started; tests replace the command."""

    memory_bytes: int
    command: Sequence[str] = COMMAND
    needs_sandbox: bool = False
    """Hand no file to a worker that could not shut itself in."""
    niceness: int = 0
    """How much later than others its turn for a processor comes, 0 to 19."""
    jobs: int = JOBS_PER_WORKER
    """After so many it is replaced."""


class Worker:
    """One process. One thread uses it at a time; `end` may come from another."""

    def __init__(self, settings: WorkerSettings) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own command with our own arguments)
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
        with contextlib.suppress(ProcessLookupError):  # it ended at once: whoever hands it a job is told
            os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + settings.niceness)
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

    def result(self, until: float, monotonic: Callable[[], float]) -> JobResult:
        """Return the next result; raises TimeoutError or WorkerGoneError."""
        return receive_result(self._connection, until, monotonic)

    def end(self) -> None:
        """Kill the process, wait for its end and let go of it. Only by whoever uses it."""
        self.kill()
        self._process.wait()
        self._connection.close()

    def kill(self) -> None:
        """Kill the process; whoever waits for its answer is told that it is gone."""
        self._process.kill()


@dataclass(frozen=True, slots=True)
class Task:
    """One file's reading: whether all of a moving file is read, how long it may take and is thought to take, whether that is long."""

    is_moving: bool
    seconds: float
    """From now to the answer, waiting included."""
    seconds_at_work: float = math.inf
    """Of them, once a worker has begun."""
    work_seconds: float = 0
    is_long: bool = False
    regions: RegionsChoice = RegionsChoice.OFF
    places: PlacesWanted | None = None
    """Hash these and nothing else."""

    def job(self, seconds: float) -> Job:
        """Return what a worker is told that has so many seconds left."""
        return Job(self.is_moving, seconds, int(self.seconds * CPU_SECONDS_PER_SECOND), self.regions, self.places)


@dataclass(frozen=True, slots=True)
class Load:
    """How many workers of one sort there are, are at work and were lost since the start, and how many uploads wait for one."""

    workers: int
    at_work: int
    waiting: int
    lost: int


class WorkerPool:
    """A fixed number of workers of one sort. Safe to use from several threads."""

    def __init__(
        self, size: int, settings: WorkerSettings, kept_for_short: int = 0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Of `size` workers, `kept_for_short` never all read what is long; `monotonic` counts seconds."""
        self._size = size
        self._queue = WorkerQueue(size, kept_for_short)
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Guarded by the lock: every worker there is, free, at work or getting ready; by worker, the one that takes its place; and
        # whether there may be more.
        self._all: set[Worker] = set()
        self._successors: dict[Worker, Worker] = {}
        self._is_closed = False
        self._lost = 0
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()

    def start(self) -> None:
        """Start all workers; before that there is none."""
        with self._lock:
            self._all = {Worker(self._settings) for _ in range(self._size)}
            for worker in self._all:
                self._free.put(worker)

    @property
    def process_ids(self) -> list[int]:
        """The numbers of the processes there are now."""
        with self._lock:
            return [worker.process_id for worker in self._all]

    def load(self) -> Load:
        """Return how it is at work."""
        at_work, waiting = self._queue.count()
        with self._lock:
            return Load(self._size, at_work, waiting, self._lost)

    def missing_walls(self, seconds: float) -> list[str]:
        """Return what the sandbox of a worker lacks here; raises TimeoutError or WorkerGoneError if none gets ready."""
        with self._queue.turn(0, is_long=False, patience_seconds=seconds), self._worker() as worker:
            return worker.missing_walls(self._monotonic() + seconds, self._monotonic)

    def work(self, file: OpenFile, task: Task, known: JobResult) -> JobResult:
        """Return the final result, or `known` and what came until the deadline or the worker's end, with a code of why it is not all."""
        until = self._monotonic() + task.seconds
        try:
            with self._turn(task, until), self._worker() as worker:
                worker.missing_walls(until, self._monotonic)  # that it is still starting is not the file's fault
                now = self._monotonic()
                until = min(until, now + task.seconds_at_work)
                worker.begin(task.job(until - now), file, until, self._monotonic)
                while not known.is_final:
                    known = worker.result(until, self._monotonic)
                if DecoderFailedError.code in known.left_out:
                    log.warning("a decoder failed on an upload in a way that nobody foresaw")
                return known
        except TimeoutError:
            return _with_reason(known, DeadlineError.code)
        except WorkerGoneError:
            return _with_reason(known, DecoderStoppedError.code)

    @contextlib.contextmanager
    def _turn(self, task: Task, until: float) -> Iterator[None]:
        """Hold a turn; raises TimeoutError where it comes so late that a worker would be ended for what it had no time for."""
        with self._queue.turn(task.work_seconds, task.is_long, task.seconds):
            if until - self._monotonic() < task.seconds * LEAST_SHARE_OF_TIME:
                raise TimeoutError
            yield

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Worker]:
        """Give a free worker to whoever has a turn; one that takes too long, ends or is worn out is replaced."""
        worker = self._free.get_nowait()
        is_well = False
        try:
            yield worker
            is_well = worker.jobs < self._settings.jobs
        except TimeoutError:
            self._note_lost("a worker took too long and was replaced")
            raise
        except WorkerGoneError:
            self._note_lost("a worker ended while it read an upload and was replaced")
            raise
        finally:
            self._free.put(self._kept_or_new(worker, is_well))

    def _note_lost(self, words: str) -> None:
        log.warning(words)
        with self._lock:
            self._lost += 1

    def close(self) -> None:
        """End every worker; jobs at work, and those that wait or still come, are answered as ended."""
        with self._lock:
            self._is_closed = True
            for worker in self._all:
                worker.kill()
            for worker in self._successors.values():
                worker.end()  # nobody uses it yet
            self._successors.clear()
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
                if worker.jobs >= self._settings.jobs - JOBS_TO_GET_READY and worker not in self._successors:
                    self._prepare_successor(worker)
                return worker
            worker.end()
            if self._is_closed:
                return worker
            if worker not in self._successors:
                self._prepare_successor(worker)
            new = self._successors.pop(worker, None)
            if new is None:
                return worker
            self._all.discard(worker)
            return new

    def _prepare_successor(self, worker: Worker) -> None:
        """Start the one that takes a worker's place, where that can be; the lock is held."""
        try:
            new = Worker(self._settings)
        except OSError as error:
            log.error("a worker can't be started: %s", error.strerror)
            return
        self._successors[worker] = new
        self._all.add(new)


def _with_reason(result: JobResult, code: str) -> JobResult:
    return msgspec.structs.replace(result, is_final=True, left_out=[*result.left_out, code])
