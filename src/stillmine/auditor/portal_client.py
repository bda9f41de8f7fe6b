# SPDX-License-Identifier: Apache-2.0
"""A portal as a browser is served it, file by file, without following anything. Every answer is bounded in size and time.

It sends nothing but addresses. Copies compressed with brotli are not asked for: Python has no reader for them.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from stillmine.auditor.client import connection_to
from stillmine.auditor.errors import PortalUnreachableError

CODINGS = ("identity", "gzip")
"""Each file is asked for in each: a server may hold a copy of another content than the file."""

MAXIMUM_FILE_BYTES = 64 * 1024 * 1024
WHOLE_FILE_SECONDS = 120.0
STEERING_HEADERS = ("Refresh", "Link")
"""With these a browser shows another page, or this one in other styles, whatever the bytes are. No portal needs them."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Fetched:
    """What was answered: the bytes after decoding, or a few words on why there are none."""

    body: bytes | None
    why: str = ""


class PortalClient:
    """One portal, seen from outside."""

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`address` is that of the first page, such as https://exchange.example. Raises NotConfiguredError for any other form."""
        self._monotonic = monotonic
        self._http = connection_to(address, transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def fetch(self, path: str, coding: str = "identity", maximum_bytes: int = MAXIMUM_FILE_BYTES) -> Fetched:
        """Return what is served at `path` to a client that takes `coding`; raises PortalUnreachableError where nothing answers."""
        deadline = self._monotonic() + WHOLE_FILE_SECONDS
        data = bytearray()
        try:
            with self._http.stream("GET", path, headers={"Accept-Encoding": coding, "Cache-Control": "no-cache"}) as response:
                if response.status_code >= 500:
                    raise PortalUnreachableError(f"HTTP status {response.status_code}")
                if response.status_code != 200:
                    return Fetched(None, f"HTTP status {response.status_code}")
                for name in STEERING_HEADERS:
                    if name in response.headers:
                        return Fetched(None, f"with a header that changes what a browser shows: {name}")
                for part in response.iter_raw():
                    data += part
                    if len(data) > maximum_bytes:
                        return Fetched(None, f"more than {maximum_bytes} bytes")
                    if self._monotonic() > deadline:
                        raise PortalUnreachableError(f"no whole answer in {WHOLE_FILE_SECONDS:.0f} s")
        except httpx.HTTPError as error:
            raise PortalUnreachableError(type(error).__name__) from None
        return _decoded(bytes(data), response.headers.get("Content-Encoding", "identity").strip().lower(), maximum_bytes)


def _decoded(data: bytes, coding: str, maximum_bytes: int) -> Fetched:
    if coding == "identity":
        return Fetched(data)
    if coding != "gzip":
        return Fetched(None, "in a coding that was not asked for")
    reader = zlib.decompressobj(_GZIP_WINDOW)
    try:
        body = reader.decompress(data, maximum_bytes)
    except zlib.error:
        return Fetched(None, "its gzip can't be read")
    if not reader.eof or reader.unused_data:
        return Fetched(None, "its gzip has no end, or something after it")
    return Fetched(body)
