# SPDX-License-Identifier: Apache-2.0
"""Public numbers: nothing that anybody can see, add up or take away from another says anything of fewer than ten cases."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, numbers


class People:
    """Many persons, each with a phone and a case of their own."""

    def __init__(self, web: httpx.Client, clock: Clock) -> None:
        self.web, self.clock = web, clock
        self.phones: list[Phone] = []

    def open(self, count: int, fingerprints: int = 1, **changes: object) -> list[Phone]:
        for number in range(count):
            if number % 20 == 0:
                self.clock.forward(minutes=11)  # a network opens 30 cases in ten minutes
            place = len(self.phones)
            self.phones.append(Phone(self.web, place.to_bytes(10)))
            self.phones[-1].open(*range(place * 10, place * 10 + fingerprints), **changes)
        return self.phones[-count:]


@pytest.fixture
def people(web: httpx.Client, clock: Clock) -> People:
    return People(web, clock)


def next_day(exchange: Context, people: People, days: int = 1) -> dict[str, Any]:
    """Go past midnight, do what `serve` does every minute, and look as a stranger does."""
    from stillmine.exchange.running.upkeep import run_upkeep

    people.clock.forward(days=days)
    assert "days counted" in run_upkeep(exchange)
    answer = people.web.get("/api/v1/statistics")
    assert answer.status_code == 200
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_stranger_sees_nothing_of_an_exchange_that_just_began(web: httpx.Client) -> None:
    answer = web.get("/api/v1/statistics")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["version"], shown["day"], shown["step"], shown["cases_open"], shown["months"]) == (1, None, 10, None, [])
    assert set(numbers(shown)) == {10}


def test_nine_cases_are_not_said_and_neither_is_none(exchange: Context, people: People, clock: Clock) -> None:
    nothing = next_day(exchange, people)
    people.open(9, fingerprints=5)
    shown = next_day(exchange, people)
    assert (shown["totals"], shown["months"]) == (nothing["totals"], [])
    assert shown["totals"]["cases_opened"] is None
    assert shown["totals"]["fingerprints"]["pdq"] is None


def test_ten_cases_are_said_with_all_their_fingerprints_rounded_down(exchange: Context, people: People, clock: Clock) -> None:
    people.open(9)
    people.open(2, fingerprints=9)
    shown = next_day(exchange, people)
    assert (shown["day"], shown["cases_open"]) == ("2026-11-22", 10)
    assert (shown["totals"]["cases_opened"], shown["totals"]["fingerprints"]["pdq"]) == (10, 20)
    assert shown["totals"]["fingerprints"]["md5"] is None
    assert shown["months"] == [{"month": "2026-11", "counts": shown["totals"]}]


def test_one_person_moves_no_number_however_much_they_add(exchange: Context, people: People, clock: Clock) -> None:
    phones = people.open(12)
    before = next_day(exchange, people)
    phones[0].add(*range(5000, 5060))
    after = next_day(exchange, people)
    assert after["totals"] == before["totals"]
    people.open(10)
    assert next_day(exchange, people)["totals"]["fingerprints"]["pdq"] == 80


def test_today_is_not_counted_and_a_day_is_counted_once(exchange: Context, people: People, clock: Clock) -> None:
    from stillmine.exchange.statistics.actions import count_yesterday

    people.open(10)
    assert next_day(exchange, people, days=0)["totals"]["cases_opened"] is None
    clock.forward(days=1)
    assert [count_yesterday(exchange), count_yesterday(exchange)] == [1, 0]
    clock.forward(days=-3)
    assert count_yesterday(exchange) == 0


def test_days_differ_by_nothing_or_by_ten_and_months_add_up(exchange: Context, people: People, clock: Clock) -> None:
    """Cases come in ones and sevens, and some end: no two answers and no two numbers may differ by less than ten."""
    answers = []
    for day, count in enumerate([7, 1, 1, 3, 0, 9, 4, 12, 1, 1, 8, 2]):
        opened = people.open(count) if count else []
        for phone in opened[: day % 5]:
            phone.withdraw()
        answers.append(next_day(exchange, people))
    for answer in answers:
        assert not [number for number in numbers(answer) if number % 10]
        opened_by_month = sum(month["counts"]["cases_opened"] or 0 for month in answer["months"])
        assert opened_by_month == (answer["totals"]["cases_opened"] or 0)
    totals = [answer["totals"]["cases_opened"] or 0 for answer in answers]
    assert totals == sorted(totals)
    assert 0 <= 49 - totals[-1] < 20
    assert [month["month"] for month in answers[-1]["months"]] == ["2026-11", "2026-12"]
    for earlier, later in pairwise(answers[8:]):
        assert later["months"][0] == earlier["months"][0], "a month that ended is never changed"


def decide(partner: PartnerClient, exchange_ids: list[str], clock: Clock, minutes: int, outcome: str, reason: str | None, at: int) -> None:
    """Report all as found, wait, and decide."""
    partner.report(*[feedback_on(entry, at + number) for number, entry in enumerate(exchange_ids)])
    clock.forward(minutes=minutes)
    partner.report(*[feedback_on(entry, at + 500 + number, outcome, reason) for number, entry in enumerate(exchange_ids)])


def test_matches_by_first_decision_and_the_median_until_it(exchange: Context, people: People, partner: PartnerClient, clock: Clock) -> None:
    people.open(22)
    partner.sync()
    ids = sorted(partner.entries)
    decide(partner, ids[:12], clock, 7, "removed", None, at=0)
    decide(partner, ids[12:], clock, 131, "not_removed", "not_intimate", at=2000)
    partner.report(*[feedback_on(entry, 9000 + number, "not_removed", "not_the_same") for number, entry in enumerate(ids[:12])])
    shown = next_day(exchange, people)
    totals = shown["totals"]
    assert (totals["matches_reported"], totals["matches_removed"]) == (20, 10)
    assert totals["matches_not_removed"] == {
        "not_the_same": None,
        "not_intimate": 10,
        "not_against_rules": None,
        "already_gone": None,
    }
    assert shown["minutes_to_decision"]["median"] == 7
    assert shown["months"][0]["counts"]["matches_reported"] == 20


@pytest.mark.parametrize(("cases", "each", "median"), [(9, 5, None), (10, 2, 7), (19, 1, None), (20, 1, 7)])
def test_a_median_needs_twenty_values_and_ten_cases(
    exchange: Context, people: People, partner: PartnerClient, clock: Clock, cases: int, each: int, median: int | None
) -> None:
    people.open(cases, fingerprints=each)
    partner.sync()
    decide(partner, sorted(partner.entries), clock, 7, "removed", None, at=0)
    assert next_day(exchange, people)["minutes_to_decision"]["median"] == median


def test_how_long_partners_take_to_confirm_withdrawals_silence_included(
    exchange: Context, people: People, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    """One partner confirms after 121 minutes, another never: half of all values are longer than is looked at."""
    phones = people.open(24, fingerprints=2)
    partner.sync()
    other_partner.fetch_hashes()
    for phone in phones:
        phone.withdraw()
    clock.forward(minutes=121)
    partner.sync()
    partner.acknowledge()
    assert next_day(exchange, people, days=6)["minutes_to_confirmation"] == {"median": None, "percentile_95": None}
    shown = next_day(exchange, people, days=2)
    assert shown["minutes_to_confirmation"] == {"median": 130, "percentile_95": None}
    assert shown["totals"]["fingerprints_withdrawn"] == 40


def test_a_partner_that_never_confirms_is_not_left_out(
    exchange: Context, people: People, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    phones = people.open(24)
    partner.sync()
    other_partner.sync()
    for phone in phones:
        phone.withdraw()
    partner.sync()
    partner.acknowledge()
    assert next_day(exchange, people, days=9)["minutes_to_confirmation"] == {"median": None, "percentile_95": None}


def test_the_95th_percentile_of_many(exchange: Context, clock: Clock, people: People) -> None:
    from stillmine.exchange.rows.cases import Case
    from stillmine.exchange.rows.statistics import Duration
    from stillmine.exchange.statistics.durations import CONFIRMATION, quantile

    people.open(10)
    cases = list(Case.objects.values_list("id", flat=True))
    rows = [Duration(what=CONFIRMATION, case_id=cases[place % 10], minutes=place, until=clock.now) for place in range(199)]
    Duration.objects.bulk_create(rows)
    assert quantile(CONFIRMATION, 95) is None
    Duration.objects.create(what=CONFIRMATION, case_id=cases[0], minutes=None, until=clock.now + timedelta(days=1))
    assert quantile(CONFIRMATION, 95) == 190
    assert quantile(CONFIRMATION, 50) == 100
