# SPDX-License-Identifier: Apache-2.0
"""Fetch one file, or send one message, under limits of time and of what the target may say.

The name is resolved once, every address is checked, and the connection goes to the one that was checked: a name that leads elsewhere a
moment later changes nothing. Must never follow a redirect, nor send a cookie, a key, or anything of the environment.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache

import httpx

from stillmine.partner.fetching.allowed import Target, is_public
from stillmine.partner.ground.errors import UrlNotAllowedError, UrlUnreachableError

FETCH_SECONDS = 30.0
CONNECT_SECONDS = 5.0

Take = Callable[[bytes], Awaitable[None]]
"""Takes the next bytes; what it raises ends the fetch."""


async def fetch(target: Target, take: Take, seconds: float = FETCH_SECONDS) -> None:
    """Hand the body to `take`, piece by piece; raises UrlNotAllowedError, UrlUnreachableError, and what `take` does."""
    try:
        async with asyncio.timeout(seconds):
            await _fetched(target, await _address(target), take)
    except TimeoutError:
        raise UrlUnreachableError("too slow") from None
    except (httpx.HTTPError, ssl.SSLError) as error:
        raise UrlUnreachableError(type(error).__name__) from None


async def post(target: Target, headers: Mapping[str, str], body: bytes, seconds: float) -> int:
    """Send a body and return the status of the answer, of which nothing else is read.

    In clear only to an address inside; raises UrlNotAllowedError, UrlUnreachableError.
    """
    try:
        async with asyncio.timeout(seconds):
            address = await _address(target)
            if target.scheme == "http" and is_public(address):
                raise UrlNotAllowedError
            async with _answer(_request("POST", target, address, headers, body)) as response:
                return response.status_code
    except TimeoutError:
        raise UrlUnreachableError("too slow") from None
    except (httpx.HTTPError, ssl.SSLError) as error:
        raise UrlUnreachableError(type(error).__name__) from None


async def _address(target: Target) -> str:
    """Return the address to connect to, of which all are allowed."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UrlUnreachableError("no such host") from None
    addresses = [str(place[0]) for *_, place in found]
    if not target.is_vouched_for and not all(map(is_public, addresses)):
        raise UrlNotAllowedError
    return addresses[0]


async def _fetched(target: Target, address: str, take: Take) -> None:
    async with _answer(_request("GET", target, address, {"Accept": "*/*", "Accept-Encoding": "identity"})) as response:
        if response.status_code != httpx.codes.OK:
            raise UrlUnreachableError(f"status {response.status_code}")
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UrlUnreachableError("compressed")
        if not {"content-length", "transfer-encoding"} & response.headers.keys():
            raise UrlUnreachableError("of unknown length")  # one that is cut off would end as one that is whole
        async for part in response.aiter_raw():
            await take(part)


def _request(method: str, target: Target, address: str, headers: Mapping[str, str], body: bytes | None = None) -> httpx.Request:
    shown = f"[{address}]" if ":" in address else address
    return httpx.Request(
        method,
        f"{target.scheme}://{shown}:{target.port}{target.path}",
        headers={"Host": target.authority, "User-Agent": "stillmine", **headers},
        content=body,
        extensions={
            "sni_hostname": target.host,
            "timeout": httpx.Timeout(FETCH_SECONDS, connect=CONNECT_SECONDS).as_dict(),
        },
    )


@asynccontextmanager
async def _answer(request: httpx.Request) -> AsyncIterator[httpx.Response]:
    async with httpx.AsyncHTTPTransport(verify=trusted_certificates(), trust_env=False) as transport:
        response = await transport.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Whose certificates are trusted: as SSL_CERT_FILE or SSL_CERT_DIR says, else Mozilla's list. To load it takes a while."""
    return httpx.create_ssl_context(trust_env=True)
