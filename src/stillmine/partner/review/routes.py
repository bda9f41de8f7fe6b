# SPDX-License-Identifier: Apache-2.0
"""Every address of the review page, and who is let in: spec/review-page.md.

The service key opens none of them. Must never let a request pass that shows neither a session nor Coop's signature, except for the page
that asks for a key.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stillmine.partner.ground.home import media_url_key
from stillmine.partner.review.coop import CoopChoice, CoopView
from stillmine.partner.review.desk_views import DeskViews
from stillmine.partner.review.media import MediaChoice, MediaUrls
from stillmine.partner.review.pages import FILES, file, headers, page
from stillmine.partner.review.sessions import COOKIE, Sessions, drop_cookie, page_token, require_own_site, set_cookie
from stillmine.partner.service.bodies import body_of
from stillmine.partner.service.room import Guest
from stillmine.partner.service.service import BodyHandler, MoreRoutes, ServiceParts

BREAK_AFTER = 25
"""Decisions."""

MAXIMUM_FORM_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ReviewChoice:
    """What the operator wants: the page, where held uploads are shown, when a break is due, and Coop's callbacks."""

    has_page: bool = False
    media: MediaChoice | None = None
    break_after: int = BREAK_AFTER
    coop: CoopChoice | None = None


def review_routes(choice: ReviewChoice) -> MoreRoutes:
    """Return what makes the routes; none where nothing is wanted."""
    return lambda parts: [*_coop_routes(choice, parts), *(_page_routes(choice, parts) if choice.has_page else [])]


def _coop_routes(choice: ReviewChoice, parts: ServiceParts) -> list[Route]:
    if choice.coop is None:
        return []
    return [_post("/review/coop", CoopView(parts, choice.coop).take, parts)]


def _page_routes(choice: ReviewChoice, parts: ServiceParts) -> list[Route]:
    media = None if choice.media is None else MediaUrls(choice.media, media_url_key(parts.home, parts.random_bytes))
    sessions = Sessions(parts.desk, parts.clock, parts.random_bytes)
    views, doors = DeskViews(parts, sessions, media, choice.break_after), Doors(sessions, choice.media)
    return [
        Route("/review/", parts.guarded(doors.open, needs_key=False), methods=["GET"]),
        *[Route(f"/review/{name}", parts.guarded(doors.file, needs_key=False), methods=["GET"]) for name in FILES],
        _post("/review/sign-in", doors.sign_in, parts),
        _post("/review/sign-out", doors.sign_out, parts),
        _post("/review/desk/look", views.look, parts),
        _post("/review/desk/decide", views.decide, parts),
        _post("/review/desk/undo", views.undo, parts),
        _post("/review/desk/pause", views.pause, parts),
        _post("/review/desk/go-on", views.go_on, parts),
    ]


def _post(path: str, handler: BodyHandler, parts: ServiceParts) -> Route:
    return Route(path, parts.guarded(parts.with_room(handler), needs_key=False), methods=["POST"])


class Doors:
    """The page, its files, and signing in and out."""

    def __init__(self, sessions: Sessions, media: MediaChoice | None) -> None:
        self._sessions = sessions
        self._media_origin = "'none'" if media is None else media.origin

    async def open(self, request: Request) -> Response:
        """Show the desk to whoever is signed in, and everybody else where to sign in."""
        name = await run_in_threadpool(self._sessions.name_of, request)
        if name is None:
            return self._sign_in_page(request)
        return page("desk.html", request, self._media_origin, name=name, token=page_token(request.cookies[COOKIE]))

    async def file(self, request: Request) -> Response:
        """Return script or style, which say nothing."""
        return file(request.url.path.rpartition("/")[2], self._media_origin)

    async def sign_in(self, request: Request, guest: Guest) -> Response:
        """Begin a session of whoever this key belongs to."""
        require_own_site(request)
        form = parse_qs((await body_of(request, MAXIMUM_FORM_BYTES, guest)).decode("utf-8", "replace"))
        token = await run_in_threadpool(self._sessions.begin, form.get("key", [""])[0])
        if token is None:
            return self._sign_in_page(request, status=401)
        response = self._back_to_page()
        set_cookie(request, response, token)
        return response

    async def sign_out(self, request: Request, guest: Guest) -> Response:
        """End the session; where there is none any more, that is well too."""
        require_own_site(request)
        form = parse_qs((await body_of(request, MAXIMUM_FORM_BYTES, guest)).decode("utf-8", "replace"))
        if await run_in_threadpool(self._sessions.name_of, request) is not None:
            await run_in_threadpool(self._sessions.require, request, form.get("token", [""])[0])
            await run_in_threadpool(self._sessions.end, request)
        response = self._back_to_page()
        drop_cookie(response)
        return response

    def _sign_in_page(self, request: Request, status: int = 200) -> Response:
        return page("sign_in.html", request, self._media_origin, status, hidden="" if status == 401 else "hidden")

    def _back_to_page(self) -> Response:
        return RedirectResponse("./", 303, headers(self._media_origin))
