# SPDX-License-Identifier: Apache-2.0
"""The platform's own words in the headers of an upload. Must never be repeated in an error or a log: they may name a person."""

from starlette.requests import Request

from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.screen import require_content_id

UPLOADER_HEADER = "Stillmine-Uploader"
CONTENT_ID_HEADER = "Stillmine-Content-Id"
MAXIMUM_UPLOADER_SIGNS = 200


def uploader_of(request: Request) -> str | None:
    """Return the platform's own word for who uploads, which goes into the upload's token and nowhere else; raises MalformedMessageError."""
    return checked_uploader(request.headers.get(UPLOADER_HEADER))


def checked_uploader(uploader: str | None) -> str | None:
    """Return it; raises MalformedMessageError where it is too long or empty."""
    if uploader is not None and not 1 <= len(uploader) <= MAXIMUM_UPLOADER_SIGNS:
        raise MalformedMessageError(f"{UPLOADER_HEADER}: 1 to {MAXIMUM_UPLOADER_SIGNS} characters")
    return uploader


def content_id_of(request: Request, in_message: str | None = None) -> str | None:
    """Return the platform's own word for what is uploaded, in header or message; raises MalformedMessageError where they are two."""
    said = request.headers.getlist(CONTENT_ID_HEADER)
    if not said:
        return in_message
    try:
        (word,) = said
        in_header = require_content_id(word.encode("latin-1").decode())
    except ValueError:
        raise MalformedMessageError(f"{CONTENT_ID_HEADER}: once, in UTF-8") from None
    if in_message not in (None, in_header):
        raise MalformedMessageError(f"content_id: {CONTENT_ID_HEADER} says another")
    return in_header
