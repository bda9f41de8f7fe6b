# SPDX-License-Identifier: Apache-2.0
"""What `fsck` checks of cases: that states, values and cases fit each other, and that reports have what they are about. Reads only."""

from collections.abc import Iterator

from django.db.models import Q

from stillmine.exchange.fsck.rules import Rule, broken
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, FingerprintState

_STILL_A_VALUE = Rule("withdrawn fingerprint still holds a value", "withdrawn fingerprints still hold a value")
_NO_VALUE = Rule("active or suspended fingerprint has no value", "active or suspended fingerprints have no value")
_NOT_WITHDRAWN = Rule("fingerprint of a closed case is not withdrawn", "fingerprints of closed cases are not withdrawn")
_HOLDS_NOTHING = Rule("open case holds no active or suspended fingerprint", "open cases hold no active or suspended fingerprint")
_OF_NOTHING = Rule("report refers to no fingerprint", "reports refer to no fingerprint")


def case_findings(_exchange: Context) -> Iterator[str]:
    """Yield one line per broken rule."""
    live = Fingerprint.objects.filter(state__in=[FingerprintState.ACTIVE, FingerprintState.SUSPENDED])
    withdrawn = Fingerprint.objects.filter(state=FingerprintState.WITHDRAWN)
    open_cases = Case.objects.filter(state=CaseState.OPEN)
    return broken(
        {
            _STILL_A_VALUE: withdrawn.filter(Q(sealed_value__isnull=False) | Q(quality__isnull=False)).count(),
            _NO_VALUE: live.filter(sealed_value=None).count(),
            _NOT_WITHDRAWN: live.exclude(case__state=CaseState.OPEN).count(),
            _HOLDS_NOTHING: open_cases.exclude(id__in=live.values("case_id")).count(),
            _OF_NOTHING: Report.objects.exclude(fingerprint_id__in=Fingerprint.objects.values("id")).count(),
        }
    )
