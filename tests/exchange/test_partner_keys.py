# SPDX-License-Identifier: Apache-2.0
"""Ways, scopes, rotation and health: what each key may do, until when, and what an operator is told."""

from datetime import timedelta

import httpx
import pytest

from stillmine.exchange.rows.scopes import Scope, Way, scopes_of, stored_scopes
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import START, START_MINUTE, Clock, PartnerClient, Phone, code, tick

FEED, FEEDBACK = ("GET", "/api/v1/feed"), ("POST", "/api/v1/feedback")


def refused(client: PartnerClient, method: str, address: str) -> tuple[int, str]:
    """Status and code; a message that can't be read is a key that got in."""
    return code(client.web.request(method, address, headers=client.headers))


def gets_in(client: PartnerClient) -> bool:
    return client.web.get("/api/v1/feed", headers=client.headers).status_code == 200


def test_who_is_added_without_a_word_asks_and_gets_no_list(exchange: Context, web: httpx.Client) -> None:
    from stillmine.exchange.partners.actions import add_partner

    partner, key = add_partner(exchange, "Example Social")
    asking = PartnerClient(web, key)
    assert (partner.way, partner.daily_quota) == ("ask", 1_000_000)
    assert refused(asking, *FEED) == (403, "list_not_given")
    assert refused(asking, *FEEDBACK) == (400, "malformed_message")
    answer = web.get("/stopncii/v1/FetchHashes", headers=asking.stopncii_headers)
    assert code(answer) == (403, "list_not_given")


