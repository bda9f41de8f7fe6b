# SPDX-License-Identifier: Apache-2.0
"""What a partner did about what was planted, read from the same rows as for any other fingerprint."""

from datetime import datetime

from stillmine.exchange.protection.given import first_confirmed, first_given
from stillmine.exchange.rows.drills import Drill
from stillmine.exchange.rows.feed import Change
from stillmine.exchange.rows.feedback import Report
from stillmine.wire.case import FingerprintState
from stillmine.wire.feedback import Outcome


def given_at(drill: Drill) -> datetime | None:
    """Return when the partner was first given it."""
    changes = Change.objects.filter(fingerprint_id=drill.fingerprint_id)
    return first_given(changes, partner=drill.partner).get((drill.fingerprint_id, drill.partner_id))


def acknowledged_at(drill: Drill) -> datetime | None:
    """Return when the partner acknowledged the withdrawal."""
    tombstone = Change.objects.filter(fingerprint_id=drill.fingerprint_id, state=FingerprintState.WITHDRAWN).first()
    if tombstone is None:
        return None
    return first_confirmed([drill.partner_id], [tombstone.sequence]).get((tombstone.sequence, drill.partner_id))


def found_reports(drill: Drill, after: int = 0) -> list[Report]:
    """Return the partner's reports of a match that are newer than report number `after`."""
    reports = Report.objects.filter(partner_id=drill.partner_id, fingerprint_id=drill.fingerprint_id, outcome=Outcome.FOUND, id__gt=after)
    return list(reports.order_by("id"))
