# SPDX-License-Identifier: Apache-2.0
"""Cases over HTTP: decode, call one action, encode. The case id stands in a header and never in an address."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.gate.network import network_key
from stillmine.exchange.ground.edge import answer, read_message
from stillmine.exchange.ground.reserve import with_reserve
from stillmine.exchange.person.case_page import case_view
from stillmine.exchange.protection import actions, withdrawal
from stillmine.exchange.protection.authentication import case_credentials, case_of
from stillmine.exchange.rows.cases import Case
from stillmine.exchange.transaction.context import context
from stillmine.wire.case import MAXIMUM_CASE_MESSAGE_BYTES, AddFingerprints, CancelWithdrawal, OpenCase, RenewCase, SetDelay, Withdraw
from stillmine.wire.work import PROOF_HEADER


def open_one(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case."""
    exchange, credentials = context(), case_credentials(request)
    message = read_message(request, OpenCase, MAXIMUM_CASE_MESSAGE_BYTES)
    proof = request.headers.get(PROOF_HEADER, "")
    case, is_new = actions.open_case(exchange, credentials, message, _network(request), proof)
    return answer(case_view(exchange, case), 201 if is_new else 200)


def show(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/case."""
    return answer(case_view(context(), _case(request)))


def add(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/fingerprints."""
    case = _case(request)
    message = read_message(request, AddFingerprints, MAXIMUM_CASE_MESSAGE_BYTES)
    sender = actions.Sender(_network(request), case_credentials(request).token)
    actions.add_fingerprints(context(), case, message, sender, request.headers.get(PROOF_HEADER, ""))
    return answer(case_view(context(), case))


def withdraw(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/withdraw."""
    case = _case(request)
    message = read_message(request, Withdraw)
    with_reserve(context().home, lambda: withdrawal.withdraw(context(), case, message))
    return answer(case_view(context(), case))


def cancel(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/withdraw/cancel."""
    case = _case(request)
    message = read_message(request, CancelWithdrawal)
    with_reserve(context().home, lambda: withdrawal.cancel_withdrawal(context(), case, message))
    return answer(case_view(context(), case))


def set_delay(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/delay."""
    case = _case(request)
    message = read_message(request, SetDelay)
    with_reserve(context().home, lambda: withdrawal.set_delay(context(), case, message))
    return answer(case_view(context(), case))


def renew(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/case/renew."""
    case = _case(request)
    actions.renew(context(), case, read_message(request, RenewCase))
    return answer(case_view(context(), case))


def _case(request: HttpRequest) -> Case:
    return case_of(context(), case_credentials(request), _network(request))


def _network(request: HttpRequest) -> str:
    exchange = context()
    return network_key(exchange, request, exchange.clock())
