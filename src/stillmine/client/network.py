# SPDX-License-Identifier: Apache-2.0
"""How both clients reach the network: whose certificates are trusted, through which proxy, how long connections are kept."""

import ssl
from typing import TypedDict
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from stillmine.client.settings import ExchangeSettings
from stillmine.wire.errors import NotConfiguredError

KEPT_SECONDS = 60.0
"""How long an unused connection is kept: shorter than an exchange keeps it (spec/doors.md)."""

KEPT_CONNECTIONS = 32


class PoolOptions(TypedDict):
    """What a pool of connections is made with, of whichever kind."""

    ssl_context: ssl.SSLContext | None
    proxy: httpcore.Proxy | None
    max_connections: int | None
    max_keepalive_connections: int
    keepalive_expiry: float


def pool_options(settings: ExchangeSettings) -> PoolOptions:
    """Return them; raises NotConfiguredError for a proxy that can't be used."""
    proxy = proxy_of_environment(settings)
    return PoolOptions(
        ssl_context=trusted_certificates(settings),
        proxy=None if proxy is None else httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth),
        max_connections=None,
        max_keepalive_connections=KEPT_CONNECTIONS,
        keepalive_expiry=KEPT_SECONDS,
    )


def core_request(request: httpx.Request) -> httpcore.Request:
    """Return a request in the form of the pool."""
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.content,
        extensions={"timeout": request.extensions["timeout"]},
    )


def trusted_certificates(settings: ExchangeSettings) -> ssl.SSLContext | None:
    """Return whose certificates are trusted: as SSL_CERT_FILE or SSL_CERT_DIR says, else Mozilla's list. To load it takes a while."""
    return httpx.create_ssl_context(trust_env=True) if settings.url.startswith("https:") else None


def proxy_of_environment(settings: ExchangeSettings) -> httpx.Proxy | None:
    """Return the proxy that the environment names for this exchange; raises NotConfiguredError for one that can't be used.

    A proxy can't reach this machine's own loopback, so there is none for it.
    """
    parts = urlsplit(settings.url)
    named = getproxies()
    url = named.get(parts.scheme) or named.get("all")
    if settings.is_on_this_machine or not url or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    try:
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or proxy.url.scheme not in {"http", "https"} or not proxy.url.host:
        raise NotConfiguredError("the proxy named in HTTPS_PROXY or ALL_PROXY: must be an http:// or https:// address")
    return proxy
