# SPDX-License-Identifier: Apache-2.0
"""The next part of a stream is fetched while the one before is applied, and nothing is fetched, lost or left running beside it."""

import threading
from collections.abc import Iterator

import pytest

from stillmine.partner.listing.read_ahead import read_ahead


def names() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("read-ahead")}


def test_every_part_comes_in_its_order() -> None:
    assert list(read_ahead(range(1, 1000))) == list(range(1, 1000))
    assert list(read_ahead(())) == []
    assert names() == set()


def test_one_part_is_fetched_while_another_is_applied_and_no_more() -> None:
    fetched = [threading.Event() for _ in range(4)]

    def parts() -> Iterator[str]:
        for place, event in enumerate(fetched):
            event.set()
            yield str(place)

    ahead = read_ahead(parts())
    assert next(ahead) == "0"
    assert fetched[1].wait(60)
    assert [event.is_set() for event in fetched[2:]] == [False, False]
    ahead.close()
    assert not fetched[3].is_set()


def test_what_fails_is_raised_after_what_came_before_it() -> None:
    def parts() -> Iterator[str]:
        yield "whole"
        raise ConnectionError("cut")

    ahead = read_ahead(parts())
    assert next(ahead) == "whole"
    with pytest.raises(ConnectionError, match="cut"):
        next(ahead)
    assert names() == set()


def test_no_thread_is_left_where_applying_fails() -> None:
    ahead = read_ahead(iter(["a", "b", "c"]))
    next(ahead)
    ahead.close()
    assert names() == set()
    assert list(ahead) == []
