# SPDX-License-Identifier: Apache-2.0
"""The log over HTTP: hashes, proofs and what concerns the portal for anybody, entries for the holder of the case key that they concern."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.gate.network import network_key
from stillmine.exchange.ground.edge import answer, query_number, required_number
from stillmine.exchange.log.actions import give_checkpoint
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.person import log_proofs as queries
from stillmine.exchange.protection.authentication import case_credentials, case_of
from stillmine.exchange.transaction.context import context
from stillmine.wire.ledger import MAXIMUM_LEAVES, MAXIMUM_TREE_SIZE, CaseLedger, LedgerKey, LedgerPortal


def checkpoint(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/ledger/checkpoint."""
    _, note = give_checkpoint(context())
    return HttpResponse(note, content_type="text/plain; charset=utf-8")


def key(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/ledger/key."""
    return answer(LedgerKey(version=1, key=signing_key(context().secret).verifier.text()))


def leaves(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/ledger/leaves."""
    start = query_number(request, "start", 0, 0, MAXIMUM_TREE_SIZE)
    return answer(queries.leaves(start, query_number(request, "limit", MAXIMUM_LEAVES, 1, MAXIMUM_LEAVES)))


def consistency(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/ledger/consistency."""
    sizes = (required_number(request, name, 0, MAXIMUM_TREE_SIZE) for name in ("from", "to"))
    return answer(queries.consistency(*sizes))


def portal(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/ledger/portal."""
    exchange = context()
    size, note = give_checkpoint(exchange)
    entries, promised = queries.portal_entries(exchange, size)
    named = signing_key(exchange.secret).verifier.text()
    return answer(LedgerPortal(version=1, key=named, checkpoint=note, entries=entries, promised=promised))


def of_case(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/case/ledger."""
    exchange, credentials = context(), case_credentials(request)
    case = case_of(exchange, credentials, network_key(exchange, request, exchange.clock()))
    size, note = give_checkpoint(exchange)
    key = signing_key(exchange.secret)
    entries, promised = queries.entries_of(exchange, case, size)
    return answer(CaseLedger(version=1, key=key.verifier.text(), checkpoint=note, entries=entries, promised=promised))
