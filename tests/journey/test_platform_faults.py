# SPDX-License-Identifier: Apache-2.0
"""A partner's service that asks, and an exchange that is away, at its limit or loading: `not_screened` with the code, and nothing is lost.

An upload is never let through for a fault, what was reported meanwhile arrives, and the service recovers by itself.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from stillmine.demo.person import Person
from stillmine.exchange.settings.ask import LOCK_FILE
from stillmine.wire import codec
from stillmine.wire.feedback import Feedback, NotRemovedReason, Outcome, SubmitFeedback
from stillmine.wire.screen import Decision, ScreenOutcome, ScreenResult
from tests.journey import faults, protected
from tests.journey.between import ASK, FEEDBACK, Between, Fault
from tests.journey.parties import PLATFORM, Exchange, Service, wait_until
from tests.journey.protected import Protected

AWAY = {"exchange_unreachable"}
UNREADABLE = {"exchange_answer_unreadable"}
LATE = {"exchange_unreachable", "deadline"}
CONTENT_ID = "upload-4711"

BROKEN: list[tuple[str, Fault, set[str]]] = [
    ("hangs", faults.hangs, LATE),
    ("drips", faults.drips, LATE),
    ("500", faults.says(500), AWAY),
    ("502 of a proxy", faults.says(502, b"<html>Bad Gateway</html>", Content_Type="text/html"), AWAY),
    ("503 without a word", faults.says(503), AWAY),
    ("a page", faults.says(200, b"<!doctype html><title>Welcome</title>", Content_Type="text/html"), UNREADABLE),
    ("nothing", faults.says(204), UNREADABLE),
    ("sends away", faults.says(302, b"", Location="http://127.0.0.1:9/"), UNREADABLE),
    ("cut", faults.cut, AWAY | UNREADABLE),
    ("endless", faults.endless, UNREADABLE),
]
HOSTILE: list[tuple[str, Fault, set[str]]] = [
    (make.__name__, faults.answers(make), UNREADABLE)
    for make in (
        faults.one_answer_less,
        faults.one_answer_more,
        faults.no_answers,
        faults.unknown_outcomes,
        faults.matches_without_id,
        faults.clear_with_id,
    )
]


def test_an_exchange_that_is_away_loading_or_of_a_used_up_quota_loses_nothing(
    exchange: Exchange, between: Between, asking: Service, person: Person, file: Protected
) -> None:
    match_id = matched(asking, file)
    wait_until(lambda: asking.health().waiting_feedback == 0)
    between.away()
    assert_not_screened(asking, file, AWAY)
    asking.review(match_id, Decision.REMOVED)
    assert (asking.health().waiting_feedback, asking.health().problem) == (1, "exchange_unreachable")

    exchange.stop()
    between.back()
    with index_held(exchange):
        exchange.start()
        wait_until_not_screened(asking, file, {"index_loading"})
    wait_until_screened(asking, file, match_id)
    wait_until(lambda: seen_removed(person))
    wait_until(lambda: asking.health().waiting_feedback == 0)
    assert sorted(each.outcome for each in reports(between)) == [Outcome.FOUND, Outcome.REMOVED]

    exchange.run("partner", "set", PLATFORM, "--quota", "1")
    assert_not_screened(asking, file, {"quota_used_up"})
    asking.review(match_id, Decision.NOT_REMOVED, NotRemovedReason.NOT_INTIMATE)
    wait_until(lambda: not seen_removed(person))
    exchange.run("partner", "set", PLATFORM, "--quota", "1000000")
    wait_until_screened(asking, file, match_id)


@pytest.mark.long
def test_no_broken_exchange_lets_an_upload_through(between: Between, asking: Service, person: Person, file: Protected) -> None:
    match_id = matched(asking, file)
    for name, fault, codes in [*BROKEN, *((name, faults.only(ASK, fault), codes) for name, fault, codes in BROKEN), *HOSTILE]:
        between.fault = fault
        wait_until_not_screened(asking, file, codes, name)
        between.fault = None
        wait_until_screened(asking, file, match_id)
    assert "Traceback" not in asking.written()
    assert "unexpected" not in asking.written()


@pytest.mark.long
def test_an_exchange_that_calls_everything_a_match_stops_uploads_and_no_more(
    root: Path, between: Between, asking: Service, person: Person, file: Protected
) -> None:
    between.fault = faults.answers(faults.all_match)
    result = asking.screen(protected.unrelated(root))
    assert result.outcome is ScreenOutcome.MATCH
    for match in result.matches:
        asking.review(match.match_id, Decision.REMOVED)
    between.fault = None
    assert asking.screen(protected.unrelated(root)).outcome is ScreenOutcome.NO_MATCH
    wait_until(lambda: asking.health().waiting_feedback == 0)
    assert not seen_removed(person)
    matched(asking, file)


@pytest.mark.parametrize("path", [ASK, FEEDBACK])
@pytest.mark.long
def test_a_service_killed_after_the_exchange_answered_gives_the_same_match_and_one_report(
    between: Between, asking: Service, person: Person, file: Protected, path: str
) -> None:
    """Killed at `ask`, it has recorded nothing; killed while it reports, it has, and does not know whether the report was taken."""
    between.fault = faults.only(path, faults.kills(asking))
    with suppress(httpx.TransportError):
        asking.screen(file.copy, CONTENT_ID)
    wait_until(lambda: asking.process is not None and asking.process.poll() is not None)
    between.fault = None
    asking.start()
    kept = [match.match_id for match in asking.matches(content_id=CONTENT_ID)]
    assert len(kept) == (1 if path == FEEDBACK else 0)
    match_id = matched(asking, file)
    assert kept in ([], [match_id])
    wait_until(lambda: asking.health().waiting_feedback == 0)
    assert matched(asking, file) == match_id
    assert [each.outcome for each in reports(between)] == [Outcome.FOUND]
    assert [status.found_on is not None for status in person.show_case().fingerprints[0].partners] == [True]


@contextmanager
def index_held(exchange: Exchange) -> Iterator[None]:
    """Be the one index service of this home, so that the exchange's own waits, as one does that still loads."""
    with (exchange.home / LOCK_FILE).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def matched(service: Service, file: Protected) -> str:
    """Upload the copy, which must be stopped; returns its match id."""
    result = service.screen(file.copy, CONTENT_ID)
    assert result.outcome is ScreenOutcome.MATCH, result.reason
    [match] = result.matches
    return match.match_id


