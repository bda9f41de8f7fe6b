# SPDX-License-Identifier: Apache-2.0
"""Cases that no person holds: a partner's submissions, and what a drill plants. Never opened, shown or changed with a case key."""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from stillmine.exchange.gate.bank import NOTHING_BANKED, InBank
from stillmine.exchange.gate.limits import FINGERPRINTS_SUBMITTED, add_or_refuse
from stillmine.exchange.protection.actions import add_months, add_to_case, withdraw_rows
from stillmine.exchange.protection.authentication import token_hash
from stillmine.exchange.protection.kept_cases import withdraw_kept
from stillmine.exchange.protection.transitions import close_case
from stillmine.exchange.rows.cases import Case, ExpiredValue, Fingerprint
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.ledger.entry import EventName
from stillmine.wire.case import CaseState, FingerprintState
from stillmine.wire.case_key import Secret
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint

TERM_MONTHS = 24
TOKEN_BYTES = 32


def open_keyless(
    exchange: Context, transaction: Transaction, fingerprints: Sequence[WireFingerprint], counted_as: str, banked: InBank = NOTHING_BANKED
) -> Case:
    """Return a new case with these fingerprints; `counted_as` stands where a network does for limits.

    Its token is thrown away here, so that nobody can open it. Raises TooManyAttemptsError.
    """
    add_or_refuse(transaction, FINGERPRINTS_SUBMITTED, counted_as, len(fingerprints))
    token = Secret(exchange.random_bytes(TOKEN_BYTES))
    case = Case.objects.create(
        case_id=exchange.random_bytes(16).hex(),
        token_hash=token_hash(token),
        term_months=TERM_MONTHS,
        opened_at=transaction.now,
        expires_at=add_months(transaction.now, TERM_MONTHS),
    )
    add_to_case(exchange, transaction, case, fingerprints, token, banked, is_from_opening=True)
    return case


def withdraw_from_keyless(exchange: Context, transaction: Transaction, rows: Sequence[Fingerprint]) -> None:
    """Withdraw fingerprints of keyless cases, and each case with its last."""
    cases = list(Case.objects.select_for_update().filter(id__in={row.case_id for row in rows}, state=CaseState.OPEN).order_by("id"))
    ids = [row.id for row in rows]
    live = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN)
    withdraw_rows(exchange, transaction, list(live.filter(id__in=ids).order_by("id")), EventName.WITHDRAWN)
    for case in cases:
        if not live.filter(case=case).exists():
            close_case(transaction, case, CaseState.WITHDRAWN)


def withdraw_all_of(exchange: Context, transaction: Transaction, partner: Partner) -> None:
    """Withdraw all that a partner handed in: what it says is not trusted any more."""
    withdraw_from_keyless(exchange, transaction, list(live_submissions(partner)))
    withdraw_kept(exchange, transaction, kept_submissions(partner))


def live_submissions(partner: Partner) -> QuerySet[Fingerprint]:
    """Return what a partner handed in and has not withdrawn."""
    return Fingerprint.objects.filter(case__submission__partner=partner).exclude(state=FingerprintState.WITHDRAWN)


def kept_submissions(partner: Partner, **chosen: Collection[str]) -> list[str]:
    """Return what this partner handed in and what is kept of it though its term is over."""
    rows = ExpiredValue.objects.filter(fingerprint__case__submission__partner=partner, **chosen)
    return list(rows.values_list("fingerprint_id", flat=True))
