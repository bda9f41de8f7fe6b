# SPDX-License-Identifier: Apache-2.0
"""What an expired case held is kept for 72 hours, sealed and unused: an end by mistake can be undone, a withdrawal never."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, FingerprintState, SuspensionReason
from stillmine.wire.receipt import SignedReceipt
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, suspend, value
from tests.exchange.served_exchange import Operator
from tests.exchange.test_ledger import log

ALWAYS = timedelta(days=2000)


def upkeep(exchange: Context) -> dict[str, int]:
    from stillmine.exchange.running.upkeep import run_upkeep

    return run_upkeep(exchange)


def bring_back(exchange: Context, ended_within: timedelta = timedelta(hours=72)) -> tuple[int, int]:
    from stillmine.exchange.protection.expiry import bring_back_cases

    return bring_back_cases(exchange, ended_within)


def stored() -> tuple[int, int]:
    """How many data keys of fingerprints and how many kept values there are."""
    from stillmine.exchange.rows.cases import ExpiredValue
    from stillmine.exchange.rows.keys import FingerprintDataKey

    return FingerprintDataKey.objects.count(), ExpiredValue.objects.count()


def expire(exchange: Context, clock: Clock) -> None:
    clock.forward(days=40)
    assert upkeep(exchange)["cases expired"] == 1


def receipt(phone: Phone) -> SignedReceipt:
    answer = phone.web.get("/api/v1/case/receipt", headers=phone.headers)
    return msgspec.json.decode(answer.content, type=SignedReceipt)


def test_an_expired_case_stops_matching_at_once_and_comes_back_whole(
    phone: Phone, partner: PartnerClient, exchange: Context, clock: Clock
) -> None:

    _first, second, third = phone.open(1, 2, 3, term_months=1).fingerprints
    suspend(exchange, [second.id], SuspensionReason.OPERATOR)
    phone.withdraw(third.id)
    partner.sync()
    partner.fetch_hashes()
    before = phone.show()
    expire(exchange, clock)
    partner.sync()
    assert partner.active_values() == []
    assert stored() == (2, 2)
    clock.forward(hours=71)
    assert upkeep(exchange)["expired cases erased"] == 0
    assert bring_back(exchange) == (1, 2)
    after = phone.show()
    assert (after.state, after.fingerprints[0].state, after.fingerprints[1].state) == ("open", "active", "suspended")
    assert [one.value for one in after.fingerprints] == [value(1), value(2), None]
    assert [one.suspended_for for one in after.fingerprints] == [one.suspended_for for one in before.fingerprints]
    assert after.expires_at == clock.now.replace(second=0, microsecond=0) + timedelta(days=30)
    partner.sync()
    assert partner.active_values() == [value(1)]
    assert {row["hashValue"]: row["hashStatus"] for row in partner.fetch_hashes()["hashRecords"]}[value(1)] == "Active"
    assert ("restored", {"after": "expired"}) in log("details")
    assert stored() == (2, 0)
    assert phone.renew(term_months=24).state is CaseState.OPEN
    assert bring_back(exchange, ALWAYS) == (0, 0)


def test_after_72_hours_it_is_erased_and_nobody_brings_it_back(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, 2, term_months=1)
    expire(exchange, clock)
    ended = phone.show().fingerprints[0].withdrawn_at
    assert ended is not None
    assert {(one.erased_at, one.erased_by) for one in phone.show().fingerprints} == {(None, ended + timedelta(hours=72))}
    clock.forward(hours=72)
    assert upkeep(exchange)["expired cases erased"] == 1
    assert stored() == (0, 0)
    assert {(one.erased_at, one.erased_by) for one in phone.show().fingerprints} == {(ended + timedelta(hours=72), None)}
    assert bring_back(exchange, ALWAYS) == (0, 0)
    assert phone.show().state is CaseState.EXPIRED


def test_the_receipt_says_erased_only_once_it_is(phone: Phone, partner: PartnerClient, exchange: Context, clock: Clock) -> None:
    opened = phone.open(1, 2, term_months=1)
    partner.sync()
    phone.withdraw(opened.fingerprints[1].id)
    expire(exchange, clock)
    kept = receipt(phone)
    assert [part.kinds for part in kept.receipt.erased] == [["pdq"]]
    (ended,) = kept.receipt.ended
    assert ended.erased_by == ended.ended_at + timedelta(hours=72)
    assert (kept.receipt.kept, kept.receipt.kept_after_end) == (0, 1)
    assert "Fingerprints still kept: 1\n" in kept.note
    assert kept.note.count("Erased at the exchange") == 1
    assert "Its term ended: 2027-01-01 14:05 UTC." in kept.note
    assert "To be erased: 2027-01-04 14:05 UTC." in kept.note
    clock.forward(hours=72)
    upkeep(exchange)
    erased = receipt(phone)
    assert erased.receipt.ended == []
    assert "Erased at the exchange: 2027-01-04 14:05 UTC" in erased.note
    assert "Fingerprints still kept: 0\n" in erased.note


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_person_who_withdraws_within_72_hours_erases_at_once(phone: Phone, exchange: Context, clock: Clock, is_whole: bool) -> None:
    ids = [one.id for one in phone.open(1, 2, term_months=1).fingerprints]
    expire(exchange, clock)
    if not is_whole:
        assert phone.withdraw(ids[0]).state is CaseState.EXPIRED
        assert stored() == (1, 1)
        assert [one.erased_at is None for one in phone.show().fingerprints] == [False, True]
    view = phone.withdraw(None if is_whole else ids[1])
    assert view.state is CaseState.WITHDRAWN
    assert all(one.state is FingerprintState.WITHDRAWN and one.erased_at == view.withdrawn_at for one in view.fingerprints)
    assert stored() == (0, 0)
    assert bring_back(exchange, ALWAYS) == (0, 0)
    assert phone.withdraw().state is CaseState.WITHDRAWN
    assert [event for (event,) in log() if event == "withdrawn"] == ["withdrawn"] * (1 if is_whole else 2)


def test_what_was_withdrawn_before_the_end_stays_so(phone: Phone, exchange: Context, clock: Clock) -> None:
    opened = phone.open(1, 2, term_months=1)
    phone.withdraw(opened.fingerprints[0].id)
    expire(exchange, clock)
    assert stored() == (1, 1)
    assert bring_back(exchange) == (1, 1)
    assert [one.value for one in phone.show().fingerprints] == [None, value(2)]


def test_an_expired_case_is_not_renewed_and_not_opened_again(phone: Phone, exchange: Context, clock: Clock) -> None:
    phone.open(1, term_months=1)
    expire(exchange, clock)
    assert code(phone.post("case/renew", {"version": 1})) == (409, "case_closed")
    assert [one.value for one in phone.show().fingerprints] == [None], "kept, and shown to nobody"


def test_what_a_partner_takes_back_within_72_hours_is_erased(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.partners.actions import add_partner, revoke_partner
    from stillmine.exchange.rows.partners import Partner
    from stillmine.exchange.submissions.actions import submit, withdraw, withdraw_values
    from stillmine.wire.fingerprint import Fingerprint
    from stillmine.wire.kinds import Kind

    add_partner(exchange, "Example Social", Way.LIST)
    partner = Partner.objects.get()
    ids = [submit(exchange, partner, [Fingerprint(kind=Kind.PDQ, value=value(number), quality=90)]).ids[0] for number in (1, 2, 3)]
    clock.forward(days=740)
    assert upkeep(exchange)["cases expired"] == 3
    assert stored() == (3, 3)
    withdraw(exchange, partner, [ids[0]])
    withdraw_values(exchange, partner, [value(2)], [Kind.PDQ])
    assert stored() == (1, 1)
    revoke_partner(exchange, "Example Social")
    assert stored() == (0, 0)


def test_a_clock_that_jumps_erases_nothing_and_an_end_it_caused_is_undone(phone: Phone, exchange: Context, clock: Clock) -> None:
    """An operator confirmed a clock that was 800 days ahead, and finds out."""
    from stillmine.exchange.running.upkeep import run_upkeep

    expires_at = phone.open(1, term_months=24).expires_at
    clock.jump(days=800)
    upkeep(exchange)
    assert run_upkeep(exchange, is_clock_confirmed=True)["cases expired"] == 1
    clock.jump(days=-800)
    for _ in range(70):
        clock.forward(hours=1)
        upkeep(exchange)
    assert stored() == (1, 1), "its 72 hours began when the clock was right and believed"
    assert bring_back(exchange) == (1, 1)
    assert phone.show().expires_at == expires_at


def test_expired_cases_are_rewrapped_and_backed_up(phone: Phone, exchange: Context, clock: Clock, tmp_path: Path) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.files import KEYS_FILE

    phone.open(1, term_months=1)
    expire(exchange, clock)
    done = back_up(exchange, tmp_path)
    assert done.data_keys == 1
    assert '"table":"expired"' in (tmp_path / KEYS_FILE).read_text()
    assert value(1) not in done.data.read_text()
    phone.withdraw()
    clock.forward(minutes=1)
    assert back_up(exchange, tmp_path).data_keys == 0
    assert "FingerprintDataKey" not in (tmp_path / KEYS_FILE).read_text()


def test_undo_by_command(operator: Operator) -> None:
    operator.run("migrate")
    assert "0 case(s) are open again" in operator.run("expire", "--undo", "72h")
    assert "[not_configured]" in operator.run("expire", "--undo", "soon", expect=2)
