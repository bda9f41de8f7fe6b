# SPDX-License-Identifier: Apache-2.0
"""What a partner that asks is told, finds and decides is one find to the person and one upload to the exchange, whatever its way."""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import PartnerStatus
from tests.exchange.ask_parts import answers, ask
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, feedback_on, value

DAY = START_MINUTE.date()
LATER = DAY + timedelta(days=1)
TOKEN = "ab" * 16


@pytest.fixture
def asking(exchange: Context, web: httpx.Client) -> PartnerClient:
    return PartnerClient.add(exchange, web, "Example Asker", Way.ASK)


def matched(partner: PartnerClient, *kinds_and_values: tuple[str, str]) -> list[str]:
    """Ask about one upload, all under its token, and return the ids that were named, each once."""
    queries = [{"kind": kind, "value": text, "upload_token": TOKEN, "as_it_is": True} for kind, text in kinds_and_values]
    answer = partner.web.post("/api/v1/ask", json={"version": 1, "queries": queries}, headers=partner.headers)
    assert answer.status_code == 200, answer.text
    return list(dict.fromkeys(row["id"] for row in answer.json()["answers"] if row["outcome"] == "match"))


def report(partner: PartnerClient, number: int, entry_ids: list[str], outcome: str = "found") -> dict[str, object]:
    named, *near = entry_ids
    return partner.report(feedback_on(named, number, outcome) | {"near": near, "upload_token": TOKEN})


def seen(phone: Phone, place: int = 0) -> PartnerStatus:
    (status,) = phone.show().fingerprints[place].partners
    return status


def counted() -> list[tuple[int, int]]:
    from stillmine.exchange.rows.intake import MatchCount

    return list(MatchCount.objects.order_by("id").values_list("uploads", "reports"))


def events_of_partner(name: str) -> int:
    from stillmine.exchange.rows.log import Leaf

    return Leaf.objects.filter(text__contains=f'"event":"{name}"').count()


def events(name: str) -> int:
    from stillmine.exchange.rows.log import Mention

    return Mention.objects.filter(event=name).count()


