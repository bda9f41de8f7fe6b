# SPDX-License-Identifier: Apache-2.0
"""Ask over HTTP, as JSON or in binary; the answer comes in the form of the question."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ask import actions
from stillmine.exchange.ask.client import service_status
from stillmine.exchange.ask.regions import ask_regions, look_at_regions
from stillmine.exchange.ask.service import MAXIMUM_BEHIND_SECONDS
from stillmine.exchange.ground.edge import JSON, answer, read_bytes, read_message
from stillmine.exchange.partners.authentication import bearer_key
from stillmine.exchange.rows.scopes import Scope, Way, scopes_of
from stillmine.exchange.transaction.context import context
from stillmine.wire.ask import BINARY_CONTENT_TYPE, MAXIMUM_ASK_BYTES, Ask, ExchangeStatus, IndexState, decode_ask, encode_answer
from stillmine.wire.ask_regions import MAXIMUM_REGIONS_ASK_BYTES, RegionsAsk, RegionsLook, encode_regions_answer


def ask(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/ask."""
    exchange, asking = context(), bearer_key(request, Scope.ASK)
    if request.content_type == BINARY_CONTENT_TYPE:
        message = decode_ask(read_bytes(request, BINARY_CONTENT_TYPE, MAXIMUM_ASK_BYTES))
        return HttpResponse(encode_answer(actions.ask(exchange, asking, message)), content_type=BINARY_CONTENT_TYPE)
    return answer(actions.ask(exchange, asking, read_message(request, Ask, MAXIMUM_ASK_BYTES)))


def regions(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/ask/regions."""
    exchange, asking = context(), bearer_key(request, Scope.ASK)
    asked = ask_regions(exchange, asking, read_message(request, RegionsAsk, MAXIMUM_REGIONS_ASK_BYTES))
    return HttpResponse(encode_regions_answer(asked), content_type=JSON)


def look(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/ask/regions/look."""
    exchange, asking = context(), bearer_key(request, Scope.ASK)
    seen = look_at_regions(exchange, asking, read_message(request, RegionsLook, MAXIMUM_REGIONS_ASK_BYTES))
    return HttpResponse(encode_regions_answer(seen), content_type=JSON)


def status(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/status."""
    exchange, key = context(), bearer_key(request, None)
    service = service_status(exchange.home)
    behind = service.behind_seconds if service else None
    is_ready = behind is not None and behind <= MAXIMUM_BEHIND_SECONDS
    return answer(
        ExchangeStatus(
            version=1,
            index=IndexState.READY if is_ready else IndexState.LOADING,
            behind_seconds=None if behind is None else int(behind),
            queries_today=key.queries_today,
            queries_a_day=key.partner.daily_quota,
            scopes=sorted(scopes_of(key.scopes, Way(key.partner.way))),
        )
    )
