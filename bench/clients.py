# SPDX-License-Identifier: Apache-2.0
"""Clients that send requests to one service side by side, each over a connection that it keeps.

They run in threads of the bench's own process and take their share of the machine. Must never time what is not an answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

ANSWER_SECONDS = 120


class NothingLeftError(Exception):
    """Nothing is left to send: this client ends."""


def side_by_side(url: str, seconds: float, clients: int, request: Callable[[HTTPConnection], bool]) -> tuple[list[float], float]:
    """Let some clients send requests, each the next when the last is answered, until one says that it is done or the time is over.

    Returns how many milliseconds each took, and how many seconds all together.
    """
    times: list[float] = []
    start = time.perf_counter()
    faults: list[BaseException] = []

    def run() -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS)
        try:
            is_going = True
            while is_going and time.perf_counter() - start < seconds:
                began = time.perf_counter()
                is_going = request(connection)
                times.append((time.perf_counter() - began) * 1000)
        except NothingLeftError:
            pass
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return times, time.perf_counter() - start
