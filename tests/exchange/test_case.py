# SPDX-License-Identifier: Apache-2.0
"""A case from opening to its end: what is answered, what is stored, what is repeated safely."""

from datetime import UTC, datetime

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, FingerprintState
from tests.exchange.exchange_parts import ADULT, START_MINUTE, Clock, PartnerClient, Phone, code, feedback_on, fingerprint, opening, value


def test_a_new_case_is_shown_in_whole_minutes(phone: Phone) -> None:
    case = phone.open(1, 2)
    assert case.state is CaseState.OPEN
    assert case.opened_at == START_MINUTE
    assert case.expires_at == datetime(2028, 11, 22, 14, 5, tzinfo=UTC)
    assert [(row.value, row.quality, row.state, row.partners) for row in case.fingerprints] == [
        (value(1), 90, FingerprintState.ACTIVE, []),
        (value(2), 90, FingerprintState.ACTIVE, []),
    ]
    assert phone.show() == case


def test_opening_answers_201_then_200_for_the_same_body(phone: Phone) -> None:
    first, again = phone.post("case", opening(1, 2)), phone.post("case", opening(2, 1, 1))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_a_replay_is_the_same_case_also_after_adding_and_partly_withdrawing(phone: Phone) -> None:
    case = phone.open(1, 2)
    phone.add(3)
    phone.withdraw(case.fingerprints[0].id)
    before = phone.show()
    assert phone.post("case", opening(1, 2)).status_code == 200
    assert phone.show() == before


@pytest.mark.parametrize("body", [opening(1), opening(1, 2, 3), opening(1, 3), opening(1, 2, term_months=12)])
def test_another_body_with_the_same_key_is_refused(phone: Phone, body: dict[str, object]) -> None:
    before = phone.open(1, 2)
    assert code(phone.post("case", body)) == (409, "case_already_open")
    assert phone.show() == before


def test_a_replay_with_the_wrong_token_opens_nothing(phone: Phone) -> None:
    phone.open(1)
    header = phone.headers["Authorization"]
    wrong = header[:-1] + ("0" if header[-1] != "0" else "1")
    assert code(phone.post("case", opening(1), Authorization=wrong)) == (404, "case_not_found")


def test_a_closed_case_is_not_opened_again(phone: Phone) -> None:
    phone.open(1)
    phone.withdraw()
    assert code(phone.post("case", opening(1))) == (409, "case_closed")
    assert code(phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(2)]})) == (409, "case_closed")


def test_adding_does_not_add_twice_and_keeps_places(phone: Phone) -> None:
    phone.open(1)
    case = phone.add(2, 1, 2)
    assert [row.value for row in case.fingerprints] == [value(1), value(2)]
    assert phone.add(2) == case


def test_a_withdrawn_value_can_be_added_again_as_a_new_fingerprint(phone: Phone) -> None:
    case = phone.open(1, 2)
    phone.withdraw(case.fingerprints[0].id)
    states = [(row.value, row.state.value) for row in phone.add(1).fingerprints]
    assert states == [(None, "withdrawn"), (value(2), "active"), (value(1), "active")]


def test_a_case_holds_three_hundred(phone: Phone) -> None:
    phone.open(*range(1, 300))
    assert len(phone.add(300).fingerprints) == 300
    body = {"version": 1, "fingerprints": [fingerprint(301)]}
    assert code(phone.post("case/fingerprints", body)) == (422, "too_many_fingerprints")
    assert len(phone.add(300).fingerprints) == 300


def test_withdrawing_one_erases_it_and_leaves_the_others(phone: Phone, clock: Clock) -> None:
    case = phone.open(1, 2)
    clock.forward(minutes=3)
    after = phone.withdraw(case.fingerprints[0].id)
    assert after.state is CaseState.OPEN
    gone, left = after.fingerprints
    assert (gone.value, gone.quality, gone.state) == (None, None, FingerprintState.WITHDRAWN)
    assert gone.withdrawn_at == START_MINUTE.replace(minute=8)
    assert left == case.fingerprints[1]


