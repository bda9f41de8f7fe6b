# SPDX-License-Identifier: Apache-2.0
"""The HTTP service a platform asks about each upload: screen, list matches, review, health.

One process, because the index is one copy in memory and a withdrawal must leave it at one moment; uploads are read by worker
processes. Nothing is read before the key is checked, bodies are bounded while they stream, and no header, body, path or
address is ever logged. Contract: spec/screen.md.
"""

import hmac
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.fingerprinting.workers import Load
from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.screening.screening import ID_BYTES, Screening
from stillmine.partner.service.bodies import EarlyAnswer, body_of, receive_upload, require_as_it_is
from stillmine.partner.service.metrics import Metrics, RoomTaken
from stillmine.partner.service.room import PATIENCE_SECONDS, Guest, Room
from stillmine.partner.service.single_part import SinglePart, boundary_of
from stillmine.partner.service.standing import Standing
from stillmine.partner.service.status_form import in_status, later_status
from stillmine.partner.service.wanted import wanted_matches
from stillmine.partner.store.store import Store
from stillmine.partner.watching.counted import Counted
from stillmine.partner.watching.exposition import CONTENT_TYPE
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES, decode, encode
from stillmine.wire.errors import (
    MalformedMessageError,
    MatchNotFoundError,
    MessageTooLargeError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceKeyError,
    StillmineError,
)
from stillmine.wire.readiness import readiness
from stillmine.wire.screen import MAXIMUM_SCREEN_MESSAGE_BYTES, Review, ScreenFingerprints, ScreenResult, require_content_id

log = logging.getLogger("stillmine.partner")

UPLOADER_HEADER = "Stillmine-Uploader"
CONTENT_ID_HEADER = "Stillmine-Content-Id"
MAXIMUM_UPLOADER_SIGNS = 200

_MATCH_ID = re.compile("[0-9a-f]{32}")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Handler = Callable[[Request], Awaitable[Response]]
Answer = Callable[[ScreenResult], Response]
BodyHandler = Callable[[Request, Guest], Awaitable[Response]]


class Guards(Protocol):
    """Checks the key before a handler, and turns what goes wrong into an ErrorMessage."""

    def __call__(self, handler: Handler, needs_key: bool = True) -> Handler: ...


class ServiceParts(NamedTuple):
    """What further routes of the service stand on: `with_room` is for a handler that holds a body."""

    screening: Screening
    standing: Standing
    home: Path
    guarded: Guards
    with_room: Callable[[BodyHandler], Handler]


MoreRoutes = Callable[[ServiceParts], Sequence[Route]]
"""Makes routes beside the service's own."""


