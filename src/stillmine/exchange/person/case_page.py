# SPDX-License-Identifier: Apache-2.0
"""What a person sees of their case, in a fixed number of queries however many fingerprints it holds.

A partner is listed only where it was given the fingerprint or was told of a match. Nothing of one case may appear in another's view.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime

from stillmine.exchange.ask.queries import FirstMatched, first_matched
from stillmine.exchange.feedback.votes import current_votes
from stillmine.exchange.protection.given import Given, first_confirmed, first_given
from stillmine.exchange.protection.kept_cases import KEPT_FOR, kept_ids
from stillmine.exchange.protection.suspensions import reasons_of
from stillmine.exchange.protection.values import values_of
from stillmine.exchange.quarantine.reported import Reported, reported
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.feed import Change
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, DelayState, FingerprintState, PartnerStatus, SuspensionReason
from stillmine.wire.kinds import Kind


def case_view(exchange: Context, case: Case) -> CaseView:
    """Return all that is known of a case."""
    case.refresh_from_db()
    rows = list(Fingerprint.objects.filter(case=case).order_by("position"))
    values = values_of(exchange, rows)
    if any(row.sealed_value is not None and row.id not in values for row in rows):  # closed at this very moment: look again
        return case_view(exchange, case)
    changes = list(Change.objects.filter(fingerprint__case=case).order_by("sequence"))
    given = first_given(changes)
    withdrawn = {change.fingerprint_id: change.sequence for change in changes if change.state == FingerprintState.WITHDRAWN}
    reasons = reasons_of(row.id for row in rows if row.state == FingerprintState.SUSPENDED)
    ids = [row.id for row in rows]
    erased_by = case.closed_at + KEPT_FOR if case.state == CaseState.EXPIRED and case.closed_at else None
    kept = kept_ids(case) if erased_by else set()
    statuses = _partner_statuses(given, first_matched(ids), withdrawn, ids)
    return CaseView(
        state=CaseState(case.state),
        opened_at=case.opened_at,
        expires_at=case.expires_at,
        withdrawn_at=case.closed_at if case.state == CaseState.WITHDRAWN else None,
        fingerprints=[
            _fingerprint(row, values.get(row.id), statuses[row.id], reasons.get(row.id), erased_by if row.id in kept else None)
            for row in rows
        ],
        delay=DelayState(case.delay),
        delay_ends_at=case.delay_ends_at,
    )


def _fingerprint(
    row: Fingerprint, value: str | None, partners: list[PartnerStatus], reason: SuspensionReason | None, erased_by: datetime | None
) -> CaseFingerprint:
    return CaseFingerprint(
        id=row.id,
        kind=Kind(row.kind),
        file_number=row.file_number,
        state=FingerprintState(row.state),
        value=value,
        quality=row.quality,
        added_at=row.added_at,
        withdrawn_at=row.withdrawn_at,
        partners=partners,
        suspended_for=reason,
        is_synthetic=row.is_synthetic,
        erased_at=row.erased_at,
        erased_by=erased_by,
        withdrawal_asked_at=row.withdrawal_asked_at,
        withdrawal_due_at=row.withdrawal_due_at,
    )


def _partner_statuses(
    given: Given, matched: Mapping[tuple[str, int], FirstMatched], withdrawn: dict[str, int], fingerprint_ids: list[str]
) -> defaultdict[str, list[PartnerStatus]]:
    """Return who was given each fingerprint and what they did, in the order of partners' names."""
    reports, votes = reported(fingerprint_ids), current_votes(fingerprint_ids)
    partner_ids = {partner_id for _, partner_id in given.keys() | matched.keys()}
    names = dict(Partner.objects.filter(id__in=partner_ids).values_list("id", "name"))
    confirmed = first_confirmed(partner_ids, withdrawn.values())
    statuses: defaultdict[str, list[PartnerStatus]] = defaultdict(list)
    for fingerprint_id, partner_id in sorted(given.keys() | matched.keys(), key=lambda both: (names[both[1]].casefold(), both)):
        report = reports.get((fingerprint_id, partner_id), Reported())
        vote = votes.get((fingerprint_id, partner_id))
        told = matched.get((fingerprint_id, partner_id), FirstMatched(None, None))
        was_given = (fingerprint_id, partner_id) in given  # who only asked has nothing to confirm
        statuses[fingerprint_id].append(
            PartnerStatus(
                partner=names[partner_id],
                given_on=_day(given.get((fingerprint_id, partner_id))),
                found_on=_first_day(told.match_at, None if told.part_at else report.found_at),
                part_on=None if told.match_at else _day(told.part_at),
                removed_on=_day(report.removed_at),
                not_removed_on=_day(report.not_removed_at),
                not_removed_reason=report.not_removed_reason,
                vote=vote.vote if vote else None,
                vote_reason=vote.reason if vote else None,
                voted_on=_day(vote.voted_at) if vote else None,
                withdrawal_confirmed_at=confirmed.get((withdrawn.get(fingerprint_id, 0), partner_id)) if was_given else None,
            )
        )
    return statuses


def _first_day(*times: datetime | None) -> date | None:
    """A partner that asks is told of a copy first and reports it later: one find. What it was told of as a part stays one."""
    return _day(min((at for at in times if at), default=None))


def _day(at: datetime | None) -> date | None:
    return at.astimezone(UTC).date() if at else None