def test_withdrawing_the_last_one_withdraws_the_case(phone: Phone) -> None:
    case = phone.open(1, 2)
    phone.withdraw(case.fingerprints[0].id)
    after = phone.withdraw(case.fingerprints[1].id)
    assert (after.state, after.withdrawn_at) == (CaseState.WITHDRAWN, START_MINUTE)


def test_withdrawing_twice_changes_nothing(phone: Phone, clock: Clock) -> None:
    case = phone.open(1, 2)
    first = phone.withdraw()
    clock.forward(hours=1)
    assert phone.withdraw() == first
    assert phone.withdraw(case.fingerprints[0].id) == first


def test_nothing_of_a_withdrawn_value_stays_in_the_database(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    phone.withdraw()
    assert value(1) not in everything_stored()


def test_a_fingerprint_of_another_case_is_not_found(phone: Phone, other_phone: Phone) -> None:
    foreign = phone.open(1).fingerprints[0].id
    other_phone.open(2)
    assert code(other_phone.post("case/withdraw", {"version": 1, "fingerprint_id": foreign})) == (404, "fingerprint_not_found")
    assert phone.show().fingerprints[0].state is FingerprintState.ACTIVE


def test_a_case_ends_with_its_term(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1, term_months=1)
    clock.until(datetime(2026, 12, 22, 14, 4, 59, tzinfo=UTC))
    assert run_upkeep(exchange)["cases expired"] == 0
    clock.until(datetime(2026, 12, 22, 14, 5, 0, tzinfo=UTC))
    assert run_upkeep(exchange)["cases expired"] == 1
    case = phone.show()
    assert (case.state, case.withdrawn_at) == (CaseState.EXPIRED, None)
    assert [(row.value, row.state) for row in case.fingerprints] == [(None, FingerprintState.WITHDRAWN)]
    clock.forward(hours=72)
    assert run_upkeep(exchange)["expired cases erased"] == 1
    case = phone.show()
    assert phone.withdraw() == case


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2027, 1, 31), 1, (2027, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2026, 12, 5), 24, (2028, 12, 5)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
    ],
)
def test_a_term_counts_calendar_months(exchange: Context, start: tuple[int, int, int], months: int, end: tuple[int, int, int]) -> None:
    from stillmine.exchange.protection.actions import add_months

    assert add_months(datetime(*start, 8, 30, tzinfo=UTC), months) == datetime(*end, 8, 30, tzinfo=UTC)


def test_the_statement_is_not_stored(phone: Phone) -> None:
    phone.open(1, statement={**ADULT, "role": "asked_by_person"})
    assert "asked" not in everything_stored()


@pytest.mark.parametrize("change", [{"is_adult_now": False}, {"was_adult_then": False}])
def test_under_eighteen_is_answered_and_nothing_is_stored(phone: Phone, change: dict[str, bool]) -> None:
    from stillmine.exchange.rows.cases import Case

    assert code(phone.post("case", opening(1, statement={**ADULT, **change}))) == (422, "under_18")
    assert not Case.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_case(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from stillmine.exchange.person.case_page import case_view
    from stillmine.exchange.rows.cases import Case

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            case_view(exchange, Case.objects.get())
        return len(captured)

    first = phone.open(1, 2).fingerprints[0].id
    partner.sync()
    partner.report(feedback_on(next(iter(partner.entries)), 1))
    phone.withdraw(first)
    few = queries()
    phone.add(*range(3, 90))
    partner.sync()
    PartnerClient.add(exchange, partner.web, "Example Three").sync()
    assert queries() == few


def everything_stored() -> str:
    """All rows of all tables, as text."""
    from django.apps import apps

    return "\n".join(str(row) for model in apps.get_models() for row in model._default_manager.values_list())
