# SPDX-License-Identifier: Apache-2.0
"""What the demo sends for its person has the sizes of the portal's own requests, so that what it prints about them is true."""

from functools import partial

import httpx
import pytest

from stillmine.demo.person import Person
from stillmine.demo.story import words_of_sent
from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.padding import padded

pytestmark = pytest.mark.any_database  # sizes of requests on the line

FINGERPRINT = Fingerprint(kind=Kind.PDQ, value="0f" * 32, quality=90)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """Every request to an exchange that refuses all of them."""
    requests: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(400, json={"code": "malformed_message", "message": "no", "detail": ""})

    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(refuse)))
    return requests


def test_every_body_has_the_size_of_a_step(seen: list[httpx.Request]) -> None:
    with Person("http://exchange.example", bytes(10)) as person:
        for ask in (lambda: person.open_case([FINGERPRINT]), lambda: person.open_case([FINGERPRINT] * 160), person.withdraw_case):
            with pytest.raises(StillmineError):
                ask()
    assert [len(request.content) for request in seen] == [16384, 65536, 16384]


def test_what_the_demo_says_was_sent_counts_the_padding_and_shows_the_message() -> None:
    words = words_of_sent(padded(b'{"version":1}'))
    assert "16,384 bytes" in words
    assert "13 bytes" in words
    assert words.endswith('{"version":1}')
