# SPDX-License-Identifier: Apache-2.0
"""What a person sees of their case, in a fixed number of queries however many fingerprints it holds.

A partner is listed only where it was given the fingerprint. Nothing of one case may appear in another's view.
"""

from collections import defaultdict
from collections.abc import Iterable

from stillmine.exchange.cases.models import Case, Fingerprint, digest_of
from stillmine.exchange.feed.models import Change
from stillmine.exchange.feed.queries import Given, first_confirmed, first_given
from stillmine.exchange.feedback.queries import Reported, reported
from stillmine.exchange.feedback.votes import current_votes
from stillmine.exchange.partners.models import Partner
from stillmine.wire.case import CaseFingerprint, CaseState, CaseView, FingerprintState, PartnerStatus
from stillmine.wire.fingerprint import Kind


def find_case(case_id: bytes) -> Case | None:
    """Return the case with this id, whoever asks; the caller still has to check the token."""
    return Case.objects.filter(case_id=case_id.hex()).first()


def active_fingerprints_with(kinds: Iterable[Kind], values: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Return the active fingerprints of any case that are of these kinds and have one of these values: (kind, value) -> ids."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    digests = [digest_of(value) for value in values]
    rows = Fingerprint.objects.filter(kind__in=list(kinds), value_digest__in=digests, state=FingerprintState.ACTIVE).order_by("id")
    for fingerprint_id, kind, value in rows.values_list("id", "kind", "value"):
        found[kind, value or ""].append(fingerprint_id)
    return found


def case_view(case: Case) -> CaseView:
    """Return all that is known of a case."""
    case.refresh_from_db()
    rows = list(Fingerprint.objects.filter(case=case).order_by("position"))
    changes = list(Change.objects.filter(fingerprint__case=case).order_by("sequence"))
    given = first_given(changes)
    withdrawn = {change.fingerprint_id: change.sequence for change in changes if change.state == FingerprintState.WITHDRAWN}
    statuses = _partner_statuses(given, withdrawn, [row.id for row in rows])
    return CaseView(
        state=CaseState(case.state),
        opened_at=case.opened_at,
        expires_at=case.expires_at,
        withdrawn_at=case.closed_at if case.state == CaseState.WITHDRAWN else None,
        fingerprints=[_fingerprint(row, statuses[row.id]) for row in rows],
    )


def _fingerprint(row: Fingerprint, partners: list[PartnerStatus]) -> CaseFingerprint:
    return CaseFingerprint(
        id=row.id,
        kind=Kind(row.kind),
        file_number=row.file_number,
        state=FingerprintState(row.state),
        value=row.value,
        quality=row.quality,
        added_at=row.added_at,
        withdrawn_at=row.withdrawn_at,
        partners=partners,
    )


def _partner_statuses(given: Given, withdrawn: dict[str, int], fingerprint_ids: list[str]) -> defaultdict[str, list[PartnerStatus]]:
    """Return who was given each fingerprint and what they did, in the order of partners' names."""
    reports, votes = reported(fingerprint_ids), current_votes(fingerprint_ids)
    partner_ids = {partner_id for _, partner_id in given}
    names = dict(Partner.objects.filter(id__in=partner_ids).values_list("id", "name"))
    confirmed = first_confirmed(partner_ids, withdrawn.values())
    statuses: defaultdict[str, list[PartnerStatus]] = defaultdict(list)
    for (fingerprint_id, partner_id), given_at in sorted(given.items(), key=lambda item: names[item[0][1]].casefold()):
        report = reports.get((fingerprint_id, partner_id), Reported())
        vote = votes.get((fingerprint_id, partner_id))
        statuses[fingerprint_id].append(
            PartnerStatus(
                partner=names[partner_id],
                given_at=given_at,
                found_at=report.found_at,
                removed_at=report.removed_at,
                not_removed_at=report.not_removed_at,
                not_removed_reason=report.not_removed_reason,
                vote=vote.vote if vote else None,
                vote_reason=vote.reason if vote else None,
                voted_at=vote.voted_at if vote else None,
                withdrawal_confirmed_at=confirmed.get((withdrawn.get(fingerprint_id, 0), partner_id)),
            )
        )
    return statuses
