# SPDX-License-Identifier: Apache-2.0
"""A line that repeats is left out, and how often is said: after its minute, and at the latest when the log is closed."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from stillmine.serving.log_lines import ALIKE, INTERVAL_SECONDS, JsonLines, SparingHandler


class Hands:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(hands: Hands, stream: io.StringIO) -> Iterator[logging.Logger]:
    handler = SparingHandler(stream, hands)
    log = logging.Logger("stillmine.some", logging.INFO)
    log.addHandler(handler)
    yield log
    handler.close()


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_of_lines_alike_some_are_written_and_the_rest_is_counted(log: logging.Logger, hands: Hands, stream: io.StringIO) -> None:
    for number in range(1000):
        log.error("it failed: %s", "again")
        if number == 500:
            log.error("another")
            log.warning("it failed: again")
    assert lines(stream).count("it failed: again") == ALIKE + 1, "the warning is of another level"
    assert lines(stream).count("another") == 1
    hands.now = INTERVAL_SECONDS
    log.info("later")
    assert lines(stream)[-2:] == [f"left out {1000 - ALIKE} more lines like this within a minute: it failed: again", "later"]
    log.error("it failed: again")
    assert lines(stream)[-1] == "it failed: again", "a new minute"


def test_what_was_left_out_is_said_though_nothing_follows(log: logging.Logger, hands: Hands, stream: io.StringIO) -> None:
    for _ in range(ALIKE + 3):
        log.error("it failed")
    (handler,) = log.handlers
    assert isinstance(handler, SparingHandler)
    handler.end_minutes()
    assert lines(stream) == ["it failed"] * ALIKE, "its minute goes on"
    hands.now = INTERVAL_SECONDS
    handler.end_minutes()
    assert lines(stream)[-1] == "left out 3 more lines like this within a minute: it failed"
    handler.end_minutes()
    assert len(lines(stream)) == ALIKE + 1


def test_it_is_said_when_the_log_is_closed(log: logging.Logger, stream: io.StringIO) -> None:
    for _ in range(ALIKE + 1):
        log.error("it failed")
    log.handlers[0].close()
    assert lines(stream)[-1] == "left out 1 more lines like this within a minute: it failed"


def test_what_does_not_repeat_is_all_written_and_forgotten(log: logging.Logger, hands: Hands, stream: io.StringIO) -> None:
    for number in range(3 * ALIKE):
        hands.now += INTERVAL_SECONDS / ALIKE
        log.info("the same, slowly")
        log.info("number %d", number)
    assert len(lines(stream)) == 6 * ALIKE
    (handler,) = log.handlers
    assert len(vars(handler)["_minutes"]) <= ALIKE + 2


def test_a_line_that_says_so_has_a_code_of_its_own_in_json(log: logging.Logger, stream: io.StringIO) -> None:
    log.handlers[0].setFormatter(JsonLines())
    for _ in range(ALIKE + 1):
        log.error("it failed [some_code]")
    log.handlers[0].close()
    (*_, last) = (json.loads(line) for line in lines(stream))
    assert last["message"] == "left out 1 more lines like this within a minute: it failed"
    assert (last["code"], last["level"], last["logger"]) == ("some_code", "error", "stillmine.some")
