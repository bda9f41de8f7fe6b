# SPDX-License-Identifier: Apache-2.0
"""The addresses at which uploads are screened: as bytes, as fingerprints, by their own address; answered whole, or by a status alone.

Contract: spec/screen.md. Must never answer before the key was checked, nor keep an upload beyond its answer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fetching.allowed import AllowedSources, Target
from stillmine.partner.fetching.fetch import fetch
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.ground.errors import StoreUnreadableError, UrlNotAllowedError, UrlUnreachableError
from stillmine.partner.screening.screening import Screening, Words
from stillmine.partner.service.answers import in_json
from stillmine.partner.service.bodies import EarlyAnswer, body_of, receive_upload, write_upload
from stillmine.partner.service.room import MAXIMUM_REQUESTS_AT_ONCE, Guest, Holds
from stillmine.partner.service.single_part import SinglePart, boundary_of
from stillmine.partner.service.status_form import in_status, later_status
from stillmine.partner.service.words import content_id_of, uploader_of
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES, decode
from stillmine.wire.door_errors import BusyError
from stillmine.wire.screen import MAXIMUM_SCREEN_MESSAGE_BYTES, ScreenFingerprints, ScreenResult, ScreenUrl

FETCHES_AT_ONCE = 32
FETCH_PATIENCE_SECONDS = 3.0
"""For a place among them; then 503 `busy`."""

SHORT_MESSAGE_BYTES = 16 * 1024

Answer = Callable[[ScreenResult], Response]


class ScreenDoors:
    """The handlers of one service. Used on one event loop."""

    def __init__(self, screening: Screening, home: Path, sources: AllowedSources) -> None:
        """A large upload passes through `home`, without a name. `sources`: from where files may be fetched."""
        self._screening = screening
        self._home = home
        self._sources = sources
        self._lookups = ThreadPoolExecutor(MAXIMUM_REQUESTS_AT_ONCE, thread_name_prefix="lookup")
        self._fetches = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def screen(self, request: Request, guest: Guest) -> Response:
        """Screen what is sent."""
        return await self._screened(request, guest, in_json)

    async def hook(self, request: Request, guest: Guest) -> Response:
        """Screen what is sent, and answer by a status alone."""
        later = later_status(request.query_params)
        return await self._screened(request, guest, lambda result: in_status(result, later))

    async def url(self, request: Request, guest: Guest) -> Response:
        """Screen the file at an address; raises UrlNotAllowedError for one that the operator did not name."""
        message = decode(await body_of(request, MAXIMUM_MESSAGE_BYTES, guest), ScreenUrl)
        words = Words(uploader_of(request), content_id_of(request, message.content_id))
        target = self._sources.target(message.url)
        with Upload(self._home) as upload:
            async with self._fetching():
                problem = await _fetched(target, upload, guest)
            if problem is not None:
                return in_json(await run_in_threadpool(self._screening.not_screened, problem, words.content_id))
            await guest.take_place()
            return in_json(await run_in_threadpool(self._screening.screen_upload, upload, *words))

    async def _screened(self, request: Request, guest: Guest, answer: Answer) -> Response:
        words = Words(uploader_of(request), content_id_of(request))
        sent_as = request.headers.get("content-type", "")
        content_type = sent_as.partition(";")[0].strip().lower()
        if content_type == "application/json":
            return answer(await self._fingerprints_screened(request, guest, words.uploader))
        part = SinglePart(boundary_of(sent_as)) if content_type.startswith("multipart/") else None
        with Upload(self._home) as upload:
            try:
                await receive_upload(request, upload, part, guest)
            except FileTooLargeError as error:
                return EarlyAnswer(answer(await run_in_threadpool(self._screening.not_screened, error.code, words.content_id)))
            except StoreUnreadableError as error:
                return answer(await run_in_threadpool(self._screening.not_screened, error.code, words.content_id))
            await guest.take_place()
            return answer(await run_in_threadpool(self._screening.screen_upload, upload, *words))

    async def _fingerprints_screened(self, request: Request, guest: Guest, uploader: str | None) -> ScreenResult:
        body = await body_of(request, MAXIMUM_SCREEN_MESSAGE_BYTES, guest)
        await guest.take_place()
        message = await _decoded(body)
        content_id = content_id_of(request, message.content_id)
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


async def _fetched(target: Target, upload: Upload, room: Holds) -> str | None:
    """Fetch a file into `upload`; return the code of why it did not come whole, None where it did. Raises BusyError."""
    try:
        await fetch(target, lambda data: write_upload(upload, data, room))
    except (FileTooLargeError, StoreUnreadableError, UrlNotAllowedError, UrlUnreachableError) as error:
        return error.code
    return None
