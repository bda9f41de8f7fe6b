# SPDX-License-Identifier: Apache-2.0
"""What the page of a reviewer asks: look, decide, undo, pause, go on after a break. Each answer says how it then stands.

Must never say where an upload is shown whose match was withdrawn.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.partner.review.media import MediaUrls, media_kinds
from stillmine.partner.review.messages import Decide, DeskView, ShownMatch, View
from stillmine.partner.review.sessions import TOKEN_HEADER, Sessions
from stillmine.partner.service.bodies import body_of
from stillmine.partner.service.room import Guest
from stillmine.partner.service.service import ServiceParts
from stillmine.partner.store.desk import Looked
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES, decode, encode

Act = Callable[[str, int, bytes], bool]
"""Does what a reviewer asks for: their name, Unix seconds, the body; returns whether it happened."""

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class DeskViews:
    """The requests of the page. `break_after` is a number of decisions."""

    def __init__(self, parts: ServiceParts, sessions: Sessions, media: MediaUrls | None, break_after: int) -> None:
        self._desk = parts.desk
        self._clock = parts.clock
        self._standing = parts.standing
        self._sessions = sessions
        self._media = media
        self._break_after = break_after

    async def look(self, request: Request, guest: Guest) -> Response:
        """Show what is looked at."""
        return await self._done(request, guest, lambda _name, _now, _body: True)

    async def decide(self, request: Request, guest: Guest) -> Response:
        """Hold a decision and show the next match."""
        return await self._done(request, guest, self._hold)

    async def undo(self, request: Request, guest: Guest) -> Response:
        """Take the last decision back and show that match again."""
        return await self._done(request, guest, lambda name, now, _body: self._desk.undo(name, now))

    async def pause(self, request: Request, guest: Guest) -> Response:
        """Give back what is looked at, and show nothing."""
        return await self._done(request, guest, self._release, is_looking=False)

    async def go_on(self, request: Request, guest: Guest) -> Response:
        """End a break that was long enough."""
        return await self._done(request, guest, self._end_break)

    async def _done(self, request: Request, guest: Guest, act: Act, *, is_looking: bool = True) -> Response:
        name = await run_in_threadpool(self._sessions.require, request, request.headers.get(TOKEN_HEADER, ""))
        body = await body_of(request, MAXIMUM_MESSAGE_BYTES, guest)

        def work() -> DeskView:
            now = int(self._clock().timestamp())
            was_done = act(name, now, body)
            return self._view(name, now, was_done=was_done, is_looking=is_looking)

        return Response(encode(await run_in_threadpool(work)), 200, _HEADERS, "application/json")

    def _view(self, name: str, now: int, *, was_done: bool, is_looking: bool) -> DeskView:
        seat = self._desk.seat(name, now, self._break_after)
        is_break = seat.rest_seconds is not None
        looked = self._desk.look(name, now) if is_looking and not is_break else None
        health = self._standing.health()
        return DeskView(
            view=View.BREAK if is_break else View.EMPTY if looked is None else View.MATCH,
            waiting=seat.waiting,
            decided=seat.decided,
            break_after=self._break_after,
            undo_seconds=seat.undo_seconds,
            rest_seconds=seat.rest_seconds or 0,
            is_exchange_away=not health.is_fresh,
            shown=None if looked is None else self._shown(looked, now),
            was_done=was_done,
        )

    def _shown(self, looked: Looked, now: int) -> ShownMatch:
        match = looked.match
        may_be_shown = self._media is not None and match.content_id is not None and not match.is_withdrawn
        url = self._media.url_of(match.content_id, now) if may_be_shown and self._media and match.content_id else None
        return ShownMatch(match, looked.together, looked.is_by_sound_alone, url, media_kinds(match))

    def _hold(self, name: str, now: int, body: bytes) -> bool:
        decided = decode(body, Decide)
        self._desk.hold(name, bytes.fromhex(decided.match_id), decided.review, now)
        return True

    def _release(self, name: str, _now: int, _body: bytes) -> bool:
        self._desk.release(name)
        return True

    def _end_break(self, name: str, now: int, _body: bytes) -> bool:
        self._desk.go_on(name, now)
        return True
