# SPDX-License-Identifier: Apache-2.0
"""Ticks: what a list partner can see of openings and withdrawals by asking as often as it likes, one entry at a time."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, suspend, value

SEVERAL = [(1, 2, 3, 4), (11, 12, 13, 14), (21, 22, 23, 24), (31, 32, 33, 34), (41, 42, 43, 44)]
NEXT_TICK = datetime(2026, 11, 22, 14, 6, tzinfo=UTC)


@pytest.fixture
def web(exchange: Context) -> Iterator[httpx.Client]:
    """HTTP into the application as it is served: what was added waits for its tick."""
    transport = httpx.WSGITransport(wsgi_application(exchange), raise_app_exceptions=True, remote_addr="203.0.113.7")
    with httpx.Client(transport=transport, base_url="http://exchange.example") as client:
        yield client


@pytest.fixture
def phones(web: httpx.Client) -> list[Phone]:
    return [Phone(web, secret=bytes([number]) * 10) for number in range(len(SEVERAL))]


def by_one(partner: PartnerClient) -> list[str | None]:
    """Everything after the partner's cursor, a page for each entry."""
    values, has_more = [], True
    while has_more:
        page = partner.fetch(partner.cursor, limit=1)
        values += [entry.value for entry in page.entries]
        partner.entries |= {entry.id: entry for entry in page.entries}
        partner.cursor, has_more = page.cursor, page.has_more
    return values


def neighbours(order: list[int]) -> int:
    """How often two that belong together stand next to each other."""
    return sum(one == other for one, other in pairwise(order))


def test_who_asks_every_second_for_one_entry_sees_no_opening_before_the_tick(
    phones: list[Phone], partner: PartnerClient, clock: Clock
) -> None:
    cursors, seen = set(), []
    for phone, numbers in zip(phones, SEVERAL, strict=True):
        phone.open(*numbers)
        clock.forward(seconds=5)
        seen += by_one(partner)
        cursors.add(partner.cursor)
    assert seen == []
    assert len(cursors) == 1, "a cursor that moves tells of an opening"


def test_at_the_tick_all_comes_at_once_in_random_order(phones: list[Phone], partner: PartnerClient, clock: Clock) -> None:
    for phone, numbers in zip(phones, SEVERAL, strict=True):
        phone.open(*numbers)
    clock.until(NEXT_TICK - timedelta(seconds=1))
    assert by_one(partner) == []
    clock.until(NEXT_TICK)
    cases = {value(number): place for place, numbers in enumerate(SEVERAL) for number in numbers}
    order = [cases[shown or ""] for shown in by_one(partner)]
    assert sorted(order) == sorted(cases.values())
    assert neighbours(order) < neighbours(sorted(order)) - 3


