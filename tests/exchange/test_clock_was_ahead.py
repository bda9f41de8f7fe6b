# SPDX-License-Identifier: Apache-2.0
"""What was counted, begun or suspended while the clock was ahead does not last until that time comes."""

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on


def test_doubts_that_a_clock_ahead_has_dated_end_72_hours_after_it_is_right(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.running.upkeep import run_upkeep

    run_upkeep(exchange)
    phone.open(1)
    clock.jump(days=800)
    for number, doubting in enumerate((partner, other_partner)):
        doubting.sync()
        doubting.report(feedback_on(next(iter(doubting.entries)), number, "not_removed", "not_intimate"))
    clock.jump(days=-800)
    run_upkeep(exchange)
    clock.forward(hours=72, minutes=-1)
    run_upkeep(exchange)
    assert phone.show().fingerprints[0].state == "suspended"
    clock.forward(minutes=1)
    run_upkeep(exchange)
    assert phone.show().fingerprints[0].state == "active"
    assert findings() == []


def test_counts_of_a_clock_ahead_are_deleted(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.limits import Attempts
    from stillmine.exchange.running.upkeep import run_upkeep

    run_upkeep(exchange)
    clock.jump(days=800)
    phone.open(1)
    assert Attempts.objects.exists()
    clock.jump(days=-800)
    run_upkeep(exchange)
    assert not Attempts.objects.exists(), "else everybody would do proof of work for 800 days"


def test_a_session_of_a_clock_ahead_has_ended(exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.sessions import forget_ended_sessions, has_ended
    from stillmine.exchange.rows.console import Session
    from stillmine.exchange.transaction.context import to_minute

    now = to_minute(clock())
    clock.jump(days=800)
    ahead = Session(token_hash="0" * 64, operator_id=1, begun_at=to_minute(clock()), seen_at=to_minute(clock()))
    clock.jump(days=-800)
    assert has_ended(ahead, now)
    assert not has_ended(Session(token_hash="1" * 64, operator_id=1, begun_at=now, seen_at=now), now)
    assert forget_ended_sessions(exchange) == 0
