# SPDX-License-Identifier: Apache-2.0
"""`GET /livez` and `GET /readyz`: whether this process answers, and whether the exchange can do its work. Contract: spec/readiness.md.

Anybody may ask, under any host name, because what asks is a machine beside this one.
"""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.edge import answer
from stillmine.exchange.ground.headers import ALIVE
from stillmine.exchange.health.parts import look
from stillmine.exchange.transaction.context import context
from stillmine.wire.readiness import readiness


def livez(_request: HttpRequest) -> HttpResponse:
    """GET /livez: asks nothing of anything else. Where it is served, `doors.py` answers before it comes here."""
    return HttpResponse(ALIVE, content_type="text/plain")


def readyz(_request: HttpRequest) -> HttpResponse:
    """GET /readyz."""
    state = readiness(look(context()).words)
    response = answer(state, 200 if state.is_ready else 503)
    if not state.is_ready:
        response.headers["Retry-After"] = "10"
    return response
