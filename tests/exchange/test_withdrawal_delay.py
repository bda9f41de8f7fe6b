# SPDX-License-Identifier: Apache-2.0
"""Withdrawals that take effect after 72 hours: nothing sooner, nothing that can't be cancelled until then, nothing told to others."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, CaseView, DelayState, FingerprintState
from stillmine.wire.receipt import SignedReceipt
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, opening, restore, suspend, value

THREE_DAYS = timedelta(hours=72)
MINUTE = timedelta(minutes=1)


def upkeep(exchange: Context) -> dict[str, int]:
    from stillmine.exchange.running.upkeep import run_upkeep

    return run_upkeep(exchange)


def states(view: CaseView) -> list[FingerprintState]:
    return [one.state for one in view.fingerprints]


def receipt_of(phone: Phone) -> SignedReceipt:
    answer = phone.web.get("/api/v1/case/receipt", headers=phone.headers)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=SignedReceipt)


def test_what_is_asked_for_takes_effect_after_72_hours_and_not_a_minute_sooner(
    phone: Phone, partner: PartnerClient, exchange: Context, clock: Clock
) -> None:
    assert phone.open(1, 2, delays_withdrawal=True).delay is DelayState.ON
    partner.sync()
    clock.forward(hours=1)
    asked = phone.withdraw()
    due = START_MINUTE + timedelta(hours=73)
    assert (asked.state, states(asked)) == (CaseState.OPEN, [FingerprintState.ACTIVE] * 2)
    assert {(one.withdrawal_asked_at, one.withdrawal_due_at) for one in asked.fingerprints} == {(due - THREE_DAYS, due)}
    clock.until(due - MINUTE)
    assert upkeep(exchange)["delayed withdrawals made"] == 0
    partner.sync()
    assert partner.active_values() == sorted([value(1), value(2)])
    clock.until(due)
    assert phone.show() == asked, "a request makes nothing that is due"
    assert upkeep(exchange)["delayed withdrawals made"] == 2
    done = phone.show()
    assert (done.state, done.withdrawn_at, states(done)) == (CaseState.WITHDRAWN, due, [FingerprintState.WITHDRAWN] * 2)
    assert {(one.withdrawal_asked_at, one.withdrawal_due_at, one.value) for one in done.fingerprints} == {(due - THREE_DAYS, None, None)}
    partner.sync()
    assert partner.active_values() == []
    assert upkeep(exchange)["delayed withdrawals made"] == 0


def test_without_the_choice_a_withdrawal_is_immediate(phone: Phone) -> None:
    assert phone.open(1, 2).delay is DelayState.OFF
    view = phone.withdraw()
    assert (view.state, view.withdrawn_at) == (CaseState.WITHDRAWN, START_MINUTE)
    assert [one.withdrawal_asked_at for one in view.fingerprints] == [None, None]


def test_asking_again_makes_nothing_sooner_or_later(phone: Phone, exchange: Context, clock: Clock) -> None:
    first, _ = phone.open(1, 2, delays_withdrawal=True).fingerprints
    phone.withdraw(first.id)
    clock.forward(hours=10)
    view = phone.withdraw()
    assert [one.withdrawal_due_at for one in view.fingerprints] == [START_MINUTE + THREE_DAYS, START_MINUTE + timedelta(hours=82)]
    assert phone.withdraw() == phone.withdraw(first.id) == view
    clock.until(START_MINUTE + THREE_DAYS)
    upkeep(exchange)
    assert (phone.show().state, states(phone.show())) == (CaseState.OPEN, [FingerprintState.WITHDRAWN, FingerprintState.ACTIVE])
    clock.forward(hours=10)
    upkeep(exchange)
    assert phone.show().state is CaseState.WITHDRAWN


def test_it_can_be_cancelled_until_it_is_done(phone: Phone, partner: PartnerClient, exchange: Context, clock: Clock) -> None:
    opened = phone.open(1, 2, 3, delays_withdrawal=True)
    phone.withdraw()
    clock.forward(hours=73)
    assert [one.withdrawal_due_at is None for one in phone.cancel(opened.fingerprints[1].id).fingerprints] == [False, True, False]
    assert phone.cancel() == phone.cancel() == opened
    assert upkeep(exchange)["delayed withdrawals made"] == 0
    again = phone.withdraw(opened.fingerprints[0].id)
    assert again.fingerprints[0].withdrawal_due_at == START_MINUTE + timedelta(hours=145)
    clock.forward(hours=72)
    upkeep(exchange)
    done = phone.show()
    assert states(done) == [FingerprintState.WITHDRAWN, FingerprintState.ACTIVE, FingerprintState.ACTIVE]
    assert phone.cancel(opened.fingerprints[0].id) == phone.cancel() == done, "what is withdrawn stays so"
    partner.sync()
    assert partner.active_values() == sorted([value(2), value(3)])


def test_a_withdrawn_case_can_not_be_cancelled_or_switched(phone: Phone) -> None:
    phone.open(1)
    phone.withdraw()
    assert code(phone.post("case/withdraw/cancel", {"version": 1})) == (409, "case_closed")
    assert code(phone.post("case/delay", {"version": 1, "is_on": True})) == (409, "case_closed")


def test_what_is_cancelled_after_it_was_found_due_is_not_withdrawn(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.protection.withdrawal import withdraw_due_of
    from stillmine.exchange.rows.cases import Case

    opened = phone.open(1, delays_withdrawal=True)
    phone.withdraw()
    clock.forward(hours=80)
    found = Case.objects.get()
    phone.cancel()
    assert withdraw_due_of(exchange, found) == 0
    assert phone.show() == opened


def test_switching_on_is_immediate_and_switching_off_takes_72_hours(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, 2)
    on = phone.set_delay(is_on=True)
    assert (on.delay, on.delay_ends_at) == (DelayState.ON, None)
    ending = phone.set_delay(is_on=False)
    assert (ending.delay, ending.delay_ends_at) == (DelayState.ENDING, START_MINUTE + THREE_DAYS)
    clock.forward(hours=71)
    assert phone.set_delay(is_on=False) == ending, "again changes no date"
    upkeep(exchange)
    asked = phone.withdraw(ending.fingerprints[0].id)
    assert states(asked) == [FingerprintState.ACTIVE] * 2
    clock.forward(hours=1)
    assert phone.withdraw().state is CaseState.OPEN, "no request ends it"
    assert upkeep(exchange)["delays ended"] == 1
    off = phone.show()
    assert (off.delay, off.delay_ends_at) == (DelayState.OFF, None)
    assert [one.withdrawal_due_at is not None for one in off.fingerprints] == [True, True]
    assert phone.withdraw().state is CaseState.WITHDRAWN, "with the delay off at once, also what was asked for before"


def test_switching_off_can_be_taken_back(phone: Phone, exchange: Context, clock: Clock) -> None:
    on = phone.open(1, delays_withdrawal=True)
    phone.set_delay(is_on=False)
    clock.forward(hours=73)
    assert phone.set_delay(is_on=True) == on
    assert upkeep(exchange)["delays ended"] == 0
    assert phone.set_delay(is_on=False).delay_ends_at == START_MINUTE + timedelta(hours=145)


def test_switching_on_leaves_what_is_asked_for(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, delays_withdrawal=True)
    asked = phone.withdraw()
    phone.set_delay(is_on=False)
    assert phone.set_delay(is_on=True) == asked


def test_what_is_added_later_is_not_asked_for_and_keeps_the_case_open(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, delays_withdrawal=True)
    phone.withdraw()
    clock.forward(hours=1)
    phone.add(2)
    phone.renew()
    clock.forward(hours=72)
    upkeep(exchange)
    assert (phone.show().state, states(phone.show())) == (CaseState.OPEN, [FingerprintState.WITHDRAWN, FingerprintState.ACTIVE])


def test_a_suspension_neither_stops_it_nor_hurries_it(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.wire.case import SuspensionReason

    first, second = phone.open(1, 2, delays_withdrawal=True).fingerprints
    phone.withdraw()
    suspend(exchange, [first.id, second.id], SuspensionReason.OPERATOR)
    restore(exchange, [second.id])
    assert [one.withdrawal_due_at for one in phone.show().fingerprints] == [START_MINUTE + THREE_DAYS] * 2
    clock.forward(hours=72)
    upkeep(exchange)
    assert phone.show().state is CaseState.WITHDRAWN


def test_the_end_of_the_term_does_not_wait_for_it(phone: Phone, exchange: Context, clock: Clock) -> None:
    end = phone.open(1, term_months=1, delays_withdrawal=True).expires_at
    clock.until(end - timedelta(hours=1))
    phone.withdraw()
    phone.set_delay(is_on=False)
    clock.until(end)
    upkeep(exchange)
    assert phone.show().state is CaseState.EXPIRED
    clock.forward(hours=80)
    done = upkeep(exchange)
    assert (done["delayed withdrawals made"], done["delays ended"]) == (0, 0)


def test_sending_the_opening_again_finds_the_case_but_not_one_without_the_chosen_delay(phone: Phone, other_phone: Phone) -> None:
    opened = phone.open(1, delays_withdrawal=True)
    assert phone.open(1, delays_withdrawal=True) == opened
    assert phone.open(1) == opened
    other_phone.open(1)
    assert code(other_phone.post("case", opening(1, delays_withdrawal=True))) == (409, "case_already_open")
    other_phone.set_delay(is_on=True)
    assert other_phone.open(1, delays_withdrawal=True).delay is DelayState.ON


def test_nobody_else_can_see_that_somebody_asked(phone: Phone, other_phone: Phone, partner: PartnerClient, web: httpx.Client) -> None:
    def seen_by_others() -> list[str]:
        return [
            web.get("/api/v1/ledger/checkpoint").text,
            web.get("/api/v1/feed", headers=partner.headers, params={"cursor": cursor}).text,
            web.get("/api/v1/statistics").text,
            str(partner.fetch_hashes()),
            other_phone.show().__repr__(),
        ]

    other_phone.open(2)
    opened = phone.open(1, delays_withdrawal=True)
    partner.sync()
    cursor = partner.cursor or ""
    seen_by_others()
    before = seen_by_others()
    phone.set_delay(is_on=False)
    phone.withdraw(opened.fingerprints[0].id)
    phone.withdraw()
    phone.cancel()
    phone.set_delay(is_on=True)
    phone.withdraw()
    assert seen_by_others() == before
    assert code(other_phone.post("case/withdraw/cancel", {"version": 1, "fingerprint_id": opened.fingerprints[0].id})) == (
        404,
        "fingerprint_not_found",
    )


def test_the_receipt_says_what_is_asked_for_and_later_when_it_was(phone: Phone, exchange: Context, clock: Clock) -> None:
    opened = phone.open(1, 2, delays_withdrawal=True)
    assert code(phone.web.get("/api/v1/case/receipt", headers=phone.headers)) == (409, "nothing_erased")
    phone.withdraw(opened.fingerprints[0].id)
    waiting = receipt_of(phone)
    (asked,) = waiting.receipt.asked
    assert (asked.kinds, asked.asked_at, asked.due_at, waiting.receipt.kept) == (["pdq"], START_MINUTE, START_MINUTE + THREE_DAYS, 2)
    assert waiting.receipt.erased == []
    assert "Asked to be erased: 2026-11-22 14:05 UTC\nNot erased yet. To be erased: 2026-11-25 14:05 UTC, unless" in waiting.note
    clock.forward(hours=72)
    upkeep(exchange)
    done = receipt_of(phone)
    (part,) = done.receipt.erased
    assert (part.asked_at, part.erased_at, done.receipt.asked) == (START_MINUTE, START_MINUTE + THREE_DAYS, [])
    assert "Asked to be erased: 2026-11-22 14:05 UTC\nErased at the exchange: 2026-11-25 14:05 UTC" in done.note


def test_a_restored_backup_begins_the_72_hours_anew(
    phone: Phone, other_phone: Phone, exchange: Context, clock: Clock, tmp_path: Path
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.load import restore
    from tests.exchange.exchange_parts import empty_all_tables

    phone.open(1, delays_withdrawal=True)
    phone.withdraw()
    other_phone.open(2, delays_withdrawal=True)
    other_phone.set_delay(is_on=False)
    clock.forward(hours=1)
    back_up(exchange, tmp_path)
    phone.cancel()
    clock.forward(hours=70)
    empty_all_tables()
    assert restore(exchange, tmp_path).asked_anew == 2
    due = START_MINUTE + timedelta(hours=71) + THREE_DAYS
    assert [(one.withdrawal_asked_at, one.withdrawal_due_at) for one in phone.show().fingerprints] == [(START_MINUTE, due)]
    assert (other_phone.show().delay, other_phone.show().delay_ends_at) == (DelayState.ENDING, due)
    clock.until(due - MINUTE)
    upkeep(exchange)
    assert phone.show().state is CaseState.OPEN
    assert phone.cancel().fingerprints[0].withdrawal_due_at is None


@pytest.mark.parametrize("days", [-3, 4, 13, 800])
@pytest.mark.parametrize("is_back", [True, False])
def test_a_clock_that_jumps_makes_nothing_sooner(phone: Phone, exchange: Context, clock: Clock, days: int, is_back: bool) -> None:
    """Asked for before it jumped or while it was wrong: 72 hours of a clock that runs steadily have to pass."""
    first, second = phone.open(1, 2, delays_withdrawal=True).fingerprints
    upkeep(exchange)
    phone.withdraw(first.id)
    phone.set_delay(is_on=False)
    clock.jump(days=days)
    phone.withdraw(second.id)
    upkeep(exchange)
    if is_back:
        clock.jump(days=-days)
        upkeep(exchange)
    for _ in range(71):
        clock.forward(hours=1)
        upkeep(exchange)
    assert (states(phone.show()), phone.show().delay) == ([FingerprintState.ACTIVE] * 2, DelayState.ENDING)
    if days == 800 and not is_back:
        return  # never believed, so never done, until an operator says that it is right
    for _ in range(4):
        clock.forward(hours=1)
        upkeep(exchange)
    assert (phone.show().state, phone.show().delay) == (CaseState.WITHDRAWN, DelayState.ENDING)


@pytest.mark.parametrize("days", [4, 100])
def test_what_came_due_while_the_exchange_was_off_can_be_cancelled_first(phone: Phone, exchange: Context, clock: Clock, days: int) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    opened = phone.open(1, delays_withdrawal=True)
    upkeep(exchange)
    phone.withdraw()
    clock.off(days=days)
    done = run_upkeep(exchange, is_clock_confirmed=days == 100)
    assert (done["delays restarted"], "delayed withdrawals made" in done) == (1, False)
    due = START_MINUTE + timedelta(days=days) + THREE_DAYS
    assert phone.show().fingerprints[0].withdrawal_due_at == due
    assert phone.cancel().fingerprints == opened.fingerprints


@pytest.mark.parametrize("wrong", [{}, {"is_on": "true"}, {"is_on": None}, {"is_on": True, "hours": 1}, {"is_on": True, "version": 2}])
def test_a_malformed_switch_changes_nothing(phone: Phone, wrong: dict[str, object]) -> None:
    opened = phone.open(1)
    assert code(phone.post("case/delay", {"version": 1, **wrong})) == (400, "malformed_message")
    assert phone.show() == opened


def test_an_expired_case_is_not_withdrawn_sooner_and_comes_back_with_the_delay(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.protection.expiry import bring_back_cases

    end = phone.open(1, 2, term_months=1, delays_withdrawal=True).expires_at
    clock.until(end - timedelta(hours=1))
    phone.withdraw()
    phone.set_delay(is_on=False)
    clock.until(end)
    upkeep(exchange)
    expired = phone.show()
    assert {one.erased_by for one in expired.fingerprints} == {end + THREE_DAYS}
    assert phone.withdraw() == expired, "what is kept goes as late as what is asked for"
    clock.forward(hours=71)
    assert bring_back_cases(exchange, THREE_DAYS) == (1, 2)
    back = phone.show()
    assert (back.state, states(back), back.delay, back.delay_ends_at) == (
        CaseState.OPEN,
        [FingerprintState.ACTIVE] * 2,
        DelayState.ON,
        None,
    )
    assert {(one.withdrawal_asked_at, one.withdrawal_due_at) for one in back.fingerprints} == {(None, None)}


def test_on_a_full_disk_it_is_asked_for_cancelled_switched_and_done_as_ever(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.ground.reserve import RESERVE_FILE
    from stillmine.exchange.protection.withdrawal import begin_anew, end_due_delays, make_due_withdrawals

    _, second = phone.open(1, 2, delays_withdrawal=True).fingerprints
    upkeep(exchange)
    reserve = exchange.home / RESERVE_FILE
    reserve.touch()
    try:
        os.truncate(reserve, 0)  # given up
        assert code(phone.post("case/renew", {"version": 1})) == (503, "storage_full")
        phone.withdraw()
        phone.cancel(second.id)
        phone.set_delay(is_on=False)
        clock.forward(hours=72)
        assert (make_due_withdrawals(exchange), end_due_delays(exchange)) == (1, 1)
        clock.off(hours=5)
        assert begin_anew(exchange) == 0
        assert phone.withdraw(second.id).state is CaseState.WITHDRAWN
    finally:
        reserve.unlink()
