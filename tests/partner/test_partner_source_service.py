# SPDX-License-Identifier: Apache-2.0
"""A running service with two exchanges, a StopNCII v1 server and two banks: answers, health, readiness, reports, restart."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from stillmine.client.settings import ExchangeSettings
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.sources.bank_store import BankStore
from stillmine.partner.sources.file import SourceChoice, SourceType
from stillmine.partner.sources.stopncii_client import StopNciiSettings
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import decode, encode
from stillmine.wire.feedback import Outcome
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Action, Decision, Health, MatchPage, Review, ScreenFingerprints, ScreenOutcome, ScreenResult
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.fake_stopncii import FakeStopNcii
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_service import wait_until

FIRST, SECOND, THIRD, FOURTH = (bytes([number] * 8 + list(range(24))) for number in (1, 60, 120, 240))
FURTHER = ExchangeSettings("https://further.example", Secret(KEY.encode()))
SERVER = StopNciiSettings("https://ncii.example/v1", Secret(b"subscription"), Secret(b"function"))


class Everything:
    """The network: two exchanges and a server, by their hosts."""

    def __init__(self, exchange: FakeExchange) -> None:
        self.exchange, self.further, self.ncii = exchange, FakeExchange(), FakeStopNcii()
        self.further.epoch = "b"
        self.is_further_away = False

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "ncii.example":
            return self.ncii.answer(request)
        if request.url.host == "further.example":
            if self.is_further_away:
                raise httpx.ConnectError("away")
            return self.further.transport().handle_request(request)
        return self.exchange.transport().handle_request(request)


@pytest.fixture
def network(exchange: FakeExchange) -> Everything:
    return Everything(exchange)


def choices(action: Action = Action.MATCH, way: WayChoice = WayChoice.LIST) -> list[SourceChoice]:
    return [
        SourceChoice(Policy("further", action), SourceType.STILLMINE, exchange=FURTHER, way=way),
        SourceChoice(Policy("ncii", Action.REVIEW, frozenset({Kind.PDQ, Kind.MD5})), SourceType.STOPNCII, server=SERVER),
        SourceChoice(Policy("own", is_told=False), SourceType.BANK),
        SourceChoice(Policy("known", Action.NEVER), SourceType.BANK),
    ]


@contextmanager
def serving(home: Path, network: Everything, clock: Clock, further: list[SourceChoice]) -> Iterator[ServiceClient]:
    outside = Surroundings(clock=clock, random_bytes=Numbers(), transport=network.transport())
    application = build_service(home, SETTINGS, 0.2, 1, outside, choice=WayChoice.LIST, further=further)
    with running(application) as client:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        yield client


def health(client: ServiceClient) -> Health:
    return decode(client.get("/health").content, Health)


def screen(client: ServiceClient, *values: bytes) -> ScreenResult:
    message = ScreenFingerprints(1, [Fingerprint(Kind.PDQ, value.hex(), 90) for value in values], "post 7")
    answer = client.post("/screen", encode(message), {"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.content
    return decode(answer.content, ScreenResult)


def matched(client: ServiceClient, *values: bytes) -> list[tuple[str, Action]]:
    return sorted((match.source, match.action) for match in screen(client, *values).matches)


def test_every_source_is_matched_and_told_of_its_own(home: Path, network: Everything, clock: Clock) -> None:
    id, further_id = network.exchange.add("f", FIRST), network.further.add("f", SECOND)
    network.ncii.say(THIRD.hex())
    with serving(home, network, clock, choices()) as client:
        wait_until(lambda: health(client).is_fresh)
        with closing(BankStore(home / "sources/own")) as bank:
            bank.add([(Kind.PDQ, FOURTH)], "", 7)
        result = screen(client, FIRST, SECOND, THIRD, FOURTH)
        assert (result.outcome, result.left_out) == (ScreenOutcome.MATCH, [])
        by_source = {match.source: match for match in result.matches}
        assert {name: match.action for name, match in by_source.items()} == {
            "exchange": Action.MATCH,
            "further": Action.MATCH,
            "ncii": Action.REVIEW,
            "own": Action.MATCH,
        }
        review = client.post(f"/matches/{by_source['ncii'].match_id}/review", encode(Review(1, Decision.REMOVED)))
        assert review.status_code == 204
        wait_until(lambda: health(client).waiting_feedback == 0)
        for exchange, own_id in ((network.exchange, id), (network.further, further_id)):
            reports = [(report.outcome, report.fingerprint_id, report.near) for report in exchange.feedback.values()]
            assert reports == [(Outcome.FOUND, own_id, []), (Outcome.REMOVED, own_id, [])]
        tokens = [{report.upload_token for report in exchange.feedback.values()} for exchange in (network.exchange, network.further)]
        assert tokens[0].isdisjoint(tokens[1])
        assert network.ncii.told == [(THIRD.hex(), "PendingReview"), (THIRD.hex(), "Blocked")]
        said = {one.name: (one.action, one.is_fresh, one.fingerprints) for one in health(client).sources}
        assert said == {
            "exchange": (Action.MATCH, True, 1),
            "further": (Action.MATCH, True, 1),
            "ncii": (Action.REVIEW, True, 1),
            "own": (Action.MATCH, True, 1),
            "known": (Action.NEVER, True, 0),
        }


def test_what_a_bank_matched_waits_for_nobody(home: Path, network: Everything, clock: Clock) -> None:
    """No feedback of a bank leaves, and none is kept to leave."""
    with serving(home, network, clock, choices()) as client:
        wait_until(lambda: health(client).is_fresh)
        with closing(BankStore(home / "sources/own")) as bank:
            (id,) = bank.add([(Kind.PDQ, FOURTH)], "", 7)
            (match,) = screen(client, FOURTH).matches
            assert client.post(f"/matches/{match.match_id}/review", encode(Review(1, Decision.REMOVED))).status_code == 204
            assert health(client).waiting_feedback == 0
            bank.remove([id])
        assert screen(client, FOURTH).outcome is ScreenOutcome.NO_MATCH
    assert (network.exchange.feedback, network.further.feedback, network.ncii.told) == ({}, {}, [])


def test_the_negative_bank_leaves_matches_to_reviewers(home: Path, network: Everything, clock: Clock) -> None:
    network.further.add("f", SECOND)
    with serving(home, network, clock, choices()) as client:
        wait_until(lambda: health(client).is_fresh)
        assert matched(client, SECOND) == [("further", Action.MATCH)]
        with closing(BankStore(home / "sources/known")) as bank:
            bank.add([(Kind.PDQ, bytes([*SECOND[:31], SECOND[31] ^ 255]))], "", 7)
        (match,) = screen(client, SECOND).matches
        assert (match.action, match.is_in_own_negative_bank) == (Action.REVIEW, True)
        assert (
            client.post(
                "/screen/hook",
                encode(ScreenFingerprints(1, [Fingerprint(Kind.PDQ, SECOND.hex(), 90)], "post 7")),
                {"Content-Type": "application/json"},
            ).status_code
            == 202
        )


def test_a_withdrawal_at_a_further_exchange_is_acknowledged_there_and_its_match_is_withdrawn(
    home: Path, network: Everything, clock: Clock
) -> None:
    network.further.add("f", SECOND)
    with serving(home, network, clock, choices()) as client:
        wait_until(lambda: health(client).is_fresh)
        assert matched(client, SECOND) == [("further", Action.MATCH)]
        network.further.withdraw("f")
        wait_until(lambda: screen(client, SECOND).outcome is ScreenOutcome.NO_MATCH)
        page = decode(client.get("/matches").content, MatchPage)
        assert [(match.source, match.is_withdrawn) for match in page.matches] == [("further", True)]
        wait_until(lambda: network.further.acknowledged[-1:] == [network.further.cursor()])
        assert network.exchange.acknowledged[-1:] == [network.exchange.cursor()]


def test_a_further_exchange_that_is_away_costs_only_what_needs_it(home: Path, network: Everything, clock: Clock) -> None:
    network.exchange.add("f", FIRST)
    network.is_further_away = True
    with serving(home, network, clock, choices()) as client:
        wait_until(lambda: [one.is_fresh for one in health(client).sources][:1] == [True])
        assert matched(client, FIRST) == [("exchange", Action.MATCH)]
        result = screen(client, OTHER)
        assert (result.outcome, [(one.source, one.code) for one in result.sources_left_out]) == (
            ScreenOutcome.NOT_SCREENED,
            [("further", "never_synced")],
        )
        assert not health(client).is_fresh
        ready = client.get("/readyz")
        assert (ready.status_code, b"further.sync" in ready.content) == (503, True)
    with serving(home, network, clock, choices(Action.LOG)) as client:
        wait_until(lambda: health(client).is_fresh)
        assert screen(client, OTHER).outcome is ScreenOutcome.NO_MATCH, "a dry run costs nothing"
        assert client.get("/readyz").status_code == 200


OTHER = bytes(range(200, 232))


def test_a_dry_run_counts(home: Path, network: Everything, clock: Clock) -> None:
    network.further.add("f", SECOND)
    with serving(home, network, clock, choices(Action.LOG)) as client:
        wait_until(lambda: all(one.is_fresh for one in health(client).sources))
        assert screen(client, SECOND).outcome is ScreenOutcome.NO_MATCH
        assert [one.would_have_matched for one in health(client).sources] == [None, 1, None, None, None]
    assert network.further.feedback == {}


def test_lists_and_matches_are_there_after_a_restart_and_a_store_of_one_exchange_is_taken_over(
    home: Path, network: Everything, clock: Clock
) -> None:
    network.exchange.add("f", FIRST)
    network.further.add("f", SECOND)
    with serving(home, network, clock, []) as client:
        wait_until(lambda: health(client).is_fresh)
        before = screen(client, FIRST).matches[0].match_id
        assert health(client).sources == []
    with serving(home, network, clock, choices()) as client:
        assert screen(client, FIRST).matches[0].match_id == before, "from the store of before, before anything is synced"
        wait_until(lambda: health(client).is_fresh)
        known = screen(client, SECOND).matches[0].match_id
    network.is_further_away = True
    with serving(home, network, clock, choices()) as client:
        assert screen(client, SECOND).matches[0].match_id == known
