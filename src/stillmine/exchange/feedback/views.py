# SPDX-License-Identifier: Apache-2.0
"""Feedback over HTTP: decode, call one action, encode."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.feedback.actions import submit_feedback
from stillmine.exchange.feedback.votes import submit_votes
from stillmine.exchange.ground.edge import answer, read_message
from stillmine.exchange.partners.authentication import bearer_partner
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import context
from stillmine.wire.feedback import MAXIMUM_FEEDBACK_BYTES, SubmitFeedback
from stillmine.wire.vote import SubmitVotes


def submit(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/feedback."""
    exchange, partner = context(), bearer_partner(request, Scope.FEEDBACK)
    return answer(submit_feedback(exchange, partner, read_message(request, SubmitFeedback, MAXIMUM_FEEDBACK_BYTES)))


def vote(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/votes."""
    exchange, partner = context(), bearer_partner(request, Scope.FEEDBACK)
    return answer(submit_votes(exchange, partner, read_message(request, SubmitVotes)))
