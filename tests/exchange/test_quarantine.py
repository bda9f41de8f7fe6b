# SPDX-License-Identifier: Apache-2.0
"""Found too often or doubted by two partners: suspended by itself, told to everybody, decided by an operator, and not undone at once."""

from dataclasses import replace

import pytest
from exchange_parts import Clock, PartnerClient, Phone, feedback_on, value

from stillmine.exchange.context import Context
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.errors import ConflictError, FingerprintNotFoundError

OFTEN, DOUBTED = SuspensionReason.FOUND_TOO_OFTEN, SuspensionReason.DOUBTED_BY_PARTNERS


def entry_of(partner: PartnerClient, text: str) -> str:
    partner.sync()
    return next(entry.id for entry in partner.entries.values() if entry.value == text)


def found(partner: PartnerClient, entry: str, first: int, count: int) -> None:
    partner.report(*(feedback_on(entry, number) for number in range(first, first + count)))


def state(phone: Phone) -> tuple[str, SuspensionReason | None]:
    row = phone.show().fingerprints[0]
    return row.state.value, row.suspended_for


def doubt(partner: PartnerClient, entry: str, number: int, reason: str = "not_intimate") -> None:
    partner.report(feedback_on(entry, number, "not_removed", reason))


def test_the_fifty_first_upload_in_a_day_suspends_and_partners_are_told(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    phone.open(1, 2)
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    found(partner, entry, 0, 30)
    found(other_partner, other, 0, 20)
    found(partner, entry, 0, 30)  # the same uploads again count once
    assert state(phone) == ("active", None)
    found(other_partner, other, 20, 1)
    assert state(phone) == ("suspended", OFTEN)
    assert phone.show().fingerprints[1].state is FingerprintState.ACTIVE
    for client in (partner, other_partner):
        client.sync()
        assert client.active_values() == [value(2)]


def test_each_day_counts_for_itself(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(1)
    entry = entry_of(partner, value(1))
    found(partner, entry, 0, 50)
    clock.forward(days=1)
    found(partner, entry, 50, 50)
    assert state(phone) == ("active", None)


def test_a_reviewer_who_removed_a_copy_has_seen_what_it_is(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    entry = entry_of(partner, value(1))
    partner.report(feedback_on(entry, 999, "removed"))
    found(partner, entry, 0, 60)
    assert state(phone) == ("active", None)


def test_matches_of_asks_count_too(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.intake.quarantine import _note_matches
    from stillmine.exchange.partners.models import Partner
    from stillmine.exchange.tx import tx

    fingerprint_id = phone.open(1).fingerprints[0].id
    few = replace(exchange, intake=replace(exchange.intake, found_a_day=2))
    for expected in ("active", "active", "suspended", "suspended"):
        with tx("test.ask", exchange.clock) as now:
            _note_matches(few, {fingerprint_id: 1}, Partner.objects.get(), now)
        assert state(phone)[0] == expected


def test_a_setting_of_nothing_never_suspends(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.intake.quarantine import _note_matches
    from stillmine.exchange.partners.models import Partner
    from stillmine.exchange.tx import tx

    fingerprint_id = phone.open(1).fingerprints[0].id
    never = replace(exchange, intake=replace(exchange.intake, found_a_day=0))
    with tx("test.ask", exchange.clock) as now:
        _note_matches(never, {fingerprint_id: 1}, Partner.objects.get(), now)
    assert state(phone) == ("active", None)


def test_two_partners_who_doubt_suspend_and_one_alone_does_not(phone: Phone, partner: PartnerClient, other_partner: PartnerClient) -> None:
    phone.open(1)
    entry, other = entry_of(partner, value(1)), entry_of(other_partner, value(1))
    doubt(partner, entry, 1)
    doubt(partner, entry, 2)
    partner.report(feedback_on(entry, 3, "not_removed", "not_against_rules"))
    doubt(other_partner, other, 1, "not_the_same")
    assert state(phone) == ("active", None)
    doubt(partner, entry, 4)
    assert state(phone) == ("suspended", DOUBTED)


def test_a_restored_one_is_active_everywhere_and_old_doubts_do_not_count_again(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.intake.actions import restore_suspended

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
    assert state(phone) == ("active", None)
    doubt(other_partner, other, 2)
    assert state(phone) == ("suspended", DOUBTED)


def test_found_often_again_is_left_in_peace_for_a_week(exchange: Context, phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.intake.actions import restore_suspended

    fingerprint_id = phone.open(1).fingerprints[0].id
    entry = entry_of(partner, value(1))
    found(partner, entry, 0, 51)
    restore_suspended(exchange, fingerprint_id)
    clock.forward(days=6)
    found(partner, entry, 100, 51)
    assert state(phone) == ("active", None)
    clock.forward(days=1)
    found(partner, entry, 200, 51)
    assert state(phone) == ("suspended", OFTEN)


def test_kept_leaves_the_queue_and_stays_suspended(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.intake.actions import keep_suspended
    from stillmine.exchange.intake.queries import evidence, suspended

    fingerprint_id = phone.open(1).fingerprints[0].id
    found(partner, entry_of(partner, value(1)), 0, 51)
    why = evidence(fingerprint_id)
    assert [(name, uploads) for _, name, uploads in why.uploads] == [("Example Social", 51)]
    assert [row.fingerprint_ids for row in suspended()] == [[fingerprint_id]]
    keep_suspended(exchange, fingerprint_id)
    assert suspended() == []
    assert [row.decision for row in suspended(is_all=True)] == ["kept"]
    assert state(phone) == ("suspended", OFTEN)


def test_only_what_is_suspended_is_decided(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.cases.actions import restore, suspend
    from stillmine.exchange.intake.actions import keep_suspended, restore_suspended

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
    from stillmine.exchange.upkeep import run_upkeep

    phone.open(1)
    found(partner, entry_of(partner, value(1)), 0, 3)
    clock.forward(days=30)
    assert run_upkeep(exchange)["old match counts deleted"] == 0
    clock.forward(days=1)
    assert run_upkeep(exchange)["old match counts deleted"] == 1
