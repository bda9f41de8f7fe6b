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
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.fingerprinting.workers import Load
from stillmine.partner.later.later import Later
from stillmine.partner.screening.screening import ID_BYTES, Screening
from stillmine.partner.service.answers import HEADERS, in_json
from stillmine.partner.service.bodies import EarlyAnswer, body_of, require_as_it_is
from stillmine.partner.service.leader_only import leader_only_routes
from stillmine.partner.service.metrics import Metrics, RoomTaken
from stillmine.partner.service.room import PATIENCE_SECONDS, Guest, Room
from stillmine.partner.service.screen_doors import ScreenDoors
from stillmine.partner.service.standing import Stands
from stillmine.partner.service.wanted import wanted_matches
from stillmine.partner.sources.bank_store import BankStore
from stillmine.partner.store.desk import Desk
from stillmine.partner.store.matches import Wanted
from stillmine.partner.watching.counted import Counted
from stillmine.serving.exposition import CONTENT_TYPE, Family
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES, decode
from stillmine.wire.errors import (
    MatchNotFoundError,
    MessageTooLargeError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceKeyError,
    StillmineError,
)
from stillmine.wire.readiness import readiness
from stillmine.wire.screen import KeptMatch, MatchPage, Review, require_content_id

log = logging.getLogger("stillmine.partner")

_MATCH_ID = re.compile("[0-9a-f]{32}")

Handler = Callable[[Request], Awaitable[Response]]
BodyHandler = Callable[[Request, Guest], Awaitable[Response]]


class KeepsDecisions(Protocol):
    """Where matches and decisions are: the store, or the leader that has it."""

    def matches(self, wanted: Wanted) -> MatchPage: ...

    def match(self, match_id: bytes) -> KeptMatch: ...

    def record_review(self, match_id: bytes, review: Review, report_id: bytes, minute: int) -> None: ...


class Guards(Protocol):
    """Checks the key before a handler, and turns what goes wrong into an ErrorMessage."""

    def __call__(self, handler: Handler, needs_key: bool = True) -> Handler: ...


class PlatformBanks(NamedTuple):
    """Banks of the platform's own by the names of their sources, and what returns which fingerprint a match that was recorded is with."""

    stores: Mapping[str, BankStore]
    fingerprints_of: Callable[[Sequence[bytes]], Mapping[bytes, bytes]]


NO_BANKS = PlatformBanks({}, lambda _match_ids: {})


class ServiceParts(NamedTuple):
    """What further routes of the service stand on, and who embeds it: `with_room` is for a handler that holds a body."""

    screening: Screening
    standing: Stands
    home: Path
    guarded: Guards
    with_room: Callable[[BodyHandler], Handler]
    desk: Desk
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    feedback_is_waiting: Callable[[], None]
    store: KeepsDecisions
    decide: Callable[[str, Review], None]
    banks: PlatformBanks


MoreRoutes = Callable[[ServiceParts], Sequence[Route]]
"""Makes routes beside the service's own."""


def together(*several: MoreRoutes) -> MoreRoutes:
    """Return what makes the routes of all of them."""
    return lambda parts: [route for more in several for route in more(parts)]


