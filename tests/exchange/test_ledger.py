# SPDX-License-Identifier: Apache-2.0
"""The exchange's log through HTTP: what is written when, what anybody sees, what only the person sees."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.ledger.checkpoint import Checkpoint, read_verifier_key
from stillmine.ledger.entry import commitment, entry_hash, ledger_salt
from stillmine.ledger.promise import open_promise
from stillmine.ledger.proofs import continues, includes
from stillmine.ledger.tree import CompactRange, leaf_hash
from stillmine.wire.case_key import credentials
from stillmine.wire.ledger import CaseLedger, LedgerEntry, LedgerPromised
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, opening, publish, tick, value


def log(*fields: str) -> list[tuple[Any, ...]]:
    """The entries so far, in the order of recording and without padding, as event and these fields."""
    from stillmine.exchange.rows.log import Leaf

    rows = list(Leaf.objects.order_by("id"))
    named = [{"items": len(bytes(row.items)) // 32 or None} for row in rows]
    entries = [json.loads(row.text) | own for row, own in zip(rows, named, strict=True)]
    return [(entry["event"], *(entry.get(name) for name in fields)) for entry in entries if entry["event"] != "padding"]


def checkpoint(web: httpx.Client) -> Checkpoint:
    note = web.get("/api/v1/ledger/checkpoint")
    assert note.headers["Content-Type"] == "text/plain; charset=utf-8"
    return read_verifier_key(web.get("/api/v1/ledger/key").json()["key"]).open(note.text)


def hashes(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def case_ledger(phone: Phone) -> CaseLedger:
    answer = phone.web.get("/api/v1/case/ledger", headers=phone.headers)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=CaseLedger)


Told = tuple[str, str | None, list[str]]
"""Event, partner, fingerprint ids."""


def told(phone: Phone) -> list[Told]:
    """Check everything in a case's ledger as its device does, published or promised; returns what each entry says."""
    ledger = case_ledger(phone)
    key = read_verifier_key(ledger.key)
    top = key.open(ledger.checkpoint)
    for entry in ledger.entries:
        assert includes(top.root, top.size, entry.place, entry_hash(entry.text), hashes(entry.path))
    for one in ledger.promised:
        assert open_promise(key, one.promise).leaf == entry_hash(one.text)
    entries: list[LedgerEntry | LedgerPromised] = [*ledger.entries, *ledger.promised]
    return [_told_by(entry, phone) for entry in entries]


def _told_by(entry: LedgerEntry | LedgerPromised, phone: Phone) -> Told:
    salt = ledger_salt(bytes(credentials(phone.secret).token))
    fields = json.loads(entry.text)
    for item in entry.items:
        ours = leaf_hash(commitment(salt, item.fingerprint_id))
        assert includes(bytes.fromhex(fields["root"]), fields["items"], item.place, ours, hashes(item.path))
    return fields["event"], fields.get("partner"), [item.fingerprint_id for item in entry.items]


def proved(phone: Phone, exchange: Context) -> list[Told]:
    """The same, once as it stands and once when all of it is published: both say the same, in the same order."""
    before = told(phone)
    publish(exchange)
    assert case_ledger(phone).promised == []
    assert told(phone) == before
    return before


def test_a_whole_story_is_written_in_order(phone: Phone, partner: PartnerClient) -> None:
    first = phone.open(1, 2, 3).fingerprints[0].id
    partner.sync()
    cursor = partner.cursor
    partner.acknowledge()
    phone.withdraw(first)
    partner.sync()
    phone.withdraw()
    assert log("partner", "items") == [
        ("partner_added", "Example Social", None),
        ("disclosed", "Example Social", 3),
        ("acknowledged", "Example Social", None),
        ("withdrawn", None, 1),
        ("retracted", "Example Social", 1),
        ("withdrawn", None, 2),
    ]
    assert log("details")[1:3] == [("disclosed", {"shape": "native"}), ("acknowledged", {"cursor": cursor})]
    assert {day for _, day in log("day")} == {"2026-11-22"}
    assert len({salt for _, salt in log("salt")}) == 6


