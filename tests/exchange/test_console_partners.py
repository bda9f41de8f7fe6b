# SPDX-License-Identifier: Apache-2.0
"""Partners in the console: added, changed, given keys and revoked, and how they do."""

import re

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.console_parts import Desk, log_lines
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, tick


@pytest.mark.parametrize("way", [{}, {"way": "ask"}, {"way": "everything"}])
def test_a_partner_gets_no_list_unless_that_is_chosen(manager: Desk, web: httpx.Client, way: dict[str, str]) -> None:
    page = manager.post("/console/partners/add", "/console/partners/add", name="Example Video", **way)
    key = re.search(r"smk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", page.text)[0]  # type: ignore[index]
    assert code(web.get("/api/v1/feed", headers={"Authorization": f"Bearer {key}"})) == (403, "list_not_given")


def test_a_partner_is_added_and_its_key_shown_once(manager: Desk, web: httpx.Client, exchange: Context) -> None:
    page = manager.post("/console/partners/add", "/console/partners/add", name="Example Social", way="list")
    key = re.search(r"smk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", page.text)[0]  # type: ignore[index]
    partner = PartnerClient(web, key)
    assert partner.fetch().entries == []
    again = manager.post("/console/partners/add", "/console/partners/add", name="example social")
    assert (again.status_code, "with this name already exists" in again.text) == (422, True)
    number = re.search(r"/console/partners/(\d+)", manager.get("/console/partners").text)[1]  # type: ignore[index]
    here = f"/console/partners/{number}"
    second = manager.post(f"{here}/keys/add", f"{here}/keys/add")
    new_key = re.search(r"smk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", second.text)[0]  # type: ignore[index]
    assert PartnerClient(web, new_key).fetch().entries == []
    for path in ("/console/", "/console/partners", here, "/console/log"):
        assert "smk_" not in manager.get(path).text
    revoking = re.search(rf"{here}/keys/\d+/revoke", manager.get(here).text)[0]  # type: ignore[index]
    assert key.split("_")[1] in manager.get(revoking).text
    assert manager.post(revoking, revoking).status_code == 303
    assert code(web.get("/api/v1/feed", headers=partner.headers)) == (403, "partner_key_revoked")
    assert PartnerClient(web, new_key).fetch().entries == []
    assert manager.post(f"{here}/revoke", f"{here}/revoke").status_code == 303
    assert code(web.get("/api/v1/feed", headers={"Authorization": f"Bearer {new_key}"})) == (403, "partner_key_revoked")
    refused = manager.post(f"{here}/keys/add", f"{here}/keys/add")
    assert (refused.status_code, "this partner was revoked" in refused.text) == (422, True)
    assert [line[1:] for line in log_lines()[3:]] == [
        ("partner_added", "Example Social", "done"),
        ("partner_added", "example social", "refused"),
        ("key_added", "Example Social", "done"),
        ("key_revoked", key.split("_")[1], "done"),
        ("partner_revoked", "Example Social", "done"),
        ("key_added", "Example Social", "refused"),
    ]
    assert {line[0] for line in log_lines()[3:]} == {"Mia Manager"}
    log = manager.get("/console/log").text
    assert "partner revoked, Example Social" in log
    assert log.index("partner revoked") < log.index("operator added")


def test_health_follows_what_a_partner_confirms(
    manager: Desk, phone: Phone, partner: PartnerClient, exchange: Context, clock: Clock
) -> None:
    from stillmine.exchange.console.partner_rows import partner_rows

    def health() -> tuple[int, int, bool]:
        found = partner_rows(exchange, exchange.clock())[0]
        return found.health.changes_behind, found.health.withdrawals_not_acknowledged, found.needs_attention

    assert health() == (0, 0, False)
    assert "Has not taken a page yet" in manager.get("/console/partners").text
    view = phone.open(1, 2)
    partner.sync()
    assert health() == (2, 0, False)
    partner.acknowledge()
    assert health() == (0, 0, False)
    assert "In step" in manager.get("/console/partners").text
    phone.withdraw(view.fingerprints[0].id)
    phone.add(3)
    assert health() == (1, 1, False)
    tick(exchange)
    assert health() == (2, 1, False)
    clock.forward(minutes=5)
    assert health() == (2, 1, True)
    overview = manager.get("/console/").text
    assert 'Example Social</a> has not confirmed changes since <time datetime="2026-11-22T14:05Z">' in overview
    assert "Withdrawals that a partner has not confirmed yet: 1" in overview
    partner.sync()
    partner.acknowledge()
    assert health() == (0, 0, False)
    phone.withdraw(phone.add(4).fingerprints[-1].id)  # before its tick: it was never there
    assert health() == (0, 0, False)


