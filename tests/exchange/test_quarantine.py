# SPDX-License-Identifier: Apache-2.0
"""Doubted by two partners: suspended for 72 hours and once, told to everybody, decided by an operator, and not undone at once."""

import logging

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import SuspensionReason
from stillmine.wire.errors import ConflictError, FingerprintNotFoundError
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, fingerprint, restore, suspend, value

OFTEN, DOUBTED = SuspensionReason.FOUND_TOO_OFTEN, SuspensionReason.DOUBTED_BY_PARTNERS


def entry_of(partner: PartnerClient, text: str) -> str:
    partner.sync()
    return next(entry.id for entry in partner.entries.values() if entry.value == text)


def found(partner: PartnerClient, entry: str, first: int, count: int) -> None:
    partner.report(*(feedback_on(entry, number) for number in range(first, first + count)))


def state(phone: Phone) -> tuple[str, SuspensionReason | None]:
    row = phone.show().fingerprints[0]
    return row.state.value, row.suspended_for


def flags() -> list[tuple[str, list[str]]]:
    from stillmine.exchange.quarantine.queries import flagged

    return [(group.reason.value, group.fingerprint_ids) for group in flagged()]


def doubt(partner: PartnerClient, entry: str, number: int, reason: str = "not_intimate") -> None:
    partner.report(feedback_on(entry, number, "not_removed", reason))


def test_each_day_counts_for_itself(phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock) -> None:
    phone.open(1)
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    found(partner, entry, 0, 50)
    clock.forward(days=1)
    found(other_partner, other, 50, 50)
    assert flags() == []


def test_a_reviewer_who_removed_a_copy_has_seen_what_it_is(phone: Phone, partner: PartnerClient, other_partner: PartnerClient) -> None:
    phone.open(1)
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    partner.report(feedback_on(entry, 999, "removed"))
    found(partner, entry, 0, 60)
    found(other_partner, other, 0, 60)
    assert flags() == []