def assert_not_screened(service: Service, file: Protected, codes: set[str]) -> ScreenResult:
    result = service.screen(file.copy, CONTENT_ID)
    assert (result.outcome, result.matches) == (ScreenOutcome.NOT_SCREENED, [])
    assert result.reason in codes
    assert result.left_out == [result.reason]
    assert (result.retry_after_seconds or 0) >= 1
    return result


def wait_until_not_screened(service: Service, file: Protected, codes: set[str], name: str = "") -> None:
    """Upload until the code is one of these, for at first there may be another; until then nothing is let through either."""

    def is_so() -> bool:
        result = service.screen(file.copy, CONTENT_ID)
        assert result.outcome is ScreenOutcome.NOT_SCREENED, name
        assert (result.retry_after_seconds or 0) >= 1, name
        return result.reason in codes

    wait_until(is_so)


def wait_until_screened(service: Service, file: Protected, match_id: str) -> None:
    """Upload until it is stopped, as the same match as before; until then nothing is let through."""

    def is_so() -> bool:
        result = service.screen(file.copy, CONTENT_ID)
        assert result.outcome is not ScreenOutcome.NO_MATCH
        return [match.match_id for match in result.matches] == [match_id]

    wait_until(is_so)


def seen_removed(person: Person) -> bool:
    return any(status.removed_on for status in person.show_case().fingerprints[0].partners)


def reports(between: Between) -> list[Feedback]:
    """What the exchange was told, each once however often it was sent."""
    sent = [each for body in between.bodies(FEEDBACK) for each in codec.decode(body, SubmitFeedback).feedback]
    return list({each.feedback_id: each for each in sent}.values())