def key_on(page: str) -> str:
    return re.search(r"smk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", page)[0]  # type: ignore[index]


def test_a_partner_is_set_to_another_way_and_another_quota(manager: Desk, partner: PartnerClient, web: httpx.Client) -> None:
    here = re.search(r"/console/partners/\d+", manager.get("/console/partners").text)[0]  # type: ignore[index]
    change = f"{here}/change"
    assert "Queries a day" in manager.get(change).text
    assert manager.post(change, change, way="ask", quota="7").status_code == 303
    assert code(web.get("/api/v1/feed", headers=partner.headers)) == (403, "list_not_given")
    assert web.get("/api/v1/status", headers=partner.headers).json()["queries_a_day"] == 7
    page = manager.get(here).text
    assert "It asks and gets no list" in page
    for wrong in ("", "-1", "1e3", "99999999999", "٣"):
        refused = manager.post(change, change, way="list", quota=wrong)
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True), wrong
    assert code(web.get("/api/v1/feed", headers=partner.headers)) == (403, "list_not_given")
    assert manager.post(change, change, way="list", quota="8").status_code == 303
    assert partner.fetch().entries == []


def test_a_key_takes_the_place_of_another_without_a_gap(manager: Desk, partner: PartnerClient, web: httpx.Client, clock: Clock) -> None:
    here = re.search(r"/console/partners/\d+", manager.get("/console/partners").text)[0]  # type: ignore[index]
    adding = f"{here}/keys/add"
    assert manager.get(adding).text.count('type="checkbox"') == 4
    newer = PartnerClient(web, key_on(manager.post(adding, adding, grace="7").text))
    assert partner.fetch().entries == newer.fetch().entries == []
    assert "Ends 29 Nov 2026" in re.sub(r"<[^>]*>", "", manager.get(here).text)
    clock.forward(days=7)
    manager.sign_in()
    assert code(web.get("/api/v1/feed", headers=partner.headers)) == (403, "partner_key_ended")
    assert newer.fetch().entries == []
    assert f"Revoke key {partner.key.split('_')[1]}" not in manager.get(here).text


def test_a_key_may_be_limited(manager: Desk, partner: PartnerClient, web: httpx.Client) -> None:
    here = re.search(r"/console/partners/\d+", manager.get("/console/partners").text)[0]  # type: ignore[index]
    adding = f"{here}/keys/add"
    key = key_on(manager.post(adding, adding, scope="feedback").text)
    assert code(web.get("/api/v1/feed", headers={"Authorization": f"Bearer {key}"})) == (403, "scope_missing")
    assert "May: feedback." in manager.get(here).text
    refused = manager.post(adding, adding, scope="ask", grace="7")
    assert (refused.status_code, "key with these scopes" in refused.text) == (422, True)


def test_console_and_command_line_tell_the_same_health(partner: PartnerClient, phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.partner_rows import partner_rows
    from stillmine.exchange.partners.actions import find_partner
    from stillmine.exchange.partners.health import partner_health

    phone.open(1, 2)
    partner.sync()
    phone.withdraw()
    clock.forward(minutes=9)
    assert partner_rows(exchange, exchange.clock())[0].health == partner_health(find_partner("Example Social"), exchange.clock())


def test_a_partner_of_the_other_shape_is_never_called_in_step(manager: Desk, phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.fetch_hashes()
    assert "Can’t confirm" in manager.get("/console/partners").text
