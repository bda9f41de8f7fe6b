# SPDX-License-Identifier: Apache-2.0
"""Who may call HMA's addresses, and how they are answered.

HMA knows no keys. Without one, only programs on this machine are let in: must never answer a page in a browser, whose name for this
machine may be anybody's.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from stillmine.client.settings import LOOPBACK_HOSTS
from stillmine.partner.ground.errors import HmaNotLocalError
from stillmine.partner.service.service import Handler
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES
from stillmine.wire.errors import MalformedMessageError, MessageTooLargeError, NotConfiguredError

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_OF_BROWSERS = ("origin", "sec-fetch-site")
_OBJECT = msgspec.json.Decoder(dict[str, object])
"""Made here, before there are threads: `stillmine.wire.codec` says why."""

Told = Mapping[str, object] | Sequence[object]


class HmaChoice(StrEnum):
    """Whether HMA's calls are answered: not, to whoever has the service key, or to every program on this machine."""

    OFF = "off"
    KEY = "key"
    OPEN = "open"


def require_local(choice: HmaChoice, listen: str) -> None:
    """Raise NotConfiguredError where anybody on a network could call without a key."""
    if choice is HmaChoice.OPEN and listen.strip("[]") not in LOOPBACK_HOSTS:
        raise NotConfiguredError("--hma open: only with --listen 127.0.0.1; elsewhere use --hma key, and a proxy that adds the service key")


def only_local(handler: Handler) -> Handler:
    """Let in programs of this machine alone; raises HmaNotLocalError."""

    async def local(request: Request) -> Response:
        is_of_browser = any(name in request.headers for name in _OF_BROWSERS)
        if is_of_browser or _host(request.headers.get("host", "")) not in LOOPBACK_HOSTS:
            raise HmaNotLocalError
        return await handler(request)

    return local


def _host(authority: str) -> str:
    """Return the name before the port."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].lower()


def told(answer: Told, status: int = 200) -> Response:
    """Answer in JSON."""
    return Response(msgspec.json.encode(answer), status, _HEADERS, "application/json")


def said(word: str, status: int = 200) -> Response:
    """Answer with one word."""
    return Response(word, status, _HEADERS, "text/plain")


async def asked(request: Request) -> dict[str, object]:
    """Return the object that a body is; raises MalformedMessageError, MessageTooLargeError."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MAXIMUM_MESSAGE_BYTES:
            raise MessageTooLargeError(f"limit: {MAXIMUM_MESSAGE_BYTES} bytes")
    try:
        return _OBJECT.decode(bytes(data))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise MalformedMessageError("an object") from None


def word_of(body: Mapping[str, object], name: str) -> str:
    """Return a word that must be there; raises MalformedMessageError."""
    word = body.get(name)
    if not isinstance(word, str):
        raise MalformedMessageError(f"{name}: a word")
    return word


def is_true(word: str | None) -> bool:
    """Whether a parameter says yes."""
    return (word or "").lower() in {"1", "true"}
