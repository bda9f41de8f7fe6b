# SPDX-License-Identifier: Apache-2.0
"""What the exchange says at its doors: how long a body may be, whose request it is, and who is refused before a body is read on.

A key is looked up here only where a body does not come at once; the view looks it up again, so that nothing rests on this.
"""

import asyncio
import io
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError

from stillmine.exchange.ground.headers import ALIVE, API_HEADERS, LIVE_PATH
from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.transaction.context import Clock, Context, context
from stillmine.exchange.web.app import configure, system_clock, wsgi_application
from stillmine.exchange.web.portal import read_portal, record_served
from stillmine.exchange.web.static_files import StaticFiles
from stillmine.serving.connection import Headers, Networks
from stillmine.serving.front import Front, Inside
from stillmine.serving.listening import answer
from stillmine.serving.wsgi import Answer, whole
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES
from stillmine.wire.errors import StillmineError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from django.http import HttpRequest
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

    from stillmine.exchange.web.urls import Route

REFUSAL_HEADERS = [(name.lower().encode(), value.encode()) for name, value in API_HEADERS]


Application = Callable[["Scope", "ASGIReceiveCallable", "ASGISendCallable"], Awaitable[None]]


@dataclass(frozen=True)
class Served:
    """What a worker builds everything from."""

    config: ExchangeConfig
    clock: Clock = system_clock


async def serve_worker(served: Served, listener: socket.socket, told_to_stop: asyncio.Event) -> None:
    """Build the application in this process, and answer until told to stop."""
    config = served.config
    exchange = configure(replace(config, is_answering=True), served.clock)
    portal = read_portal(exchange.portal)
    if portal is not None:
        await asyncio.to_thread(record_served, exchange, portal)
    front = alive_at_once(Front(_inside(exchange, portal), config.room))
    networks = _networks(config.trusted_proxies)
    await answer(
        listener,
        front,
        config.doors,
        told_to_stop,
        networks=networks,
        refusal_headers=REFUSAL_HEADERS,
        shares_listener=config.workers > 1,
    )


def alive_at_once(front: "Application") -> "Application":
    """Answer `/livez` without a thread: while the database is frozen all threads can wait for it, and the process lives."""

    async def application(scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
        if scope["type"] != "http" or scope["path"] != LIVE_PATH or scope["method"] not in {"GET", "HEAD"}:
            await front(scope, receive, send)
            return
        headers = [*REFUSAL_HEADERS, (b"content-type", b"text/plain"), (b"content-length", str(len(ALIVE)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": ALIVE, "more_body": False})

    return application


def _networks(trusted_proxies: int) -> Networks:
    """Behind a proxy all connections come from one address, so each counts for the network that its request's head names."""
    from stillmine.exchange.gate.network import network_of  # noqa: PLC0415 (needs the configured apps)

    if trusted_proxies == 0:
        return Networks(of_peer=network_of)
    return Networks(of_head=lambda peer, headers: _network(peer, headers, trusted_proxies))


def _network(peer: str, headers: Headers, trusted_proxies: int) -> str:
    from stillmine.exchange.gate.network import believed_network  # noqa: PLC0415 (needs the configured apps)

    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
    return believed_network(peer, forwarded, trusted_proxies)


def _inside(exchange: Context, portal: StaticFiles | None) -> Inside:
    from stillmine.exchange.web.urls import ROUTES  # noqa: PLC0415 (needs the configured apps)

    routes = {f"/{route.path}": route for route in ROUTES}

    def longest_body(path: str) -> int:
        return routes[path].body_bytes if path in routes else MAXIMUM_MESSAGE_BYTES

    def refuse_early(environ: "WSGIEnvironment") -> Answer | None:
        route = routes.get(environ["PATH_INFO"])
        return None if route is None else _refused_early(route, environ)

    return Inside(
        wsgi_application(exchange, portal),
        longest_body,
        refuse_early,
        lambda peer, headers: _network(peer, headers, exchange.trusted_proxies),
        REFUSAL_HEADERS,
    )


def _refused_early(route: "Route", environ: "WSGIEnvironment") -> Answer | None:
    """Return the view's own refusal of a key that opens nothing; None if there is none, and if that can't be told right now."""
    from django.core.handlers.wsgi import WSGIRequest  # noqa: PLC0415 (loads slowly, and commands don't need it)
    from django.db import close_old_connections  # noqa: PLC0415 (after Django is configured)

    from stillmine.exchange.ground.edge import refusal  # noqa: PLC0415 (needs the configured apps)

    close_old_connections()
    try:
        _look_up(route, WSGIRequest({**environ, "wsgi.input": io.BytesIO()}))
    except StillmineError as error:
        if error.status >= 500:
            return None
        response = refusal(error)
        lines = [(name.encode(), value.encode()) for name, value in response.items()]
        return whole(response.status_code, [*REFUSAL_HEADERS, *lines], response.content)
    except DatabaseError:
        return None
    return None


def _look_up(route: "Route", request: "HttpRequest") -> None:
    """Raise what the view would raise about the key. A case that is about to be opened is not there yet."""
    from stillmine.exchange.gate.network import network_key  # noqa: PLC0415 (after Django is configured)
    from stillmine.exchange.partners.authentication import bearer_partner, stopncii_partner  # noqa: PLC0415 (after Django is configured)
    from stillmine.exchange.protection.authentication import case_credentials, case_of  # noqa: PLC0415 (needs the configured apps)
    from stillmine.exchange.web.urls import Caller  # noqa: PLC0415 (after Django is configured)

    exchange = context()
    match route.caller:
        case Caller.CASE if route.path == "api/v1/case":
            case_credentials(request)
        case Caller.CASE:
            case_of(exchange, case_credentials(request), network_key(exchange, request, exchange.clock()))
        case Caller.PARTNER:
            bearer_partner(request, None)
        case Caller.STOPNCII_PARTNER:
            stopncii_partner(request, None)
        case Caller.ANYBODY:
            pass
