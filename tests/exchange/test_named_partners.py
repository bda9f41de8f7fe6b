# SPDX-License-Identifier: Apache-2.0
"""Who takes part, said to everybody: only what partners agreed to, and nothing that a case moves (spec/named-partners.md)."""

from typing import Any

import httpx
import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.console_parts import Desk, log_lines
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone


def told(web: httpx.Client) -> list[dict[str, Any]]:
    """What a stranger is told."""
    answer = web.get("/api/v1/partners")
    assert (answer.status_code, answer.headers["Cache-Control"], answer.json()["version"]) == (200, "no-store", 1)
    partners: list[dict[str, Any]] = answer.json()["partners"]
    return partners


def publish(exchange: Context, name: str, *sites: str) -> None:
    from stillmine.exchange.partners.naming import publish_partner

    publish_partner(exchange, name, sites)


def test_nobody_is_named_unless_an_operator_says_so(exchange: Context, web: httpx.Client, partner: PartnerClient, clock: Clock) -> None:
    PartnerClient.add(exchange, web, "Aardvark Forum", Way.ASK)
    assert told(web) == []
    publish(exchange, "example social", "threads", "instagram", "threads")
    day = clock().date().isoformat()
    social = {"name": "Example Social", "sites": ["instagram", "threads"], "way": "list", "since": day, "is_connected": False}
    assert told(web) == [social]
    publish(exchange, "Aardvark Forum")
    forum = {"name": "Aardvark Forum", "sites": [], "way": "ask", "since": day, "is_connected": False}
    assert told(web) == [forum, social]


def test_unpublished_and_revoked_partners_are_named_no_more(exchange: Context, web: httpx.Client, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import revoke_partner
    from stillmine.exchange.partners.naming import unpublish_partner

    PartnerClient.add(exchange, web, "Example Forum")
    for name in ("Example Social", "Example Forum"):
        publish(exchange, name, "reddit")
    unpublish_partner(exchange, "Example Forum")
    assert [one["name"] for one in told(web)] == ["Example Social"]
    revoke_partner(exchange, "Example Social")
    assert told(web) == []
    with pytest.raises(NotConfiguredError):
        publish(exchange, "Example Social")


def test_the_day_stays_while_it_is_named(exchange: Context, web: httpx.Client, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.partners.naming import unpublish_partner

    first = clock().date().isoformat()
    publish(exchange, "Example Social")
    clock.forward(days=3)
    publish(exchange, "Example Social", "imgur")
    assert told(web)[0]["since"] == first
    unpublish_partner(exchange, "Example Social")
    publish(exchange, "Example Social")
    assert told(web)[0]["since"] == clock().date().isoformat()


def test_a_partner_that_was_in_touch_within_a_week_is_connected(
    exchange: Context, web: httpx.Client, partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.partners.actions import revoke_key

    publish(exchange, "Example Social")
    partner.sync()
    assert told(web)[0]["is_connected"]
    clock.forward(days=7)
    assert told(web)[0]["is_connected"]
    clock.forward(days=1)
    assert not told(web)[0]["is_connected"]
    partner.sync()
    assert told(web)[0]["is_connected"]
    revoke_key(exchange, partner.key)
    assert not told(web)[0]["is_connected"]


def test_nothing_that_happens_to_a_case_moves_what_is_said(
    exchange: Context, web: httpx.Client, phone: Phone, partner: PartnerClient
) -> None:
    publish(exchange, "Example Social", "instagram")
    partner.sync()
    before = told(web)
    phone.open(1, 2)
    assert told(web) == before
    partner.sync()
    phone.withdraw()
    assert told(web) == before
    partner.sync()
    partner.acknowledge()
    assert told(web) == before


@pytest.mark.parametrize("site", ["Instagram", "a b", "-x", "x" * 41, "https://example.com", "ä"])
def test_a_site_that_is_no_id_is_refused(exchange: Context, web: httpx.Client, partner: PartnerClient, site: str) -> None:
    with pytest.raises(NotConfiguredError, match="sites"):
        publish(exchange, "Example Social", site)
    assert told(web) == []


def test_so_are_too_many(exchange: Context, partner: PartnerClient) -> None:
    with pytest.raises(NotConfiguredError, match="at most 20"):
        publish(exchange, "Example Social", *(f"site-{number}" for number in range(21)))
    publish(exchange, "Example Social", *("x" * 38 + f"{number:02}" for number in range(20)))


def test_naming_is_recorded_in_the_ledger(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.naming import unpublish_partner
    from stillmine.exchange.rows.log import Leaf

    publish(exchange, "Example Social", "instagram", "threads")
    unpublish_partner(exchange, "Example Social")
    unpublish_partner(exchange, "Example Social")
    changed = [leaf.text for leaf in Leaf.objects.order_by("id") if '"named"' in leaf.text]
    assert len(changed) == 2
    assert '"sites":"instagram,threads"' in changed[0]
    assert '"named":"no"' in changed[1]


def test_a_manager_names_a_partner_in_the_console(manager: Desk, web: httpx.Client, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.partners import Partner

    here = f"/console/partners/{Partner.objects.get().id}"
    assert "<dt>Named in public</dt><dd>No</dd>" in manager.get(here).text
    assert manager.post(f"{here}/naming", f"{here}/naming", named="yes", sites=" threads, instagram").status_code == 303
    assert told(web)[0]["sites"] == ["instagram", "threads"]
    assert ", for instagram, threads" in manager.get(here).text
    refused = manager.post(f"{here}/naming", f"{here}/naming", named="yes", sites="<b>")
    assert (refused.status_code, "&lt;b&gt;" in refused.text, "Sites: their ids" in refused.text) == (422, True, True)
    assert manager.post(f"{here}/naming", f"{here}/naming", named="no", sites="threads").status_code == 303
    assert told(web) == []
    assert [line[1:] for line in log_lines()[-3:]] == [
        ("partner_changed", "Example Social", "done"),
        ("partner_changed", "Example Social", "refused"),
        ("partner_changed", "Example Social", "done"),
    ]
