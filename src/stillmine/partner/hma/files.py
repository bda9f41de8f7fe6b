# SPDX-License-Identifier: Apache-2.0
"""The file that a client of HMA sends in a form, or names by its address.

Must never fetch from where the operator did not say.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import Request

from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.fetching.fetch import fetch
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.ground.errors import MultipartUnsupportedError
from stillmine.partner.hma.form import FileForm
from stillmine.partner.service.bodies import FileInForm, receive_upload, write_upload
from stillmine.partner.service.room import Guest
from stillmine.partner.service.single_part import SinglePart, boundary_of
from stillmine.wire.errors import MalformedMessageError

_CONTENT_TYPES = (None, "photo", "video")


class Files:
    """Takes them in."""

    def __init__(self, home: Path, sources: AllowedSources) -> None:
        """A large one passes through `home`, without a name; `sources`: from where files may be fetched."""
        self._home = home
        self._sources = sources

    @asynccontextmanager
    async def sent(self, request: Request, guest: Guest) -> AsyncIterator[Upload]:
        """Hold the file that is sent, or that `url` of a GET names, until it was read."""
        _require_content_type(request)
        with Upload(self._home) as upload:
            if request.method == "POST":
                await self._receive(request, guest, upload, SinglePart(_boundary(request)))
            else:
                await self._fetch(request, guest, upload)
            yield upload

    @asynccontextmanager
    async def to_keep(self, request: Request, guest: Guest) -> AsyncIterator[tuple[Upload, dict[str, str]]]:
        """Hold the file that `url` names, or that is sent, and the words of the form beside it."""
        _require_content_type(request)
        with Upload(self._home) as upload:
            if "url" in request.query_params:
                await self._fetch(request, guest, upload)
                yield upload, {}
            else:
                form = FileForm(_boundary(request))
                await self._receive(request, guest, upload, form)
                yield upload, form.words

    async def _receive(self, request: Request, guest: Guest, upload: Upload, form: FileInForm) -> None:
        await receive_upload(request, upload, form, guest)
        await guest.take_place()

    async def _fetch(self, request: Request, guest: Guest, upload: Upload) -> None:
        target = self._sources.target(request.query_params.get("url", ""))
        await guest.take_place()
        await fetch(target, lambda data: write_upload(upload, data, guest))


def _require_content_type(request: Request) -> None:
    if request.query_params.get("content_type") not in _CONTENT_TYPES:
        raise MalformedMessageError("content_type: photo or video")


def _boundary(request: Request) -> bytes:
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/"):
        raise MultipartUnsupportedError
    return boundary_of(content_type)
