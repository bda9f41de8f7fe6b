# SPDX-License-Identifier: Apache-2.0
"""HTTP on one side, wire messages on the other: views call these and know no more of HTTP.

Bodies are bounded before and while they are read. What was sent never appears in an answer or a log.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES, decode, encode
from stillmine.wire.errors import MalformedMessageError, MessageTooLargeError, MethodNotAllowedError, StillmineError

View = Callable[[HttpRequest], HttpResponseBase]
Message = TypeVar("Message")

JSON = "application/json"


class _Readable(Protocol):
    def read(self, size: int) -> bytes: ...


def by_method(views: dict[str, View]) -> View:
    """Return one view that picks by method; OPTIONS says which there are, all others are refused."""
    allow = ", ".join(sorted([*views, "OPTIONS"]))

    def dispatch(request: HttpRequest) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": allow})
        view = views.get(request.method or "")
        if view is None:
            response = refusal(MethodNotAllowedError(f"methods: {allow}"))
            response.headers["Allow"] = allow
            return response
        return view(request)

    return dispatch


def read_message(request: HttpRequest, message_type: type[Message], maximum_bytes: int = MAXIMUM_MESSAGE_BYTES) -> Message:
    """Return the body as a message; raises MalformedMessageError, MessageTooLargeError, or what the message refuses."""
    if request.content_type != JSON:
        raise MalformedMessageError(f"content type: {JSON}")
    return decode(_read_body(request, maximum_bytes), message_type, maximum_bytes)


def read_bytes(request: HttpRequest, content_type: str, maximum_bytes: int) -> bytes:
    """Return a body that is no JSON; raises MalformedMessageError or MessageTooLargeError."""
    if request.content_type != content_type:
        raise MalformedMessageError(f"content type: {content_type}")
    return _read_body(request, maximum_bytes)


def answer(message: msgspec.Struct, status: int = 200) -> HttpResponse:
    """Return a message as a response."""
    return HttpResponse(encode(message), content_type=JSON, status=status)


def refusal(error: StillmineError) -> HttpResponse:
    """Return an error as a response."""
    response = answer(error.message(), error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer" if "partner" in error.code else "Case"
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 413:
        response.headers["Connection"] = "close"  # the rest of the body stays unread, so the connection can't be used again
    return response


def query_number(request: HttpRequest, name: str, default: int, minimum: int, maximum: int) -> int:
    """Return a whole number from the query; raises MalformedMessageError outside `minimum` to `maximum`."""
    return default if name not in request.GET else required_number(request, name, minimum, maximum)


def required_number(request: HttpRequest, name: str, minimum: int, maximum: int) -> int:
    """Return a whole number that the query must hold; raises MalformedMessageError."""
    text = request.GET.get(name, "")
    is_short_number = text.isascii() and text.isdigit() and len(text) <= len(str(maximum))
    if not is_short_number or not minimum <= int(text) <= maximum:
        raise MalformedMessageError(f"{name}: {minimum} to {maximum}")
    return int(text)


def _read_body(request: HttpRequest, maximum_bytes: int) -> bytes:
    """Read at most one byte over the limit: Django would read a body without a length as an empty one."""
    stream = cast(_Readable, request.environ["wsgi.input"])  # type: ignore[attr-defined]
    stated = request.headers.get("Content-Length")
    if stated is None:
        return _read_up_to(stream, maximum_bytes + 1)
    if not (stated.isascii() and stated.isdigit()):
        raise MalformedMessageError("Content-Length")
    if len(stated) > 10 or int(stated) > maximum_bytes:
        raise MessageTooLargeError(f"limit: {maximum_bytes} bytes")
    return _read_up_to(stream, int(stated))


def _read_up_to(stream: _Readable, size: int) -> bytes:
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
