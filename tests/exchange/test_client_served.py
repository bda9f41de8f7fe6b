# SPDX-License-Identifier: Apache-2.0
"""Both clients, and the look of `stillmine partner doctor`, at a real exchange."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stillmine.client import AsyncExchange, Exchange, ExchangeSettings
from stillmine.wire.ask import AskQuery, Outcome
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import PartnerKeyRevokedError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import ListNotGivenError, ScopeMissingError
from tests import plain_http
from tests.exchange.exchange_parts import Phone, value
from tests.exchange.served_exchange import COMMAND, PATIENCE_SECONDS, Operator, wait_until

pytestmark = pytest.mark.any_database  # what a client makes of answers; other files look at the rows behind them

Served = tuple[str, subprocess.Popen[bytes], Path]
CHECK = [*COMMAND[:-1], "partner", "doctor"]


def added(operator: Operator, name: str, *more: str) -> dict[str, str]:
    added: dict[str, str] = json.loads(operator.run("partner", "add", name, *more, "--json"))
    return added


def test_both_clients_ask_for_more_than_one_request_and_are_told_what_matches(operator: Operator, served: Served) -> None:
    url, _, _ = served
    settings = ExchangeSettings(url, Secret(added(operator, "Example Social")["key"].encode()))
    with plain_http.Client(base_url=url, timeout=30) as web:
        Phone(web, b"0123456789").open(1500)
    queries = [AskQuery(Kind.PDQ, value(number), f"{number % 9:032x}", as_it_is=True) for number in range(2200)]

    async def asked() -> list[Any]:
        async with AsyncExchange(settings) as own:
            return [await own.status(), await own.ask(queries)]

    with Exchange(settings) as exchange:
        wait_until(lambda: exchange.status().index == "ready")
        wait_until(lambda: exchange.ask(queries[1500:1501])[0].outcome is Outcome.MATCH)
        used = exchange.status().queries_today
        answers = exchange.ask(queries)
        status, same = asyncio.run(asked())
    assert [place for place, answer in enumerate(answers) if answer.outcome is Outcome.MATCH] == [1500]
    assert same == answers
    assert status.queries_today == used + len(queries)
    assert status.scopes == ["ask", "feedback", "submit"]


def test_submissions_refusals_and_a_quota_come_as_what_they_are(operator: Operator, served: Served) -> None:
    url, _, _ = served
    partner = added(operator, "Example Social")
    narrow = json.loads(operator.run("partner", "key", "add", "Example Social", "--scope", "feedback", "--json"))["key"]
    with (
        Exchange(ExchangeSettings(url, Secret(partner["key"].encode()))) as exchange,
        Exchange(ExchangeSettings(url, Secret(narrow.encode()))) as of_narrow_key,
    ):
        receipt = exchange.submit([Fingerprint(Kind.SHA256, "ab" * 32, 100)])
        assert (receipt.accepted, exchange.take_back(receipt.fingerprint_ids).withdrawn) == (1, 1)
        with pytest.raises(ListNotGivenError):
            exchange.feed_page()
        with pytest.raises(ScopeMissingError, match="scope: ask"):
            of_narrow_key.ask([AskQuery(Kind.MD5, "ab" * 16)])
        operator.run("partner", "set", "Example Social", "--quota", "1")
        with pytest.raises(QuotaUsedUpError) as raised:
            exchange.ask([AskQuery(Kind.MD5, "ab" * 16)] * 2)
        assert 0 < (raised.value.retry_after_seconds or 0) <= 86_400
        operator.run("partner", "key", "revoke", partner["key_id"])
        with pytest.raises(PartnerKeyRevokedError):
            exchange.status()


def test_the_check_says_what_is_right_and_what_is_not(operator: Operator, served: Served, tmp_path: Path) -> None:
    url, process, _ = served
    partner = added(operator, "Example Social", "--way", "list")
    key_file = tmp_path / "partner.key"
    key_file.touch(mode=0o600)
    key_file.write_text(partner["key"])

    def check(*more: str) -> subprocess.CompletedProcess[str]:
        command = [*CHECK, "--exchange", url, "--key-file", str(key_file), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=operator.environment)

    wait_until(lambda: check().returncode == 0)
    right = json.loads(check("--json").stdout)
    assert right["is_right"]
    assert right["scopes"] == ["ask", "feedback", "list", "submit"]
    assert right["clock_difference_seconds"] is not None
    operator.run("partner", "key", "revoke", partner["key_id"])
    revoked = check()
    assert (revoked.returncode, revoked.stderr) == (2, "")
    assert "fail " in revoked.stdout
    assert "partner_key_revoked" in revoked.stdout
    process.terminate()
    process.wait(PATIENCE_SECONDS)
    away = check()
    assert (away.returncode, away.stderr) == (2, "")
    assert "connection refused" in away.stdout
    assert "[exchange_unreachable]" in away.stdout
    assert partner["key"] not in revoked.stdout + away.stdout
