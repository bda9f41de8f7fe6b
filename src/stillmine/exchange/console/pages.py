# SPDX-License-Identifier: Apache-2.0
"""What every page of the console goes through: form token, session, role, method; then one view; errors as a page.

A route names who may open it, and nothing else decides that. What was typed never appears in an error or a log.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_protect

from stillmine.exchange.console.errors import FormRefusedError, RoleNotAllowedError
from stillmine.exchange.console.sessions import must_be_secure, session_of
from stillmine.exchange.gate.network import network_key
from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.edge import View
from stillmine.exchange.ground.storage_log import say_storage
from stillmine.exchange.rows.console import Operator, Purpose, Role, Session
from stillmine.exchange.settings.console import FORM_COOKIE
from stillmine.exchange.transaction.context import Context, context
from stillmine.exchange.web.middleware import place_of, what_was_sent_wrongly
from stillmine.wire.errors import MethodNotAllowedError, NotFoundError, StillmineError

_log = logging.getLogger(__name__)


class Who(Enum):
    """Who may open a route."""

    ANYBODY = "anybody"
    ENROLLING = "enrolling"
    REVIEWER = "reviewer"
    MANAGER = "manager"


@dataclass(frozen=True)
class Visit:
    """One request and who makes it; `session` is None only where anybody may be."""

    exchange: Context
    request: HttpRequest
    session: Session | None

    @property
    def signed_in(self) -> Operator | None:
        """The operator, where one is signed in."""
        return self.session.operator if self.session and self.session.purpose == Purpose.SIGNED_IN else None

    @property
    def is_manager(self) -> bool:
        """True where a manager is signed in."""
        return self.signed_in is not None and self.signed_in.role == Role.MANAGER

    @property
    def operator(self) -> Operator:
        """The operator who is here; only for routes that need one."""
        if self.session is None:
            raise RoleNotAllowedError
        return self.session.operator

    @property
    def network(self) -> str:
        """The day's key of the network that this comes from."""
        return network_key(self.exchange, self.request, self.exchange.clock())

    def typed(self, field: str) -> str:
        """Return what was typed into a field, without the sign that no database takes; empty where the field is missing."""
        return self.request.POST.get(field, "").replace("\0", "")


PageView = Callable[..., HttpResponse]
"""Takes the visit, and by name the numbers in the address."""


def page(who: Who, views: Mapping[str, PageView]) -> View:
    """Return the one view of a route."""

    @csrf_protect
    def answer(request: HttpRequest, **place: int) -> HttpResponse:
        exchange = context()
        visit = Visit(exchange, request, session_of(exchange, request))
        try:
            view = views.get(request.method or "")
            if view is None:
                raise MethodNotAllowedError
            if not _may(who, visit):
                return redirect("/console/sign-in")
            return view(visit, **place)
        except Exception as error:
            return error_page(visit, _refusal(error))

    def with_safe_cookie(request: HttpRequest, **place: int) -> HttpResponse:
        refused = _unreadable_form(request)
        if refused is not None:
            return refused
        response: HttpResponse = answer(request, **place)
        if FORM_COOKIE in response.cookies and must_be_secure(request):
            response.cookies[FORM_COOKIE]["secure"] = True
        return response

    return with_safe_cookie


def _refusal(error: Exception) -> StillmineError:
    """Return what the page says; only what is our fault, or the storage's, is in the log."""
    storage = refusal_of(error)
    if storage is not None:
        say_storage(storage)
        return storage
    found = what_was_sent_wrongly(error)
    if found is None:
        _log.error("%s in %s", type(error).__name__, place_of(error))
    return found or StillmineError()


def _unreadable_form(request: HttpRequest) -> HttpResponse | None:
    """Read the form before its token is looked for, which would read it where nobody can answer in words."""
    try:
        _ = request.POST
    except Exception as error:
        request._post = QueryDict()  # type: ignore[attr-defined]  # the page of the error must not read it again
        request._files = MultiValueDict()  # type: ignore[attr-defined]
        response = error_page(Visit(context(), request, None), _refusal(error))
        response.headers["Connection"] = "close"  # the rest of the body may be unread
        return response
    return None


def show(visit: Visit, template: str, status: int = 200, **values: object) -> HttpResponse:
    """Return a page of the console."""
    values |= {"visit": visit, "here": visit.request.path}
    response = render(visit.request, f"console/{template}.html", values, status=status)
    error = values.get("error")
    if isinstance(error, StillmineError) and error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def redirect(address: str) -> HttpResponse:
    """Send the browser on with GET, whatever it came with."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def error_page(visit: Visit, error: StillmineError) -> HttpResponse:
    """Return an error as a page."""
    return show(visit, "error", error.status, error=error)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django names it)
    """Answer a form without its token; Django calls this."""
    return error_page(Visit(context(), request, None), FormRefusedError())


def _not_there(_visit: Visit) -> HttpResponse:
    raise NotFoundError


not_there = page(Who.ANYBODY, {"GET": _not_there})


def _may(who: Who, visit: Visit) -> bool:
    """True where the visit may go on; raises RoleNotAllowedError for a reviewer on a manager's page."""
    if who is Who.ANYBODY:
        return True
    if who is Who.ENROLLING:
        return visit.session is not None and visit.session.purpose == Purpose.ENROLLING
    if visit.signed_in is None:
        return False
    if who is Who.MANAGER and not visit.is_manager:
        raise RoleNotAllowedError
    return True