def test_two_cursors_tell_nothing_of_what_lies_between(phones: list[Phone], partner: PartnerClient, clock: Clock) -> None:
    cursors = [partner.fetch().cursor]
    for phone, numbers in zip(phones, SEVERAL, strict=True):
        phone.open(*numbers)
        clock.forward(minutes=2)
        partner.sync()
        cursors.append(partner.cursor or "")
    assert len({len(cursor) for cursor in cursors}) == 1
    assert len(set(cursors)) == len(cursors)
    as_numbers = [int(cursor, 16) for cursor in cursors]
    steps = [later - earlier for earlier, later in pairwise(as_numbers)]
    assert len({step // 2**150 for step in steps}) > 1, "they count"


def test_what_is_withdrawn_before_its_tick_was_never_there(
    phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context
) -> None:
    phone.open(1, 2)
    before = partner.fetch().cursor
    phone.withdraw()
    assert partner.fetch().cursor == before
    clock.forward(minutes=10)
    assert (partner.fetch().entries, partner.fetch().cursor) == ([], before)
    assert partner.fetch_hashes()["hashRecords"] == []
    other_phone.open(3)
    other_phone.withdraw(other_phone.add(4).fingerprints[0].id)
    clock.forward(minutes=2)
    assert by_one(partner) == [value(4)]


def test_a_case_that_is_held_at_once_gives_no_tombstone(phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context) -> None:
    from stillmine.exchange.quarantine.actions import add_bank
    from stillmine.exchange.quarantine.bank_files import BankSource

    add_bank(exchange, "Example news", BankSource((bytes.fromhex(value(1)),), pictures=1))
    phone.open(1)
    clock.forward(minutes=2)
    assert partner.fetch().entries == []


def test_asks_know_additions_at_once(
    phone: Phone, exchange: Context, web: httpx.Client, follower: Callable[[], None], clock: Clock
) -> None:
    asking = PartnerClient.add(exchange, web, "Example Asker", Way.ASK)
    listing = PartnerClient.add(exchange, web, "Example Lister")
    phone.open(1)
    follower()
    assert listing.fetch().entries == []
    ((outcome, own),) = answers(asking, value(1))
    assert outcome == "match"
    clock.forward(minutes=2)
    assert by_one(listing) == [value(1)]
    follower()
    assert answers(asking, value(1)) == [("match", own)]
    phone.withdraw()
    follower()
    assert answers(asking, value(1)) == [("clear", "0" * 32)]


def test_tombstones_come_at_once_and_not_in_the_order_of_the_case(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(*range(1, 13))
    clock.forward(minutes=2)
    partner.sync()
    order = {entry.id: int(place) for place in range(1, 13) for entry in partner.entries.values() if entry.value == value(place)}
    phone.withdraw()
    places = [order[entry.id] for entry in partner.fetch(partner.cursor).entries]
    assert sorted(places) == list(range(1, 13))
    assert places not in (sorted(places), sorted(places, reverse=True))


def test_restored_waits_as_an_addition_does_and_a_flag_does_not(
    phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context
) -> None:
    from stillmine.exchange.protection.flags import flag
    from stillmine.exchange.quarantine.actions import restore_suspended
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.intake import FlagReason
    from stillmine.exchange.transaction.tx import tx
    from stillmine.wire.case import SuspensionReason

    phone.open(1)
    clock.forward(minutes=2)
    partner.sync()
    own = Fingerprint.objects.get().id
    suspend(exchange, [own], SuspensionReason.OPERATOR)
    restore_suspended(exchange, own)
    assert partner.fetch(partner.cursor).entries == []
    clock.forward(minutes=2)
    assert by_one(partner) == [value(1)]
    with tx("test.flag", exchange.clock) as transaction:
        flag(exchange, transaction, [own], FlagReason.FOUND_TOO_OFTEN)
    (entry,) = partner.fetch(partner.cursor).entries
    assert entry.is_flagged


def test_suspended_and_withdrawn_before_it_is_shown_again_is_a_tombstone(
    phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context
) -> None:
    from stillmine.exchange.quarantine.actions import restore_suspended
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.wire.case import SuspensionReason

    phone.open(1)
    clock.forward(minutes=2)
    partner.sync()
    own = Fingerprint.objects.get().id
    suspend(exchange, [own], SuspensionReason.OPERATOR)
    restore_suspended(exchange, own)
    phone.withdraw()
    (entry,) = partner.fetch(partner.cursor).entries
    assert (entry.id in partner.entries, entry.state.value) == (True, "withdrawn")


def test_a_snapshot_is_of_the_last_tick(phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from tests.exchange.test_snapshot import fetch

    phone.open(1, 2)
    clock.forward(minutes=2)
    by_one(partner)
    other_phone.open(3)
    reader, found = fetch(partner)
    assert (reader.head.active, sorted(text for _, text, _ in found.values())) == (2, sorted([value(1), value(2)]))
    assert other_phone.show().fingerprints[0].partners == []
    clock.forward(minutes=2)
    assert [entry.value for entry in partner.fetch(reader.head.cursor).entries] == [value(3)]
    assert [row.partners[0].given_on for row in other_phone.show().fingerprints] == [START_MINUTE.date()]


def test_the_stopncii_shape_tells_the_minute_of_the_tick(phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(1)
    clock.forward(seconds=20)
    other_phone.open(2)
    clock.until(NEXT_TICK + timedelta(seconds=3))
    page = partner.fetch_hashes()
    assert {record["lastModtimestamp"] for record in page["hashRecords"]} == {int(NEXT_TICK.timestamp())}
    assert page["nextSetTimestamp"] == int(NEXT_TICK.timestamp())


def test_the_stopncii_shape_answers_every_start_alike_while_something_waits(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    def answers_from_starts() -> list[bytes]:
        later = int((clock.now + timedelta(days=1)).timestamp())
        fetched = [
            partner.web.get("/stopncii/v1/FetchHashes", params={"startTimestamp": start}, headers=partner.stopncii_headers)
            for start in (0, int(START_MINUTE.timestamp()), later)
        ]
        assert [response.status_code for response in fetched] == [200, 200, 200], fetched[-1].text
        return [response.content for response in fetched]

    before = answers_from_starts()
    phone.open(1, 2)
    assert answers_from_starts() == before
    phone.withdraw()
    clock.forward(minutes=2)
    assert [b'"count":0' in content for content in answers_from_starts()] == [True, True, True], "what was never shown tells nothing later"


def test_a_value_is_withdrawn_in_the_stopncii_shape_while_who_else_has_it_waits(
    phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock
) -> None:
    def statuses() -> list[str]:
        return [record["hashStatus"] for record in partner.fetch_hashes()["hashRecords"]]

    phone.open(1)
    clock.forward(minutes=2)
    assert statuses() == ["Active"]
    other_phone.open(1)
    phone.withdraw()
    assert statuses() == ["Withdrawn"]
    clock.forward(minutes=2)
    assert statuses()[-1] == "Active"


def test_a_clock_that_is_set_back_holds_nothing_up(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(1)
    clock.jump(hours=-5)
    assert by_one(partner) == [value(1)]


def test_upkeep_makes_the_tick_that_nobody_asked_for(phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context) -> None:
    from stillmine.exchange.rows.feed import Change
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    assert run_upkeep(exchange)["ticks of the feed"] == 0
    clock.forward(minutes=2)
    assert run_upkeep(exchange)["ticks of the feed"] == 1
    assert run_upkeep(exchange)["ticks of the feed"] == 0
    assert list(Change.objects.order_by("sequence").values_list("is_shown", flat=True)) == [False, True]


def test_several_workers_make_one_batch(phones: list[Phone], partner: PartnerClient, clock: Clock, exchange: Context) -> None:
    from stillmine.exchange.rows.feed import Change
    from tests.exchange.test_concurrency import at_once

    for phone, numbers in zip(phones, SEVERAL, strict=True):
        phone.open(*numbers)
    clock.forward(minutes=2)
    at_once(exchange, *[partner.fetch] * 6)
    assert Change.objects.filter(is_shown=True).count() == sum(map(len, SEVERAL))
    assert len(by_one(partner)) == sum(map(len, SEVERAL))


def test_a_full_disk_makes_no_tick_and_tombstones_go_out(
    phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.ground.reserve import WHEN_FULL
    from stillmine.exchange.transaction import tx as transactions
    from stillmine.wire.storage_errors import StorageFullError

    def require_room(_home: object, name: str) -> None:
        if name not in WHEN_FULL:
            raise StorageFullError

    phone.open(1)
    clock.forward(minutes=2)
    partner.sync()
    other_phone.open(2)
    clock.forward(minutes=2)
    monkeypatch.setattr(transactions, "require_room", require_room)
    phone.withdraw()
    assert [entry.state.value for entry in partner.fetch(partner.cursor).entries] == ["withdrawn"]
    monkeypatch.undo()
    partner.sync()
    assert partner.active_values() == [value(2)]


def test_cursors_of_before_are_read_and_no_longer_made(phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context) -> None:
    phone.open(1)
    clock.forward(minutes=2)
    partner.sync()
    old = cursor_of_before(exchange, 2)
    assert (partner.fetch(old).entries, partner.fetch(old).cursor) == ([], partner.cursor)
    partner.acknowledge(old)
    phone.withdraw()
    assert [entry.state.value for entry in partner.fetch(old).entries] == ["withdrawn"]
    forged = "3" + old[1:]
    answer = partner.web.get("/api/v1/feed", params={"cursor": forged}, headers=partner.headers)
    assert code(answer) == (400, "feed_cursor_invalid")


def cursor_of_before(exchange: Context, sequence: int) -> str:
    import hmac

    from stillmine.exchange.ground.secret import derive
    from stillmine.exchange.rows.partners import Partner

    key = derive(exchange.secret, "stillmine/partner-cursor-key/v1", bytes.fromhex(Partner.objects.get().random_id))
    return f"{sequence}.{hmac.digest(bytes(key), str(sequence).encode(), 'sha256').hex()[:16]}"


def test_no_number_of_the_sequence_is_in_the_ledger(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.log import Leaf
    from stillmine.ledger.entry import EventName, read_entry

    phone.open(1)
    clock.forward(minutes=2)
    partner.sync()
    partner.acknowledge()
    entries: list[Any] = [read_entry(text) for text in Leaf.objects.values_list("text", flat=True)]
    (details,) = [entry.details for entry in entries if entry.event == EventName.ACKNOWLEDGED]
    assert details == {"cursor": partner.cursor}


def test_fsck_sees_what_was_forgotten(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.rows.feed import Change, Head

    phone.open(1)
    Head.objects.update(waiting_since=None)
    assert findings() == ["1 change waits for a tick that will not come"]
    Head.objects.update(waiting_since=1, shown_sequence=1)
    assert findings() == ["the newest change that is shown is number 0, but the head says 1"]
    Head.objects.update(shown_sequence=0)
    clock.forward(minutes=2)
    partner.sync()
    phone.withdraw()
    shown = Change.objects.filter(is_shown=True)
    shown.filter(state="withdrawn").update(is_shown=False)
    assert "1 fingerprint ended and partners were not told" in findings()
    Change.objects.filter(state="withdrawn").update(is_shown=True)
