# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 (fixtures of the service, used here by name)
"""The list of matches over HTTP: what is open can be found again, in pages, by the platform's own word, and by nobody else."""

import json
import logging
from pathlib import Path

import httpx
import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.wire.codec import decode
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.screen import Decision, KeptMatch, MatchPage, ScreenOutcome, ScreenResult
from tests.partner.fake_exchange import FakeExchange
from tests.partner.service_client import ServiceClient
from tests.partner.test_partner_service import (  # noqa: F401 (fixtures)
    JSON,
    application,
    nobody,
    photograph,
    platform,
    protected,
    refusal,
    refusing,
    wait_until,
)

CONTENT_ID = "Stillmine-Content-Id"


def screened(client: ServiceClient, content: bytes, **headers: str | bytes) -> ScreenResult:
    answer = client.request("POST", "/screen", content, headers)
    assert answer.status_code == 200, answer.text
    return decode(answer.content, ScreenResult)


def page(client: ServiceClient, query: str = "") -> MatchPage:
    answer = client.get(f"/matches{query}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
    return decode(answer.content, MatchPage)


def review(client: ServiceClient, match_id: str, decision: str = '"removed"') -> None:
    body = f'{{"version":1,"decision":{decision}}}'.encode()
    assert client.post(f"/matches/{match_id}/review", content=body, headers=JSON).status_code == 204


def uploads(client: ServiceClient, data: bytes, count: int) -> list[str]:
    """Screen the same file as so many posts; return the match ids."""
    return [screened(client, data, **{CONTENT_ID: f"post {number}"}).matches[0].match_id for number in range(count)]


@pytest.mark.usefixtures("protected")
def test_what_is_open_is_listed_until_somebody_decides(platform: ServiceClient, photograph: bytes) -> None:
    first, second = uploads(platform, photograph, 2)
    assert [(match.match_id, match.content_id) for match in page(platform).matches] == [(first, "post 0"), (second, "post 1")]
    review(platform, first, '"not_removed","reason":"not_the_same"')
    assert [match.match_id for match in page(platform).matches] == [second]
    (reviewed,) = page(platform, "?state=reviewed").matches
    assert (reviewed.match_id, reviewed.decision, reviewed.reason) == (first, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME)
    assert [match.match_id for match in page(platform, "?state=all").matches] == [first, second]


def test_a_match_says_all_that_its_answer_said(platform: ServiceClient, exchange: FakeExchange, photograph: bytes, protected: str) -> None:
    answered = screened(platform, photograph, **{CONTENT_ID: "post 7"}).matches[0]
    kept = platform.get(f"/matches/{answered.match_id}")
    said = decode(kept.content, KeptMatch)
    assert {name: getattr(said, name) for name in answered.__struct_fields__} == {
        name: getattr(answered, name) for name in answered.__struct_fields__
    }
    assert (said.matched_at.isoformat(), said.content_id, said.is_withdrawn) == ("2030-05-17T12:34:00+00:00", "post 7", False)
    assert protected not in kept.text
    exchange.withdraw("f")
    wait_until(lambda: exchange.acknowledged[-1] == exchange.cursor())
    assert [match.is_withdrawn for match in page(platform).matches] == [True], "whoever holds the upload must learn it"


@pytest.mark.usefixtures("protected")
def test_a_lost_answer_is_found_by_the_platforms_own_word(platform: ServiceClient, photograph: bytes) -> None:
    lost = screened(platform, photograph, **{CONTENT_ID: "Beitrag ü/7 & 100 %".encode()})
    assert lost.content_id == "Beitrag ü/7 & 100 %"
    uploads(platform, photograph, 2)
    query = httpx.QueryParams({"content_id": "Beitrag ü/7 & 100 %", "state": "all"})
    assert [match.match_id for match in page(platform, f"?{query}").matches] == [lost.matches[0].match_id]
    assert page(platform, "?content_id=nothing").matches == []


@pytest.mark.usefixtures("protected")
def test_pages_hold_each_match_once_whatever_happens_between(platform: ServiceClient, photograph: bytes) -> None:
    ids = uploads(platform, photograph, 5)
    first = page(platform, "?limit=2")
    review(platform, ids[0])
    review(platform, ids[3])
    later = screened(platform, photograph, **{CONTENT_ID: "post 99"}).matches[0].match_id
    second = page(platform, f"?limit=2&after={first.after}")
    third = page(platform, f"?limit=2&after={second.after}")
    assert [match.match_id for part in (first, second, third) for match in part.matches] == [*ids[:3], ids[4], later]
    assert (third.after, len(third.matches)) == (None, 1)
    assert page(platform, f"?after={10**17}").matches == []


NONSENSE = (
    *("limit=0", "limit=501", "limit=-1", "limit=x", "limit=%D9%A1", "limit=1e2", "limit=1&limit=2", "state=mine", "state="),
    *("after=x", "after=-1", "after=", f"after={'9' * 19}", "other=1"),
    *("content_id=", "content_id=%0A", f"content_id={'a' * 201}", "content_id=%20a"),
)


@pytest.mark.parametrize("query", NONSENSE)
def test_a_query_that_means_nothing_is_refused_and_not_repeated(refusing: ServiceClient, query: str) -> None:
    refusal(refusing.get(f"/matches?{query}"), 400, "malformed_message")


@pytest.mark.parametrize("match_id", ["0" * 32, "0" * 31, "G" * 32, "x"])
def test_an_unknown_match_is_not_found(refusing: ServiceClient, match_id: str) -> None:
    refusal(refusing.get(f"/matches/{match_id}"), 404, "match_not_found")


@pytest.mark.parametrize("word", ["a" * 200, "ä" * 200, "\U0001f469\u200d\U0001f4bb", '"; DROP TABLE matches; --'])
def test_a_word_of_the_platform_comes_back_as_it_is(platform: ServiceClient, photograph: bytes, protected: str, word: str) -> None:
    answer = screened(platform, photograph, **{CONTENT_ID: word.encode()})
    assert (answer.outcome, answer.content_id) == (ScreenOutcome.MATCH, word)
    assert [match.content_id for match in page(platform).matches] == [word]
    value = fingerprint_image(photograph).text
    message = {"version": 1, "fingerprints": [{"kind": "pdq", "value": value, "quality": 90}], "content_id": word}
    as_json = screened(platform, json.dumps(message).encode(), **JSON)
    assert (as_json.outcome, as_json.content_id) == (ScreenOutcome.MATCH, word)


@pytest.mark.parametrize("word", ["", "a" * 201, "ä" * 201, "a\tb", " a", "a\x00", "\x85", "\u2028", "a\n"])
def test_a_word_that_no_header_can_carry_is_refused_in_both_places(refusing: ServiceClient, word: str) -> None:
    message = {"version": 1, "fingerprints": [{"kind": "sha256", "value": "0" * 64, "quality": 100}], "content_id": word}
    refusal(refusing.post("/screen", content=json.dumps(message).encode(), headers=JSON), 400, "malformed_message")
    refusal(refusing.request("POST", "/screen", b"x", {CONTENT_ID: word.encode()}), 400, "malformed_message")


def test_words_that_can_not_be_read_or_are_two_are_refused(platform: ServiceClient) -> None:
    refusal(platform.request("POST", "/screen", b"x", {CONTENT_ID: b"\xff\xfe"}), 400, "malformed_message")
    surrogate = b'{"version":1,"fingerprints":[{"kind":"sha256","value":"' + b"0" * 64 + b'","quality":100}],"content_id":"\\ud800"}'
    refusal(platform.post("/screen", content=surrogate, headers=JSON), 400, "malformed_message")
    body = b'{"version":1,"fingerprints":[{"kind":"sha256","value":"' + b"0" * 64 + b'","quality":100}],"content_id":"one"}'
    assert screened(platform, body, **JSON, **{CONTENT_ID: "one"}).content_id == "one"
    refusal(platform.post("/screen", content=body, headers={**JSON, CONTENT_ID: "two"}), 400, "malformed_message")


def test_a_word_comes_back_with_every_outcome(platform: ServiceClient, root: Path, home: Path) -> None:
    other = (root / "media/clothing/hat.jpg").read_bytes()
    for data, outcome in ((other, ScreenOutcome.NO_MATCH), (b"nothing", ScreenOutcome.NOT_SCREENED), (b"", ScreenOutcome.NOT_SCREENED)):
        answer = screened(platform, data, **{CONTENT_ID: "marked word"})
        assert (answer.outcome, answer.content_id) == (outcome, "marked word")
    assert page(platform, "?state=all").matches == []
    assert not any(b"marked word" in path.read_bytes() for path in home.iterdir()), "of what matched nothing, nothing is kept"


@pytest.mark.usefixtures("protected")
def test_no_word_and_no_match_id_is_logged_or_sent(
    platform: ServiceClient, exchange: FakeExchange, photograph: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    match_id = screened(platform, photograph, **{CONTENT_ID: "marked word"}).matches[0].match_id
    page(platform, "?content_id=marked%20word&state=all")
    platform.get("/matches?content_id=marked%20word&state=nonsense")
    platform.get(f"/matches/{match_id}")
    wait_until(lambda: len(exchange.feedback) == 1)
    ours = "".join(row.getMessage() for row in caplog.records if not row.name.startswith(("httpx", "httpcore", "asyncio")))
    for mark in ("marked", match_id):
        assert mark not in ours
        assert mark not in str(exchange.feedback)
