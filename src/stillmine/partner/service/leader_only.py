# SPDX-License-Identifier: Apache-2.0
"""What only the leader answers, and a follower refuses with a sentence that says so: a load balancer that sends it here is set up wrongly.

It must not look like an address that does not exist: a program that gets 404 would go on without an answer.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stillmine.partner.ground.errors import LeaderOnlyError

PATHS = ("/instances/{rest:path}", "/review/{rest:path}", "/h/{rest:path}", "/m/{rest:path}", "/c/{rest:path}", "/status", "/status/live")
"""Those between instances, of reviewers, and of HMA."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def leader_only_routes(
    guarded: Callable[[Callable[[Request], Awaitable[Response]]], Callable[[Request], Awaitable[Response]]],
) -> list[Route]:
    """Return the routes; `guarded` turns an error into an answer, and asks for no key."""

    async def refuse(_request: Request) -> Response:
        raise LeaderOnlyError

    return [Route(path, guarded(refuse), methods=_METHODS) for path in PATHS]
