# SPDX-License-Identifier: Apache-2.0
"""What is counted: each series as the rows that belong to it, with their case and the time that dates them.

A row counts once and for ever in one series: a partner that decides again is counted by its first decision, so that no number
that was said becomes wrong later.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Model, OuterRef, QuerySet

from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.submissions.queries import keyless_cases
from stillmine.wire.case import CaseState, FingerprintState
from stillmine.wire.feedback import NotRemovedReason, Outcome
from stillmine.wire.kinds import ACCEPTED_KINDS, Kind

CASES_OPENED = "cases_opened"
CASES_WITHDRAWN = "cases_withdrawn"
CASES_EXPIRED = "cases_expired"
FINGERPRINTS_WITHDRAWN = "fingerprints_withdrawn"
MATCHES_REPORTED = "matches_reported"
MATCHES_REMOVED = "matches_removed"


@dataclass(frozen=True)
class Series:
    """Rows, the path from a row to its case, and the column of its time. What no person holds is left out."""

    rows: QuerySet[Model]
    case: str
    at: str

    def count(self, after: datetime, until: datetime) -> tuple[int, int]:
        """Return how many rows there are after one moment and before another, and of how many cases."""
        window = self.rows.filter(**{f"{self.at}__gte": after, f"{self.at}__lt": until}).exclude(**{f"{self.case}__in": keyless_cases()})
        found = window.aggregate(rows=Count("pk"), cases=Count(F(self.case), distinct=True))
        return found["rows"], found["cases"]


def fingerprints_of(kind: Kind) -> str:
    """Return the name of the series of one kind."""
    return f"fingerprints_{kind.value}"


def not_removed_because(reason: NotRemovedReason) -> str:
    """Return the name of the series of one reason."""
    return f"matches_not_removed_{reason.value}"


def all_series() -> dict[str, Series]:
    """Return every series by its name."""
    cases = {
        CASES_OPENED: Series(Case.objects.all(), "id", "opened_at"),
        CASES_WITHDRAWN: Series(Case.objects.filter(state=CaseState.WITHDRAWN.value), "id", "closed_at"),
        CASES_EXPIRED: Series(Case.objects.filter(state=CaseState.EXPIRED.value), "id", "closed_at"),
    }
    erased = Fingerprint.objects.filter(state=FingerprintState.WITHDRAWN.value)
    fingerprints = {
        fingerprints_of(kind): Series(Fingerprint.objects.filter(kind=kind.value), "case_id", "added_at") for kind in ACCEPTED_KINDS
    }
    fingerprints[FINGERPRINTS_WITHDRAWN] = Series(erased, "case_id", "withdrawn_at")
    decided = first_decisions()
    matches = {
        MATCHES_REPORTED: _reports(_first(Report.objects.all())),
        MATCHES_REMOVED: _reports(decided.filter(outcome=Outcome.REMOVED.value)),
        **{not_removed_because(reason): _reports(decided.filter(reason=reason.value)) for reason in NotRemovedReason},
    }
    return {**cases, **fingerprints, **matches}


def first_decisions() -> QuerySet[Report]:
    """Return the first decision of each partner about each fingerprint."""
    return _first(Report.objects.exclude(outcome=Outcome.FOUND.value).exclude(fingerprint__case_id__in=keyless_cases()))


def _reports(rows: QuerySet[Report]) -> Series:
    return Series(rows, "fingerprint__case_id", "received_at")


def _first(rows: QuerySet[Report]) -> QuerySet[Report]:
    """Return, of these reports, the first of each partner about each fingerprint."""
    earlier = rows.filter(partner_id=OuterRef("partner_id"), fingerprint_id=OuterRef("fingerprint_id"), id__lt=OuterRef("id"))
    return rows.filter(~Exists(earlier))
