# SPDX-License-Identifier: Apache-2.0
"""The same things at the same moment, from several threads with a database connection each."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import ask
from tests.exchange.exchange_parts import PartnerClient, Phone, feedback_on, fingerprint, opening, value

Result = TypeVar("Result")
THREADS = 6


def at_once(exchange: Context, *calls: Callable[[], Result]) -> list[Result]:
    """Run all calls as nearly at the same moment as threads allow."""
    from django.db import connection

    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_same_opening_many_times_at_once_is_one_case(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.rows.cases import Case, Fingerprint

    answers = at_once(exchange, *[lambda: phone.post("case", opening(1, 2))] * THREADS)
    assert sorted(answer.status_code for answer in answers) == [200] * (THREADS - 1) + [201]
    assert len({answer.text for answer in answers}) == 1
    assert (Case.objects.count(), Fingerprint.objects.count()) == (1, 2)


def test_different_openings_with_one_key_at_once_are_one_case_and_refusals(exchange: Context, phone: Phone) -> None:
    answers = at_once(exchange, *[lambda number=number: phone.post("case", opening(number)) for number in range(THREADS)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (THREADS - 1)
    assert len(phone.show().fingerprints) == 1


def test_openings_at_once_get_numbers_without_gaps(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phones = [Phone(phone.web, number.to_bytes(10)) for number in range(THREADS)]
    at_once(exchange, *[lambda phone=phone, number=number: phone.open(number, number + 100) for number, phone in enumerate(phones)])
    partner.sync(limit=3)
    assert partner.active_values() == sorted(value(number + more) for number in range(THREADS) for more in (0, 100))


def test_adding_the_same_at_once_adds_it_once(exchange: Context, phone: Phone) -> None:
    phone.open(1)
    body = {"version": 1, "fingerprints": [fingerprint(2), fingerprint(3)]}
    answers = at_once(exchange, *[lambda: phone.post("case/fingerprints", body)] * THREADS)
    assert {answer.status_code for answer in answers} == {200}
    assert [row.value for row in phone.show().fingerprints] == [value(1), value(2), value(3)]


def test_adding_while_withdrawing_leaves_nothing_active_in_a_closed_case(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    add = [
        lambda number=number: phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(number)]}) for number in (2, 3)
    ]
    withdraw = [lambda: phone.post("case/withdraw", {"version": 1})] * 2
    statuses = {answer.status_code for answer in at_once(exchange, *add, *withdraw)}
    assert statuses <= {200, 409}
    partner.sync()
    case = phone.show()
    assert case.state.value == "withdrawn"
    assert all(row.value is None for row in case.fingerprints)
    assert partner.active_values() == []


def test_pages_fetched_while_cases_change_end_with_exactly_what_is_active(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phones = [Phone(phone.web, number.to_bytes(10)) for number in range(THREADS)]

    def change(number: int) -> None:
        phones[number].open(number, number + 100)
        if number % 2:
            phones[number].withdraw()

    def follow() -> None:
        for _ in range(15):
            partner.sync(limit=2)

    at_once(exchange, follow, *[lambda number=number: change(number) for number in range(THREADS)])
    partner.sync(limit=2)
    assert partner.active_values() == sorted(value(number + more) for number in range(0, THREADS, 2) for more in (0, 100))


def test_the_same_feedback_at_once_is_one_report(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    report: dict[str, object] = {"feedback_id": "1" * 32, "fingerprint_id": next(iter(partner.entries)), "outcome": "found"}
    receipts = at_once(exchange, *[lambda: partner.report(report)] * THREADS)
    assert sorted(receipt["accepted"] for receipt in receipts) == [0] * (THREADS - 1) + [1]


def test_two_partners_who_doubt_at_once_see_each_other(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    phone.open(1)
    calls = []
    for client in (partner, other_partner):
        client.sync()
        report = feedback_on(next(iter(client.entries)), 1, "not_removed", "not_intimate")
        calls.append(lambda client=client, report=report: client.report(report))
    at_once(exchange, *calls)
    assert phone.show().fingerprints[0].state.value == "suspended"


def test_a_partner_that_reports_and_syncs_at_once_waits_for_nobody_for_ever(
    exchange: Context, phone: Phone, partner: PartnerClient
) -> None:
    phone.open(*range(1, 9))
    partner.sync()
    entries = list(partner.entries)

    def report(place: int) -> None:
        partner.report(*(feedback_on(entries[place], place * 100 + number) for number in range(51)))

    def follow() -> None:
        for _ in range(8):
            partner.fetch(limit=2)
            partner.acknowledge()
            partner.sync(limit=1)

    at_once(exchange, follow, follow, *[lambda place=place: report(place) for place in range(4)], lambda: phone.withdraw(None))
    partner.sync()
    assert partner.active_values() == []


def test_acknowledgements_at_once_keep_the_highest(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.feed import Acknowledgement

    phone.open(*range(1, THREADS + 1))
    cursors, cursor = [], None
    for _ in range(THREADS):
        cursor = partner.fetch(cursor, limit=1).cursor
        cursors.append(cursor)
    at_once(exchange, *[lambda cursor=cursor: partner.acknowledge(cursor) for cursor in cursors])
    assert [row.sequence for row in Acknowledgement.objects.all()] == [2 * THREADS]  # each is added, then shown


def test_asks_at_once_never_count_beyond_the_quota_and_what_is_refused_counts_nothing(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    """The first of the day among them, with and without a match, of several sizes."""
    from stillmine.exchange.ask.client import forget_connection
    from stillmine.exchange.rows.asks import AskCount, AskMatch
    from stillmine.exchange.rows.partners import Partner

    phone.open(1)
    follower()
    Partner.objects.update(daily_quota=20)
    asked = [[value(10 * number + more) for more in range(number % 3 + 1)] + [value(1)] * (number % 2) for number in range(16)]

    def is_answered(values: list[str]) -> bool:
        try:
            answer = ask(partner, *[("pdq", text) for text in values])
        finally:
            forget_connection()
        assert answer.status_code in (200, 429)
        return answer.status_code == 200

    answered = at_once(exchange, *[lambda values=values: is_answered(values) for values in asked])
    taken = [values for values, is_taken in zip(asked, answered, strict=True) if is_taken]
    matches = sum(values.count(value(1)) for values in taken)
    assert list(AskCount.objects.values_list("queries", "matches")) == [(sum(map(len, taken)), matches)]
    assert sum(map(len, taken)) <= 20 < sum(map(len, asked))
    assert sum(AskMatch.objects.values_list("queries", flat=True)) == matches
