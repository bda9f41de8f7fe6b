# SPDX-License-Identifier: Apache-2.0
"""A key that was changed in its file is used as soon as the exchange refuses the one before; nothing is restarted."""

from itertools import count
from pathlib import Path

import httpx
import pytest

from stillmine.client import Exchange, ExchangeSettings, exchange_settings
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.codec import encode
from stillmine.wire.errors import PartnerKeyRevokedError, PartnerKeyUnknownError, StillmineError
from stillmine.wire.partner_errors import PartnerKeyEndedError, ScopeMissingError
from tests.client.client_parts import KEY, SETTINGS, ClientOf, streamed

NEWER = "smk_89abcdef_" + "B" * 43
STATUS = ExchangeStatus(1, IndexState.READY, 0, 0, 10, ["ask"])


class KeyTaker:
    """An exchange that knows one key and says why it refuses another."""

    def __init__(self, refusal: type[StillmineError], known: str = NEWER) -> None:
        self.refusal = refusal
        self.known = known
        self.shown: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.shown.append(request.headers["Authorization"].removeprefix("Bearer "))
        if self.shown[-1] == self.known:
            return streamed(200, encode(STATUS))
        return streamed(self.refusal.status, encode(self.refusal().message()))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "partner.key"
    path.touch(mode=0o600)
    path.write_text(KEY)
    return path


def settings_of(key_file: Path) -> ExchangeSettings:
    return exchange_settings(SETTINGS.url, key_file, {})


@pytest.mark.parametrize("refusal", [PartnerKeyEndedError, PartnerKeyRevokedError, PartnerKeyUnknownError])
def test_a_newer_key_in_the_file_is_used(client_of: ClientOf, key_file: Path, refusal: type[StillmineError]) -> None:
    exchange = KeyTaker(refusal)
    client = client_of(exchange, settings=settings_of(key_file))
    with pytest.raises(refusal):
        client.status()
    assert exchange.shown == [KEY], "the same key is not sent again"
    key_file.write_text(NEWER + "\n")
    assert client.status() == STATUS
    assert client.status() == STATUS
    assert exchange.shown == [KEY, KEY, NEWER, NEWER]


def test_a_key_that_is_refused_too_ends_it(client_of: ClientOf, key_file: Path) -> None:
    exchange = KeyTaker(PartnerKeyUnknownError, known="another")
    client = client_of(exchange, settings=settings_of(key_file))
    key_file.write_text(NEWER)
    with pytest.raises(PartnerKeyUnknownError):
        client.status()
    assert exchange.shown == [KEY, NEWER]


@pytest.mark.parametrize("fault", [httpx.ReadError("x"), httpx.Response(401, json={"code": "partner_key_unknown", "message": ""})])
def test_what_is_sent_again_ends_when_the_first_one_would_have(key_file: Path, fault: Exception | httpx.Response) -> None:
    """Over a connection that is opened again, or with another key."""
    deadlines: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        deadlines.append(request.extensions["deadline"])
        if isinstance(fault, Exception):
            raise fault
        return streamed(fault.status_code, fault.content)

    seconds = count()
    with Exchange(settings_of(key_file), httpx.MockTransport(answer), lambda: float(next(seconds))) as client:
        key_file.write_text(NEWER)
        with pytest.raises(StillmineError):
            client.status()
    assert (len(deadlines), len(set(deadlines))) == (2, 1)


@pytest.mark.parametrize("content", ["", NEWER[:-1], "smk_"])
def test_half_a_key_in_the_file_changes_nothing(client_of: ClientOf, key_file: Path, content: str) -> None:
    exchange = KeyTaker(PartnerKeyEndedError)
    client = client_of(exchange, settings=settings_of(key_file))
    key_file.write_text(content)
    with pytest.raises(PartnerKeyEndedError):
        client.status()
    assert exchange.shown == [KEY]


def test_a_file_that_others_can_read_is_not_taken(client_of: ClientOf, key_file: Path) -> None:
    exchange = KeyTaker(PartnerKeyEndedError)
    client = client_of(exchange, settings=settings_of(key_file))
    key_file.write_text(NEWER)
    key_file.chmod(0o644)
    with pytest.raises(PartnerKeyEndedError):
        client.status()
    assert exchange.shown == [KEY]


def test_what_a_key_may_not_do_is_no_reason_to_look(client_of: ClientOf, key_file: Path) -> None:
    exchange = KeyTaker(ScopeMissingError)
    client = client_of(exchange, settings=settings_of(key_file))
    key_file.write_text(NEWER)
    with pytest.raises(ScopeMissingError):
        client.status()
    assert exchange.shown == [KEY]
