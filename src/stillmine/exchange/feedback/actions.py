# SPDX-License-Identifier: Apache-2.0
"""Take a partner's reports. Sending the same again changes nothing, and one wrong id does not lose the others.

A report is about an upload. It is stored for every case that the upload matched, once for each: on the fingerprint that it names, and of
every other case on the nearest. A list partner says itself what else matched; what an ask partner was not told is known here.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from stillmine.exchange.ask.queries import told_beside
from stillmine.exchange.feedback.named import cases_of, hold_named, receipt_for
from stillmine.exchange.quarantine.weighing import note_feedback
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.wire.feedback import Feedback, FeedbackReceipt, Outcome, SubmitFeedback

_DERIVED_LABEL = b"stillmine/report-of-another-case/v1"


def submit_feedback(exchange: Context, partner: Partner, message: SubmitFeedback) -> FeedbackReceipt:
    """Store the reports that name a fingerprint and are new; returns how many were, and the ids that name none."""
    reported_ids = [entry_id for feedback in message.feedback for entry_id in (feedback.fingerprint_id, *feedback.near)]
    with tx("feedback.submit", exchange.clock) as transaction:
        named = hold_named(exchange, transaction, partner, reported_ids)
        rows = [_of_nearest_known(feedback, named) for feedback in message.feedback]
        sent = {feedback.feedback_id: feedback for feedback in reversed(rows)}
        known = set(Report.objects.filter(partner=partner, feedback_id__in=list(sent)).values_list("feedback_id", flat=True))
        new = [row for row in reversed(sent.values()) if row.fingerprint_id in named and row.feedback_id not in known]
        beside = told_beside(partner, sorted({named[row.fingerprint_id] for row in new}))
        cases = cases_of({*named.values(), *(other for others in beside.values() for other in others)})
        made = [(report, row) for row in new for report in _reports(partner, row, named, beside, cases, transaction.now)]
        Report.objects.bulk_create(report for report, _ in made)
        counted = [(report, row.upload_token) for report, row in made if not (row.is_older and row.outcome is Outcome.FOUND)]
        note_feedback(exchange, transaction, partner, counted)
    entry_ids = [feedback.fingerprint_id for feedback in rows]
    return receipt_for(entry_ids, {entry_id: named[entry_id] for entry_id in entry_ids if entry_id in named}, len(new))


def _of_nearest_known(row: Feedback, named: Mapping[str, str]) -> Feedback:
    """Return a report as one of the nearest fingerprint that exists: what a restored backup lacks must not cost others theirs."""
    known = [entry_id for entry_id in (row.fingerprint_id, *row.near) if entry_id in named]
    return msgspec.structs.replace(row, fingerprint_id=known[0], near=known[1:]) if known else row


def _reports(  # noqa: PLR0917 (what the message says, and what is known of it)
    partner: Partner,
    row: Feedback,
    named: Mapping[str, str],
    beside: Mapping[str, Sequence[str]],
    cases: Mapping[str, int],
    now: datetime,
) -> Iterator[Report]:
    """Yield the report on the fingerprint that is named, which has the id that was sent, and on the nearest of every other case."""
    named_id = named[row.fingerprint_id]
    matched_ids = [named_id, *(named[entry_id] for entry_id in row.near if entry_id in named)]
    for fingerprint_id in _of_each_case([*matched_ids, *beside.get(named_id, ())], cases):
        yield Report(
            partner=partner,
            feedback_id=row.feedback_id if fingerprint_id == named_id else _derived_id(row.feedback_id, fingerprint_id),
            fingerprint_id=fingerprint_id,
            outcome=row.outcome.value,
            reason=row.reason.value if row.reason else None,
            received_at=now,
            is_beside=fingerprint_id not in matched_ids,
        )


def _of_each_case(matched: Sequence[str], cases: Mapping[str, int]) -> list[str]:
    """Return the first of each case."""
    of_case: dict[int, str] = {}
    for fingerprint_id in matched:
        of_case.setdefault(cases[fingerprint_id], fingerprint_id)
    return list(of_case.values())


def _derived_id(feedback_id: str, fingerprint_id: str) -> str:
    return hashlib.sha256(_DERIVED_LABEL + bytes.fromhex(feedback_id) + bytes.fromhex(fingerprint_id)).hexdigest()[:32]
