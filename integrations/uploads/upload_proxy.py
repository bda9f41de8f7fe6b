# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of the one upload route of a server that asks nobody, such as `com.atproto.repo.uploadBlob` of a Bluesky PDS.

It holds an upload until the partner service has answered, and passes it on only if nothing matched and everything was compared. Start it
beside both with `BACKEND`, `SERVICE` and `SERVICE_KEY_FILE` set: `uvicorn upload_proxy:app --factory --port 8462`. docs/products.md says
which requests to send here; it must never be given those of another route.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LARGEST_BYTES = 100 * 1024 * 1024
SCREEN_SECONDS = 150.0
ALLOW, STOP = 200, 451
NOT_PASSED_ON = frozenset({"host", "connection", "content-length", "transfer-encoding", "keep-alive", "upgrade", "te", "expect"})


class UploadProxy:
    """Screens each upload of one server before it gets there."""

    def __init__(self, client: httpx.AsyncClient, backend: str, service: str, key: str) -> None:
        """`backend` and `service` are addresses without a path."""
        self._client = client
        self._backend = backend
        self._service = service
        self._key = key

    async def upload(self, request: Request) -> Response:
        """Answer one upload."""
        # A server behind may undo a coding: what it keeps would then be another file than what was screened.
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            return refused(415, "Send the file as it is, without Content-Encoding.")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BYTES:
                return refused(413, f"At most {LARGEST_BYTES} bytes.")
        said = await self._screened(bytes(body))
        if said == STOP:
            return refused(400, "This file can't be uploaded here. If you think that this is a mistake, write to the operator.")
        if said != ALLOW:
            return refused(503, "This file could not be checked. Try again in a moment.")
        return await self._passed_on(request, bytes(body))

    async def _screened(self, body: bytes) -> int:
        # One content type for all: one that says JSON would be read as fingerprints, not as the file.
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/octet-stream"}
        url = f"{self._service}/screen/hook?later=503"
        try:
            return (await self._client.post(url, content=body, headers=headers, timeout=SCREEN_SECONDS)).status_code
        except httpx.HTTPError:
            return 503

    async def _passed_on(self, request: Request, body: bytes) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        headers = [(name, value) for name, value in request.headers.items() if name not in NOT_PASSED_ON]
        try:
            answer = await self._client.post(
                f"{self._backend}{request.url.path}{query}", content=body, headers=headers, timeout=SCREEN_SECONDS
            )
        except httpx.HTTPError:
            return refused(502, "The server behind does not answer.")
        shown = {name: value for name, value in answer.headers.items() if name not in {*NOT_PASSED_ON, "content-encoding"}}
        return Response(answer.content, answer.status_code, shown)


def refused(status: int, words: str) -> Response:
    """Return a refusal in the form of XRPC."""
    return JSONResponse({"error": "UploadRefused", "message": words}, status, {"Retry-After": "10"} if status == 503 else {})


def app(path: str = "/xrpc/com.atproto.repo.uploadBlob") -> Starlette:
    """Return the application for that one route."""
    client = httpx.AsyncClient(trust_env=False)
    key = Path(os.environ["SERVICE_KEY_FILE"]).read_text("ascii").strip()
    proxy = UploadProxy(client, os.environ["BACKEND"].rstrip("/"), os.environ["SERVICE"].rstrip("/"), key)

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(routes=[Route(path, proxy.upload, methods=["POST"])], lifespan=lifespan)
