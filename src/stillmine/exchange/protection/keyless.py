# SPDX-License-Identifier: Apache-2.0
"""Cases that no person holds: a partner's submissions, and what a drill plants. Never opened, shown or changed with a case key."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from stillmine.exchange.gate.bank import NOTHING_BANKED, InBank
from stillmine.exchange.gate.limits import FINGERPRINTS_SUBMITTED, _add_or_refuse
from stillmine.exchange.protection.actions import _add, _withdraw, add_months
from stillmine.exchange.protection.authentication import token_hash
from stillmine.exchange.protection.kept_cases import _withdraw_kept
from stillmine.exchange.protection.transitions import _close_case
from stillmine.exchange.rows.cases import Case, ExpiredValue, Fingerprint
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.ledger.entry import EventName
from stillmine.wire.case import CaseState, FingerprintState
from stillmine.wire.case_key import Secret
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint

TERM_MONTHS = 24
TOKEN_BYTES = 32


def _open_keyless(
    exchange: Context, fingerprints: Sequence[WireFingerprint], now: datetime, counted_as: str, banked: InBank = NOTHING_BANKED
) -> Case:
    """Return a new case with these fingerprints; `counted_as` stands where a network does for limits.

    Its token is thrown away here, so that nobody can open it. Raises TooManyAttemptsError.
    """
    _add_or_refuse(FINGERPRINTS_SUBMITTED, counted_as, now, len(fingerprints))
    token = Secret(exchange.random_bytes(TOKEN_BYTES))
    case = Case.objects.create(
        case_id=exchange.random_bytes(16).hex(),
        token_hash=token_hash(token),
        term_months=TERM_MONTHS,
        opened_at=now,
        expires_at=add_months(now, TERM_MONTHS),
    )
    _add(exchange, case, fingerprints, now, token, banked, is_from_opening=True)
    return case


def _withdraw_from_keyless(exchange: Context, rows: Sequence[Fingerprint], now: datetime) -> None:
    """Withdraw fingerprints of keyless cases, and each case with its last."""
    cases = list(Case.objects.select_for_update().filter(id__in={row.case_id for row in rows}, state=CaseState.OPEN).order_by("id"))
    ids = [row.id for row in rows]
    live = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN)
    _withdraw(exchange, list(live.filter(id__in=ids).order_by("id")), EventName.WITHDRAWN, now)
    for case in cases:
        if not live.filter(case=case).exists():
            _close_case(case, CaseState.WITHDRAWN, now)


def _withdraw_all(exchange: Context, partner: Partner, now: datetime) -> None:
    """Withdraw all that a partner handed in: what it says is not trusted any more."""
    _withdraw_from_keyless(exchange, list(live_submissions(partner)), now)
    _withdraw_kept(exchange, kept_submissions(partner), now)


def live_submissions(partner: Partner) -> QuerySet[Fingerprint]:
    """Return what a partner handed in and has not withdrawn."""
    return Fingerprint.objects.filter(case__submission__partner=partner).exclude(state=FingerprintState.WITHDRAWN)


def kept_submissions(partner: Partner, **chosen: Collection[str]) -> list[str]:
    """Return what this partner handed in and what is kept of it though its term is over."""
    rows = ExpiredValue.objects.filter(fingerprint__case__submission__partner=partner, **chosen)
    return list(rows.values_list("fingerprint_id", flat=True))
