# SPDX-License-Identifier: Apache-2.0
"""Take in what a partner has found and decided to stop itself, and let it take that back.

One partner's submissions are its own: nobody else can withdraw them, and the same value of a person's case is another fingerprint
that they never touch.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from stillmine.exchange.gate.bank import InBank, in_bank
from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.protection.actions import add_months
from stillmine.exchange.protection.kept_cases import withdraw_kept
from stillmine.exchange.protection.keyless import TERM_MONTHS, kept_submissions, live_submissions, open_keyless, withdraw_from_keyless
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.submissions import Submission
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.matching.flat import require_not_flat
from stillmine.wire.case import MAXIMUM_FINGERPRINTS_PER_CASE, FingerprintState
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import TooManySubmissionsError

MAXIMUM_SUBMITTED_PER_PARTNER = 10_000


@dataclass(frozen=True)
class Submitted:
    """`ids` are ours, in the order of what was sent."""

    accepted: int
    repeated: int
    ids: list[str]


def submit(exchange: Context, partner: Partner, sent: Sequence[WireFingerprint]) -> Submitted:
    """Store what this partner had not handed in yet; what it had starts its term again.

    Raises FlatFingerprintError, TooManyAttemptsError or TooManySubmissionsError.
    """
    return submit_and_withdraw_values(exchange, partner, sent, (), ())[0]


def submit_and_withdraw_values(
    exchange: Context, partner: Partner, sent: Sequence[WireFingerprint], taken_back: Collection[str], kinds: Iterable[Kind]
) -> tuple[Submitted, set[str]]:
    """`withdraw_values` and `submit` in one transaction: all of it or nothing; returns what both return, raises what `submit` raises."""
    require_not_flat(sent)
    banked = in_bank(exchange, sent)
    with tx("submissions.submit_and_withdraw_values", exchange.clock) as transaction:
        _lock(transaction, partner)
        withdrawn = _withdraw_values(exchange, transaction, partner, taken_back, kinds)
        return _submit(exchange, transaction, partner, sent, banked), withdrawn


def withdraw(exchange: Context, partner: Partner, fingerprint_ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Withdraw what this partner handed in, by our ids; returns those withdrawn now, and those that were withdrawn before."""
    with tx("submissions.withdraw", exchange.clock) as transaction:
        _lock(transaction, partner)
        rows = list(Fingerprint.objects.filter(id__in=fingerprint_ids, case__submission__partner=partner))
        live = [row for row in rows if row.state != FingerprintState.WITHDRAWN]
        withdraw_from_keyless(exchange, transaction, live)
        withdraw_kept(exchange, transaction, [row.id for row in rows])
    now_withdrawn = {row.id for row in live}
    return now_withdrawn, {row.id for row in rows} - now_withdrawn


def withdraw_values(exchange: Context, partner: Partner, values: Collection[str], kinds: Iterable[Kind]) -> set[str]:
    """Withdraw what this partner handed in, by value; returns the values that named something."""
    with tx("submissions.withdraw_values", exchange.clock) as transaction:
        _lock(transaction, partner)
        return _withdraw_values(exchange, transaction, partner, values, kinds)


def _submit(exchange: Context, transaction: Transaction, partner: Partner, sent: Sequence[WireFingerprint], banked: InBank) -> Submitted:
    keys = [(row.kind.value, blind_index(exchange.secret, row.kind.value, row.value)) for row in sent]
    known = _held(partner, keys)
    new = list({key: row for key, row in zip(keys, sent, strict=True) if key not in known}.values())
    if live_submissions(partner).count() + len(new) > MAXIMUM_SUBMITTED_PER_PARTNER:
        raise TooManySubmissionsError(f"limit: {MAXIMUM_SUBMITTED_PER_PARTNER}")
    Case.objects.filter(id__in={case_id for _, case_id in known.values()}).update(expires_at=add_months(transaction.now, TERM_MONTHS))
    for start in range(0, len(new), MAXIMUM_FINGERPRINTS_PER_CASE):
        chunk = new[start : start + MAXIMUM_FINGERPRINTS_PER_CASE]
        case = open_keyless(exchange, transaction, chunk, counted_as=f"partner {partner.random_id}", banked=banked)
        Submission.objects.create(case=case, partner=partner)
    held = _held(partner, keys)
    return Submitted(len(new), len(sent) - len(new), [held[key][0] for key in keys])


def _withdraw_values(
    exchange: Context, transaction: Transaction, partner: Partner, values: Collection[str], kinds: Iterable[Kind]
) -> set[str]:
    if not values:
        return set()
    by_index = {blind_index(exchange.secret, kind.value, value): value for kind in kinds for value in values}
    rows = list(live_submissions(partner).filter(blind_index__in=list(by_index)))
    withdraw_from_keyless(exchange, transaction, rows)
    withdraw_kept(exchange, transaction, kept_submissions(partner, blind_index__in=list(by_index)))
    return {by_index[row.blind_index] for row in rows if row.blind_index}


def _held(partner: Partner, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, int]]:
    """Return what this partner handed in and did not withdraw: (kind, blind index) -> (fingerprint id, row of its case)."""
    rows = live_submissions(partner).filter(blind_index__in={index for _, index in keys})
    columns = rows.values_list("id", "kind", "blind_index", "case_id")
    return {(kind, index or ""): (fingerprint_id, case_id) for fingerprint_id, kind, index, case_id in columns}


def _lock(transaction: Transaction, partner: Partner) -> None:
    """Let one partner's submissions take turns. Not a lock on its key: a page being handed out refers to the row and must not wait."""
    transaction.require_open()
    Partner.objects.select_for_update(no_key=True).get(id=partner.id)
