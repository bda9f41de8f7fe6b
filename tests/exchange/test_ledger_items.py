# SPDX-License-Identifier: Apache-2.0
"""What an entry says of its size: whoever has a case of their own reads entries about others' fingerprints as well."""

import json
from collections.abc import Callable

import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone, value


def sizes(phone: Phone) -> list[tuple[str, int, set[int]]]:
    """Of each entry that a case is shown: its event, how many items it says, and how long their paths are."""
    ledger = phone.web.get("/api/v1/case/ledger", headers=phone.headers).json()
    shown = [(json.loads(entry["text"]), entry["items"]) for entry in (*ledger["entries"], *ledger["promised"])]
    return [(said["event"], said["items"], {len(item["path"]) for item in items}) for said, items in shown]


@pytest.mark.parametrize("others", [0, 1, 9])
def test_a_case_does_not_see_how_many_fingerprints_of_others_were_given_matched_or_withdrawn_with_its_own(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], others: int
) -> None:
    asking = PartnerClient.add(exchange, partner.web, "Example Asker", Way.ASK)
    phone.open(1)
    if others:
        other = Phone(phone.web, secret=b"other-case")
        other.open(*range(100, 100 + others))
    partner.sync()
    by_value, at_once = (PartnerClient.add(exchange, partner.web, name) for name in ("Example Values", "Example Beginner"))
    partner.web.get("/stopncii/v1/FetchHashes", headers=by_value.stopncii_headers)
    partner.web.get("/api/v1/feed/snapshot", headers=at_once.headers)
    follower()
    answers(asking, value(1), *[value(number) for number in range(100, 100 + others)])
    phone.withdraw()
    if others:
        other.withdraw()
    partner.sync()
    events = ["disclosed", "disclosed", "disclosed", "matched", "withdrawn", "retracted"]
    assert sizes(phone) == [(event, 256, {8}) for event in events]


def test_more_than_256_are_the_next_power_of_two(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.fsck.findings import findings

    phone.open(*range(1, 258))
    partner.sync(limit=1000)
    assert sizes(phone) == [("disclosed", 512, {9})]
    assert findings() == []
