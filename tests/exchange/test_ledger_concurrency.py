# SPDX-License-Identifier: Apache-2.0
"""Many append at the same moment: no number is given twice, none is left out, nothing that was done lacks its entry."""

from stillmine.exchange.transaction.context import Context
from stillmine.ledger.checkpoint import read_verifier_key
from stillmine.ledger.proofs import continues
from tests.exchange.exchange_parts import PartnerClient, Phone, publish
from tests.exchange.test_concurrency import at_once

THREADS = 8
TURNS = 6


def test_many_appends_at_once_leave_no_gap_and_lose_none(exchange: Context) -> None:
    from stillmine.exchange.log.actions import record
    from stillmine.exchange.rows.log import Leaf, LedgerHead
    from stillmine.exchange.transaction.tx import tx
    from stillmine.ledger.entry import EventName, read_entry

    def append(thread: int) -> list[int]:
        numbers = []
        for turn in range(TURNS):
            with tx("test.append", exchange.clock) as transaction:
                numbers.append(record(exchange, transaction, EventName.SETTINGS_CHANGED, details={"by": f"{thread}.{turn}"}))
        return numbers

    given = at_once(exchange, *[lambda thread=thread: append(thread) for thread in range(THREADS)])
    assert sorted(number for numbers in given for number in numbers) == list(range(THREADS * TURNS))
    assert all(numbers == sorted(numbers) for numbers in given)
    written = {leaf.id: read_entry(leaf.text).details["by"] for leaf in Leaf.objects.all()}
    assert written == {number: f"{thread}.{turn}" for thread, numbers in enumerate(given) for turn, number in enumerate(numbers)}
    assert LedgerHead.objects.get().recorded == THREADS * TURNS


def test_all_that_is_done_at_once_has_its_entry_and_checkpoints_continue_each_other(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    from collections import Counter

    from stillmine.exchange.rows.feed import Acknowledgement, Disclosure
    from stillmine.exchange.rows.log import Leaf
    from stillmine.ledger.entry import read_entry

    phones = [Phone(phone.web, number.to_bytes(10)) for number in range(THREADS)]
    notes: list[str] = []

    def change(number: int) -> None:
        phones[number].open(number, number + 100)
        phones[number].withdraw()

    def follow(client: PartnerClient) -> None:
        for _ in range(TURNS):
            client.sync(limit=3)
            client.acknowledge()

    def watch() -> None:
        for _ in range(TURNS * 2):
            publish(exchange)
            notes.append(phone.web.get("/api/v1/ledger/checkpoint").text)

    changes = [lambda number=number: change(number) for number in range(THREADS)]
    at_once(exchange, lambda: follow(partner), lambda: follow(other_partner), watch, *changes)

    events = Counter(read_entry(text).event.value for text in Leaf.objects.values_list("text", flat=True))
    assert events["withdrawn"] == THREADS
    assert events["disclosed"] == Disclosure.objects.exclude(disclosed_entry=None).count()
    assert events["retracted"] == Disclosure.objects.exclude(retracted_entry=None).count()
    assert events["acknowledged"] >= Acknowledgement.objects.count() > 0

    key = read_verifier_key(phone.web.get("/api/v1/ledger/key").json()["key"])
    tops = [key.open(note) for note in [*notes, phone.web.get("/api/v1/ledger/checkpoint").text]]
    assert [top.size for top in tops] == sorted(top.size for top in tops)
    assert len({top.size for top in tops}) == TURNS * 2
    for old in tops:
        query = {"from": old.size, "to": tops[-1].size}
        proof = phone.web.get("/api/v1/ledger/consistency", params=query).json()["proof"]
        assert continues(old.size, old.root, tops[-1].size, tops[-1].root, [bytes.fromhex(part) for part in proof])
