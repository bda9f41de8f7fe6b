# SPDX-License-Identifier: Apache-2.0
"""Bytes behind a body or behind a refused head: nothing of them piles up or passes for another request."""

import pytest

from tests.attacker import answered, attacking, everything, head
from tests.serving.test_small_doors import serving

CHUNKED = head("POST", "/", {"Transfer-Encoding": "chunked"})


@pytest.mark.parametrize("line", [b"a: b\r\n", b"a" * 1000])
def test_lines_after_a_body_do_not_pile_up(line: bytes) -> None:
    """Trailers without end, in many lines or in one: with no key, they took gigabytes of memory."""
    with serving() as served, attacking(served.port) as attacker:
        client = attacker.send(CHUNKED + b"3\r\nabc\r\n0\r\nfirst: ")
        for _ in range(100):
            attacker.say(client, line * (10_000 // len(line)))
        assert answered(client) == (431, "head_too_large")
        assert served.application.bodies == []


def test_a_few_lines_after_a_body_are_read_over() -> None:
    with serving() as served, attacking(served.port) as attacker:
        client = attacker.send(CHUNKED + b"3\r\nabc\r\n0\r\nCookie: a\r\nX: b\r\n\r\n" + head("GET", "/", {"Connection": "close"}))
        answers = everything(client)
        assert answers.count(b"HTTP/1.1 200 ") == 2
        assert answers.index(b"3 bytes") < answers.index(b"0 bytes")


def test_what_follows_a_head_that_is_too_large_is_not_answered_in_its_place() -> None:
    with serving() as served, attacking(served.port) as attacker:
        client = attacker.send(head("GET", "/", {"X": "a" * 40_000}) + head("GET", "/"))
        answers = everything(client)
        assert b"HTTP/1.1 200 " not in answers
        assert served.application.bodies == []
