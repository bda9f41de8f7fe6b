# SPDX-License-Identifier: Apache-2.0
"""Submissions over HTTP, natively: decode, call one action, encode. A partner sees its own ids and never ours."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.edge import answer, read_message
from stillmine.exchange.ground.reserve import with_reserve
from stillmine.exchange.partners.authentication import bearer_partner
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.submissions import actions
from stillmine.exchange.transaction.context import context
from stillmine.wire.submission import (
    MAXIMUM_SUBMISSION_MESSAGE_BYTES,
    SubmissionReceipt,
    SubmitFingerprints,
    WithdrawalReceipt,
    WithdrawSubmissions,
)


def submit(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/submissions."""
    exchange, partner = context(), bearer_partner(request, Scope.SUBMIT)
    message = read_message(request, SubmitFingerprints, MAXIMUM_SUBMISSION_MESSAGE_BYTES)
    done = actions.submit(exchange, partner, message.fingerprints)
    entry_ids = partner_ids(exchange.secret, partner.random_id).entry_ids(done.ids)
    return answer(SubmissionReceipt(accepted=done.accepted, repeated=done.repeated, fingerprint_ids=entry_ids))


def withdraw(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/submissions/withdraw."""
    exchange, partner = context(), bearer_partner(request, Scope.SUBMIT)
    message = read_message(request, WithdrawSubmissions)
    entry_ids = list(dict.fromkeys(message.fingerprint_ids))
    ids = dict(zip(partner_ids(exchange.secret, partner.random_id).fingerprint_ids(entry_ids), entry_ids, strict=True))
    now, before = with_reserve(exchange.home, lambda: actions.withdraw(exchange, partner, list(ids)))
    unknown = [entry_id for id_, entry_id in ids.items() if id_ not in now | before]
    return answer(WithdrawalReceipt(withdrawn=len(now), repeated=len(before), unknown=unknown))
