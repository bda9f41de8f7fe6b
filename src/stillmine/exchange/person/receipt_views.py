# SPDX-License-Identifier: Apache-2.0
"""Receipts over HTTP."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.gate.network import network_key
from stillmine.exchange.ground.edge import answer
from stillmine.exchange.person import receipts as queries
from stillmine.exchange.protection.authentication import case_credentials, case_of
from stillmine.exchange.transaction.context import context


def show(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/case/receipt."""
    exchange = context()
    case = case_of(exchange, case_credentials(request), network_key(exchange, request, exchange.clock()))
    return answer(queries.signed_receipt(exchange, case))


def key(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/receipt-key."""
    return answer(queries.receipt_key(context()))
