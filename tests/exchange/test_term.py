# SPDX-License-Identifier: Apache-2.0
"""The term of a case: renewed by the person while it is open, never shortened, and over when it is over."""

from datetime import UTC, datetime, timedelta

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState
from tests.exchange.exchange_parts import START_MINUTE, Clock, Phone, code


def test_a_renewed_case_ends_two_years_from_now(phone: Phone, clock: Clock) -> None:
    assert phone.open(1, term_months=3).expires_at == datetime(2027, 2, 22, 14, 5, tzinfo=UTC)
    clock.forward(days=30)
    assert phone.renew().expires_at == datetime(2028, 12, 22, 14, 5, tzinfo=UTC)
    assert phone.show().expires_at == datetime(2028, 12, 22, 14, 5, tzinfo=UTC)


def test_renewing_again_changes_nothing_and_never_shortens(phone: Phone) -> None:
    opened = phone.open(1)
    assert phone.renew() == opened
    assert phone.renew(term_months=1) == opened


def test_renewing_moves_no_fingerprint_and_the_opening_still_finds_the_case(phone: Phone, clock: Clock) -> None:
    opened = phone.open(1, 2, term_months=1)
    clock.forward(days=10)
    renewed = phone.renew(term_months=12)
    assert renewed.fingerprints == opened.fingerprints
    assert phone.open(1, 2, term_months=1) == renewed


def test_a_renewed_case_outlives_its_first_end_and_ends_at_its_new_one(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.protection.expiry import expire_cases

    phone.open(1, term_months=1)
    clock.forward(days=29)
    end = phone.renew(term_months=2).expires_at
    clock.forward(days=10)
    assert expire_cases(exchange) == 0
    clock.now = end - timedelta(minutes=1)
    assert expire_cases(exchange) == 0
    clock.now = end
    assert expire_cases(exchange) == 1
    assert phone.show().state is CaseState.EXPIRED


def test_a_case_renewed_after_it_was_found_due_does_not_end(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.protection.expiry import expire_case
    from stillmine.exchange.rows.cases import Case

    phone.open(1, term_months=1)
    clock.forward(days=40)
    due = Case.objects.get()
    phone.renew()
    assert expire_case(exchange, due) is False
    assert phone.show().state is CaseState.OPEN


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_a_closed_case_is_not_renewed(phone: Phone, exchange: Context, clock: Clock, end: str) -> None:
    from stillmine.exchange.protection.expiry import expire_cases

    phone.open(1, term_months=1)
    if end == "withdrawn":
        phone.withdraw()
    else:
        clock.forward(days=40)
        expire_cases(exchange)
    before = phone.show()
    assert code(phone.post("case/renew", {"version": 1})) == (409, "case_closed")
    assert phone.show() == before


@pytest.mark.parametrize("wrong", [{"term_months": 0}, {"term_months": 25}, {"term_months": "24"}, {"version": 2}, {"days": 3}])
def test_a_malformed_renewal_changes_nothing(phone: Phone, clock: Clock, wrong: dict[str, object]) -> None:
    opened = phone.open(1, term_months=1)
    clock.forward(days=1)
    assert code(phone.post("case/renew", {"version": 1, **wrong})) == (400, "malformed_message")
    assert phone.show().expires_at == opened.expires_at
    assert opened.expires_at == datetime(2026, 12, 22, 14, 5, tzinfo=UTC)
    assert opened.opened_at == START_MINUTE
