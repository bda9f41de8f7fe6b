# SPDX-License-Identifier: Apache-2.0
"""What partners reported, folded into what a person is shown: the first `found` and the latest decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stillmine.exchange.rows.feedback import Report
from stillmine.wire.feedback import NotRemovedReason, Outcome


@dataclass(frozen=True)
class Reported:
    """What one partner reported about one fingerprint."""

    found_at: datetime | None = None
    removed_at: datetime | None = None
    not_removed_at: datetime | None = None
    not_removed_reason: NotRemovedReason | None = None


def reported(fingerprint_ids: Sequence[str]) -> dict[tuple[str, int], Reported]:
    """Return the reports on these fingerprints: (fingerprint id, partner id) -> what was reported."""
    folded: dict[tuple[str, int], Reported] = {}
    for report in Report.objects.filter(fingerprint_id__in=fingerprint_ids).order_by("id"):
        key = (report.fingerprint_id, report.partner_id)
        folded[key] = _fold(folded.get(key, Reported()), report)
    return folded


def _fold(before: Reported, report: Report) -> Reported:
    match Outcome(report.outcome):
        case Outcome.FOUND:
            return replace(before, found_at=before.found_at or report.received_at)
        case Outcome.REMOVED:
            return replace(before, removed_at=report.received_at, not_removed_at=None, not_removed_reason=None)
        case Outcome.NOT_REMOVED:
            reason = NotRemovedReason(report.reason) if report.reason else None
            return replace(before, removed_at=None, not_removed_at=report.received_at, not_removed_reason=reason)
