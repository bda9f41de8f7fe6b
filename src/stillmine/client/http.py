# SPDX-License-Identifier: Apache-2.0
"""What both clients send and how they collect what comes, whichever way it travels.

No redirect is followed, no cookie kept, no answer unpacked: a request goes to the configured exchange and what comes back is bounded.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from stillmine.client.calls import Call
from stillmine.client.errors import ExchangeAnswerError
from stillmine.client.settings import ExchangeSettings
from stillmine.client.time_limits import TimeLimits
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError, PartnerKeyRevokedError, PartnerKeyUnknownError
from stillmine.wire.partner_errors import PartnerKeyEndedError

BROKEN_CONNECTION = (
    httpx.RemoteProtocolError,
    httpx.ReadError,
    httpx.WriteError,
    httpcore.RemoteProtocolError,
    httpcore.ReadError,
    httpcore.WriteError,
)
"""A connection was there and broke, as a kept one does when the other side closed it at that moment."""

KEY_REFUSED = (PartnerKeyEndedError, PartnerKeyRevokedError, PartnerKeyUnknownError)
"""A newer key may stand in the file meanwhile, and nothing was changed by what was refused so."""

_FAILURES = (
    httpx.HTTPError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)

_WORDS: dict[type[BaseException], str] = {
    ssl.SSLError: "no TLS",
    socket.gaierror: "the name of the exchange is not known here",
    ConnectionRefusedError: "connection refused",
}


class Requests:
    """Makes the requests to one exchange."""

    def __init__(self, settings: ExchangeSettings, limits: TimeLimits) -> None:
        self._settings = settings
        self._url = settings.url
        self._key = settings.partner_key
        self._head = self._head_with(settings.partner_key)
        self._timeout = httpx.Timeout(limits.silence_seconds, connect=limits.connect_seconds).as_dict()
        self._snapshot_silence_seconds = limits.snapshot_silence_seconds
        self._urls: dict[str, httpx.URL] = {}

    def of(self, call: Call[Any], deadline: float | None = None) -> httpx.Request:
        """Return what is sent for a call."""
        head = self._head
        if call.body is not None:
            head = [*head, ("Content-Type", call.content_type), ("Content-Length", str(len(call.body)))]
        timeout = self._timeout if not call.begins_late else self._timeout | {"read": self._snapshot_silence_seconds}
        extensions: dict[str, object] = {"timeout": timeout} | ({} if deadline is None else {"deadline": deadline})
        return httpx.Request(call.method, self._url_of(call), headers=head, content=call.body, extensions=extensions)

    @property
    def key(self) -> Secret:
        """The partner key that is sent."""
        return self._key

    def has_newer_key(self, refused: Secret) -> bool:
        """Return whether another key than the one that was refused is sent from now on, since it stands in the key file."""
        if self._key is refused and (key := self._settings.key_in_file()) is not None and bytes(key) != bytes(refused):
            self._key, self._head = key, self._head_with(key)
        return self._key is not refused

    def _head_with(self, key: Secret) -> list[tuple[str, str]]:
        return [
            ("Host", urlsplit(self._url).netloc),
            ("Authorization", f"Bearer {bytes(key).decode('ascii')}"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "stillmine"),
        ]

    def _url_of(self, call: Call[Any]) -> httpx.URL:
        """To make an address costs more than to look one up."""
        url = self._urls.get(call.path)
        if url is None:
            url = self._urls[call.path] = httpx.URL(self._url + call.path)
        return url.copy_merge_params(call.parameters) if call.parameters else url


class Collected:
    """An answer's content, part by part, read as it comes: what was packed to swell on arrival is not unpacked."""

    def __init__(self, maximum_bytes: int) -> None:
        self._maximum_bytes = maximum_bytes
        self._data = bytearray()

    def take(self, part: bytes) -> None:
        """Add a part; raises ExchangeAnswerError where that is too much."""
        self._data += part
        if len(self._data) > self._maximum_bytes:
            raise ExchangeAnswerError(f"more than {self._maximum_bytes} bytes")

    def data(self) -> bytes:
        """Return all of it."""
        return bytes(self._data)


@contextmanager
def failures_named() -> Iterator[None]:
    """Turn whatever the network does into ExchangeUnreachableError, which names the kind and repeats nothing."""
    try:
        yield
    except _FAILURES as error:
        raise ExchangeUnreachableError(failure_named(error)) from None


def failure_named(error: BaseException) -> str:
    """Say what kind of failure it was, in words of this machine."""
    name = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{name}: certificate: {cause.verify_message}"
        for kind, words in _WORDS.items():
            if isinstance(cause, kind):
                return f"{name}: {words}"
        cause = cause.__cause__ or cause.__context__
    return name
