# SPDX-License-Identifier: Apache-2.0
"""fsck finds each broken rule; what the database itself forbids can't be broken."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import START, PartnerClient, Phone


def head_too_high() -> None:
    from stillmine.exchange.rows.feed import Head

    Head.objects.update(sequence=99)


def no_head() -> None:
    from stillmine.exchange.rows.feed import Head

    Head.objects.all().delete()


def a_gap() -> None:
    from stillmine.exchange.rows.feed import Change

    Change.objects.filter(sequence=1).delete()


def time_runs_backwards() -> None:
    from stillmine.exchange.rows.feed import Change

    Change.objects.filter(sequence=2).update(changed_at=START - timedelta(days=1))


def another_state_in_the_feed() -> None:
    from stillmine.exchange.rows.feed import Change

    shown = Change.objects.filter(superseded_by=None, is_shown=True, state="active").first()
    Change.objects.filter(sequence=shown.sequence if shown else 0).update(state="suspended")


def superseded_by_nothing() -> None:
    from stillmine.exchange.rows.feed import Change

    Change.objects.filter(sequence=2).update(superseded_by=77)


def closed_with_active_fingerprints() -> None:
    from stillmine.exchange.rows.cases import Case

    Case.objects.update(state="expired", closed_at=START)


def open_without_fingerprints() -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    Fingerprint.objects.update(state="withdrawn", sealed_value=None, blind_index=None, value_bytes=0, quality=None, withdrawn_at=START)


def disclosure_of_the_future() -> None:
    from stillmine.exchange.rows.feed import Disclosure

    Disclosure.objects.update(head_sequence=50, to_sequence=50)


def acknowledgement_of_the_future() -> None:
    from stillmine.exchange.rows.feed import Acknowledgement

    Acknowledgement.objects.update(sequence=50)


def value_kept_for_nothing() -> None:
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.feed import PendingTombstone
    from stillmine.exchange.rows.partners import Partner

    row = Fingerprint.objects.get(position=2)
    kept = {"sealed_value": b"", "blind_index": row.blind_index or ""}
    PendingTombstone.objects.create(partner=Partner.objects.get(), fingerprint=row, changed_at=START, **kept)


def another_blind_index() -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    Fingerprint.objects.filter(position=2).update(blind_index="0f" * 32)


def another_size() -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    Fingerprint.objects.filter(position=2).update(value_bytes=63)


def value_of_another_row() -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    Fingerprint.objects.filter(position=2).update(sealed_value=Fingerprint.objects.get(position=3).sealed_value)


def data_key_gone() -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey

    FingerprintDataKey.objects.all().delete()


def data_key_of_another() -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey

    FingerprintDataKey.objects.update(wrapped_key=bytes(60))


def key_that_is_not_at_hand() -> None:
    from stillmine.exchange.rows.keys import DayKey, FingerprintDataKey

    DayKey.objects.create(id="00000000", sequence=99, made_at=START)
    FingerprintDataKey.objects.update(wrapped_by="00000000")


def erased_with_a_data_key() -> None:
    from stillmine.exchange.rows.cases import Case, Fingerprint

    Fingerprint.objects.update(state="withdrawn", sealed_value=None, blind_index=None, value_bytes=0, quality=None, withdrawn_at=START)
    Case.objects.update(state="withdrawn", closed_at=START)


def restored_yet_suspended() -> None:
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.intake import Suspension

    Fingerprint.objects.filter(position=2).update(state="suspended")
    row = Fingerprint.objects.get(position=2)
    Suspension.objects.create(fingerprint=row, reason="operator", suspended_at=START, decision="restored", decided_at=START)


def active_without_a_decision() -> None:
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.intake import Suspension

    Suspension.objects.create(fingerprint=Fingerprint.objects.get(position=2), reason="operator", suspended_at=START)


@pytest.mark.parametrize(
    ("break_rule", "finding"),
    [
        (head_too_high, "the newest change is number 6, but the head says 99"),
        (no_head, "the feed has 0 heads instead of one"),
        (a_gap, "5 changes are numbered up to 6: there are gaps"),
        (time_runs_backwards, "a change's time is earlier than that of the change before"),
        (another_state_in_the_feed, "1 fingerprint differs in state from the feed"),
        (superseded_by_nothing, "1 change is superseded by a number that is not there"),
        (closed_with_active_fingerprints, "2 fingerprints of closed cases are not withdrawn"),
        (open_without_fingerprints, "1 open case holds no active or suspended fingerprint"),
        (disclosure_of_the_future, "1 disclosure names numbers outside of the sequence"),
        (acknowledgement_of_the_future, "1 acknowledgement names a number outside of the sequence"),
        (another_blind_index, "1 fingerprint does not open, or holds another value than its blind index and size say"),
        (another_size, "1 fingerprint does not open, or holds another value than its blind index and size say"),
        (value_of_another_row, "1 fingerprint does not open, or holds another value than its blind index and size say"),
        (data_key_gone, "2 fingerprints do not open, or hold other values than their blind indexes and sizes say"),
        (data_key_gone, "2 fingerprints have no data key"),
        (data_key_of_another, "2 fingerprints do not open, or hold other values than their blind indexes and sizes say"),
        (key_that_is_not_at_hand, "data keys are wrapped under keys of the day that are not at hand: 00000000"),
        (erased_with_a_data_key, "2 erased fingerprints still have a data key"),
        (value_kept_for_nothing, "1 kept value does not open, or is another than its blind index says"),
        (restored_yet_suspended, "1 fingerprint is suspended though its suspension has ended"),
        (active_without_a_decision, "1 fingerprint is active though nobody has ended its suspension"),
        (value_kept_for_nothing, "1 value is kept for a partner though the fingerprint is active"),
    ],
)
def test_each_broken_rule_is_found(
    exchange: Context, phone: Phone, partner: PartnerClient, break_rule: Callable[[], None], finding: str
) -> None:
    from django.db import transaction

    from stillmine.exchange.fsck.findings import findings

    phone.withdraw(phone.open(1, 2, 3).fingerprints[0].id)
    partner.sync()
    partner.acknowledge()
    assert findings() == []
    with transaction.atomic():
        break_rule()
        found = findings()
        transaction.set_rollback(True)
    assert finding in found


@pytest.mark.parametrize(
    "change",
    [
        {"state": "withdrawn"},
        {"state": "withdrawn", "withdrawn_at": START},
        {"sealed_value": None},
        {"quality": None},
        {"withdrawn_at": START},
    ],
)
def test_the_database_refuses_a_withdrawn_fingerprint_with_a_value(exchange: Context, phone: Phone, change: dict[str, object]) -> None:
    from django.db import IntegrityError, transaction

    from stillmine.exchange.rows.cases import Fingerprint

    phone.open(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Fingerprint.objects.update(**change)
