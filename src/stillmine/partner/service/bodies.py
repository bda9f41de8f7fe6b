# SPDX-License-Identifier: Apache-2.0
"""The body of a request, as it comes: within its limit, within the room that there is, and refused by its stated length before any of it.

Must never keep a byte of a body beyond its request, and never wait for the end of one that is refused for its size.
"""

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fingerprinting.upload import MAXIMUM_UPLOAD_BYTES, Upload
from stillmine.partner.ground.errors import ContentEncodingUnsupportedError, MultipartUnsupportedError, StoreUnreadableError
from stillmine.partner.service.room import Guest, Holds
from stillmine.serving.front import drop_rest
from stillmine.wire.errors import MessageTooLargeError, StillmineError

FORM_BYTES = 16 * 1024
"""What a form may have around its file."""


class FileInForm(Protocol):
    """Takes a file out of a form as it streams by."""

    def take(self, data: bytes) -> bytes:
        """Return the file's bytes in the next piece of the body; raises MultipartUnsupportedError."""

    def finish(self) -> None:
        """Say that the body ends here; raises MultipartUnsupportedError if the file was not whole by then."""


class EarlyAnswer(Response):
    """Answers while the body still comes, and ends the connection: what follows is dropped for a moment, so that the answer arrives."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.body, answer.status_code, dict(answer.headers))
        self.headers["Connection"] = "close"

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, then wait no longer than the exchange does."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await drop_rest(receive)  # type: ignore[arg-type]
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def require_as_it_is(request: Request) -> None:
    """Of several such headers each counts. Raises ContentEncodingUnsupportedError."""
    coded = [word for name in ("content-encoding", "transfer-encoding") for word in ",".join(request.headers.getlist(name)).split(",")]
    if any(word.strip().lower() not in ("", "identity", "chunked") for word in coded):
        raise ContentEncodingUnsupportedError


async def receive_upload(request: Request, upload: Upload, part: FileInForm | None, guest: Holds) -> None:
    """Take the body as it comes, or the file in it; after a refusal that is not for its size the rest is read and dropped.

    Raises FileTooLargeError, at once and with the rest unread, MultipartUnsupportedError, BusyError, or StoreUnreadableError where the
    disk takes no more.
    """
    if _stated_bytes(request) > MAXIMUM_UPLOAD_BYTES + (0 if part is None else FORM_BYTES):
        raise FileTooLargeError(f"at most {MAXIMUM_UPLOAD_BYTES} bytes")
    refusal: StillmineError | None = None
    async for data in request.stream():
        if refusal is not None:
            continue
        try:
            await write_upload(upload, data if part is None else part.take(data), guest)
        except (MultipartUnsupportedError, StoreUnreadableError) as error:
            refusal = error
    if refusal is not None:
        raise refusal
    if part is not None:
        part.finish()


async def body_of(request: Request, maximum_bytes: int, guest: Guest) -> bytes:
    """Return the body; raises MessageTooLargeError at once, with the rest unread, or BusyError."""
    if _stated_bytes(request) > maximum_bytes:
        raise MessageTooLargeError(f"limit: {maximum_bytes} bytes")
    data = bytearray()
    async for part in request.stream():
        if len(data) + len(part) > maximum_bytes:
            raise MessageTooLargeError(f"limit: {maximum_bytes} bytes")
        await guest.hold(len(part))
        data += part
    return bytes(data)


def _stated_bytes(request: Request) -> int:
    return int(request.headers.get("content-length") or 0)


async def write_upload(upload: Upload, data: bytes, guest: Holds) -> None:
    """Take the next bytes of an upload; raises FileTooLargeError, BusyError, StoreUnreadableError."""
    await guest.hold(len(data))
    try:
        if upload.will_reach_disk:
            await run_in_threadpool(upload.write, data)
        else:
            upload.write(data)
    except OSError as error:
        raise StoreUnreadableError(type(error).__name__) from None
