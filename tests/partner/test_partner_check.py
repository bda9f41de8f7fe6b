# SPDX-License-Identifier: Apache-2.0
"""`stillmine partner check`: each thing that can be wrong is found, says what to do, and makes the exit code 2."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from stillmine.client import Exchange, ExchangeSettings
from stillmine.partner.commands.checking import Report, check, in_words
from stillmine.partner.commands.service_commands import app
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import encode
from stillmine.wire.errors import NotConfiguredError, PartnerKeyRevokedError, PartnerKeyUnknownError, StillmineError
from stillmine.wire.partner_errors import PartnerKeyEndedError
from tests.partner.fake_exchange import KEY

SETTINGS = ExchangeSettings("https://exchange.example", Secret(KEY.encode()))
NOW = datetime(2030, 5, 17, 12, 34, 56, tzinfo=UTC)
DATE = "Fri, 17 May 2030 12:34:56 GMT"


def status(**other: Any) -> ExchangeStatus:
    usual: dict[str, Any] = {"index": IndexState.READY, "behind_seconds": 0, "queries_today": 12, "queries_a_day": 1_000_000}
    return ExchangeStatus(version=1, **({**usual, "scopes": ["ask", "feedback", "submit"]} | other))


def report_of(answer: ExchangeStatus | StillmineError | Exception, date: str = DATE, way: WayChoice = WayChoice.AUTO) -> Report:
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if isinstance(answer, StillmineError):
            return httpx.Response(answer.status, stream=httpx.ByteStream(encode(answer.message())))
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, headers={"Date": date} if date else {}, stream=httpx.ByteStream(encode(answer)))

    report = check(lambda: SETTINGS, lambda settings: Exchange(settings, httpx.MockTransport(answered)), way, lambda: NOW)
    assert set(asked) == {"/api/v1/status"}
    return report


def codes(report: Report) -> list[tuple[str, str]]:
    return [(finding.part, finding.code) for finding in report.findings if finding.code is not None]


def test_all_is_right() -> None:
    report = report_of(status())
    assert report.is_right
    assert codes(report) == []
    words = in_words(report)
    assert "999,988 of 1,000,000 queries are left" in words
    assert "the service asks" in words
    assert "PROBLEM" not in words


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (status(scopes=["feedback", "list"], index=IndexState.LOADING, behind_seconds=None), []),
        (status(scopes=["ask"]), [("feedback", "scope_missing")]),
        (status(scopes=["feedback", "submit"]), [("key", "scope_missing")]),
        (status(scopes=[]), [("key", "scope_missing"), ("feedback", "scope_missing")]),
        (status(index=IndexState.LOADING, behind_seconds=None), [("index", "index_loading")]),
        (status(queries_today=1_000_000), [("quota", "quota_used_up")]),
        (status(queries_today=1_000_001), [("quota", "quota_used_up")]),
        (PartnerKeyUnknownError(), [("key", "partner_key_unknown")]),
        (PartnerKeyRevokedError(), [("key", "partner_key_revoked")]),
        (PartnerKeyEndedError(), [("key", "partner_key_ended")]),
        (httpx.ConnectError("x"), [("exchange", "exchange_unreachable")]),
    ],
)
def test_what_is_wrong_is_found(answer: ExchangeStatus | StillmineError | Exception, found: list[tuple[str, str]]) -> None:
    report = report_of(answer)
    assert codes(report) == found
    assert report.is_right == (not found)
    assert in_words(report).count("PROBLEM") == len(found)


def test_a_refused_key_is_not_a_fault_of_the_address() -> None:
    assert in_words(report_of(PartnerKeyUnknownError())).startswith("ok       exchange  https://exchange.example answers")


LOADING = {"index": IndexState.LOADING, "behind_seconds": None}


@pytest.mark.parametrize(
    ("way", "answer", "found"),
    [
        (WayChoice.LIST, status(), [("key", "list_not_given")]),
        (WayChoice.LIST, status(scopes=["feedback", "list"], **LOADING), []),
        (WayChoice.ASK, status(scopes=["feedback", "list"]), [("key", "scope_missing")]),
        (WayChoice.ASK, status(scopes=["ask", "feedback", "list"], **LOADING), [("index", "index_loading")]),
        (WayChoice.BOTH, status(scopes=["ask", "feedback", "list"], queries_a_day=0), [("quota", "quota_used_up")]),
        (WayChoice.BOTH, status(scopes=["feedback"]), [("key", "list_not_given"), ("key", "scope_missing")]),
    ],
)
def test_what_is_wrong_depends_on_the_way_that_is_wanted(way: WayChoice, answer: ExchangeStatus, found: list[tuple[str, str]]) -> None:
    assert codes(report_of(answer, way=way)) == found


@pytest.mark.parametrize(
    ("date", "seconds", "is_right"),
    [
        ("Fri, 17 May 2030 12:34:56 GMT", 0, True),
        ("Fri, 17 May 2030 12:35:56 GMT", 60, True),
        ("Fri, 17 May 2030 12:35:57 GMT", 61, False),
        ("Fri, 17 May 2030 12:34:54 GMT", 0, True),
        ("Fri, 17 May 2030 12:30:54 GMT", -240, False),
        ("yesterday", None, True),
        ("", None, True),
    ],
)
def test_clocks_are_compared_where_the_answer_has_a_date(date: str, seconds: float | None, is_right: bool) -> None:
    report = report_of(status(), date)
    assert report.clock_difference_seconds == seconds
    assert codes(report) == ([] if is_right else [("clock", "clock_differs")])


@pytest.mark.parametrize("environment", [{}, {"STILLMINE_PARTNER_EXCHANGE": "http://exchange.example"}])
def test_settings_that_are_wrong_are_a_finding_too(environment: dict[str, str]) -> None:
    done = CliRunner().invoke(
        app, ["check", "--json"], env={"STILLMINE_PARTNER_EXCHANGE": None, "STILLMINE_PARTNER_KEY": KEY, **environment}
    )
    assert done.exit_code == 2
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["part"], finding["code"]) == ("settings", NotConfiguredError.code)
    assert "--exchange" in finding["words"]


@pytest.mark.parametrize("environment", [{"HTTPS_PROXY": "socks5://127.0.0.1:1"}])
def test_a_proxy_that_cannot_be_used_is_a_finding_too(environment: dict[str, str]) -> None:
    base = {"STILLMINE_PARTNER_EXCHANGE": "https://exchange.example", "STILLMINE_PARTNER_KEY": KEY, "NO_PROXY": "", "no_proxy": ""}
    done = CliRunner().invoke(app, ["check"], env={**base, **environment})
    assert done.exit_code == 2
    assert "HTTPS_PROXY" in done.stdout
