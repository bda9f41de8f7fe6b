# SPDX-License-Identifier: Apache-2.0
"""What comes is taken in while what came is worked on, and nothing is lost, taken in too early or left running beside it."""

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from stillmine.client.read_ahead import STEP_SECONDS, read_ahead


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("read-ahead")}


@pytest.mark.parametrize("step_bytes", [1, 5, 7, 1000])
@pytest.mark.parametrize("parts", [[], [b"a"], [b"ab", b"", b"cdefghi", b"j"], [bytes([n]) * 3 for n in range(50)]])
def test_all_of_it_comes_in_order(parts: list[bytes], step_bytes: int) -> None:
    steps = list(read_ahead(parts, step_bytes, lambda: 0.0))
    assert b"".join(steps) == b"".join(parts)
    assert all(len(step) >= step_bytes for step in steps[:-1])
    assert not threads()


def test_the_next_step_is_taken_in_while_one_is_worked_on_and_no_more() -> None:
    taken = list[int]()
    second = threading.Event()

    def stream() -> Iterator[bytes]:
        for place in range(5):
            taken.append(place)
            if place == 1:
                second.set()
            yield b"x"

    steps = read_ahead(stream(), 1, lambda: 0.0)
    assert next(steps) == b"x"
    assert second.wait(30)
    assert taken == [0, 1]
    steps.close()
    assert not threads()


def test_a_fault_comes_after_what_came_whole_before() -> None:
    def stream() -> Iterator[bytes]:
        yield b"ab"
        raise ConnectionResetError

    steps = read_ahead(stream(), 2, lambda: 0.0)
    assert next(steps) == b"ab"
    with pytest.raises(ConnectionResetError):
        next(steps)
    assert not threads()


def test_a_slow_sender_makes_short_steps() -> None:
    clock = count(step=STEP_SECONDS)
    assert list(read_ahead([b"ab", b"cd", b"ef"], 1000, lambda: next(clock))) == [b"ab", b"cd", b"ef"]
