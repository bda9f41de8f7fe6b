# SPDX-License-Identifier: Apache-2.0
"""The leader's routes for the instances that follow it, under a key of their own. Contract: spec/instances.md.

Must never be reachable with the platform's key, nor without one.
"""

import hmac
from collections.abc import Iterator

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from stillmine.partner.ground.errors import InstancesKeyError
from stillmine.partner.instances.leading import Leading, decode_of_version
from stillmine.partner.instances.messages import (
    MAXIMUM_HANDED_BYTES,
    MAXIMUM_RECORD_BYTES,
    MAXIMUM_STEP_BYTES,
    HandOver,
    Join,
    Leave,
    Record,
    Step,
)
from stillmine.partner.service.bodies import body_of
from stillmine.partner.service.room import Guest
from stillmine.partner.service.service import BodyHandler, MoreRoutes, ServiceParts
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import encode

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def leading_routes(leading: Leading, key: Secret, parts: ServiceParts) -> list[Route]:
    """Return the routes."""
    authorization = b"Bearer " + bytes(key)

    def keyed(handler: BodyHandler) -> BodyHandler:
        async def with_key(request: Request, guest: Guest) -> Response:
            shown = request.headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(shown, authorization):
                raise InstancesKeyError
            return await handler(request, guest)

        return with_key

    def route(path: str, handler: BodyHandler, method: str = "POST") -> Route:
        return Route(f"/instances/{path}", parts.guarded(parts.with_room(keyed(handler)), needs_key=False), methods=[method])

    async def welcome(request: Request, guest: Guest) -> Response:
        decode_of_version(await body_of(request, MAXIMUM_STEP_BYTES, guest), Join, MAXIMUM_STEP_BYTES)
        return _json(leading.welcome)

    async def step(request: Request, guest: Guest) -> Response:
        said = decode_of_version(await body_of(request, MAXIMUM_STEP_BYTES, guest), Step, MAXIMUM_STEP_BYTES)
        if said.notes:
            await run_in_threadpool(leading.note, said.notes)
        return _json(await leading.step(said))

    async def record(request: Request, guest: Guest) -> Response:
        said = decode_of_version(await body_of(request, MAXIMUM_RECORD_BYTES, guest), Record, MAXIMUM_RECORD_BYTES)
        return _json(await run_in_threadpool(leading.record, said))

    async def remember(request: Request, guest: Guest) -> Response:
        said = decode_of_version(await body_of(request, MAXIMUM_HANDED_BYTES, guest), HandOver, MAXIMUM_HANDED_BYTES)
        return _json(await leading.remember(said))

    async def leave(request: Request, guest: Guest) -> Response:
        said = decode_of_version(await body_of(request, MAXIMUM_STEP_BYTES, guest), Leave, MAXIMUM_STEP_BYTES)
        await run_in_threadpool(leading.leave, said.instance)
        return Response(status_code=204, headers=_HEADERS)

    async def whole_list(_request: Request, _guest: Guest) -> Response:
        parts_of_list: Iterator[bytes] = await run_in_threadpool(leading.list_parts)
        return StreamingResponse(parts_of_list, media_type="application/octet-stream", headers=_HEADERS)

    return [
        route("welcome", welcome),
        route("step", step),
        route("record", record),
        route("remember", remember),
        route("leave", leave),
        route("list", whole_list, "GET"),
    ]


def with_followers(more_routes: MoreRoutes, key: Secret | None, leading: Leading) -> MoreRoutes:
    """Return further routes, and those for followers beside them if there is a key."""
    if key is None:
        return more_routes
    return lambda parts: [*more_routes(parts), *leading_routes(leading, key, parts)]


def _json(message: msgspec.Struct) -> Response:
    return Response(encode(message), 200, _HEADERS, "application/json")
