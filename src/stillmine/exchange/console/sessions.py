# SPDX-License-Identifier: Apache-2.0
"""From a cookie to who is signed in. The cookie holds 32 random bytes; only their hash is stored.

A session that has ended is deleted by upkeep, and refused here before that.
"""

import hashlib
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from stillmine.exchange.rows.console import Operator, Purpose, Session
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.exchange.transaction.tx import Transaction, tx

COOKIE = "stillmine_console"
COOKIE_PATH = "/console/"
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)

_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


def session_of(exchange: Context, request: HttpRequest) -> Session | None:
    """Return the session of this request and note that it is in use; None if there is none or it has ended."""
    token = request.COOKIES.get(COOKIE, "")
    session = Session.objects.select_related("operator").filter(token_hash=_hash(token)).first()
    now = to_minute(exchange.clock())
    if session is None or has_ended(session, now):
        return None
    if session.seen_at < now:
        with tx("console.see_session", exchange.clock):
            Session.objects.filter(id=session.id, seen_at__lt=now).update(seen_at=now)
    return session


def forget_ended_sessions(exchange: Context) -> int:
    """Delete what has ended; returns how many."""
    with tx("console.forget_ended_sessions", exchange.clock) as transaction:
        idle, _ = Session.objects.filter(seen_at__lte=transaction.now - IDLE).delete()
        over, _ = Session.objects.filter(Q(begun_at__lte=transaction.now - LONGEST) | Q(seen_at__gte=transaction.now + IDLE)).delete()
    return idle + over


def end_session(exchange: Context, session: Session) -> None:
    """End one session."""
    with tx("console.end_session", exchange.clock):
        Session.objects.filter(id=session.id).delete()


def begin_session(exchange: Context, transaction: Transaction, operator: Operator, purpose: Purpose) -> str:
    """Begin a session; returns the token for the cookie, which is not kept."""
    token = exchange.random_bytes(32).hex()
    Session.objects.create(token_hash=_hash(token), operator=operator, purpose=purpose, begun_at=transaction.now, seen_at=transaction.now)
    return token


def set_cookie(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Put the token into the answer."""
    response.set_cookie(COOKIE, token, path=COOKIE_PATH, httponly=True, samesite="Strict", secure=must_be_secure(request))


def drop_cookie(response: HttpResponse) -> None:
    """Take the token back."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Strict")


def must_be_secure(request: HttpRequest) -> bool:
    """True where a cookie must be marked `Secure`: everywhere but in plain HTTP on this very machine.

    The TLS of a proxy can't be seen from here, so a host name alone makes it secure: without TLS nobody can sign in there.
    """
    host = request.get_host()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return request.is_secure() or name not in _LOCAL


def has_ended(session: Session, now: datetime) -> bool:
    """A session of a clock that was ahead has ended too: it would else last until that time comes."""
    return abs(now - session.seen_at) >= IDLE or now - session.begun_at >= LONGEST


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
