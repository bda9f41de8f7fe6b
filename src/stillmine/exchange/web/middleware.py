# SPDX-License-Identifier: Apache-2.0
"""Every refusal and every accident leaves as one ErrorMessage, and the log learns no more than what and where.

An exception's text can hold a fingerprint or a key, so neither it nor a traceback with values is ever logged.
"""

import logging
import traceback
from collections.abc import Callable

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.edge import refusal
from stillmine.exchange.ground.headers import PROBES, is_api
from stillmine.exchange.ground.storage_log import say_storage
from stillmine.exchange.keys.seal import SealedValueError
from stillmine.exchange.transaction.context import context
from stillmine.exchange.web.portal import not_found_page
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES
from stillmine.wire.errors import (
    KeysMissingError,
    MalformedMessageError,
    MessageTooLargeError,
    NotConfiguredError,
    NotFoundError,
    StillmineError,
)

_log = logging.getLogger(__name__)


class refuse_in_plain_words:  # noqa: N801 (Django names middleware by what it does)
    """The only middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            if request.path not in PROBES:
                request.get_host()
        except DisallowedHost:
            return refusal(MalformedMessageError("host name: not one of this exchange; the operator names them with --host-name"))
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse:
        """Turn what a view raised into an answer."""
        if isinstance(error, KeysMissingError):
            say_storage(error)
            return refusal(KeysMissingError())  # the detail names files of the operator's
        if isinstance(error, NotConfiguredError | SealedValueError):  # for the operator alone: both name a place, never a value
            _log.error("%s", error)
            return refusal(StillmineError())
        found = what_was_sent_wrongly(error)
        if found is not None:
            return refusal(found)
        storage = refusal_of(error)  # a read, outside of a transaction
        if storage is not None:
            say_storage(storage)
            return refusal(storage)
        _log.error("%s in %s", type(error).__name__, place_of(error))
        return refusal(StillmineError())


_UNREADABLE = (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError, RawPostDataException)
"""What Django raises for queries and forms that it does not read: too many fields, broken parts, other character sets."""


def what_was_sent_wrongly(error: Exception) -> StillmineError | None:
    """Return the refusal for what the visitor did; None where the fault is ours, which alone belongs into the log."""
    if isinstance(error, StillmineError):
        return error
    if isinstance(error, RequestDataTooBig):
        return MessageTooLargeError(f"limit: {MAXIMUM_MESSAGE_BYTES} bytes")
    return MalformedMessageError("a query or a form that can't be read") if isinstance(error, _UNREADABLE) else None


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django names them)
    """Answer a wrong address: JSON for programs, the portal's page for people."""
    page = None if is_api(request.path) else not_found_page(context().portal, request.path)
    if page is None:
        return refusal(NotFoundError())
    return HttpResponse(page, content_type="text/html; charset=utf-8", status=404, headers={"Cache-Control": "no-cache"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """Answer what Django itself found unreadable."""
    return refusal(MalformedMessageError())


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """Answer what went wrong outside of a view; Django gives no exception here."""
    _log.error("an error outside of a view")
    return refusal(StillmineError())


def place_of(error: Exception) -> str:
    """Name file, line and function of the last frame of ours, never a value."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "stillmine" in frame.filename] or list(frames)
    last = ours[-1]
    return f"{last.filename.rpartition('stillmine/')[2]}:{last.lineno} {last.name}"
