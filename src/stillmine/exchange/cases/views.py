# SPDX-License-Identifier: Apache-2.0
"""Cases over HTTP: decode, call one action, encode. The case id stands in a header and never in an address."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.cases import actions
from stillmine.exchange.cases.authentication import case_credentials, case_of
from stillmine.exchange.cases.models import Case
from stillmine.exchange.cases.queries import case_view
from stillmine.exchange.context import context
from stillmine.exchange.edge import answer, read_message
from stillmine.exchange.limits.network import network_key
from stillmine.wire.case import MAXIMUM_CASE_MESSAGE_BYTES, AddFingerprints, OpenCase, Withdraw


def open_one(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case."""
    exchange, credentials = context(), case_credentials(request)
    message = read_message(request, OpenCase, MAXIMUM_CASE_MESSAGE_BYTES)
    case, is_new = actions.open_case(exchange, credentials, message, _network(request))
    return answer(case_view(case), 201 if is_new else 200)


def show(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/case."""
    return answer(case_view(_case(request)))


def add(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/fingerprints."""
    case = _case(request)
    message = read_message(request, AddFingerprints, MAXIMUM_CASE_MESSAGE_BYTES)
    actions.add_fingerprints(context(), case, message, case_credentials(request).token)
    return answer(case_view(case))


def withdraw(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/withdraw."""
    case = _case(request)
    actions.withdraw(context(), case, read_message(request, Withdraw))
    return answer(case_view(case))


def _case(request: HttpRequest) -> Case:
    return case_of(context(), case_credentials(request), _network(request))


def _network(request: HttpRequest) -> str:
    exchange = context()
    return network_key(exchange, request, exchange.clock())
