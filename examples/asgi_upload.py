# SPDX-License-Identifier: Apache-2.0
"""An ASGI application (Starlette; FastAPI is the same) that asks before it keeps an upload.

`Screener.screen` waits, so it is called in a thread of its own and holds up no other request.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from stillmine.partner import Screener
from stillmine.wire.door_errors import BusyError
from stillmine.wire.screen import ScreenOutcome

LARGEST_BYTES = 64 * 1024 * 1024


def upload_application(screener: Screener, keep: Callable[[bytes], str], publish: Callable[[str], None]) -> Starlette:
    """Return the application, which opens the screener as it starts; `keep` stores an upload unseen and returns your id for it."""

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(screener.open)
        try:
            yield
        finally:
            await run_in_threadpool(screener.close)

    async def upload(request: Request) -> JSONResponse:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BYTES:
                return JSONResponse({"error": "too large"}, 413)
        content_id = keep(bytes(body))
        try:
            result = await run_in_threadpool(screener.screen, bytes(body), content_id=content_id)
        except BusyError:
            return JSONResponse({"state": "held"}, 202)
        if result.outcome is ScreenOutcome.NO_MATCH:
            publish(content_id)
            return JSONResponse({"state": "published"}, 201)
        return JSONResponse({"state": "held"}, 202)

    return Starlette(routes=[Route("/upload", upload, methods=["POST"])], lifespan=lifespan)
