# SPDX-License-Identifier: Apache-2.0
"""Many files at once, over worker processes: one bad file costs an answer that says so, never the files beside it.

Only paths go to the workers and only hashes come back, no picture. A decoder that kills its process takes a worker with it; what
was then unanswered is tried again, each file alone.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path

from stillmine.fingerprint.file import FileFingerprints, fingerprint_file
from stillmine.fingerprint.ground.errors import DecoderDiedError, MediaError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file: fingerprints, or the error's sentence and code."""

    path: Path
    made: FileFingerprints | None
    sentence: str = ""
    code: str = ""


Work = Callable[[Path], Outcome]


def fingerprint_one(path: Path) -> Outcome:
    """Return what came of one file; raises nothing of ours."""
    try:
        return Outcome(path, fingerprint_file(path))
    except MediaError as error:
        return Outcome(path, None, str(error), error.code)


def fingerprint_files(paths: Sequence[Path], processes: int, work: Work = fingerprint_one) -> Iterator[Outcome]:
    """Give the outcome of each file, in order, as soon as it is there; `processes` of 1 works in this process."""
    if processes <= 1 or len(paths) <= 1:
        yield from map(work, paths)
        return
    with _pool(min(processes, len(paths))) as pool:
        futures: list[Future[Outcome]] = []
        with suppress(BrokenProcessPool):  # what is not taken on any more is tried alone too
            for path in paths:
                futures.append(pool.submit(work, path))
        for path, future in zip_longest(paths, futures):
            is_answered = future is not None and not isinstance(future.exception(), BrokenProcessPool)
            yield future.result() if is_answered else _alone(path, work)


def _alone(path: Path, work: Work) -> Outcome:
    with _pool(1) as pool:
        try:
            return pool.submit(work, path).result()
        except BrokenProcessPool:
            error = DecoderDiedError()
            return Outcome(path, None, str(error), error.code)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
