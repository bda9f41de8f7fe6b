# SPDX-License-Identifier: Apache-2.0
"""fsck finds whatever is done to the log, or without it, behind the exchange's back."""

from collections.abc import Callable

import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import PartnerClient, Phone, publish


def a_rewritten_entry() -> None:
    from stillmine.exchange.rows.log import Leaf

    leaf = Leaf.objects.get(id=1)
    Leaf.objects.filter(id=1).update(text=leaf.text.replace("Example Social", "Example Forum"))


def a_spoilt_entry() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(place=0).update(text="{}")


def a_missing_entry() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(place=0).update(place=None)


def a_missing_last_entry() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(place=63).update(place=None)


def a_commitment_taken_away() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(id=1).update(items=bytes(Leaf.objects.get(id=1).items)[32:])


def another_hash() -> None:
    from stillmine.exchange.rows.log import Node

    Node.objects.filter(id=1).update(hash=bytes(32))


def a_missing_hash() -> None:
    from stillmine.exchange.rows.log import Node

    Node.objects.filter(id=1).delete()


def another_head() -> None:
    from stillmine.exchange.rows.log import LedgerHead

    LedgerHead.objects.update(size=1, hashes=bytes(32))


def a_checkpoint_of_another_log() -> None:
    from stillmine.exchange.log.key import signing_key
    from stillmine.exchange.rows.log import GivenCheckpoint
    from stillmine.exchange.transaction.context import context

    GivenCheckpoint.objects.create(size=3, note=signing_key(context().secret).sign(3, bytes(32)))


def a_checkpoint_of_the_future() -> None:
    from stillmine.exchange.log.key import signing_key
    from stillmine.exchange.rows.log import GivenCheckpoint
    from stillmine.exchange.transaction.context import context

    GivenCheckpoint.objects.create(size=300, note=signing_key(context().secret).sign(300, bytes(32)))


def another_signature() -> None:
    from stillmine.exchange.rows.log import GivenCheckpoint
    from stillmine.ledger.checkpoint import SigningKey

    GivenCheckpoint.objects.update(note=SigningKey(bytes(32)).sign(5, bytes(32)))


def a_publication_without_padding() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(place=63).update(place=None)


def an_entry_passed_over() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(id=0).update(place=None)


def an_entry_that_nobody_promised() -> None:
    from stillmine.exchange.rows.log import Leaf

    Leaf.objects.filter(place=None).update(publish_by=None)


def a_page_without_its_entry() -> None:
    from stillmine.exchange.rows.feed import Disclosure

    Disclosure.objects.filter(from_sequence=0).update(disclosed_entry=None)


def a_page_with_another_partners_entry() -> None:
    from stillmine.exchange.rows.feed import Disclosure
    from stillmine.exchange.rows.partners import Partner

    Partner.objects.update(name="Renamed")
    assert Disclosure.objects.exists()


def a_page_that_held_more() -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    Fingerprint.objects.filter(position=2).update(ledger_commitment=b"\x01" * 32)


def a_tombstone_page_without_its_entry() -> None:
    from stillmine.exchange.rows.feed import Disclosure

    Disclosure.objects.update(retracted_entry=None)


def a_silent_withdrawal() -> None:
    from stillmine.exchange.rows.log import Mention

    Mention.objects.filter(event="withdrawn").delete()


def a_mention_of_another_entry() -> None:
    from stillmine.exchange.rows.log import Mention

    Mention.objects.filter(event="withdrawn").update(leaf_id=1)


def a_silent_suspension() -> None:
    from stillmine.exchange.rows.feed import Change, Head

    active = Change.objects.get(fingerprint__position=2, superseded_by=None)
    number = Head.objects.get().sequence + 1
    Change.objects.filter(sequence=active.sequence).update(superseded_by=number)
    Change.objects.create(
        sequence=number, fingerprint_id=active.fingerprint_id, state="suspended", is_shown=True, changed_at=Head.objects.get().changed_at
    )
    Head.objects.update(sequence=number, shown_sequence=number)


@pytest.mark.parametrize(
    ("break_rule", "finding"),
    [
        (a_rewritten_entry, "hashes of the ledger are not those of its entries"),
        (a_rewritten_entry, "1 checkpoint that was given out does not fit the ledger"),
        (a_rewritten_entry, "1 disclosure has no fitting entry in the ledger"),
        (a_spoilt_entry, "1 entry of the ledger does not have the form of an entry"),
        (a_missing_entry, "1 entry of the ledger is not at its place: one before it is missing"),
        (a_missing_last_entry, "1 head of the ledger does not fit its entries"),
        (a_commitment_taken_away, "1 entry of the ledger does not fit the commitments kept for it"),
        (another_hash, "1 hash of the ledger is not that of its entries"),
        (a_missing_hash, "1 tree of the ledger has more or fewer nodes than its entries need"),
        (another_head, "1 head of the ledger does not fit its entries"),
        (a_checkpoint_of_another_log, "1 checkpoint that was given out does not fit the ledger"),
        (a_checkpoint_of_the_future, "1 checkpoint that was given out does not fit the ledger"),
        (another_signature, "1 checkpoint that was given out is not signed by this exchange's key"),
        (a_publication_without_padding, "1 publication of the ledger is not padded to a multiple of 64"),
        (an_entry_passed_over, "1 entry of the ledger was passed over by a publication"),
        (an_entry_that_nobody_promised, "1 entry of the ledger waits without a time by which it is published"),
        (a_page_without_its_entry, "1 disclosure has no fitting entry in the ledger"),
        (a_page_with_another_partners_entry, "2 disclosures have no fitting entry in the ledger"),
        (a_page_that_held_more, "1 disclosure has no fitting entry in the ledger"),
        (a_tombstone_page_without_its_entry, "1 disclosure has no fitting entry in the ledger"),
        (a_silent_withdrawal, "1 withdrawal has no entry in the ledger"),
        (a_mention_of_another_entry, "1 mention of a fingerprint is not of an entry that names it"),
        (a_silent_suspension, "1 change to suspended has no entry in the ledger"),
    ],
)
def test_each_broken_rule_of_the_log_is_found(
    exchange: Context, phone: Phone, partner: PartnerClient, break_rule: Callable[[], None], finding: str
) -> None:
    from django.db import connection, transaction

    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.partners.actions import add_key

    first = phone.open(1, 2).fingerprints[0].id
    partner.sync()
    phone.withdraw(first)
    partner.sync()
    partner.acknowledge()
    publish(exchange)
    add_key(exchange, "Example Social")  # waits
    assert findings() == []
    with transaction.atomic():
        with connection.constraint_checks_disabled():
            break_rule()
            found = findings()
        transaction.set_rollback(True)
    assert [line for line in found if finding in line], found
