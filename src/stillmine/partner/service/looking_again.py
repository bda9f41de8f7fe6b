# SPDX-License-Identifier: Apache-2.0
"""How a service looks uploads up again that it remembered: at the exchange that it follows, in the ways in use, as its policy says."""

from stillmine.partner.asking.look_up import AskWay
from stillmine.partner.asking.queries import queries_of
from stillmine.partner.following.following import Following
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.older.looking import Ways
from stillmine.partner.older.older_content import OlderContent
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import OwnNegativeBank, Policy, Source, Sources
from stillmine.partner.screening.way_in_use import WayInUse
from stillmine.partner.store.store import Store


def let_look_again(
    older: OlderContent,
    screening: Screening,
    following: Following,
    ways: tuple[WayInUse, ListWay, AskWay],
    wanted: tuple[Policy, Store, OwnNegativeBank | None],
) -> None:
    """Give what remembers uploads what it takes to look them up: list and exchange, and what the platform wants of what they find."""
    way, listing, asking = ways
    policy, store, bank = wanted
    at_list, at_exchange = (Sources([Source(policy, one, None, store.values_of)], bank) for one in (listing, asking))
    found_in = Ways(lambda: way.use, at_list, at_exchange, lambda: asking.problem, lambda made: len(queries_of(made)))
    older.looks_with(screening, found_in, lambda: following.status)
