# SPDX-License-Identifier: Apache-2.0
"""Whatever people, partners and operators do, over whatever network and clock: what is withdrawn never matches again, and all is told.

`simulated_world.py` says who does what and what must be true. A failure names its seed and how many operations it took; keep such a seed
as a test of its own.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone
from tests.exchange.simulated_network import Network
from tests.exchange.simulated_partners import ValueList
from tests.exchange.simulated_witness import Witness
from tests.exchange.simulated_world import WEIGHTS, World

SMALL_WORK = 4
"""Zero bits: a proof takes a few hundred hashes."""


@pytest.fixture
def world_of(exchange: Context, clock: Clock, follower: Callable[[], None]) -> Iterator[Callable[[int], World]]:
    """Make the world of a seed."""
    usual = exchange.intake
    object.__setattr__(exchange, "intake", replace(usual, work_zero_bits=SMALL_WORK))

    def make(seed: int) -> World:
        chance, witness = random.Random(seed), Witness()
        return World(chance, clock, exchange, Network(wsgi_application(exchange), chance, witness), witness, follower)

    yield make
    object.__setattr__(exchange, "intake", usual)


def run(world: World, seed: int, operations: int, check_every: int) -> None:
    """Run so many operations; whatever fails says where."""
    try:
        for number in range(1, operations + 1):
            world.step()
            if number % check_every == 0:
                world.check()
        world.check()
    except Exception as error:
        error.add_note(f"seed {seed}, operation {world.number}; done so far: {world.done}")
        raise


@pytest.mark.parametrize("seed", range(2))
def test_what_is_withdrawn_never_matches_again_and_all_is_told(world_of: Callable[[int], World], seed: int) -> None:
    world = world_of(seed)
    run(world, seed, operations=350, check_every=50)
    assert min(world.network.counts.values()) > 0
    assert len(world.ended) > 5
    assert world.witness.given
    assert world.witness.given_by_value
    assert world.witness.matched


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_020))
def test_a_hundred_thousand_operations(world_of: Callable[[int], World], seed: int) -> None:
    world = world_of(seed)
    run(world, seed, operations=5_000, check_every=250)
    assert set(world.done) == {operation.__name__ for operation in WEIGHTS}, "something was never done"


def test_a_value_shared_by_cases_that_end_between_two_pages(phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    """The second case keeps the value active when the first ends, and ends itself before its own record was ever fetched."""
    by_value = ValueList(partner)
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