def test_setting_the_way_changes_every_key_at_once(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import set_partner

    assert gets_in(partner)
    assert set_partner(exchange, "example social", way=Way.ASK, daily_quota=5).daily_quota == 5
    assert refused(partner, *FEED) == (403, "list_not_given")
    assert set_partner(exchange, "example social", way=Way.LIST).daily_quota == 5
    assert gets_in(partner)


@pytest.mark.parametrize("quota", [-1, 2_000_000_001])
def test_a_quota_outside_is_refused(exchange: Context, partner: PartnerClient, quota: int) -> None:
    from stillmine.exchange.partners.actions import set_partner

    with pytest.raises(NotConfiguredError):
        set_partner(exchange, "Example Social", daily_quota=quota)


def test_a_key_may_only_what_its_scopes_say(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import add_key

    reader = PartnerClient(partner.web, add_key(exchange, "Example Social", [Scope.LIST])[1])
    reporter = PartnerClient(partner.web, add_key(exchange, "Example Social", [Scope.FEEDBACK])[1])
    assert gets_in(reader)
    assert refused(reader, *FEEDBACK) == (403, "scope_missing")
    assert refused(reporter, *FEED) == (403, "scope_missing")
    assert refused(reporter, *FEEDBACK) == (400, "malformed_message")
    detail = partner.web.get("/api/v1/feed", headers=reporter.headers).json()["detail"]
    assert detail == "scope: list"


def test_a_scope_that_the_way_does_not_allow_is_not_given(exchange: Context, web: httpx.Client) -> None:
    from stillmine.exchange.partners.actions import add_key, add_partner
    from stillmine.exchange.rows.partners import PartnerKey

    add_partner(exchange, "Example Social")
    with pytest.raises(NotConfiguredError):
        add_key(exchange, "Example Social", [Scope.LIST])
    assert PartnerKey.objects.count() == 1


def test_the_status_says_what_this_key_may_do_now(exchange: Context, web: httpx.Client) -> None:
    from stillmine.exchange.partners.actions import add_key, set_partner

    whole = PartnerClient.add(exchange, web, "Example Social", Way.LIST)
    reader = PartnerClient(web, add_key(exchange, "Example Social", [Scope.LIST, Scope.ASK])[1])

    def scopes() -> list[list[str]]:
        return [web.get("/api/v1/status", headers=client.headers).json()["scopes"] for client in (whole, reader)]

    assert scopes() == [["ask", "feedback", "list", "submit"], ["ask", "list"]]
    set_partner(exchange, "Example Social", way=Way.ASK)
    assert scopes() == [["ask", "feedback", "submit"], ["ask"]]


def test_a_stored_scope_never_goes_over_the_way() -> None:
    stored = stored_scopes([Scope.LIST, Scope.FEEDBACK, Scope.LIST], Way.LIST)
    assert stored == "feedback,list"
    assert scopes_of(stored, Way.ASK) == {Scope.FEEDBACK}
    assert scopes_of("list", Way.ASK) == frozenset()
    assert scopes_of("", Way.ASK) == frozenset(Scope) - {Scope.LIST}
    assert scopes_of("", Way.LIST) == frozenset(Scope)


def test_rotation_leaves_two_keys_until_the_grace_is_over(exchange: Context, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.partners.actions import rotate_key

    newer = PartnerClient(partner.web, rotate_key(exchange, "Example Social", timedelta(days=7))[1])
    clock.now = START_MINUTE + timedelta(days=7, seconds=-1)
    assert gets_in(partner)
    assert gets_in(newer)
    clock.now = START_MINUTE + timedelta(days=7)
    assert refused(partner, *FEED) == (403, "partner_key_ended")
    assert gets_in(newer)
    wrong = PartnerClient(partner.web, partner.key[:-4] + ("AAAA" if not partner.key.endswith("AAAA") else "BBBB"))
    assert refused(wrong, *FEED) == (401, "partner_key_unknown")


def test_rotating_again_never_puts_off_an_end(exchange: Context, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.partners.actions import rotate_key

    second = PartnerClient(partner.web, rotate_key(exchange, "Example Social", timedelta(days=1))[1])
    third = PartnerClient(partner.web, rotate_key(exchange, "Example Social", timedelta(days=30))[1])
    clock.forward(days=2)
    assert [gets_in(client) for client in (partner, second, third)] == [False, True, True]


def test_rotation_touches_only_keys_with_the_same_scopes(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import add_key, rotate_key

    reporter = PartnerClient(partner.web, add_key(exchange, "Example Social", [Scope.FEEDBACK])[1])
    with pytest.raises(NotConfiguredError, match="different scopes"):
        rotate_key(exchange, "Example Social", timedelta())
    with pytest.raises(NotConfiguredError, match="no key with these scopes"):
        rotate_key(exchange, "Example Social", timedelta(), [Scope.SUBMIT])
    newer = PartnerClient(partner.web, rotate_key(exchange, "Example Social", timedelta(), [Scope.FEEDBACK])[1])
    assert refused(reporter, *FEEDBACK) == (403, "partner_key_ended")
    assert refused(newer, *FEED) == (403, "scope_missing")
    assert gets_in(partner)


def test_nothing_is_rotated_where_nothing_works_any_more(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import revoke_key, rotate_key

    revoke_key(exchange, partner.key)
    with pytest.raises(NotConfiguredError, match="no key"):
        rotate_key(exchange, "Example Social", timedelta(days=7))
    for grace in (timedelta(minutes=-1), timedelta(days=91)):
        with pytest.raises(NotConfiguredError, match="grace"):
            rotate_key(exchange, "Example Social", grace)


@pytest.mark.parametrize("text", ["", "7", "d", "7w", "-1d", "7d ", "1.5h", "99999d", "\u0667d"])
def test_a_grace_that_is_not_one(text: str) -> None:
    from stillmine.exchange.commands.command_line import read_span

    with pytest.raises(NotConfiguredError):
        read_span(text)


def test_of_the_last_use_only_the_day_is_kept_and_it_never_goes_back(exchange: Context, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.partners import PartnerKey

    def last_use() -> object:
        return PartnerKey.objects.get().last_used_on

    assert last_use() is None
    partner.web.get("/api/v1/case", headers=partner.headers)
    assert last_use() is None
    partner.fetch()
    assert last_use() == START.date()
    clock.forward(days=-1)
    partner.fetch()
    assert last_use() == START.date()
    clock.forward(days=3)
    partner.fetch()
    assert last_use() == (START + timedelta(days=2)).date()


def test_health_counts_only_withdrawals_of_what_was_given(exchange: Context, partner: PartnerClient, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.partners.actions import find_partner
    from stillmine.exchange.partners.health import partner_health

    def health() -> tuple[int, int]:
        found = partner_health(find_partner("Example Social"), clock())
        return found.changes_behind, found.withdrawals_not_acknowledged

    assert partner_health(find_partner("Example Social"), clock()).last_given_at is None
    case = phone.open(1, 2, 3)
    tick(exchange)
    phone.withdraw(case.fingerprints[0].id)
    assert health() == (0, 0), "who was never given a page is not behind"
    partner.sync()
    assert health() == (3, 0)
    partner.acknowledge()
    assert health() == (0, 0)
    clock.forward(minutes=3)
    phone.withdraw(case.fingerprints[1].id)
    found = partner_health(find_partner("Example Social"), clock())
    assert (found.last_given_at, found.acknowledged_at) == (START_MINUTE, START_MINUTE)
    assert (health(), found.oldest_not_acknowledged) == ((1, 1), START_MINUTE + timedelta(minutes=3))
    partner.sync()
    assert health() == (1, 1)
    partner.acknowledge()
    assert health() == (0, 0)
