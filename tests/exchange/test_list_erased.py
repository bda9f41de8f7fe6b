# SPDX-License-Identifier: Apache-2.0
"""Of a partner that was set back to asking and has erased the list: nothing is kept to tell it, and nothing is said that it did not say."""

from collections.abc import Callable

import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone, value
from tests.exchange.test_ask_feedback import erased


def kept() -> tuple[int, int]:
    """How many withdrawn values are kept to tell partners, and how many keys of such."""
    from stillmine.exchange.rows.feed import PendingTombstone
    from stillmine.exchange.rows.keys import TombstoneDataKey

    return PendingTombstone.objects.count(), TombstoneDataKey.objects.count()


def set_way(exchange: Context, way: Way) -> None:
    from stillmine.exchange.partners.actions import set_partner

    set_partner(exchange, "Example Social", way=way)


def test_no_value_is_kept_to_tell_who_has_erased_the_list(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.fsck.findings import findings

    def receipt() -> str:
        return str(phone.web.get("/api/v1/case/receipt", headers=phone.headers).json()["note"])

    first, second, _ = [row.id for row in phone.open(1, 2, 3).fingerprints]
    partner.web.get("/stopncii/v1/FetchHashes?startTimestamp=10", headers=partner.stopncii_headers)
    set_way(exchange, Way.ASK)
    phone.withdraw(first)
    assert kept() == (1, 1), "it may still have the list, and be given it again"
    assert "Kept only to tell partners to stop" in receipt()
    assert erased(partner).status_code == 204
    assert kept() == (0, 0)
    phone.withdraw(second)
    assert kept() == (0, 0)
    assert "Kept only" not in receipt()
    set_way(exchange, Way.LIST)
    partner.web.get("/stopncii/v1/FetchHashes?startTimestamp=10", headers=partner.stopncii_headers)
    phone.withdraw()
    assert kept() == (1, 1), "it was given that one again"
    assert findings() == []


def test_who_was_told_of_a_match_and_never_given_it_confirms_nothing(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1)
    partner.sync()
    set_way(exchange, Way.ASK)
    assert erased(partner).status_code == 204
    phone.add(2)
    follower()
    assert answers(partner, value(2))[0][0] == "match"
    phone.withdraw()
    given, only_asked = (row.partners[0] for row in phone.show().fingerprints)
    assert (given.given_on is None, given.withdrawal_confirmed_at is None) == (False, False)
    assert (only_asked.given_on, only_asked.withdrawal_confirmed_at) == (None, None)
    assert only_asked.found_on is not None


@pytest.mark.parametrize("path", ["/api/v1/feed", "/api/v1/feed/snapshot", "/stopncii/v1/FetchHashes?startTimestamp=10"])
def test_its_word_holds_until_a_page_gives_it_something_again(exchange: Context, phone: Phone, partner: PartnerClient, path: str) -> None:
    """Also where it is set back once more before it fetched anything: it has said it, and does not say it again."""

    def is_confirmed(place: int) -> bool:
        phone.withdraw(own[place])
        return phone.show().fingerprints[place].partners[0].withdrawal_confirmed_at is not None

    own = [row.id for row in phone.open(1, 2, 3, 4, 5).fingerprints]
    partner.sync()
    set_way(exchange, Way.ASK)
    assert erased(partner).status_code == 204
    set_way(exchange, Way.LIST)
    assert is_confirmed(0), "nothing was fetched yet"
    set_way(exchange, Way.ASK)
    assert is_confirmed(1)
    set_way(exchange, Way.LIST)
    assert partner.web.get(path, headers=partner.headers | partner.stopncii_headers).status_code == 200
    assert not is_confirmed(2)
    set_way(exchange, Way.ASK)
    assert not is_confirmed(3), "it may still have what it was given"
    assert erased(partner).status_code == 204
    assert is_confirmed(4)


def test_a_page_that_was_under_way_while_it_said_so_is_not_forgotten(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.feed.actions import record_snapshot
    from stillmine.exchange.partners.actions import find_partner

    phone.open(1)
    partner.sync()
    before = find_partner("Example Social")  # as a request that was let in while the list was given
    set_way(exchange, Way.ASK)
    assert erased(partner).status_code == 204
    record_snapshot(exchange, before)
    phone.withdraw()
    assert phone.show().fingerprints[0].partners[0].withdrawal_confirmed_at is None
