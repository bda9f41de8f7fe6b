# SPDX-License-Identifier: Apache-2.0
"""Take a partner's reports. Sending the same again changes nothing, and one wrong id does not lose the others."""

from stillmine.exchange.cases.models import Fingerprint
from stillmine.exchange.context import Context
from stillmine.exchange.feedback.models import Report
from stillmine.exchange.intake.quarantine import _note_feedback
from stillmine.exchange.partners.models import Partner
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.tx import tx
from stillmine.wire.feedback import FeedbackReceipt, SubmitFeedback


def submit_feedback(exchange: Context, partner: Partner, message: SubmitFeedback) -> FeedbackReceipt:
    """Store the reports that name a fingerprint and are new; returns how many were, and the ids that name none."""
    sent = {feedback.feedback_id: feedback for feedback in reversed(message.feedback)}
    entry_ids = sorted({feedback.fingerprint_id for feedback in message.feedback})
    ids = partner_ids(exchange.secret, partner.random_id).fingerprint_ids(entry_ids)
    with tx("feedback.submit", exchange.clock) as now:
        # The same reports sent twice at once wait for each other; a page handed out refers to the partner and must not wait.
        Partner.objects.select_for_update(no_key=True).get(id=partner.id)
        there = set(Fingerprint.objects.filter(id__in=ids).values_list("id", flat=True))
        named = {entry_id: fingerprint_id for entry_id, fingerprint_id in zip(entry_ids, ids, strict=True) if fingerprint_id in there}
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
    unknown = [entry_id for entry_id in entry_ids if entry_id not in named]
    taken = sum(row.fingerprint_id in named for row in message.feedback)
    return FeedbackReceipt(accepted=len(new), repeated=taken - len(new), unknown=unknown)
