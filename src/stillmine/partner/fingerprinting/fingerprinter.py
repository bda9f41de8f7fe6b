# SPDX-License-Identifier: Apache-2.0
"""Which workers there are, and which of them reads an upload: pictures have their own, and of the others some are kept for what is short.

An hour of video keeps no picture waiting, and a file made to take long no short video. How much work a file is, its header says to a
worker; a header that lies costs its sender time, nobody else. See workers.py for how a worker is watched.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence

import msgspec

from stillmine.fingerprint.ground.errors import MediaDeadlineError
from stillmine.partner.fingerprinting.sandbox import NEEDED
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import LONG_MEDIA, JobResult, Media, PlacesWanted, WorkerGoneError
from stillmine.partner.fingerprinting.workers import COMMAND, Load, Task, WorkerPool, WorkerSettings
from stillmine.partner.ground.errors import DeadlineError
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import RegionsChoice

log = logging.getLogger("stillmine.partner")

DEADLINE_SECONDS = {
    Media.UNKNOWN: 5.0,
    Media.IMAGE: 5.0,
    Media.SOUND: 30.0,
    Media.ANIMATION: 120.0,
    Media.MOTION_PHOTO: 120.0,
    Media.VIDEO: 120.0,
}
"""From the last byte of the upload to the answer, waiting for a free worker included."""

PICTURE_MEMORY_BYTES = 2 * 1024**3
"""Address space of a worker; the largest picture takes about 0.7 GB."""

PICTURE_JOBS = 2_000
"""Of a picture's worker, before it is replaced: to start one takes as much of a processor as 150 small photographs."""

LONG_MEMORY_BYTES = 4 * 1024**3
"""Of a worker for video and sound, whose decoder has threads of its own."""

READY_SECONDS = 60.0
"""For a worker to load its decoders, on a machine that is busy."""

SHORT_SECONDS = 5.0
"""What is thought to take no longer may use the workers that are kept for short files."""

SHORT_LIMIT_SECONDS = 20.0
"""Then such a file is taken for a long one after all."""

MOVING_AT_ONCE, LONG_AT_ONCE = 24, 16
"""So many moving uploads, and long ones among them, are read or wait at once; one more is refused as busy. A service takes 32 requests at
once (service/service.py), so a crowd of films leaves places to pictures, and a crowd of long ones to short ones."""

MOVING_NICENESS = 5
"""Of workers for what moves: where all want a processor, a picture's worker gets three times the time."""

OUT_OF_TIME = frozenset({DeadlineError.code, MediaDeadlineError.code})


class Fingerprinter:
    """What makes fingerprints of an upload, whatever it is."""

    def __init__(
        self,
        threads: int,
        command: Sequence[str] = COMMAND,
        deadline_seconds: dict[Media, float] | None = None,
        memory_bytes: tuple[int, int] = (PICTURE_MEMORY_BYTES, LONG_MEMORY_BYTES),
        needs_sandbox: bool = False,
    ) -> None:
        """`threads` pictures, half as many moving files of any length, a quarter as many short ones; `memory_bytes` of a picture's and a
        moving file's worker."""
        self.short_limit_seconds = SHORT_LIMIT_SECONDS
        self.deadline_seconds = {**DEADLINE_SECONDS, **(deadline_seconds or {})}
        self._needs_sandbox = needs_sandbox
        self._moving_places, self._long_places = threading.Semaphore(MOVING_AT_ONCE), threading.Semaphore(LONG_AT_ONCE)
        self._pictures = WorkerPool(threads, WorkerSettings(memory_bytes[0], command, needs_sandbox, jobs=PICTURE_JOBS))
        kept_for_short = max(1, threads // 4)
        moving = WorkerSettings(memory_bytes[1], command, needs_sandbox, MOVING_NICENESS)
        self._moving = WorkerPool(max(1, threads // 2) + kept_for_short, moving, kept_for_short)

    def start(self) -> None:
        """Start all workers."""
        self._pictures.start()
        self._moving.start()

    @property
    def process_ids(self) -> list[int]:
        """The numbers of all worker processes."""
        return [*self._pictures.process_ids, *self._moving.process_ids]

    def load(self) -> dict[str, Load]:
        """Return how the workers for pictures and for what moves are at work."""
        return {"picture": self._pictures.load(), "moving": self._moving.load()}

    def check_sandbox(self, seconds: float = READY_SECONDS) -> list[str]:
        """Wait for a worker, log which walls it lacks on this system, and return them; raises NotConfiguredError if all are needed."""
        try:
            missing = self._pictures.missing_walls(seconds)
        except (TimeoutError, WorkerGoneError):
            log.error("no worker gets ready; until one does, uploads are not screened")
            missing = sorted(NEEDED)
        if self._needs_sandbox and NEEDED.intersection(missing):
            raise NotConfiguredError(f"--require-sandbox: on this system workers have no {', '.join(missing)}")
        if missing:
            log.warning("the sandbox of workers is incomplete on this system: no %s", ", ".join(missing))
        return missing

    def fingerprints(self, file: OpenFile, regions: RegionsChoice = RegionsChoice.OFF) -> JobResult:
        """Return what could be made of a file; raises BusyError, and nothing else but what the operating system refuses."""
        task = Task(is_moving=False, seconds=self.deadline_seconds[Media.IMAGE], regions=regions)
        result = self._pictures.work(file, task, JobResult(Media.UNKNOWN))
        if result.media not in LONG_MEDIA or result.left_out:
            return result
        with _place(self._moving_places):
            return self._moving_fingerprints(file, msgspec.structs.replace(result, is_final=False), regions)

    def hash_places(self, file: OpenFile, wanted: PlacesWanted, seconds: float) -> JobResult:
        """Return the hashes at places of a picture that was read before, or the code of why there are none."""
        return self._pictures.work(file, Task(is_moving=False, seconds=seconds, places=wanted), JobResult(Media.IMAGE))

    def _moving_fingerprints(self, file: OpenFile, begun: JobResult, regions: RegionsChoice) -> JobResult:
        """A file that says it is short and is not loses its place among the short ones, and begins again among the long."""
        until = time.monotonic() + self.deadline_seconds[begun.media]
        if begun.work_seconds <= SHORT_SECONDS:
            short = Task(True, until - time.monotonic(), self.short_limit_seconds, begun.work_seconds, regions=regions)
            result = self._moving.work(file, short, begun)
            left = until - time.monotonic()
            if not OUT_OF_TIME.intersection(result.left_out) or left <= 0:
                return result
        with _place(self._long_places):
            long = Task(True, until - time.monotonic(), work_seconds=begun.work_seconds, is_long=True, regions=regions)
            return self._moving.work(file, long, begun)

    def close(self) -> None:
        """End every worker."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._moving.close)
            stack.callback(self._pictures.close)


@contextlib.contextmanager
def _place(places: threading.Semaphore) -> Iterator[None]:
    """Hold one of so many places; raises BusyError where none is free."""
    if not places.acquire(blocking=False):
        raise BusyError
    try:
        yield
    finally:
        places.release()


def default_threads() -> int:
    """Return how many pictures are read at once unless said."""
    return min(4, os.cpu_count() or 1)
