# SPDX-License-Identifier: Apache-2.0
"""SubmitFeedback in StopNCII's v1 shape: decode, call actions, encode."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.edge import answer, read_message
from stillmine.exchange.partners.authentication import stopncii_partner
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.stopncii.by_value import OUTCOMES, submit_by_value
from stillmine.exchange.submissions.actions import withdraw_values
from stillmine.exchange.transaction.context import context
from stillmine.wire.stopncii import (
    MAXIMUM_SUBMIT_MESSAGE_BYTES,
    SIGNAL_TYPES,
    TAKEN_BACK,
    HashFeedbackReceipt,
    SubmitHashFeedbacks,
)


def submit_feedback(request: HttpRequest) -> HttpResponse:
    """POST /stopncii/v1/SubmitFeedback."""
    exchange, partner = context(), stopncii_partner(request, Scope.FEEDBACK)
    message = read_message(request, SubmitHashFeedbacks, MAXIMUM_SUBMIT_MESSAGE_BYTES)
    feedback = [(row.hashValue.lower(), row.feedbackValue) for row in message.hashFeedbacks]
    taken_back = {value for value, feedback_value in feedback if feedback_value in TAKEN_BACK}
    if taken_back:
        stopncii_partner(request, Scope.SUBMIT)
    withdrawn = withdraw_values(exchange, partner, taken_back, SIGNAL_TYPES)
    receipt = submit_by_value(
        exchange, partner, [(value, feedback_value) for value, feedback_value in feedback if feedback_value in OUTCOMES]
    )
    return answer(
        HashFeedbackReceipt(
            count=message.count,
            accepted=receipt.accepted,
            repeated=receipt.repeated,
            withdrawn=len(withdrawn),
            unknown=receipt.unknown + len(taken_back - withdrawn),
            ignored=sum(feedback_value not in OUTCOMES and feedback_value not in TAKEN_BACK for _, feedback_value in feedback),
        )
    )
