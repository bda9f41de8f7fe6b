# SPDX-License-Identifier: Apache-2.0
"""The doors: sign in, enrol, sign out. What was typed is shown back for the name only, never a password or a code."""

from django.http import HttpResponse
from django.middleware.csrf import rotate_token
from django.utils.safestring import mark_safe

from stillmine.exchange.console.pages import Visit, redirect, show
from stillmine.exchange.console.sessions import drop_cookie, set_cookie
from stillmine.exchange.console.signing_in import begin_enrolment, enrolling_secret, finish_enrolment, sign_in, sign_out
from stillmine.exchange.console.totp import qr_code, secret_text
from stillmine.wire.errors import StillmineError


def show_sign_in(visit: Visit) -> HttpResponse:
    """GET /console/sign-in."""
    return redirect("/console/") if visit.signed_in else show(visit, "sign_in")


def take_sign_in(visit: Visit) -> HttpResponse:
    """POST /console/sign-in."""
    try:
        token = sign_in(visit.exchange, visit.typed("name"), visit.typed("password"), visit.typed("code"), visit.network)
    except StillmineError as error:
        return show(visit, "sign_in", error.status, error=error, name=visit.typed("name"))
    return _enter(visit, token, "/console/")


def show_enrol(visit: Visit) -> HttpResponse:
    """GET /console/enrol."""
    return show(visit, "enrol")


def take_enrol(visit: Visit) -> HttpResponse:
    """POST /console/enrol."""
    try:
        token = begin_enrolment(visit.exchange, visit.typed("name"), visit.typed("enrolment_code"), visit.network)
    except StillmineError as error:
        return show(visit, "enrol", error.status, error=error, name=visit.typed("name"))
    return _enter(visit, token, "/console/enrol/password")


def show_password(visit: Visit) -> HttpResponse:
    """GET /console/enrol/password."""
    return _password_page(visit)


def take_password(visit: Visit) -> HttpResponse:
    """POST /console/enrol/password."""
    password, repeated, code = visit.typed("password"), visit.typed("repeated"), visit.typed("code")
    try:
        if visit.session is None:
            return redirect("/console/enrol")
        token = finish_enrolment(visit.exchange, visit.session, password, repeated, code)
    except StillmineError as error:
        return _password_page(visit, error)
    return _enter(visit, token, "/console/")


def take_sign_out(visit: Visit) -> HttpResponse:
    """POST /console/sign-out."""
    if visit.session:
        sign_out(visit.exchange, visit.session)
    response = redirect("/console/sign-in")
    drop_cookie(response)
    return response


def _password_page(visit: Visit, error: StillmineError | None = None) -> HttpResponse:
    if visit.session is None:
        return redirect("/console/enrol")
    secret = enrolling_secret(visit.exchange, visit.session)
    qr = mark_safe(qr_code(secret, visit.operator.name))  # noqa: S308 (segno's own SVG; the name is inside the code's dots)
    values = {"error": error, "secret": secret_text(secret), "qr": qr}
    return show(visit, "password", error.status if error else 200, **values)


def _enter(visit: Visit, token: str, address: str) -> HttpResponse:
    """Send the browser on with its new session; the forms' cookie changes with it."""
    rotate_token(visit.request)
    response = redirect(address)
    set_cookie(visit.request, response, token)
    return response
