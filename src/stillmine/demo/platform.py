# SPDX-License-Identifier: Apache-2.0
"""A pretend platform with one page, so that one can pick a picture and see it accepted or stopped.

It does what a real platform does: hands each upload to its own partner service before anyone else sees it. It keeps no upload:
an accepted picture is forgotten too.
"""

import html
from importlib import resources

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MAXIMUM_UPLOAD_BYTES = 64 * 1024 * 1024

_TYPES = {"page.html": "text/html; charset=utf-8", "page.js": "text/javascript", "page.css": "text/css"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Platform:
    """The pretend platform `name`; `partner_url` and `service_key` lead to its partner service, `lookup` says what that does."""

    def __init__(self, name: str, lookup: str, partner_url: str, service_key: str) -> None:
        self._words = {"{name}": html.escape(name), "{lookup}": html.escape(lookup)}
        self._partner = httpx.AsyncClient(base_url=partner_url, headers={"Authorization": f"Bearer {service_key}"}, timeout=15)

    def app(self) -> Starlette:
        """Return the web application."""
        routes = [
            Route("/", self._file),
            Route("/page/{name}", self._file),
            Route("/upload", self._upload, methods=["POST"]),
            Route("/review/{match_id}", self._review, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "page.html")
        if name not in _TYPES:
            return Response(status_code=404, headers=_HEADERS)
        data = (resources.files("stillmine.demo") / name).read_text(encoding="utf-8")
        for place, words in self._words.items() if name == "page.html" else ():
            data = data.replace(place, words)
        return Response(data, media_type=_TYPES[name], headers=_HEADERS)

    async def _upload(self, request: Request) -> Response:
        data = b""
        async for part in request.stream():
            data += part
            if len(data) > MAXIMUM_UPLOAD_BYTES:
                return JSONResponse({"outcome": "not_screened", "matches": [], "reason": "message_too_large"}, 413, headers=_HEADERS)
        answer = await self._partner.post("/screen", content=data, headers={"Content-Type": "application/octet-stream"})
        return Response(answer.content, answer.status_code, headers={**_HEADERS, "Content-Type": "application/json"})

    async def _review(self, request: Request) -> Response:
        path = f"/matches/{request.path_params['match_id']}/review"
        answer = await self._partner.post(path, content=await request.body(), headers={"Content-Type": "application/json"})
        return Response(answer.content, answer.status_code, headers=_HEADERS)
