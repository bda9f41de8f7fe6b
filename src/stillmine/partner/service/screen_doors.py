# SPDX-License-Identifier: Apache-2.0
"""The addresses at which uploads are screened: as bytes, as fingerprints, by their own address; answered whole, or by a status alone.

Contract: spec/screen.md. Must never answer before the key was checked, nor keep an upload beyond its answer.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fetching.allowed import AllowedSources, Target
from stillmine.partner.fetching.fetch import fetch
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.ground.errors import ScreeningNotFoundError, StoreUnreadableError, UrlNotAllowedError, UrlUnreachableError
from stillmine.partner.later.later import Later
from stillmine.partner.screening.screening import Screening, Words
from stillmine.partner.service.answers import in_json
from stillmine.partner.service.bodies import EarlyAnswer, body_of, receive_upload, write_upload
from stillmine.partner.service.preference import Preference, preference_of
from stillmine.partner.service.room import MAXIMUM_REQUESTS_AT_ONCE, Guest, Holds
from stillmine.partner.service.single_part import SinglePart, boundary_of
from stillmine.partner.service.status_form import in_status, later_status
from stillmine.partner.service.words import content_id_of, uploader_of
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES, decode
from stillmine.wire.door_errors import BusyError
from stillmine.wire.screen import MAXIMUM_SCREEN_MESSAGE_BYTES, KeptScreening, ScreenFingerprints, ScreeningStatus, ScreenResult, ScreenUrl

LATER_BYTES_IN_MEMORY = 1024 * 1024
"""Of each upload that is answered later: many may wait at once."""

FETCHES_AT_ONCE = 32
FETCH_PATIENCE_SECONDS = 3.0
"""For a place among them; then 503 `busy`."""

SHORT_MESSAGE_BYTES = 16 * 1024

_SCREENING_ID = re.compile("[0-9a-f]{32}")

Answer = Callable[[ScreenResult], Response]


class ScreenDoors:
    """The handlers of one service. Used on one event loop."""

    def __init__(self, screening: Screening, home: Path, sources: AllowedSources, later: Later) -> None:
        """A large upload passes through `home`, without a name. `sources`: from where files may be fetched."""
        self._screening = screening
        self._home = home
        self._sources = sources
        self._lookups = ThreadPoolExecutor(MAXIMUM_REQUESTS_AT_ONCE, thread_name_prefix="lookup")
        self._later = later
        self._fetches = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def screen(self, request: Request, guest: Guest) -> Response:
        """Screen what is sent; a file may be answered later."""
        preference = preference_of(request)
        if preference.is_later_fine and not _is_json(request):
            return await self._screened_later(request, preference)
        return await self._screened(request, guest, in_json)

    async def hook(self, request: Request, guest: Guest) -> Response:
        """Screen what is sent, and answer by a status alone."""
        later = later_status(request.query_params)
        return await self._screened(request, guest, lambda result: in_status(result, later))

    async def url(self, request: Request, guest: Guest) -> Response:
        """Screen the file at an address, which may be answered later; raises UrlNotAllowedError for one that the operator did not name."""
        message = decode(await body_of(request, MAXIMUM_MESSAGE_BYTES, guest), ScreenUrl)
        words = Words(uploader_of(request), content_id_of(request, message.content_id))
        target, preference = self._sources.target(message.url), preference_of(request)
        if preference.is_later_fine:
            return await self._fetched_later(target, words, preference)
        with Upload(self._home) as upload:
            async with self._fetching():
                problem = await _fetched(target, upload, guest)
            if problem is not None:
                return in_json(await run_in_threadpool(self._screening.not_screened, problem, words.content_id))
            await guest.take_place()
            return in_json(await run_in_threadpool(self._screening.screen_upload, upload, *words))

    async def kept(self, request: Request) -> Response:
        """Say how an upload stands that is answered later."""
        number = request.path_params["screening_id"]
        if not _SCREENING_ID.fullmatch(number):
            raise ScreeningNotFoundError
        return _in_time(await self._later.one(bytes.fromhex(number)))

    async def _screened(self, request: Request, guest: Guest, answer: Answer) -> Response:
        words = Words(uploader_of(request), content_id_of(request))
        if _is_json(request):
            return answer(await self._fingerprints_screened(request, guest, words.uploader))
        with Upload(self._home) as upload:
            refused = await self._received(request, upload, guest, words, answer)
            if refused is not None:
                return refused
            await guest.take_place()
            return answer(await run_in_threadpool(self._screening.screen_upload, upload, *words))

    async def _screened_later(self, request: Request, preference: Preference) -> Response:
        words = Words(uploader_of(request), content_id_of(request))
        with ExitStack() as stack:
            seat = stack.enter_context(self._later.seat())
            upload = stack.enter_context(Upload(self._home, LATER_BYTES_IN_MEMORY))
            refused = await self._received(request, upload, seat, words, in_json)
            if refused is not None:
                return refused
            held = stack.pop_all()

        async def work() -> ScreenResult:
            with held:
                return await self._later.in_turn(lambda: self._screening.screen_upload(upload, *words))

        return _in_time(await self._later.answer(work, words.content_id, preference.wait_seconds))

    async def _fetched_later(self, target: Target, words: Words, preference: Preference) -> Response:
        seat = self._later.seat()

        async def work() -> ScreenResult:
            with seat, Upload(self._home, LATER_BYTES_IN_MEMORY) as upload:
                async with self._fetches:
                    problem = await _fetched(target, upload, seat)
                if problem is not None:
                    return await run_in_threadpool(self._screening.not_screened, problem, words.content_id)
                return await self._later.in_turn(lambda: self._screening.screen_upload(upload, *words))

        return _in_time(await self._later.answer(work, words.content_id, preference.wait_seconds))

    async def _received(self, request: Request, upload: Upload, room: Holds, words: Words, answer: Answer) -> Response | None:
        """Take the body; return the answer for one that can't be taken whole."""
        sent_as = request.headers.get("content-type", "")
        part = SinglePart(boundary_of(sent_as)) if _content_type(request).startswith("multipart/") else None
        try:
            await receive_upload(request, upload, part, room)
        except FileTooLargeError as error:
            return EarlyAnswer(answer(await run_in_threadpool(self._screening.not_screened, error.code, words.content_id)))
        except StoreUnreadableError as error:
            return answer(await run_in_threadpool(self._screening.not_screened, error.code, words.content_id))
        return None

    async def _fingerprints_screened(self, request: Request, guest: Guest, uploader: str | None) -> ScreenResult:
        body = await body_of(request, MAXIMUM_SCREEN_MESSAGE_BYTES, guest)
        await guest.take_place()
        message = await _decoded(body)
        content_id = content_id_of(request, message.content_id)
        clear = self._screening.clear_at_once(message.fingerprints, uploader, content_id)
        if clear is not None:  # a thread takes as long to be called as this took
            return clear
        screened = partial(self._screening.screen_fingerprints, message.fingerprints, uploader, content_id)
        return await asyncio.get_running_loop().run_in_executor(self._lookups, screened)

    @asynccontextmanager
    async def _fetching(self) -> AsyncIterator[None]:
        """Hold one of the places of fetches; raises BusyError."""
        try:
            async with asyncio.timeout(FETCH_PATIENCE_SECONDS):
                await self._fetches.acquire()
        except TimeoutError:
            raise BusyError from None
        try:
            yield
        finally:
            self._fetches.release()


