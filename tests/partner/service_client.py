# SPDX-License-Identifier: Apache-2.0
"""A client that calls the service's application directly, in an event loop of its own, with its lifespan around it.

Exists because starlette's own test client asks for a library that we do not need otherwise.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette


class ServiceClient:
    """Requests without a socket; `headers` go along with each."""

    def __init__(self, application: Starlette, portal: BlockingPortal) -> None:
        self.headers: dict[str, str] = {}
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        self._portal = portal

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.request("POST", path, content, headers)

    def request(self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str | bytes] | None = None) -> httpx.Response:
        return self._portal.call(self._request, method, path, content, _as_bytes({**self.headers, **(headers or {})}))

    async def _request(self, method: str, path: str, content: bytes, headers: dict[bytes, bytes]) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://partner.example") as client:
            return await client.request(method, path, content=content, headers=headers)


@contextmanager
def running(application: Starlette) -> Iterator[ServiceClient]:
    """Run the application's lifespan around the client."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(application.router.lifespan_context(application)):
        yield ServiceClient(application, portal)


def _as_bytes(headers: Mapping[str, str | bytes]) -> dict[bytes, bytes]:
    return {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in headers.items()}
