# SPDX-License-Identifier: Apache-2.0
"""Fetch the next part of a stream while the one before is applied: the exchange reads while the partner writes."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")


def read_ahead(parts: Iterable[Part]) -> Generator[Part]:
    """Yield the parts of a stream, of which a thread of its own fetches the next one meanwhile; raises what fetching raises.

    Nothing else may touch what the parts are read from until this is at its end or closed; closing waits for the part on its way.
    """
    iterator = iter(parts)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, iterator, None)
        while (part := coming.result()) is not None:
            coming = reader.submit(next, iterator, None)
            yield part