def test_asked_found_and_removed_is_one_find_and_one_upload(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    from stillmine.exchange.rows.feedback import Report

    phone.open(1)
    follower()
    ids = matched(asking, ("pdq", value(1)), ("pdq", value(2)), ("sha256", "ab" * 32))
    assert (seen(phone).found_on, seen(phone).given_on, seen(phone).removed_on) == (DAY, None, None)
    before = seen(phone)
    assert report(asking, 1, ids) == {"accepted": 1, "repeated": 0, "unknown": []}
    assert report(asking, 1, ids) == {"accepted": 0, "repeated": 1, "unknown": []}
    assert seen(phone) == before, "found is what the person was told already"
    assert counted() == [(1, 2)], "one upload, of which was said twice that it matched"
    assert events("matched") == 1
    clock.forward(days=1)
    report(asking, 2, ids, "removed")
    assert (seen(phone).found_on, seen(phone).removed_on, seen(phone).given_on) == (DAY, LATER, None)
    assert counted() == [(1, 2)]
    assert Report.objects.count() == 2


def test_a_find_that_is_reported_a_day_later_keeps_the_day_on_which_it_was_told(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    """What waited while the exchange was away must not move the day that the person has read."""
    phone.open(1)
    follower()
    ids = matched(asking, ("pdq", value(1)))
    clock.forward(days=1)
    report(asking, 1, ids)
    assert seen(phone).found_on == DAY


def test_what_one_upload_matched_of_one_case_is_decided_once(phone: Phone, asking: PartnerClient, follower: Callable[[], None]) -> None:
    """Its picture and its bytes match two fingerprints of the case: both were found, and the decision stands at the one that was named."""
    phone.open(1, fingerprints=[{"kind": "pdq", "value": value(1), "quality": 90}, {"kind": "sha256", "value": "ab" * 32, "quality": 100}])
    follower()
    ids = matched(asking, ("pdq", value(1)), ("sha256", "ab" * 32))
    assert len(ids) == 2
    report(asking, 1, ids)
    report(asking, 2, ids, "removed")
    assert [(seen(phone, place).found_on, seen(phone, place).removed_on) for place in (0, 1)] == [(DAY, DAY), (DAY, None)]
    assert sorted(counted()) == [(1, 1), (1, 2)]


def test_set_back_to_asking_nothing_is_given_and_nothing_false_is_shown(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.partners.actions import set_partner

    phone.open(1, 2)
    partner.sync()
    partner.acknowledge()
    set_partner(exchange, "Example Social", way=Way.ASK)
    for path in ("feed", f"feed?cursor={partner.cursor}", "feed/snapshot"):
        assert code(partner.web.get(f"/api/v1/{path}", headers=partner.headers)) == (403, "list_not_given")
    assert partner.web.get("/stopncii/v1/FetchHashes?startTimestamp=10", headers=partner.stopncii_headers).status_code == 403
    follower()
    clock.forward(days=1)
    assert [outcome for outcome, _ in answers(partner, value(1), value(2), value(3))] == ["match", "match", "clear"]
    assert [(seen(phone, place).given_on, seen(phone, place).found_on) for place in (0, 1)] == [(DAY, LATER)] * 2
    phone.withdraw(phone.show().fingerprints[0].id)
    assert answers(partner, value(1))[0][0] == "clear"
    assert (seen(phone).given_on, seen(phone).withdrawal_confirmed_at) == (DAY, None), "it may still have it"
    phone.add(4)
    follower()
    set_partner(exchange, "Example Social", way=Way.LIST)
    partner.sync()
    assert partner.active_values() == sorted([value(2), value(4)])
    partner.acknowledge()
    assert seen(phone).withdrawal_confirmed_at is not None
    assert (seen(phone, 2).given_on, seen(phone, 2).found_on) == (LATER, None)
    assert findings() == []


def erased(partner: PartnerClient) -> httpx.Response:
    return partner.web.post("/api/v1/feed/acknowledgements", json={"version": 1, "is_erased": True}, headers=partner.headers)


def test_who_erased_the_list_has_confirmed_every_withdrawal_until_it_is_given_again(
    exchange: Context, phone: Phone, partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.partners.actions import find_partner, set_partner
    from stillmine.exchange.partners.health import partner_health

    def confirmed() -> list[datetime | None]:
        return [fingerprint.partners[0].withdrawal_confirmed_at for fingerprint in phone.show().fingerprints[:3]]

    def is_late() -> bool:
        clock.forward(hours=1)
        return partner_health(find_partner("Example Social"), exchange.clock()).is_late

    first, second, third, _ = [row.id for row in phone.open(1, 2, 3, 4).fingerprints]
    partner.sync()
    assert code(erased(partner)) == (409, "list_still_given")
    set_partner(exchange, "Example Social", way=Way.ASK)
    phone.withdraw(first)
    assert (confirmed(), is_late()) == ([None, None, None], True)
    said = exchange.clock().replace(second=0, microsecond=0)
    for _ in range(2):
        assert erased(partner).status_code == 204
        assert confirmed() == [said, None, None]
        assert events_of_partner("acknowledged") == 1
    assert not is_late()
    assert erased(partner).status_code == 204
    assert find_partner("Example Social").erased_list_at == said, "since when it has nothing does not move"
    phone.withdraw(second)
    later = exchange.clock().replace(second=0, microsecond=0)
    assert later > said
    assert confirmed() == [said, later, None]
    assert [row.partners[0].given_on for row in phone.show().fingerprints] == [DAY] * 4
    set_partner(exchange, "Example Social", way=Way.LIST)
    partner.cursor = None
    partner.sync()
    phone.withdraw(third)
    assert confirmed() == [said, later, None], "it has the list again, so its word is waited for"
    assert is_late()
    assert findings() == []


def test_who_was_never_given_the_list_says_nothing_by_having_erased_it(exchange: Context, phone: Phone, asking: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import add_key, find_partner
    from stillmine.exchange.rows.scopes import Scope

    phone.open(1)
    assert erased(asking).status_code == 204
    assert find_partner("Example Asker").erased_list_at is None
    assert events_of_partner("acknowledged") == 0
    reporter = PartnerClient(asking.web, add_key(exchange, "Example Asker", [Scope.FEEDBACK])[1])
    assert code(erased(reporter)) == (403, "scope_missing")
    for body in ({}, {"cursor": "0" * 48, "is_erased": True}, {"cursor": None}):
        answer = asking.web.post("/api/v1/feed/acknowledgements", json={"version": 1, **body}, headers=asking.headers)
        assert code(answer) == (400, "malformed_message")


def test_a_word_of_the_list_holds_at_asks_and_the_other_way_round(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    """The id of a fingerprint is the same in both ways, so feedback that waited while the way changed is taken."""
    from stillmine.exchange.partners.actions import set_partner

    phone.open(1)
    partner.sync()
    (entry,) = partner.entries
    set_partner(exchange, "Example Social", way=Way.ASK)
    follower()
    assert matched(partner, ("pdq", value(1))) == [entry]
    assert report(partner, 1, [entry])["accepted"] == 1
    set_partner(exchange, "Example Social", way=Way.LIST)
    assert report(partner, 2, [entry], "removed")["accepted"] == 1
    assert (seen(phone).found_on, seen(phone).removed_on) == (DAY, DAY)
    assert ask(partner, ("pdq", value(1))).status_code == 200
