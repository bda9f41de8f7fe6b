# SPDX-License-Identifier: Apache-2.0
"""The main job with a platform of each way: a copy is stopped, reviewed, seen by the person, and let through again.

One case holds a photograph, a video, a sound and a very file; three platforms screen copies of them at one exchange at the same time.
"""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from stillmine.demo.person import Person
from stillmine.wire import codec
from stillmine.wire.case import CaseState, PartnerStatus
from stillmine.wire.feedback import Feedback, Outcome, SubmitFeedback
from stillmine.wire.screen import Decision, ScreenMatch, ScreenOutcome
from tests.journey import protected
from tests.journey.between import ASK, FEEDBACK, Between
from tests.journey.parties import Exchange, Service, wait_until
from tests.journey.protected import Protected


class Platform(NamedTuple):
    """A partner of the exchange, its service, and what the two say to each other."""

    name: str
    way: str
    service: Service
    between: Between


ASKS, HAS_LIST, BOTH = ("Example Social", "ask"), ("Example Forum", "list"), ("Example Video", "both")


@pytest.fixture(scope="module")
def files(root: Path) -> list[Protected]:
    return [protected.photograph(root), protected.video(root), protected.sound(root), protected.very_file(root)]


@pytest.fixture
def platforms(system_folder: Path, exchange: Exchange) -> Iterator[list[Platform]]:
    """One partner of each way; what is not said to `serve` it finds out by itself."""
    with ExitStack() as stack:
        started = []
        for name, way in (ASKS, HAS_LIST, BOTH):
            key = exchange.add_partner(name, "--way", "ask" if way == "ask" else "list")
            between = stack.enter_context(Between(exchange.port))
            service = stack.enter_context(Service(system_folder, way, between.url, key))
            service.begin(*(["--way", way] if way == "both" else []))
            started.append(Platform(name, way, service, between))
        exchange.wait_for_index(key)
        for platform in started:
            platform.service.wait_until_fresh()
        yield started


def test_a_copy_is_stopped_reviewed_seen_and_let_through_again(
    root: Path, files: list[Protected], exchange: Exchange, platforms: list[Platform]
) -> None:
    for platform in platforms:
        assert platform.service.health().way == platform.way
        unrelated = platform.service.screen(protected.unrelated(root))
        assert (unrelated.outcome, unrelated.reason) == (ScreenOutcome.NO_MATCH, None)
    with Person(exchange.url, secrets.token_bytes(10)) as person:
        person.open_case([file.fingerprint for file in files])
        for platform in platforms:
            wait_until(lambda: is_known(platform, exchange, files))  # noqa: B023 (called at once)
            stop_and_review(platform, files)
            assert_person_sees_it(person, platform)
        assert person.withdraw_case().state is CaseState.WITHDRAWN
        assert_next_upload_passes(platforms[0], files)
        for platform in platforms[1:]:
            wait_until(lambda: all(status.withdrawal_confirmed_at for status in seen_by(person, platform)))  # noqa: B023 (called before the loop goes on)
            assert_next_upload_passes(platform, files)
    assert [bool(platform.between.bodies(ASK)) for platform in platforms] == [True, False, True]


def is_known(platform: Platform, exchange: Exchange, files: list[Protected]) -> bool:
    """Whether an upload would be stopped now. Looked at beside the service, which remembers for a minute what was clear."""
    if platform.way == "ask":
        return all(exchange.knows(platform.service.key, file.fingerprint) for file in files)
    return platform.service.health().fingerprints == len(files)


def stop_and_review(platform: Platform, files: list[Protected]) -> None:
    """Upload copies, each twice, and decide about them."""
    found = [the_match(platform, file) for file in files]
    assert [match.kind for match in found] == [file.fingerprint.kind for file in files]
    assert [the_match(platform, file).match_id for file in files] == [match.match_id for match in found], "the same upload, the same match"
    assert open_matches(platform) == [match.match_id for match in found]
    for match in found:
        platform.service.review(match.match_id, Decision.REMOVED)
    assert open_matches(platform) == []


def assert_person_sees_it(person: Person, platform: Platform) -> None:
    wait_until(lambda: all(status.removed_on for status in seen_by(person, platform)))
    for status in seen_by(person, platform):
        assert (status.found_on, status.not_removed_on) == (status.removed_on, None)
        assert (status.given_on is None) == (platform.way == "ask"), "who asks is given nothing"
    assert sorted(report.outcome for report in reports(platform)) == [Outcome.FOUND] * 4 + [Outcome.REMOVED] * 4


def assert_next_upload_passes(platform: Platform, files: list[Protected]) -> None:
    for file in files:
        result = platform.service.screen(file.copy)
        assert (result.outcome, result.left_out) == (ScreenOutcome.NO_MATCH, []), platform


def the_match(platform: Platform, file: Protected) -> ScreenMatch:
    """Upload a copy; returns the one thing that it matches."""
    result = platform.service.screen(file.copy)
    assert result.outcome is ScreenOutcome.MATCH, (platform, file.fingerprint.kind)
    [match] = result.matches
    return match


def open_matches(platform: Platform) -> list[str]:
    return [match.match_id for match in platform.service.matches()]


def seen_by(person: Person, platform: Platform) -> list[PartnerStatus]:
    """What the case page says of a platform, for each fingerprint."""
    rows = [status for fingerprint in person.show_case().fingerprints for status in fingerprint.partners if status.partner == platform.name]
    assert len(rows) == 4
    return rows


def reports(platform: Platform) -> list[Feedback]:
    """What the exchange was told, each once however often it was sent."""
    sent = [each for body in platform.between.bodies(FEEDBACK) for each in codec.decode(body, SubmitFeedback).feedback]
    return list({each.feedback_id: each for each in sent}.values())
