# SPDX-License-Identifier: Apache-2.0
"""FetchHashes never skips a record: whatever is written between two pages, wherever a client is cut off, however the clock jumps."""

import random
import threading
from dataclasses import dataclass, field

import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone

STEPS = 60


@dataclass
class OpenClient:
    """Keeps a checkpoint page by page, as `threatexchange` does, and forgets its token whenever it is cut off."""

    client: PartnerClient
    start: int = 10
    token: str | None = None
    active: set[str] = field(default_factory=set)
    times: list[int] = field(default_factory=list)

    def page(self, page_size: int) -> bool:
        """Fetch one page; returns whether there are more."""
        query: dict[str, str | int] = {"pageSize": page_size}
        if self.token:
            query["nextPageToken"] = self.token
        page = self.client.fetch_hashes(self.start_of_run, **query) if self.token else self.client.fetch_hashes(self.start, **query)
        if not self.token:
            self.start_of_run = self.start
        for record in page["hashRecords"]:
            (self.active.add if record["hashStatus"] == "Active" else self.active.discard)(record["hashValue"])
        self.times += [record["lastModtimestamp"] for record in page["hashRecords"]]
        assert page["nextSetTimestamp"] >= self.start
        self.start, self.token = page["nextSetTimestamp"], page["nextPageToken"]
        return bool(page["hasMoreRecords"])

    def cut_off(self) -> None:
        self.token = None

    def to_the_end(self) -> None:
        self.cut_off()
        while self.page(3):
            pass
        self.cut_off()

    start_of_run: int = 10


def active_values(exchange: Context) -> set[str]:
    from stillmine.exchange.protection.values import values_of
    from stillmine.exchange.rows.cases import Fingerprint

    return set(values_of(exchange, list(Fingerprint.objects.filter(state="active"))).values())


class Writers:
    """Persons who open, add and withdraw at any moment."""

    def __init__(self, phone: Phone, chance: random.Random) -> None:
        self.web, self.chance = phone.web, chance
        self.phones: list[Phone] = []
        self.number = 0

    def write(self) -> None:
        self.number += 1
        if len(self.phones) < 2 or self.chance.random() < 0.5:
            self.phones.append(Phone(self.web, self.number.to_bytes(10)))
            self.phones[-1].open(*(self.chance.randrange(40) for _ in range(self.chance.randint(1, 4))))
        else:
            self.phones.pop(self.chance.randrange(len(self.phones))).withdraw()


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 20))])
def test_nothing_is_skipped_whatever_happens_between_two_pages(exchange: Context, phone: Phone, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    client = OpenClient(PartnerClient.add(exchange, phone.web, "Example Forum"))
    writers = Writers(phone, chance)
    for _ in range(STEPS):
        what = chance.random()
        if what < 0.35:
            writers.write()
        elif what < 0.75:
            client.page(chance.choice([1, 2, 3]))
        elif what < 0.85:
            client.cut_off()
        else:
            clock.forward(seconds=chance.choice([1, 29, 60, 61, 660, -1, -45, -61, -600]))
        if chance.random() < 0.1:
            clock.forward(minutes=11)
    client.to_the_end()
    assert client.active == active_values(exchange)


def test_times_never_run_backwards_in_one_pass(exchange: Context, phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    writers = Writers(phone, random.Random(1))
    for seconds in (30, -90, 200, -3600, 61, 5):
        writers.write()
        clock.forward(seconds=seconds)
    client = OpenClient(partner)
    client.to_the_end()
    assert client.times == sorted(client.times)
    assert client.active == active_values(exchange)


def test_nothing_is_skipped_while_others_write_at_the_same_time(exchange: Context, phone: Phone, clock: Clock) -> None:
    from tests.exchange.test_concurrency import at_once

    client = OpenClient(PartnerClient.add(exchange, phone.web, "Example Forum"))
    left = threading.Semaphore(0)

    def write(number: int) -> None:
        writers = Writers(phone, random.Random(number))
        writers.number = number * 1000
        try:
            for _ in range(6):
                writers.write()
                clock.forward(seconds=random.Random(number).choice([40, -70, 61]))
        finally:
            left.release()

    def follow() -> None:
        done = 0
        while done < 3:
            client.page(2)
            done += left.acquire(blocking=False)

    at_once(exchange, follow, *[lambda number=number: write(number) for number in range(1, 4)])
    client.to_the_end()
    assert client.active == active_values(exchange)
