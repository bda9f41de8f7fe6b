# SPDX-License-Identifier: Apache-2.0
"""The public requests that an audit makes. Every answer is bounded in size and time: the other side may be hostile."""

import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from stillmine.auditor.errors import LogAnswerError, LogUnreachableError
from stillmine.ledger.checkpoint import MAXIMUM_NOTE_BYTES
from stillmine.wire.codec import decode
from stillmine.wire.errors import NotConfiguredError, StillmineError
from stillmine.wire.ledger import MAXIMUM_LEAVES, MAXIMUM_LEAVES_BYTES, MAXIMUM_PORTAL_BYTES, LedgerKey, LedgerLeaves, LedgerPortal

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WHOLE_ANSWER_SECONDS = 30.0
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

Message = TypeVar("Message", LedgerKey, LedgerLeaves, LedgerPortal)


class LogClient:
    """One exchange's log, seen from outside."""

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`address` is the exchange's own, such as https://exchange.example. Raises NotConfiguredError for any other form."""
        self._monotonic = monotonic
        self._http = connection_to(address, transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def key(self) -> str:
        """Return the key that the exchange names as its own; raises Log…Error, as do the others."""
        return self._message("/api/v1/ledger/key", LedgerKey, MAXIMUM_NOTE_BYTES).key

    def checkpoint(self) -> str:
        """Return the newest checkpoint as it came."""
        try:
            return self._get("/api/v1/ledger/checkpoint", MAXIMUM_NOTE_BYTES).decode()
        except UnicodeDecodeError:
            raise LogAnswerError("checkpoint") from None

    def leaves(self, start: int, limit: int) -> list[bytes]:
        """Return at most `limit` leaf hashes from `start` on, fewer where one answer does not hold more."""
        path = f"/api/v1/ledger/leaves?start={start}&limit={min(limit, MAXIMUM_LEAVES)}"
        found = self._message(path, LedgerLeaves, MAXIMUM_LEAVES_BYTES)
        if found.start != start or len(found.leaves) > limit:
            raise LogAnswerError("leaves")
        return [bytes.fromhex(leaf) for leaf in found.leaves]

    def portal(self) -> LedgerPortal:
        """Return what the log says of the portal's files."""
        return self._message("/api/v1/ledger/portal", LedgerPortal, MAXIMUM_PORTAL_BYTES)

    def _message(self, path: str, message_type: type[Message], maximum_bytes: int) -> Message:
        data = self._get(path, maximum_bytes)
        try:
            return decode(data, message_type, maximum_bytes)
        except StillmineError as error:
            raise LogAnswerError(error.detail) from None

    def _get(self, path: str, maximum_bytes: int) -> bytes:
        deadline = self._monotonic() + WHOLE_ANSWER_SECONDS
        data = bytearray()
        try:
            with self._http.stream("GET", path, headers={"Accept-Encoding": "identity"}) as response:
                for part in response.iter_raw():  # what was packed to swell on arrival is not unpacked
                    data += part
                    if len(data) > maximum_bytes:
                        raise LogAnswerError(f"more than {maximum_bytes} bytes")
                    if self._monotonic() > deadline:
                        raise LogUnreachableError(f"no whole answer in {WHOLE_ANSWER_SECONDS:.0f} s")
        except httpx.HTTPError as error:
            raise LogUnreachableError(type(error).__name__) from None
        if response.status_code >= 500:
            raise LogUnreachableError(f"HTTP status {response.status_code}")
        if response.status_code != 200:
            raise LogAnswerError(f"HTTP status {response.status_code}")
        return bytes(data)


def connection_to(address: str, transport: httpx.BaseTransport | None) -> httpx.Client:
    """Return what sends requests to this address and follows no redirect; raises NotConfiguredError as `require_address` does."""
    is_here = require_address(address)
    return httpx.Client(
        base_url=address.rstrip("/"),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=not is_here,
        transport=transport,
    )


def require_address(address: str) -> bool:
    """Return whether the exchange is on this machine; a key that is trusted at first use must not come over an open line."""
    wrong = NotConfiguredError("address: https://… of the exchange, or http://127.0.0.1:… on this machine")
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 (reading it checks it)
    except ValueError:
        raise wrong from None
    is_here = parts.hostname in _LOOPBACK_HOSTS
    if (
        not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
        or parts.scheme not in ({"http", "https"} if is_here else {"https"})
    ):
        raise wrong
    return is_here