def test_two_partners_who_doubt_suspend_and_one_alone_does_not(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.open(1)
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    doubt(partner, entry, 1)
    doubt(partner, entry, 2)
    partner.report(feedback_on(entry, 3, "not_removed", "not_against_rules"))
    doubt(other_partner, other, 1, "not_the_same")
    assert state(phone) == ("active", None)
    monkeypatch.setattr(logging.getLogger("stillmine"), "propagate", True)
    doubt(partner, entry, 4)
    assert state(phone) == ("suspended", DOUBTED)
    [line] = {one for one in caplog.messages if "two partners doubt 1 fingerprint(s)" in one}
    assert "quarantine list" in line


def test_a_restored_one_is_active_everywhere_and_old_doubts_do_not_count_again(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.quarantine.actions import leave_flagged, restore_suspended

    fingerprint_id = phone.open(1).fingerprints[0].id
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    doubt(partner, entry, 1)
    doubt(other_partner, other, 1)
    partner.sync()
    assert partner.active_values() == []
    assert restore_suspended(exchange, fingerprint_id) == [fingerprint_id]
    partner.sync()
    assert partner.active_values() == [value(1)]
    clock.forward(minutes=1)
    doubt(partner, entry, 2)
    assert flags() == []
    doubt(other_partner, other, 2)
    assert (state(phone), flags()) == (("active", None), [("doubted_by_partners", [fingerprint_id])]), "once for each fingerprint"
    assert leave_flagged(exchange, fingerprint_id) == [fingerprint_id]
    doubt(partner, entry, 3)
    assert flags() == []


def test_doubts_end_after_72_hours_and_do_not_suspend_again(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.quarantine.queries import suspended
    from stillmine.exchange.running.upkeep import run_upkeep

    fingerprint_id = phone.open(1).fingerprints[0].id
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    doubt(partner, entry, 1)
    doubt(other_partner, other, 1)
    clock.forward(hours=72, minutes=-1)
    run_upkeep(exchange)
    assert state(phone) == ("suspended", DOUBTED)
    clock.forward(minutes=1)
    run_upkeep(exchange)
    assert (state(phone), suspended(is_all=True)) == (("active", None), [])
    assert flags() == [("doubted_by_partners", [fingerprint_id])], "an operator still has to look"
    partner.sync()
    assert [(entry.value, entry.is_flagged) for entry in partner.entries.values()] == [(value(1), True)]
    for number in (2, 3):
        clock.forward(days=30)
        doubt(partner, entry, number)
        doubt(other_partner, other, number)
        assert state(phone) == ("active", None)
    run_upkeep(exchange)
    assert findings() == []


def test_what_an_operator_decided_in_time_does_not_end(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.quarantine.actions import keep_suspended
    from stillmine.exchange.running.upkeep import run_upkeep

    fingerprint_id = phone.open(1).fingerprints[0].id
    doubt(partner, entry_of(partner, value(1)), 1)
    doubt(other_partner, entry_of(other_partner, value(1)), 1)
    keep_suspended(exchange, fingerprint_id)
    clock.forward(hours=73)
    run_upkeep(exchange)
    assert state(phone) == ("suspended", DOUBTED)


def test_what_an_earlier_version_suspended_for_a_count_is_matched_again(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.quarantine.actions import keep_suspended
    from stillmine.exchange.running.upkeep import run_upkeep

    rows = [fingerprint(1), fingerprint(2) | {"file_number": 2}]
    waiting, decided = (row.id for row in phone.open(1, fingerprints=rows).fingerprints)
    suspend(exchange, [waiting, decided], OFTEN)
    keep_suspended(exchange, decided)
    partner.sync()
    assert partner.active_values() == []
    run_upkeep(exchange)
    assert [row.state.value for row in phone.show().fingerprints] == ["active", "suspended"], "what an operator decided stays"
    partner.sync()
    assert partner.active_values() == [value(1)]
    assert flags() == [("found_too_often", [waiting])]
    run_upkeep(exchange)
    assert findings() == []


def test_kept_leaves_the_queue_and_stays_suspended(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    from stillmine.exchange.quarantine.actions import keep_suspended
    from stillmine.exchange.quarantine.queries import evidence, suspended

    fingerprint_id = phone.open(1).fingerprints[0].id
    entry = entry_of(partner, value(1))
    found(partner, entry, 0, 51)
    doubt(partner, entry, 99)
    doubt(other_partner, entry_of(other_partner, value(1)), 99)
    why = evidence(fingerprint_id)
    assert [(name, uploads, reports) for _, name, uploads, reports in why.statements.uploads] == [("Example Social", 25, 51)]
    assert [row.fingerprint_ids for row in suspended()] == [[fingerprint_id]]
    keep_suspended(exchange, fingerprint_id)
    assert suspended() == []
    assert [row.decision for row in suspended(is_all=True)] == ["kept"]
    assert state(phone) == ("suspended", DOUBTED)


def test_only_what_is_suspended_is_decided(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.quarantine.actions import keep_suspended, restore_suspended

    one, two = (row.id for row in phone.open(1, 2).fingerprints)
    for decide in (keep_suspended, restore_suspended):
        with pytest.raises(FingerprintNotFoundError):
            decide(exchange, "0" * 32)
        with pytest.raises(ConflictError):
            decide(exchange, one)
    assert suspend(exchange, [one, two, "0" * 32], SuspensionReason.OPERATOR) == sorted([one, two])
    assert suspend(exchange, [one], SuspensionReason.OPERATOR) == []
    assert state(phone) == ("suspended", SuspensionReason.OPERATOR)
    phone.withdraw(one)
    assert restore(exchange, [one, two]) == [two]
    assert restore(exchange, [two]) == []
    assert [row.state.value for row in phone.show().fingerprints] == ["withdrawn", "active"]


def test_counts_go_after_thirty_days(exchange: Context, phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    found(partner, entry_of(partner, value(1)), 0, 3)
    clock.forward(days=30)
    assert run_upkeep(exchange)["old match counts deleted"] == 0
    clock.forward(days=1)
    assert run_upkeep(exchange)["old match counts deleted"] == 1
