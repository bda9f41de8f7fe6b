# SPDX-License-Identifier: Apache-2.0
"""Whatever people do and whenever partners look: in the end a partner holds exactly what is active.

Random lists of operations over several phones, a native partner and one that knows the StopNCII shape only, under
one clock. Values are few on purpose, so that cases share them and the shape without ids is put to the test.
"""

import random
from dataclasses import dataclass, field

import pytest
from exchange_parts import Clock, PartnerClient, Phone

from stillmine.exchange.context import Context
from stillmine.wire.case import CaseState, CaseView, SuspensionReason

PHONES, VALUES, OPERATIONS = 4, 5, 100


@dataclass
class HashList:
    """A partner in the StopNCII shape that does what that interface means: each record replaces the one before."""

    client: PartnerClient
    start: int = 10
    active: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)

    def sync(self, page_size: int) -> None:
        token: dict[str, object] = {}
        while True:
            page = self.client.fetch_hashes(self.start, pageSize=page_size, **token)
            for record in page["hashRecords"]:
                self.shown.add(record["hashValue"])
                (self.active.add if record["hashStatus"] == "Active" else self.active.discard)(record["hashValue"])
            if not page["hasMoreRecords"]:
                self.start = page["nextSetTimestamp"]
                return
            token = {"nextPageToken": page["nextPageToken"]}


@dataclass
class World:
    """Everybody, and what must be true of them."""

    chance: random.Random
    clock: Clock
    phones: list[Phone]
    native: PartnerClient
    by_value: HashList
    exchange: Context
    generation: int = 0
    opened: set[int] = field(default_factory=set)

    def step(self) -> None:
        operations = [self.open, self.add, self.withdraw_one, self.withdraw_case, self.native_sync, self.one_page, self.value_sync]
        operations += [self.pass_time, self.acknowledge, self.upkeep, self.native_sync, self.value_sync]
        operations += [self.suspend_one, self.restore_one, self.renew]
        self.chance.choice(operations)()

    def numbers(self) -> list[int]:
        return self.chance.sample(range(VALUES), self.chance.randint(1, 3))

    def a_case(self) -> tuple[Phone, CaseView] | None:
        if not self.opened:
            return None
        phone = self.phones[self.chance.choice(sorted(self.opened))]
        return phone, phone.show()

    def open(self) -> None:
        """Open a case on a phone, with a new key where the one before is closed."""
        place = self.chance.randrange(PHONES)
        if place in self.opened:
            if self.phones[place].show().state is CaseState.OPEN:
                return
            self.generation += 1
            self.phones[place] = Phone(self.phones[place].web, (1000 + self.generation).to_bytes(10))
        self.opened.add(place)
        self.phones[place].open(*self.numbers(), term_months=self.chance.choice([1, 24]))

    def add(self) -> None:
        if (case := self.a_case()) and case[1].state is CaseState.OPEN:
            case[0].add(*self.numbers())

    def withdraw_one(self) -> None:
        if case := self.a_case():
            case[0].withdraw(self.chance.choice(case[1].fingerprints).id)

    def withdraw_case(self) -> None:
        if case := self.a_case():
            case[0].withdraw()

    def suspend_one(self) -> None:
        if case := self.a_case():
            from stillmine.exchange.cases.actions import suspend

            suspend(self.exchange, [self.chance.choice(case[1].fingerprints).id], SuspensionReason.OPERATOR)

    def restore_one(self) -> None:
        if case := self.a_case():
            from stillmine.exchange.cases.actions import restore

            restore(self.exchange, [self.chance.choice(case[1].fingerprints).id])

    def renew(self) -> None:
        if (case := self.a_case()) and case[1].state is CaseState.OPEN:
            assert case[0].renew(term_months=self.chance.choice([1, 24])).expires_at >= case[1].expires_at

    def native_sync(self) -> None:
        self.native.sync(limit=self.chance.choice([1, 2, 500]))

    def one_page(self) -> None:
        """Take one page and lose the connection, so that the next sync goes on from there."""
        page = self.native.fetch(self.native.cursor, limit=1)
        self.native.entries |= {entry.id: entry for entry in page.entries}
        self.native.cursor = page.cursor

    def value_sync(self) -> None:
        self.by_value.sync(self.chance.choice([1, 2, 800]))

    def acknowledge(self) -> None:
        if self.native.cursor:
            self.native.acknowledge()

    def pass_time(self) -> None:
        self.clock.forward(minutes=self.chance.choice([1, 11, -3]))
        if self.chance.random() < 0.1:
            self.clock.forward(days=3)

    def upkeep(self) -> None:
        from stillmine.exchange.upkeep import run_upkeep

        assert len(run_upkeep(self.exchange)) == 7

    def active_values(self) -> list[str]:
        from stillmine.exchange.cases.models import Fingerprint
        from stillmine.exchange.cases.values import values_of

        return sorted(values_of(self.exchange, list(Fingerprint.objects.filter(state="active"))).values())

    def check(self) -> None:
        from stillmine.exchange.fsck import findings

        self.native.sync()
        self.by_value.sync(800)
        assert self.native.active_values() == self.active_values()
        assert self.by_value.active == set(self.active_values())
        assert findings() == []


def ended_fingerprints() -> int:
    from stillmine.exchange.cases.models import Fingerprint

    return Fingerprint.objects.filter(state="withdrawn").count()


@pytest.mark.parametrize("seed", range(12))
def test_partners_end_with_exactly_what_is_active(exchange: Context, phone: Phone, clock: Clock, seed: int) -> None:
    web = phone.web
    world = World(
        chance=random.Random(seed),
        clock=clock,
        phones=[Phone(web, number.to_bytes(10)) for number in range(PHONES)],
        native=PartnerClient.add(exchange, web, "Example Social"),
        by_value=HashList(PartnerClient.add(exchange, web, "Example Forum")),
        exchange=exchange,
    )
    for number in range(OPERATIONS):
        world.step()
        if number % 20 == 19:
            world.check()
    world.check()
    assert ended_fingerprints() > 0
    assert len(world.by_value.shown) > 1


def test_a_value_shared_by_cases_that_end_between_two_pages(phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    """The second case keeps the value active when the first ends, and ends itself before its own record was ever fetched."""
    by_value = HashList(partner)
    phone.open(1)
    by_value.sync(800)
    clock.forward(minutes=1)
    phone.withdraw()
    other_phone.open(1)
    page = partner.fetch_hashes(by_value.start + 60, pageSize=1)
    assert [record["hashStatus"] for record in page["hashRecords"]] == ["Active"]
    clock.forward(minutes=1)
    partner.fetch_hashes(by_value.start + 120)
    other_phone.withdraw()
    page = partner.fetch_hashes(by_value.start + 120)
    assert [record["hashStatus"] for record in page["hashRecords"]] == ["Withdrawn"]
