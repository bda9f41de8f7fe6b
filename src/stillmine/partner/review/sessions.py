# SPDX-License-Identifier: Apache-2.0
"""Who sits at the desk: keys of reviewers, sessions, and proof that a request came from the page of its session.

Keys and tokens have 256 random bits, so one fast hash of them is all that is stored. Must never log either.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from stillmine.client.settings import LOOPBACK_HOSTS
from stillmine.partner.ground.errors import ReviewSignedOutError, ReviewTokenWrongError
from stillmine.partner.store.desk import Desk

COOKIE = "stillmine_review"
COOKIE_PATH = "/review/"
TOKEN_HEADER = "Stillmine-Review-Token"  # noqa: S105 (a header's name)
SESSION_SECONDS = 8 * 3600
KEY_PREFIX = "smr_"

_RANDOM_BYTES = 32
_LABEL = b"stillmine/review-token/v1\0"
_OWN_SITE = ("same-origin", "none")


def new_key(random_bytes: Callable[[int], bytes]) -> str:
    """Return a reviewer's key, which is shown once."""
    return KEY_PREFIX + urlsafe_b64encode(random_bytes(_RANDOM_BYTES)).rstrip(b"=").decode()


def hashed(text: str) -> bytes:
    """Return what is stored of a key or a token."""
    return hashlib.sha256(text.encode()).digest()


class Sessions:
    """The sessions of one desk."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        """`clock` returns UTC."""
        self._desk = desk
        self._clock = clock
        self._random_bytes = random_bytes

    def begin(self, key: str) -> str | None:
        """Return the token of a new session, None for a key that is nobody's."""
        token, now = self._random_bytes(_RANDOM_BYTES).hex(), int(self._clock().timestamp())
        return token if self._desk.begin_session(hashed(key.strip()), hashed(token), now, now + SESSION_SECONDS) else None

    def name_of(self, request: Request) -> str | None:
        """Return whose session a request belongs to, None if there is none."""
        token = request.cookies.get(COOKIE)
        return None if token is None else self._desk.name_of(hashed(token), int(self._clock().timestamp()))

    def require(self, request: Request, token: str) -> str:
        """Return who wants to change something; raises ReviewSignedOutError, ReviewTokenWrongError."""
        require_own_site(request)
        name = self.name_of(request)
        if name is None:
            raise ReviewSignedOutError
        if not hmac.compare_digest(token.encode(), page_token(request.cookies[COOKIE]).encode()):
            raise ReviewTokenWrongError
        return name

    def end(self, request: Request) -> None:
        """End the session of a request."""
        self._desk.end_session(hashed(request.cookies.get(COOKIE, "")))


def page_token(session_token: str) -> str:
    """Return what a page shows to prove that it is this session's: it says nothing of the cookie, which no script can read."""
    return hashlib.sha256(_LABEL + session_token.encode()).hexdigest()


def require_own_site(request: Request) -> None:
    """Raise ReviewTokenWrongError for what another site has sent; a browser says so."""
    if request.headers.get("sec-fetch-site", "same-origin") not in _OWN_SITE:
        raise ReviewTokenWrongError


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Put the token into the answer."""
    is_secure = (request.url.hostname or "") not in LOOPBACK_HOSTS
    response.set_cookie(COOKIE, token, max_age=SESSION_SECONDS, path=COOKIE_PATH, httponly=True, samesite="strict", secure=is_secure)


def drop_cookie(response: Response) -> None:
    """Take the token back."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="strict")
