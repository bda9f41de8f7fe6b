# SPDX-License-Identifier: Apache-2.0
"""Take in what comes while what came is worked on, so that the other side never waits for this one."""

import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor

STEP_BYTES = 4 * 1024 * 1024
STEP_SECONDS = 1.0
"""So that who reads from a slow sender may still stop soon."""


def read_ahead(parts: Iterable[bytes], step_bytes: int = STEP_BYTES, monotonic: Callable[[], float] = time.monotonic) -> Generator[bytes]:
    """Yield a stream in steps of so many bytes and a part more, the next of which a thread of its own takes in meanwhile.

    A step is shorter where its parts take longer than STEP_SECONDS. Raises what reading raises. Nobody else may read the stream until
    this is at its end or closed; closing waits for the step on its way.
    """
    iterator = iter(parts)

    def step() -> bytes:
        taken, until = bytearray(), monotonic() + STEP_SECONDS
        for part in iterator:
            taken += part
            if len(taken) >= step_bytes or (taken and monotonic() >= until):
                break
        return bytes(taken)

    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(step)
        while taken := coming.result():
            coming = reader.submit(step)
            yield taken
