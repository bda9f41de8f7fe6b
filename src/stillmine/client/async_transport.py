# SPDX-License-Identifier: Apache-2.0
"""The network for asyncio: whatever is given up, by a limit or by whoever waits, has its connection closed at once.

The HTTP library leaves that of a TLS handshake which is cancelled to the garbage collector.
"""

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore
import httpx

from stillmine.client.network import core_request, pool_options
from stillmine.client.settings import ExchangeSettings


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections that are kept open. For tasks of one event loop."""

    def __init__(self, settings: ExchangeSettings) -> None:
        self._pool = httpcore.AsyncConnectionPool(**pool_options(settings), network_backend=_Backend())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose content is still to be read."""
        answer = await self._pool.handle_async_request(core_request(request))
        return httpx.Response(answer.status, headers=answer.headers, stream=_Content(answer))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Content(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """asyncio's network."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._network.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.AsyncNetworkStream):
    """One connection of it."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            await self._stream.aclose()
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
