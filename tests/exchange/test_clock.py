# SPDX-License-Identifier: Apache-2.0
"""A clock that is wrong ends no case, deletes nothing, and says so; what is ordinary needs nobody."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stillmine.exchange.clock.judgement import LONGEST_PAUSE, STEADY, Known, confirmed, first_known, judged
from stillmine.exchange.ground.uptime import Uptime, system_uptime
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, empty_all_tables, value


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The lines that upkeep writes."""
    logger = logging.getLogger("stillmine")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def upkeep(exchange: Context, *, is_clock_confirmed: bool = False) -> dict[str, int]:
    from stillmine.exchange.running.upkeep import run_upkeep

    return run_upkeep(exchange, is_clock_confirmed=is_clock_confirmed)


def run_for(exchange: Context, clock: Clock, hours: int) -> list[dict[str, int]]:
    """Upkeep of each hour; every minute would be the same."""
    done = []
    for _ in range(hours):
        clock.forward(hours=1)
        done.append(upkeep(exchange))
    return done


def test_a_clock_800_days_ahead_ends_nothing_however_long_it_runs(
    phone: Phone, partner: PartnerClient, exchange: Context, clock: Clock, said: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.rows.feed import PendingTombstone
    from stillmine.exchange.rows.keys import FingerprintDataKey
    from stillmine.exchange.rows.statistics import Answer

    phone.open(1, 2, term_months=1)
    partner.fetch_hashes()
    phone.withdraw(phone.show().fingerprints[1].id)
    upkeep(exchange)
    counted = Answer.objects.get().until
    clock.jump(days=800)
    for done in [upkeep(exchange), *run_for(exchange, clock, 100)]:
        assert not {"cases expired", "old values deleted", "days counted", "old match counts deleted"} & done.keys()
    assert phone.show().state is CaseState.OPEN
    assert [row.value for row in phone.show().fingerprints] == [value(1), None]
    assert (FingerprintDataKey.objects.count(), PendingTombstone.objects.count()) == (1, 1)
    assert Answer.objects.get().until == counted
    complaints = [line for line in said.messages if "--confirm-clock" in line]
    assert 90 <= len(complaints) <= 101, "once an hour, not once a minute"
    assert "2029-01-30 14:05 UTC and was last believed at 2026-11-22 14:05 UTC" in complaints[0]


def test_a_clock_that_was_wrong_for_a_while_is_believed_again_once_it_is_right(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, term_months=1)
    upkeep(exchange)
    clock.jump(days=800)
    run_for(exchange, clock, 5)
    clock.jump(days=-800)
    assert "cases expired" not in upkeep(exchange)
    assert [("cases expired" in done) for done in run_for(exchange, clock, 4)] == [False, False, True, True]
    assert phone.show().state is CaseState.OPEN


def test_an_operator_confirms_a_clock_that_really_is_far_on(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, term_months=1)
    upkeep(exchange)
    clock.off(days=100)
    assert "cases expired" not in upkeep(exchange)
    assert upkeep(exchange, is_clock_confirmed=True)["cases expired"] == 1
    assert upkeep(exchange)["cases expired"] == 0
    assert phone.show().state is CaseState.EXPIRED


def test_a_right_clock_that_is_confirmed_after_a_wrong_one_is_what_counts(phone: Phone, exchange: Context, clock: Clock) -> None:
    upkeep(exchange)
    clock.jump(days=800)
    upkeep(exchange, is_clock_confirmed=True)
    clock.jump(days=-800)
    upkeep(exchange, is_clock_confirmed=True)
    phone.open(1, term_months=1)
    clock.jump(days=800)
    assert all("cases expired" not in done for done in run_for(exchange, clock, 10))
    assert phone.show().state is CaseState.OPEN


def test_a_week_without_power_needs_nobody(phone: Phone, exchange: Context, clock: Clock, said: pytest.LogCaptureFixture) -> None:
    phone.open(1, term_months=1)
    clock.forward(days=29)
    upkeep(exchange)
    clock.off(days=7)
    assert "cases expired" not in upkeep(exchange)
    assert [done.get("cases expired") for done in run_for(exchange, clock, 3)] == [None, None, 1]
    assert "1 case(s) ended: their term is over" in said.messages


def test_a_service_that_was_off_while_the_machine_ran_goes_on_at_once(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, term_months=1)
    upkeep(exchange)
    clock.forward(days=40)
    assert upkeep(exchange)["cases expired"] == 1


def test_a_first_look_at_a_database_of_before_goes_by_the_newest_time_in_it(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.rows.clock import ClockState

    phone.open(1, term_months=1)
    ClockState.objects.all().delete()
    clock.jump(days=800)
    upkeep(exchange)
    assert ClockState.objects.get().believed_at == START_MINUTE
    assert phone.show().state is CaseState.OPEN


def test_a_first_look_at_an_exchange_that_has_just_written_its_first_leaf_believes(exchange: Context, clock: Clock) -> None:
    """Of a leaf only the day is known; taken for midnight, each new exchange would seem to have jumped from one o'clock on."""
    from stillmine.exchange.clock.actions import is_doubted, look_at_clock
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.clock import ClockState

    for later, is_believed in ((0, True), (9, True), (-24, False), (48, False)):
        ClockState.objects.all().delete()
        add_partner(exchange, f"Example {later}")
        clock.jump(hours=later)
        look_at_clock(exchange)
        assert is_doubted() is not is_believed, later
        clock.jump(hours=-later)


@pytest.mark.parametrize("days", [-800, -3])
def test_a_clock_that_is_behind_ends_nothing_too_soon_and_hides_nothing(phone: Phone, exchange: Context, clock: Clock, days: int) -> None:
    phone.open(1, term_months=1)
    upkeep(exchange)
    clock.jump(days=days)
    run_for(exchange, clock, 5)
    assert phone.show().state is CaseState.OPEN
    clock.jump(days=-days)
    assert [done.get("cases expired") for done in run_for(exchange, clock, 5)] == [None, None, None, 0, 0]
    clock.forward(days=40)
    assert upkeep(exchange)["cases expired"] == 1


def cases(count: int, expires_at: datetime) -> None:
    """Rows without fingerprints: how many end is what is asked."""
    from stillmine.exchange.rows.cases import Case

    Case.objects.bulk_create(
        Case(case_id=f"{number:032x}", token_hash="0" * 64, term_months=1, opened_at=START_MINUTE, expires_at=expires_at)
        for number in range(count)
    )


@pytest.mark.parametrize(("count", "first_day", "second_day"), [(30, 20, 10), (1500, 30, 29)])
def test_no_more_than_a_share_ends_in_a_day(exchange: Context, clock: Clock, count: int, first_day: int, second_day: int) -> None:
    from stillmine.exchange.rows.cases import Case

    cases(count, START_MINUTE)
    assert [upkeep(exchange)["cases expired"], *(done["cases expired"] for done in run_for(exchange, clock, 3))] == [first_day, 0, 0, 0]
    clock.forward(days=1)
    assert upkeep(exchange)["cases expired"] == second_day
    assert upkeep(exchange, is_clock_confirmed=True)["cases expired"] == count - first_day - second_day
    Case.objects.all().delete()


def test_cases_that_should_have_ended_a_week_ago_are_said_once_an_hour(
    exchange: Context, clock: Clock, said: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.rows.cases import Case

    cases(80, START_MINUTE)
    clock.forward(days=6, hours=23)
    upkeep(exchange)
    assert not [line for line in said.messages if "should have ended" in line]
    for _ in range(90):
        clock.forward(minutes=1)
        upkeep(exchange)
    assert [line for line in said.messages if "should have ended" in line] == [
        "60 case(s) should have ended 7 days ago or more. Compare the clock with a watch. "
        "If it is right, run: stillmine exchange expire --confirm-clock (every case that is due by this clock ends)"
    ]
    Case.objects.all().delete()


def test_a_restore_on_a_machine_with_a_wrong_clock_ends_nothing(phone: Phone, exchange: Context, clock: Clock, tmp_path: Path) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.load import restore

    phone.open(1, 2, term_months=1)
    data = back_up(exchange, tmp_path).data
    clock.forward(minutes=1)
    phone.withdraw(phone.show().fingerprints[1].id)
    back_up(exchange, tmp_path)
    empty_all_tables()
    clock.off(days=800)
    upkeep(exchange)
    empty_all_tables()
    assert restore(exchange, tmp_path, data).fingerprints_withdrawn == 1
    assert "cases expired" not in upkeep(exchange)
    assert "cases expired" not in run_for(exchange, clock, 5)[-1]
    assert phone.show().state is CaseState.OPEN


# the judgement alone

BOOT, NEXT_BOOT = Uptime("one", timedelta(hours=50)), Uptime("two", timedelta(minutes=1))


def later(uptime: Uptime, by: timedelta) -> Uptime:
    return uptime._replace(since_boot=uptime.since_boot + by)


def test_a_clock_that_runs_sixty_times_too_fast_is_not_believed() -> None:
    """Each step alone is small; together they part from the uptime."""
    known, now, uptime = confirmed(START_MINUTE, BOOT), START_MINUTE, BOOT
    for _ in range(2_000):
        now, uptime = now + timedelta(minutes=59), later(uptime, timedelta(minutes=1))
        known = judged(known, now, uptime)
    assert known.believed_at <= START_MINUTE + timedelta(hours=3)


def test_pauses_up_to_two_weeks_are_waited_out_and_longer_ones_never() -> None:
    for pause, is_believed in ((LONGEST_PAUSE, True), (LONGEST_PAUSE + timedelta(minutes=1), False)):
        known = judged(confirmed(START_MINUTE, BOOT), START_MINUTE + pause, NEXT_BOOT)
        assert known.broken_at == START_MINUTE + pause
        for minutes in range(0, 10_000, 30):
            known = judged(known, START_MINUTE + pause + timedelta(minutes=minutes), later(NEXT_BOOT, timedelta(minutes=minutes)))
            assert (known.broken_at is None) is (is_believed and timedelta(minutes=minutes) >= STEADY)


def test_a_quick_restart_is_no_pause_and_does_not_end_a_wait() -> None:
    known = judged(confirmed(START_MINUTE, BOOT), START_MINUTE + timedelta(minutes=5), NEXT_BOOT)
    assert known.broken_at is None
    known = judged(known, START_MINUTE + timedelta(days=2), later(NEXT_BOOT, timedelta(minutes=3)))
    broken_at = known.broken_at
    known = judged(known, START_MINUTE + timedelta(days=2, minutes=10), Uptime("three", timedelta()))
    assert known.broken_at == broken_at is not None


def test_without_a_name_for_the_boot_only_pauses_are_seen() -> None:
    unknown = Uptime("", timedelta())
    known = judged(confirmed(START_MINUTE, unknown), START_MINUTE + timedelta(minutes=1), unknown)
    assert known.broken_at is None
    assert judged(known, START_MINUTE + timedelta(hours=3), unknown).broken_at is not None


def test_an_empty_database_knows_nothing_and_believes() -> None:
    assert first_known(START_MINUTE, BOOT, None) == Known(START_MINUTE, START_MINUTE, START_MINUTE, BOOT)


def test_this_machine_says_how_long_it_runs() -> None:
    first, second = system_uptime(), system_uptime()
    assert first.boot == second.boot
    assert timedelta() <= second.since_boot - first.since_boot < timedelta(hours=1)