class Service:
    """The web application of one partner service."""

    def __init__(
        self,
        *,
        screening: Screening,
        store: Store,
        home: Path,
        key: Secret,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        feedback_is_waiting: Callable[[], None],
        standing: Standing,
        counted: Counted,
        workers: Callable[[], Mapping[str, Load]],
        lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None,
        more_routes: MoreRoutes = lambda _parts: [],
    ) -> None:
        """A large upload passes through `home`, without a name. `more_routes`: what else answers here, by the same doors."""
        self._more_routes = more_routes
        self._screening = screening
        self._store = store
        self._home = home
        self._authorization = b"Bearer " + bytes(key)
        self._clock = clock
        self._random_bytes = random_bytes
        self._feedback_is_waiting = feedback_is_waiting
        self._standing = standing
        self._lifespan = lifespan
        self._room = Room(PATIENCE_SECONDS)
        self._counted = counted
        self._metrics = Metrics(counted, standing, workers, lambda: RoomTaken(self._room.places_taken, self._room.coming_bytes))

    def app(self) -> Starlette:
        """Return the ASGI application, with `state.take_no_more` for whoever stops it."""
        routes = [
            Route("/screen", self._guarded(self._with_room(self._screen)), methods=["POST"]),
            Route("/screen/hook", self._guarded(self._with_room(self._screen_hook)), methods=["POST"]),
            Route("/matches", self._guarded(self._matches), methods=["GET"]),
            Route("/matches/{match_id}", self._guarded(self._match), methods=["GET"]),
            Route("/matches/{match_id}/review", self._guarded(self._with_room(self._review)), methods=["POST"]),
            Route("/health", self._guarded(self._health, needs_key=False), methods=["GET"]),
            Route("/livez", _alive, methods=["GET"]),
            Route("/readyz", self._guarded(self._ready, needs_key=False), methods=["GET"]),
            Route("/metrics", self._guarded(self._show_metrics), methods=["GET"]),
            *self._more_routes(ServiceParts(self._screening, self._standing, self._home, self._guarded, self._with_room)),
        ]
        application = Starlette(routes=routes, exception_handlers={HTTPException: _refuse_route}, lifespan=self._lifespan)
        application.state.take_no_more = self._screening.close
        return application

    async def _screen_hook(self, request: Request, guest: Guest) -> Response:
        later = later_status(request.query_params)
        return await self._screened(request, guest, lambda result: in_status(result, later))

    async def _screen(self, request: Request, guest: Guest) -> Response:
        return await self._screened(request, guest, _json)

    async def _screened(self, request: Request, guest: Guest, answer: Answer) -> Response:
        uploader, content_id = _uploader(request), content_id_of(request)
        sent_as = request.headers.get("content-type", "")
        content_type = sent_as.partition(";")[0].strip().lower()
        if content_type == "application/json":
            body = await body_of(request, MAXIMUM_SCREEN_MESSAGE_BYTES, guest)
            await guest.take_place()
            message = await run_in_threadpool(decode, body, ScreenFingerprints, MAXIMUM_SCREEN_MESSAGE_BYTES)
            if message.content_id is not None:
                content_id = _one_content_id(content_id, message.content_id)
            return answer(await run_in_threadpool(self._screening.screen_fingerprints, message.fingerprints, uploader, content_id))
        part = SinglePart(boundary_of(sent_as)) if content_type.startswith("multipart/") else None
        with Upload(self._home) as upload:
            try:
                await receive_upload(request, upload, part, guest)
            except FileTooLargeError as error:
                return EarlyAnswer(answer(await run_in_threadpool(self._screening.not_screened, error.code, content_id)))
            except StoreUnreadableError as error:
                return answer(await run_in_threadpool(self._screening.not_screened, error.code, content_id))
            await guest.take_place()
            return answer(await run_in_threadpool(self._screening.screen_upload, upload, uploader, content_id))

    async def _review(self, request: Request, guest: Guest) -> Response:
        review = decode(await body_of(request, MAXIMUM_MESSAGE_BYTES, guest), Review)
        await guest.take_place()
        minute = int(self._clock().timestamp()) // 60
        await run_in_threadpool(self._store.record_review, _match_id(request), review, self._random_bytes(ID_BYTES), minute)
        self._feedback_is_waiting()
        return Response(status_code=204, headers=_HEADERS)

    async def _matches(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._store.matches, wanted_matches(request.query_params)))

    async def _match(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._store.match, _match_id(request)))

    async def _health(self, _request: Request) -> Response:
        health = await run_in_threadpool(self._standing.health)
        return _json(health, 200 if health.is_fresh else 503)

    async def _ready(self, _request: Request) -> Response:
        said = readiness(await run_in_threadpool(self._standing.parts))
        response = _json(said, 200 if said.is_ready else 503)
        if not said.is_ready:
            response.headers["Retry-After"] = "10"
        return response

    async def _show_metrics(self, _request: Request) -> Response:
        return Response(await run_in_threadpool(self._metrics.text), 200, _HEADERS, CONTENT_TYPE)

    def _with_room(self, handler: BodyHandler) -> Handler:
        """Hold as much of a body, and let in as many requests at once, as there is memory for."""

        async def with_room(request: Request) -> Response:
            require_as_it_is(request)
            with self._room.guest() as guest:
                return await handler(request, guest)

        return with_room

    def _guarded(self, handler: Handler, needs_key: bool = True) -> Handler:
        """Check the key first, and turn whatever goes wrong into an ErrorMessage."""

        async def guarded(request: Request) -> Response:
            try:
                if needs_key:
                    self._require_key(request)
                return await handler(request)
            except (FileTooLargeError, MessageTooLargeError) as error:
                return EarlyAnswer(self._refused(error))
            except StillmineError as error:
                return self._refused(error)
            except ClientDisconnect:
                return Response(status_code=400, headers=_HEADERS)
            except Exception as error:
                # The type and the place only: a message or a frame's values could hold what was sent.
                place = traceback.extract_tb(error.__traceback__)[-1]
                log.error("unexpected %s in %s, line %s", type(error).__name__, place.name, place.lineno)
                return self._refused(StillmineError())

        return guarded

    def _refused(self, error: StillmineError) -> Response:
        self._counted.refused(error.code)
        return _refusal(error)

    def _require_key(self, request: Request) -> None:
        shown = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(shown, self._authorization):
            raise ServiceKeyError


def _match_id(request: Request) -> bytes:
    match_id = request.path_params["match_id"]
    if not _MATCH_ID.fullmatch(match_id):
        raise MatchNotFoundError
    return bytes.fromhex(match_id)


def _uploader(request: Request) -> str | None:
    """Return the platform's own word for who uploads, which goes into the upload's token and nowhere else; raises MalformedMessageError."""
    uploader = request.headers.get(UPLOADER_HEADER)
    if uploader is not None and not 1 <= len(uploader) <= MAXIMUM_UPLOADER_SIGNS:
        raise MalformedMessageError(f"{UPLOADER_HEADER}: 1 to {MAXIMUM_UPLOADER_SIGNS} characters")
    return uploader


def content_id_of(request: Request) -> str | None:
    """Return the platform's own word for what is uploaded, sent as UTF-8; raises MalformedMessageError."""
    said = request.headers.getlist(CONTENT_ID_HEADER)
    if not said:
        return None
    try:
        (word,) = said
        return require_content_id(word.encode("latin-1").decode())
    except ValueError:
        raise MalformedMessageError(f"{CONTENT_ID_HEADER}: once, in UTF-8") from None


def _one_content_id(in_header: str | None, in_message: str) -> str:
    """Return the one that header and message say; raises MalformedMessageError where they are two."""
    if in_header not in (None, in_message):
        raise MalformedMessageError(f"content_id: {CONTENT_ID_HEADER} says another")
    return in_message


async def _alive(_request: Request) -> Response:
    """Answer while the process does, whatever store and exchange do."""
    return Response("alive\n", media_type="text/plain", headers=_HEADERS)


def _json(message: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(message), status, {**_HEADERS, **(headers or {})}, "application/json")


def _refusal(error: StillmineError, headers: dict[str, str] | None = None) -> Response:
    more = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after_seconds is not None:
        more["Retry-After"] = str(error.retry_after_seconds)
    return _json(error.message(), error.status, {**more, **(headers or {})})


def _refuse_route(_request: Request, error: Exception) -> Response:
    """Answer for a path or method that does not exist."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return _refusal(MethodNotAllowedError(), dict(error.headers or {}))
    return _refusal(NotFoundError())
