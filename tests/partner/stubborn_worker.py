# SPDX-License-Identifier: Apache-2.0
"""A worker process that does what the first word of a file tells it, as a decoder might whose bug a stranger knows."""

import ctypes
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.worker import main
from stillmine.partner.fingerprinting.worker_messages import Digest, Job, JobResult, Media
from stillmine.wire.kinds import Kind

_LIBC = ctypes.CDLL(None)


def make(file: BinaryIO, job: Job) -> Iterator[JobResult]:
    """Obey, or do what a worker does."""
    file.seek(0)
    word, _, rest = file.read(1000).partition(b" ")
    if word == b"half":
        yield JobResult(Media.IMAGE, fingerprints=[Digest(Kind.SHA256, b"s" * 32), Digest(Kind.MD5, b"m" * 16)])
        word = rest
    if word in (b"film", b"clip"):
        if not job.takes_long:
            yield JobResult(Media.VIDEO, is_final=True, work_seconds=100 if word == b"film" else 1)
            return
        word = rest
    if word == b"nap":
        time.sleep(0.2)
        yield JobResult(Media.VIDEO, is_final=True)
        return
    if word == b"hang":
        time.sleep(3600)
    elif word == b"spin":
        while True:
            pass
    elif word in (b"die", b"eat", b"raise"):
        fail(word)
    elif word == b"lie":
        _LIBC.send(int(sys.argv[1]), rest, len(rest), 0)
        time.sleep(3600)
    elif word == b"report":
        yield JobResult(Media.IMAGE, is_final=True, left_out=report(rest.decode()))
    else:
        yield from fingerprints_of(file, job)


def fail(word: bytes) -> None:
    """As decoders do."""
    if word == b"die":
        ctypes.string_at(0)
    if word == b"eat":
        bytearray(8 * 1024**3)
    raise LookupError("words of a stranger's file")


def report(path: str) -> list[str]:
    """Say what this process was given and may do."""
    found = [f"environment {name}" for name in os.environ]
    found += [f"descriptor {number}" for number in range(1024) if is_open(number)]
    try:
        with Path(path).open("wb", buffering=0) as file:
            file.write(b"x")
        found.append("wrote")
    except OSError:
        found.append("could not write")
    return found


def is_open(number: int) -> bool:
    """Asked of the descriptor itself: a worker can't list its own."""
    try:
        os.lseek(number, 0, os.SEEK_CUR)
    except OSError as error:
        return error.errno != errno.EBADF
    return True


if __name__ == "__main__":
    main(make)
