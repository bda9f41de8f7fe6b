# SPDX-License-Identifier: Apache-2.0
"""Starts, ends and absences in each way: what a platform is told while its exchange is not there, and what comes after.

With the list, what is in it is stopped and what is not passes; with both, nothing passes unasked; who asks lets nothing through.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from stillmine.demo.person import Person
from stillmine.wire import codec
from stillmine.wire.feedback import Outcome, SubmitFeedback
from stillmine.wire.screen import Decision, ScreenOutcome
from tests.journey import faults, protected
from tests.journey.between import FEEDBACK, Between
from tests.journey.parties import PLATFORM, Exchange, Service, wait_until
from tests.journey.protected import Protected

pytestmark = pytest.mark.long

Start = Callable[[str], Service]


@pytest.fixture
def start(system_folder: Path, exchange: Exchange, between: Between) -> Iterator[Start]:
    """Start the service of a partner of a way, when the photograph is protected or before."""
    with ExitStack() as stack:

        def started(way: str) -> Service:
            key = exchange.add_partner(PLATFORM, "--way", "ask" if way == "ask" else "list")
            exchange.wait_for_index(key)
            service = stack.enter_context(Service(system_folder, "service", between.url, key))
            service.start("--way", way)
            return service

        yield started


@pytest.fixture
def person(exchange: Exchange) -> Iterator[Person]:
    with Person(exchange.url, secrets.token_bytes(10)) as someone:
        yield someone


def until_stopped(service: Service, file: Protected) -> str:
    """Upload the copy until it is stopped; returns its match id."""
    wait_until(lambda: service.screen(file.copy).outcome is ScreenOutcome.MATCH, every_seconds=0.5)
    [match] = service.screen(file.copy).matches
    return match.match_id


def test_what_was_clear_is_stopped_soon_after_it_is_protected(start: Start, person: Person, file: Protected) -> None:
    """It is remembered for a minute that it was clear, not longer."""
    service = start("ask")
    assert service.screen(file.copy).outcome is ScreenOutcome.NO_MATCH
    person.open_case([file.fingerprint])
    until_stopped(service, file)


@pytest.mark.parametrize(
    ("way", "unknown"), [("ask", ScreenOutcome.NOT_SCREENED), ("both", ScreenOutcome.NOT_SCREENED), ("list", ScreenOutcome.NO_MATCH)]
)
def test_an_exchange_that_died_and_a_service_that_did_meanwhile(
    root: Path, way: str, unknown: ScreenOutcome, exchange: Exchange, start: Start, person: Person, file: Protected
) -> None:
    service = start(way)
    person.open_case([file.fingerprint])
    match_id = until_stopped(service, file)
    wait_until(lambda: service.health().waiting_feedback == 0 and service.health().fingerprints in (None, 1))
    exchange.kill()
    known = ScreenOutcome.NOT_SCREENED if way == "ask" else ScreenOutcome.MATCH
    for ends in (None, service.stop, service.kill):
        if ends is not None:
            ends()
            service.begin("--way", way)
            service.wait_until_answering()
        assert service.screen(file.copy).outcome is known
        strange = service.screen(protected.unrelated(root))
        assert strange.outcome is unknown
        assert strange.left_out == ([] if way == "list" else ["exchange_unreachable"])
        service.review(match_id, Decision.REMOVED)
    assert service.health().waiting_feedback == 3
    exchange.start()
    assert until_stopped(service, file) == match_id
    wait_until(lambda: service.screen(protected.unrelated(root)).outcome is ScreenOutcome.NO_MATCH)
    wait_until(lambda: person.show_case().fingerprints[0].partners[0].removed_on)
    wait_until(lambda: service.health().waiting_feedback == 0)


@pytest.mark.parametrize("way", ["list", "both"])
def test_a_service_with_the_list_killed_while_it_reports(way: str, between: Between, start: Start, person: Person, file: Protected) -> None:
    service = start(way)
    person.open_case([file.fingerprint])
    wait_until(lambda: service.health().fingerprints == 1)
    between.fault = faults.only(FEEDBACK, faults.kills(service))
    with suppress(httpx.TransportError):
        service.screen(file.copy)
    wait_until(lambda: service.process is not None and service.process.poll() is not None)
    between.fault = None
    service.start("--way", way)
    [kept] = service.matches()
    assert until_stopped(service, file) == kept.match_id
    wait_until(lambda: service.health().waiting_feedback == 0)
    sent = [each for body in between.bodies(FEEDBACK) for each in codec.decode(body, SubmitFeedback).feedback]
    assert {each.outcome for each in sent} == {Outcome.FOUND}
    assert len({each.feedback_id for each in sent}) == 1


def test_a_service_that_starts_before_its_exchange_finds_its_way_later(
    root: Path, system_folder: Path, exchange: Exchange, between: Between, person: Person, file: Protected
) -> None:
    key = exchange.add_partner(PLATFORM)
    person.open_case([file.fingerprint])
    between.away()
    with Service(system_folder, "service", between.url, key) as service:
        service.begin()
        service.wait_until_answering()
        wait_until(lambda: service.health().problem == "exchange_unreachable")
        result = service.screen(protected.unrelated(root))
        assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["exchange_unreachable"])
        assert (result.retry_after_seconds or 0) >= 1
        between.back()
        wait_until(lambda: service.health().is_fresh)
        assert service.health().way == "ask"
        until_stopped(service, file)
        assert service.screen(protected.unrelated(root)).outcome is ScreenOutcome.NO_MATCH