async def _decoded(body: bytes) -> ScreenFingerprints:
    """A short message is read where it is: to hand it to a thread takes many times as long."""
    if len(body) <= SHORT_MESSAGE_BYTES:
        return decode(body, ScreenFingerprints, MAXIMUM_SCREEN_MESSAGE_BYTES)
    return await run_in_threadpool(decode, body, ScreenFingerprints, MAXIMUM_SCREEN_MESSAGE_BYTES)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(request: Request) -> bool:
    return _content_type(request) == "application/json"


def _in_time(answer: ScreenResult | KeptScreening) -> Response:
    """Answer with the result, or with where it will be."""
    if isinstance(answer, ScreenResult) or answer.status is ScreeningStatus.FINISHED:
        return in_json(answer)
    later = {"Location": f"/screenings/{answer.screening_id}", "Preference-Applied": "respond-async", "Retry-After": "5"}
    return in_json(answer, 202, later)


async def _fetched(target: Target, upload: Upload, room: Holds) -> str | None:
    """Fetch a file into `upload`; return the code of why it did not come whole, None where it did. Raises BusyError."""
    try:
        await fetch(target, lambda data: write_upload(upload, data, room))
    except (FileTooLargeError, StoreUnreadableError, UrlNotAllowedError, UrlUnreachableError) as error:
        return error.code
    return None