def test_expiry_has_a_word_of_its_own(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.protection.expiry import expire_cases

    phone.open(1, 2, term_months=1)
    clock.forward(days=32)
    expire_cases(exchange)
    assert log("items", "day") == [("expired", 2, "2026-12-24")]


def test_suspension_and_return_are_written(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.protection.transitions import move_fingerprints
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.transaction.tx import tx
    from stillmine.wire.case import FingerprintState

    phone.open(1, 2)
    for state in (FingerprintState.SUSPENDED, FingerprintState.ACTIVE):
        with tx("test.move", exchange.clock) as transaction:
            move_fingerprints(exchange, transaction, [Fingerprint.objects.get(position=2)], state)
    assert log("items") == [("suspended", 1), ("restored", 1)]
    assert [event for event, _, _ in proved(phone, exchange)] == ["suspended", "restored"]


def test_partners_and_keys_are_written_once(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import add_key, revoke_key, revoke_partner

    key_id = add_key(exchange, "Example Social")[1].split("_")[1]
    for _ in range(2):
        revoke_key(exchange, key_id)
    for _ in range(2):
        revoke_partner(exchange, "Example Social")
    first = partner.key.split("_")[1]
    assert log("partner", "details") == [
        ("partner_added", "Example Social", {"key": first, "way": "list", "scopes": "ask,feedback,list,submit"}),
        ("key_added", "Example Social", {"key": key_id, "way": "list", "scopes": "ask,feedback,list,submit"}),
        ("key_revoked", "Example Social", {"key": key_id}),
        ("partner_revoked", "Example Social", {"keys": "1"}),
    ]


def test_the_same_page_again_is_the_same_disclosure(phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.feed import Disclosure

    phone.open(1, 2)
    for _ in range(3):
        partner.fetch()
        partner.fetch_hashes()
    partner.fetch(partner.fetch().cursor)
    assert log("items", "details")[1:] == [("disclosed", 2, {"shape": "native"}), ("disclosed", 2, {"shape": "stopncii"})]
    assert [(row.disclosed_entry_id, row.retracted_entry_id) for row in Disclosure.objects.order_by("id")] == [(1, None), (2, None)]
    phone.add(3)
    partner.fetch()
    assert log("items")[-1] == ("disclosed", 3)


def test_a_page_of_both_has_two_entries(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.rows.feed import Disclosure

    opened = phone.open(1, 2, 3)
    tick(exchange)
    phone.withdraw(opened.fingerprints[0].id)
    partner.sync()
    assert log("items")[-2:] == [("disclosed", 2), ("retracted", 1)]
    assert list(Disclosure.objects.values_list("disclosed_entry", "retracted_entry")) == [(2, 3)]


def test_what_the_stopncii_shape_leaves_out_is_not_written_as_given(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    phone.post("case/fingerprints", {"version": 1, "fingerprints": [{"kind": "sha256", "value": "ab" * 32, "quality": 100}]})
    first = phone.show().fingerprints[0].id
    partner.fetch_hashes()
    phone.withdraw()
    partner.fetch_hashes()
    assert log("items")[1:] == [("disclosed", 1), ("withdrawn", 2), ("retracted", 1)]
    ours = proved(phone, exchange)
    assert [(event, len(ids)) for event, _, ids in ours] == [("disclosed", 1), ("withdrawn", 2), ("retracted", 1)]
    assert ours[0][2] == ours[2][2] == [first]


def test_a_tombstone_nobody_was_told_of_is_not_written_as_told(phone: Phone, partner: PartnerClient) -> None:
    phone.withdraw(phone.open(1, 2).fingerprints[0].id)
    partner.fetch_hashes()
    assert log("items")[1:] == [("withdrawn", 1), ("disclosed", 1)]


def test_another_case_named_beside_a_tombstone_is_written_as_given(
    exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock
) -> None:
    """One value, two cases: the partner's record of the withdrawn one names the other case's fingerprint, outside of its page."""
    other = other_phone.open(1).fingerprints[0].id
    phone.open(1)
    partner.fetch_hashes()
    clock.forward(minutes=5)
    phone.withdraw()
    page = partner.fetch_hashes(int(clock.now.timestamp()) // 60 * 60)
    assert [record["hashStatus"] for record in page["hashRecords"]] == ["Active"]
    assert log("items")[-2:] == [("disclosed", 1), ("retracted", 1)]
    assert proved(other_phone, exchange) == [("disclosed", "Example Social", [other])] * 2


def test_a_person_sees_the_first_disclosure_to_each_partner(
    exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    opened = phone.open(1, 2).fingerprints
    first = partner.fetch().entries[0].value
    ids = [row.id for row in sorted(opened, key=lambda row: row.value != first)]
    other_phone.open(7)
    partner.fetch()
    other_partner.fetch(limit=1)
    partner.fetch()
    phone.withdraw(ids[0])
    partner.fetch()
    found = proved(phone, exchange)
    assert [(event, name, sorted(who)) for event, name, who in found] == [
        ("disclosed", "Example Social", sorted(ids)),
        ("disclosed", "Example Forum", ids[:1]),
        ("withdrawn", None, ids[:1]),
        ("retracted", "Example Social", ids[:1]),
    ]
    assert len(log()) == 2 + 6
    assert [(event, name) for event, name, _ in proved(other_phone, exchange)] == [("disclosed", "Example Social")]


def test_another_case_is_not_told_of(exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient) -> None:
    mine = phone.open(1).fingerprints[0].id
    theirs = other_phone.open(2).fingerprints[0].id
    partner.sync()
    assert proved(phone, exchange) == [("disclosed", "Example Social", [mine])]
    text = phone.web.get("/api/v1/case/ledger", headers=phone.headers).text
    assert theirs not in text
    assert value(2) not in text
    salt = ledger_salt(bytes(credentials(other_phone.secret).token))
    assert commitment(salt, theirs).hex() not in text


def test_a_closed_case_can_still_be_proved(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    phone.withdraw()
    assert [event for event, _, _ in proved(phone, exchange)] == ["disclosed", "withdrawn"]


def test_anybody_can_rebuild_the_signed_root(exchange: Context, web: httpx.Client, phone: Phone, partner: PartnerClient) -> None:
    phone.open(*range(1, 8))
    for number in range(6):
        partner.fetch(limit=number + 1)
    assert publish(exchange) == 64
    top = checkpoint(web)
    assert (top.size, len(log())) == (64, 7)
    first = web.get("/api/v1/ledger/leaves", params={"limit": 3}).json()
    rest = web.get("/api/v1/ledger/leaves", params={"start": 3}).json()
    assert (first["start"], len(first["leaves"]), rest["start"]) == (0, 3, 3)
    tree = CompactRange()
    for leaf in hashes([*first["leaves"], *rest["leaves"]]):
        tree, _ = tree.with_leaf(leaf)
    assert (tree.size, tree.root()) == (top.size, top.root)
    assert web.get("/api/v1/ledger/leaves", params={"start": 64}).json()["leaves"] == []


def test_each_size_continues_each_one_before(exchange: Context, web: httpx.Client, phone: Phone, partner: PartnerClient) -> None:
    phone.open(*range(1, 20))
    tops = [checkpoint(web)]
    for number in range(1, 6):
        partner.fetch(limit=number)
        publish(exchange)
        tops.append(checkpoint(web))
    assert [top.size for top in tops] == [0, 64, 128, 192, 256, 320]
    for place, old in enumerate(tops):
        for new in tops[place:]:
            answer = web.get("/api/v1/ledger/consistency", params={"from": old.size, "to": new.size}).json()
            assert (answer["from_size"], answer["to_size"]) == (old.size, new.size)
            assert continues(old.size, old.root, new.size, new.root, hashes(answer["proof"]))


def test_nothing_leaves_that_no_checkpoint_stands_for(exchange: Context, web: httpx.Client, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    assert checkpoint(web).size == 0
    assert web.get("/api/v1/ledger/leaves").json()["leaves"] == []
    assert code(web.get("/api/v1/ledger/consistency", params={"from": 0, "to": 1})) == (400, "malformed_message")
    publish(exchange)
    assert checkpoint(web).size == 64
    assert len(web.get("/api/v1/ledger/leaves").json()["leaves"]) == 64


@pytest.mark.parametrize(
    "query",
    [
        "leaves?start=-1",
        "leaves?limit=0",
        "leaves?limit=4097",
        "leaves?start=x",
        "consistency",
        "consistency?from=1",
        "consistency?from=2&to=1",
    ],
)
def test_wrong_numbers_are_refused(web: httpx.Client, phone: Phone, partner: PartnerClient, query: str) -> None:
    phone.open(1)
    partner.sync()
    checkpoint(web)
    assert code(web.get(f"/api/v1/ledger/{query}")) == (400, "malformed_message")


def test_a_checkpoint_is_kept_and_stays_the_same(exchange: Context, web: httpx.Client, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.log import GivenCheckpoint

    first = web.get("/api/v1/ledger/checkpoint").text
    assert web.get("/api/v1/ledger/checkpoint").text == first
    phone.open(1)
    partner.sync()
    assert web.get("/api/v1/ledger/checkpoint").text == first
    publish(exchange)
    second = web.get("/api/v1/ledger/checkpoint").text
    assert list(GivenCheckpoint.objects.order_by("size").values_list("size", "note")) == [(0, first), (64, second)]


def test_an_empty_log_has_a_checkpoint_too(web: httpx.Client) -> None:
    assert checkpoint(web).size == 0


def test_what_fails_is_not_written(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    before = log()
    assert phone.post("case", opening(2)).status_code == 409
    assert phone.post("case/withdraw", {"version": 1, "fingerprint_id": "0" * 32}).status_code == 404
    assert log() == before


def test_an_entry_is_undone_with_what_it_records(exchange: Context, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.protection import withdrawal
    from stillmine.exchange.rows.log import LedgerHead, Node

    def stop(*arguments: object) -> None:
        raise RuntimeError

    phone.open(1)
    monkeypatch.setattr(withdrawal, "close_case", stop)
    assert phone.post("case/withdraw", {"version": 1}).status_code == 500
    assert (log(), Node.objects.count(), LedgerHead.objects.get().recorded) == ([], 0, 0)
    assert phone.show().fingerprints[0].value == value(1)


def test_fingerprints_of_before_the_log_are_left_out(phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    phone.open(1, 2)
    Fingerprint.objects.filter(position=1).update(ledger_commitment=None)
    partner.sync()
    Fingerprint.objects.update(ledger_commitment=None)
    partner.fetch(limit=1)
    assert log("items")[1:] == [("disclosed", 1), ("disclosed", None)]
    assert told(phone) == []
