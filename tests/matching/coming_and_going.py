# SPDX-License-Identifier: Apache-2.0
"""One thing is searched for by several threads while it and others are added and removed."""

import threading
import time
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from stillmine.matching.results import TimedMatch

Value_contra = TypeVar("Value_contra", contravariant=True)

SOUGHT = b"s" * 16
SECONDS = 2
THREADS = 3


class Index(Protocol, Generic[Value_contra]):
    def add(self, id: bytes, value: Value_contra, /) -> None: ...
    def remove(self, id: bytes, /) -> bool: ...
    def search(self, value: Value_contra, /) -> list[TimedMatch]: ...


def what_went_wrong(index: Index[Value_contra], sought: Value_contra, strangers: Sequence[Value_contra]) -> list[str]:
    """Return what a search gave that it must not give."""
    is_over = threading.Event()
    wrong: list[str] = []

    def search() -> None:
        while not is_over.is_set():
            if {match.id for match in index.search(sought)} - {SOUGHT}:
                wrong.append("a stranger")

    searching = [threading.Thread(target=search) for _ in range(THREADS)]
    for thread in searching:
        thread.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        index.add(SOUGHT, sought)
        for number, stranger in enumerate(strangers):
            index.add(number.to_bytes(16), stranger)
        index.remove(SOUGHT)
        if index.search(sought):
            wrong.append("a removed one")
        for number in range(0, len(strangers), 2):
            index.remove(number.to_bytes(16))
    is_over.set()
    for thread in searching:
        thread.join()
    return wrong