class Service:
    """The web application of one partner service."""

    def __init__(
        self,
        *,
        screening: Screening,
        store: KeepsDecisions,
        home: Path,
        key: Secret,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        feedback_is_waiting: Callable[[], None] = lambda: None,
        standing: Stands,
        counted: Counted,
        workers: Callable[[], Mapping[str, Load]],
        desk: Desk | None,
        lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None,
        delete_older: Callable[[str], None] = lambda _content_id: None,
        more_routes: MoreRoutes = lambda _parts: [],
        sources: AllowedSources,
        later: Later,
        banks: PlatformBanks = NO_BANKS,
        gauges: Callable[[], Iterable[Family]] = lambda: (),
    ) -> None:
        """A large upload passes through `home`, without a name. `more_routes`: what else answers here, by the same doors.

        `sources`: from where files may be fetched; `later`: what is answered later. `delete_older` deletes what
        is remembered under a word of the platform's. Without a `desk` it follows: what the leader alone answers is refused.
        `gauges` returns what metrics say beside the health.
        """
        self._delete_older = delete_older
        self._more_routes = more_routes
        self._sources = sources
        self._later = later
        self._banks = banks
        self._screening = screening
        self._store = store
        self._home = home
        self._authorization = b"Bearer " + bytes(key)
        self._clock = clock
        self._random_bytes = random_bytes
        self._feedback_is_waiting = feedback_is_waiting
        self._standing = standing
        self._desk = desk
        self._lifespan = lifespan
        self._room = Room(PATIENCE_SECONDS)
        self._is_draining = False
        self._counted = counted
        self._metrics = Metrics(counted, standing, workers, lambda: RoomTaken(self._room.places_taken, self._room.coming_bytes), gauges)

    def app(self) -> Starlette:
        """Return the ASGI application, with `state.drain` and `state.take_no_more` for whoever stops it."""
        doors = ScreenDoors(self._screening, self._home, self._sources, self._later)
        routes = [
            Route("/screen", self._guarded(self._with_room(doors.screen)), methods=["POST"]),
            Route("/screen/hook", self._guarded(self._with_room(doors.hook)), methods=["POST"]),
            Route("/screen/url", self._guarded(self._with_room(doors.url)), methods=["POST"]),
            Route("/screenings/{screening_id}", self._guarded(doors.kept), methods=["GET"]),
            Route("/matches", self._guarded(self._matches), methods=["GET"]),
            Route("/matches/{match_id}", self._guarded(self._match), methods=["GET"]),
            Route("/matches/{match_id}/review", self._guarded(self._with_room(self._review)), methods=["POST"]),
            _of_any_word(Route("/uploads/{content_id}", self._guarded(self._delete_upload), methods=["DELETE"])),
            Route("/health", self._guarded(self._health, needs_key=False), methods=["GET"]),
            Route("/livez", _alive, methods=["GET"]),
            Route("/readyz", self._guarded(self._ready, needs_key=False), methods=["GET"]),
            Route("/metrics", self._guarded(self._show_metrics), methods=["GET"]),
            *self._further_routes(),
        ]
        application = Starlette(routes=routes, exception_handlers={HTTPException: _refuse_route}, lifespan=self._lifespan)
        application.state.drain = self._drain
        application.state.take_no_more = self._take_no_more
        return application

    def _further_routes(self) -> Sequence[Route]:
        if self._desk is None:
            return leader_only_routes(lambda handler: self._guarded(handler, needs_key=False))
        return self._more_routes(self._parts(self._desk))

    def _take_no_more(self) -> None:
        self._later.take_no_more()
        self._screening.close()

    def _drain(self) -> None:
        """Say that this service is ready no more, and go on answering."""
        self._is_draining = True

    def _parts(self, desk: Desk) -> ServiceParts:
        return ServiceParts(
            self._screening,
            self._standing,
            self._home,
            self._guarded,
            self._with_room,
            desk,
            self._clock,
            self._random_bytes,
            self._feedback_is_waiting,
            self._store,
            self._decide,
            self._banks,
        )

    async def _review(self, request: Request, guest: Guest) -> Response:
        review = decode(await body_of(request, MAXIMUM_MESSAGE_BYTES, guest), Review)
        await guest.take_place()
        await run_in_threadpool(self._decide, request.path_params["match_id"], review)
        return Response(status_code=204, headers=HEADERS)

    def _decide(self, match_id: str, review: Review) -> None:
        minute = int(self._clock().timestamp()) // 60
        self._store.record_review(_match_id(match_id), review, self._random_bytes(ID_BYTES), minute)
        self._feedback_is_waiting()

    async def _matches(self, request: Request) -> Response:
        return in_json(await run_in_threadpool(self._store.matches, wanted_matches(request.query_params)))

    async def _match(self, request: Request) -> Response:
        return in_json(await run_in_threadpool(self._store.match, _match_id(request.path_params["match_id"])))

    async def _delete_upload(self, request: Request) -> Response:
        await run_in_threadpool(self._delete_older, require_content_id(request.path_params["content_id"]))
        return Response(status_code=204, headers=HEADERS)

    async def _health(self, _request: Request) -> Response:
        health = await run_in_threadpool(self._standing.health)
        return in_json(health, 200 if health.is_fresh else 503)

    async def _ready(self, _request: Request) -> Response:
        parts = await run_in_threadpool(self._standing.parts)
        said = readiness({**parts, "service": "draining"} if self._is_draining else parts)
        response = in_json(said, 200 if said.is_ready else 503)
        if not said.is_ready:
            response.headers["Retry-After"] = "10"
        return response

    async def _show_metrics(self, _request: Request) -> Response:
        return Response(await run_in_threadpool(self._metrics.text), 200, HEADERS, CONTENT_TYPE)

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
                return Response(status_code=400, headers=HEADERS)
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


def _of_any_word(route: Route) -> Route:
    """Let a platform's word have slashes in it: starlette decodes them before it looks for the route."""
    route.path_regex = re.compile(r"^/uploads/(?P<content_id>.+)$", re.DOTALL)
    return route


def _match_id(match_id: str) -> bytes:
    if not _MATCH_ID.fullmatch(match_id):
        raise MatchNotFoundError
    return bytes.fromhex(match_id)


async def _alive(_request: Request) -> Response:
    """Answer while the process does, whatever store and exchange do."""
    return Response("alive\n", media_type="text/plain", headers=HEADERS)


def _refusal(error: StillmineError, headers: dict[str, str] | None = None) -> Response:
    more = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after_seconds is not None:
        more["Retry-After"] = str(error.retry_after_seconds)
    return in_json(error.message(), error.status, {**more, **(headers or {})})


def _refuse_route(_request: Request, error: Exception) -> Response:
    """Answer for a path or method that does not exist."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return _refusal(MethodNotAllowedError(), dict(error.headers or {}))
    return _refusal(NotFoundError())
