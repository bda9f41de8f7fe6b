# SPDX-License-Identifier: Apache-2.0
"""Limits per network, kept without keeping an address."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from stillmine.exchange.settings.intake import IntakeSettings
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import WorkNeeded
from stillmine.wire.work import solve
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, fingerprint, opening


def wrong_key(phone: Phone, number: int) -> tuple[int, str]:
    return code(phone.web.get("/api/v1/case", headers={"Authorization": f"Case {number:032x}.{'0' * 64}"}))


def test_after_twenty_wrong_keys_only_wrong_ones_wait_ten_minutes(phone: Phone, clock: Clock) -> None:
    phone.open(1)
    assert [wrong_key(phone, number) for number in range(20)] == [(404, "case_not_found")] * 20
    assert wrong_key(phone, 20) == (429, "too_many_attempts")
    clock.forward(minutes=9)
    assert wrong_key(phone, 21) == (429, "too_many_attempts")
    clock.forward(minutes=1)
    assert wrong_key(phone, 22) == (404, "case_not_found")


def test_no_number_of_wrong_keys_keeps_the_right_one_out(phone: Phone) -> None:
    phone.open(1, 2)
    for number in range(25):
        wrong_key(phone, number)
    assert wrong_key(phone, 25) == (429, "too_many_attempts")
    assert phone.post("case", opening(1, 2)).status_code == 200
    phone.add(3)
    phone.renew()
    assert phone.web.get("/api/v1/case/ledger", headers=phone.headers).status_code == 200
    assert phone.withdraw(phone.show().fingerprints[0].id).fingerprints[0].state.value == "withdrawn"
    assert phone.web.get("/api/v1/case/receipt", headers=phone.headers).status_code == 200
    assert phone.withdraw().state.value == "withdrawn"


def test_a_right_id_with_a_wrong_token_is_a_wrong_key(phone: Phone) -> None:
    phone.open(1)
    case_id = phone.headers["Authorization"].removeprefix("Case ").partition(".")[0]
    for _ in range(20):
        answer = phone.web.get("/api/v1/case", headers={"Authorization": f"Case {case_id}.{'0' * 64}"})
        assert code(answer) == (404, "case_not_found")
    answer = phone.web.get("/api/v1/case", headers={"Authorization": f"Case {case_id}.{'0' * 64}"})
    assert (code(answer), answer.headers["Retry-After"]) == ((429, "too_many_attempts"), "600")
    assert phone.show().fingerprints


def test_a_refused_try_writes_nothing(phone: Phone) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for number in range(20):
        wrong_key(phone, number)
    with CaptureQueriesContext(connection) as queries:
        assert wrong_key(phone, 20) == (429, "too_many_attempts")
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]


def test_partner_keys_are_never_kept_out_by_wrong_ones(phone: Phone, partner: PartnerClient) -> None:
    wrong = {"Authorization": "Bearer smk_00000000_" + "A" * 43}
    wrong_pair = dict.fromkeys(partner.stopncii_headers, partner.key[:-1] + ("A" if partner.key[-1] != "A" else "B"))
    for _ in range(100):
        assert code(phone.web.get("/api/v1/feed", headers=wrong)) == (401, "partner_key_unknown")
        assert code(phone.web.get("/stopncii/v1/FetchHashes", headers=wrong_pair)) == (401, "partner_key_unknown")
    partner.sync()
    assert partner.fetch_hashes()["hashRecords"] == []


def test_right_keys_do_not_count(phone: Phone) -> None:
    phone.open(1)
    for _ in range(25):
        phone.show()


def test_other_networks_are_not_affected(phone: Phone) -> None:
    for number in range(21):
        wrong_key(phone, number)
    elsewhere = {"X-Forwarded-For": "198.51.100.1"}
    assert code(phone.web.get("/api/v1/case", headers={**phone.headers, **elsewhere})) == (404, "case_not_found")
    for same in ("203.0.113.99", "203.0.113.99:5678", " 203.0.113.99 , 203.0.113.7:443"):
        answer = phone.web.get("/api/v1/case", headers={**phone.headers, "X-Forwarded-For": same})
        assert code(answer) == (429, "too_many_attempts")


def with_work(phone: Phone, path: str, body: object) -> httpx.Response:
    """Send, do the work that is asked for, and send again."""
    refused = phone.post(path, body)
    assert code(refused) == (428, "proof_of_work_needed")
    proof = solve(msgspec.json.decode(refused.content, type=WorkNeeded))
    return phone.post(path, body, **{"Proof-Of-Work": proof})


@pytest.fixture
def little_work(exchange: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    intake = IntakeSettings(cases_in_ten_minutes=0, fingerprints_in_ten_minutes=0, work_zero_bits=4)
    monkeypatch.setattr(settings, "EXCHANGE_CONTEXT", replace(exchange, intake=intake))


def test_after_thirty_cases_a_network_does_work_and_is_not_refused(little_work: None, phone: Phone, clock: Clock) -> None:
    for number in range(31):
        Phone(phone.web, number.to_bytes(10)).open(1)
    late = Phone(phone.web, (31).to_bytes(10))
    assert with_work(late, "case", opening(1)).status_code == 201
    assert Phone(phone.web, (0).to_bytes(10)).post("case", opening(1)).status_code == 200
    elsewhere = Phone(phone.web, (32).to_bytes(10)).post("case", opening(1), **{"X-Forwarded-For": "198.51.100.1"})
    assert elsewhere.status_code == 201
    clock.forward(minutes=10)
    Phone(phone.web, (33).to_bytes(10)).open(1)


def test_after_three_thousand_fingerprints_a_network_does_work(little_work: None, phone: Phone, clock: Clock) -> None:
    for number in range(10):
        Phone(phone.web, number.to_bytes(10)).open(*range(1, 301))
    phone.open(1)
    assert with_work(phone, "case/fingerprints", {"version": 1, "fingerprints": [fingerprint(2)]}).status_code == 200
    clock.forward(minutes=10)
    phone.add(3)


def test_nine_thousand_fingerprints_in_a_minute_meet_proof_of_work(phone: Phone) -> None:
    """With the usual settings: three networks, ten cases of 300 each."""
    answers = [
        Phone(phone.web, number.to_bytes(10)).post("case", opening(*range(1, 301)), **{"X-Forwarded-For": f"198.51.{number % 3}.1"})
        for number in range(13)
    ]
    assert [answer.status_code for answer in answers] == [201] * 11 + [428] * 2


def test_a_count_does_not_hold_an_address_and_its_key_changes_daily(phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.limits import Attempts

    wrong_key(phone, 1)
    today = Attempts.objects.get()
    assert not any(part in str(Attempts.objects.values().get()) for part in ("203.0.113", "203", "cb0071"))
    clock.now = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    wrong_key(phone, 1)
    assert Attempts.objects.latest("id").network_key != today.network_key


def test_counts_are_deleted_after_ten_minutes(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    wrong_key(phone, 1)
    clock.forward(minutes=9)
    assert run_upkeep(exchange)["old counts deleted"] == 0
    clock.forward(minutes=1)
    assert run_upkeep(exchange)["old counts deleted"] == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        (" 203.0.113.7 ", "203.0.113.0/24"),
        ("", "unknown"),
        ("not an address", "unknown"),
        ("203.0.113.7:443", "203.0.113.0/24"),
        ("[2001:db8:1:2::3]:443", "2001:db8:1::/48"),
        ("[2001:db8:1:2::3]", "2001:db8:1::/48"),
        ("[::1]:443", "::/48"),
        ('"[2001:db8:1:2::3]:443"', "2001:db8:1::/48"),
        ("[::ffff:203.0.113.7]:443", "203.0.113.0/24"),
        ("2001:db8:1:2::3%eth0", "2001:db8:1::/48"),
        ("203.0.113.7:", "unknown"),
        ("203.0.113:443", "unknown"),
        ("[]:443", "unknown"),
        ("[203.0.113.7", "unknown"),
    ],
)
def test_networks(exchange: Context, address: str, network: str) -> None:
    from stillmine.exchange.gate.network import network_of

    assert network_of(address) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "believed"),
    [
        (0, "198.51.100.1", "203.0.113.7"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        (2, "192.0.2.9, 198.51.100.1", "192.0.2.9"),
        (2, "198.51.100.1", "198.51.100.1"),
        (1, "", "203.0.113.7"),
        (1, " , 198.51.100.1 ,", "198.51.100.1"),
    ],
)
def test_only_trusted_hops_are_believed(exchange: Context, proxies: int, forwarded: str, believed: str) -> None:
    from stillmine.exchange.gate.network import believed_address

    assert believed_address("203.0.113.7", forwarded, proxies) == believed


def test_a_forwarded_request_that_is_not_believed_is_told_once(
    exchange: Context, phone: Phone, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from stillmine.exchange.gate.network import warn_of_a_proxy

    warn_of_a_proxy.cache_clear()
    phone.web.get("/api/v1/case", headers={**phone.headers, "X-Forwarded-For": "198.51.100.1"})
    assert not caplog.records
    monkeypatch.setattr(settings, "EXCHANGE_CONTEXT", replace(exchange, trusted_proxies=0))
    wrong_key(phone, 1)
    assert not caplog.records
    for _ in range(2):
        phone.web.get("/api/v1/case", headers={**phone.headers, "X-Forwarded-For": "198.51.100.1"})
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "--trusted-proxies" in caplog.text
    assert "198.51.100" not in caplog.text
