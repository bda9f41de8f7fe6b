# SPDX-License-Identifier: Apache-2.0
"""A worker process: reads strangers' files so that the service does not have to. Started by workers.py, never by hand.

It limits itself before it reads the first file: memory, processor time, no file of any size, no core dump; then it loads what decoders
load, and shuts itself in (sandbox.py). It holds no key, no list and no connection but the one to its service, and writes nothing
anywhere. A file that breaks it breaks only it, and a stranger who runs code in it reaches nothing else.
"""

import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from stillmine.fingerprint.ground.errors import DecoderFailedError
from stillmine.fingerprint.preload import load_decoders
from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.sandbox import shut_in
from stillmine.partner.fingerprinting.worker_messages import Job, JobResult, Media, Ready, WorkerGoneError, receive_job, send

OUT_OF_MEMORY_STATUS = 70

Make = Callable[[BinaryIO, Job], Iterator[JobResult]]
"""Yields what is known of a file, the final result last."""


def main(make: Make = fingerprints_of) -> None:
    """JobResult jobs until the service ends; arguments: descriptor of the connection, bytes of memory."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    limit_this_process(int(sys.argv[2]))
    logging.disable()  # this process writes nowhere; the service logs what its answers say
    load_decoders()
    missing = shut_in(connection.fileno())
    try:
        send(connection, Ready([str(wall) for wall in missing]))
    except WorkerGoneError:
        return
    while (received := receive_job(connection)) is not None:
        job, descriptor = received
        limit_processor_time(job.cpu_seconds)
        with os.fdopen(descriptor, "rb") as file:
            try:
                for result in results_of(make, file, job):
                    send(connection, result)
            except MemoryError:
                # What is left of this process can't be relied on; the service starts another.
                os._exit(OUT_OF_MEMORY_STATUS)
            except WorkerGoneError:
                return


def results_of(make: Make, file: BinaryIO, job: Job) -> Iterator[JobResult]:
    """Yield what is made; what nobody foresaw ends the reading of this file, not this process. Its words, maybe the file's, go nowhere."""
    result = JobResult(Media.UNKNOWN)
    try:
        for result in make(file, job):
            yield result
    except (MemoryError, WorkerGoneError):
        raise
    except Exception:
        yield msgspec.structs.replace(result, is_final=True, left_out=[*result.left_out, DecoderFailedError.code])


def limit_this_process(memory_bytes: int) -> None:
    """Set what holds for the whole life of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service decides when its workers end
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_processor_time(seconds: int) -> None:
    """Let the kernel end this process after so much more processor time, all of its threads together."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    main()
