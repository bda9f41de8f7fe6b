# SPDX-License-Identifier: Apache-2.0
"""Take a partner's reports. Sending the same again changes nothing, and one wrong id does not lose the others."""

from stillmine.exchange.context import Context
from stillmine.exchange.feedback.models import Report
from stillmine.exchange.feedback.named import _named, receipt_for
from stillmine.exchange.intake.quarantine import _note_feedback
from stillmine.exchange.partners.models import Partner
from stillmine.exchange.tx import tx
from stillmine.wire.feedback import FeedbackReceipt, SubmitFeedback


def submit_feedback(exchange: Context, partner: Partner, message: SubmitFeedback) -> FeedbackReceipt:
    """Store the reports that name a fingerprint and are new; returns how many were, and the ids that name none."""
    sent = {feedback.feedback_id: feedback for feedback in reversed(message.feedback)}
    entry_ids = [feedback.fingerprint_id for feedback in message.feedback]
    with tx("feedback.submit", exchange.clock) as now:
        named = _named(exchange, partner, entry_ids)
        known = set(Report.objects.filter(partner=partner, feedback_id__in=list(sent)).values_list("feedback_id", flat=True))
        new = [row for row in reversed(sent.values()) if row.fingerprint_id in named and row.feedback_id not in known]
        reports = [
            Report(
                partner=partner,
                feedback_id=row.feedback_id,
                fingerprint_id=named[row.fingerprint_id],
                outcome=row.outcome.value,
                reason=row.reason.value if row.reason else None,
                received_at=now,
            )
            for row in new
        ]
        Report.objects.bulk_create(reports)
        _note_feedback(exchange, partner, reports, now)
    return receipt_for(entry_ids, named, len(new))
