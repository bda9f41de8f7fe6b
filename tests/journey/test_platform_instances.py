# SPDX-License-Identifier: Apache-2.0
"""Two platforms of two instances each behind a load balancer, with all that a platform builds around them, as real processes.

A copy is held, the platform's hook is told, a reviewer decides in a browser by keys alone, the person sees it and withdraws, and copies
pass at all four instances; what was posted before the case is found; one instance after another is restarted under load, unnoticed.
"""

import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from stillmine.demo.person import Person
from stillmine.wire import codec
from stillmine.wire.case import CaseState, CaseView, PartnerStatus
from stillmine.wire.screen import KeptMatch, ScreenOutcome, ScreenResult
from tests import plain_http
from tests.journey import protected
from tests.journey.balancer import Balancer
from tests.journey.parties import Exchange, Party, Service, wait_until
from tests.journey.platform_side import PlatformSide
from tests.journey.protected import Protected
from tests.prepared_commands import run_command

pytestmark = pytest.mark.long

WAYS = {"list": "Example Forum", "ask": "Example Social"}
UPLOADERS = 4


class Follower(Party):
    """One more instance of a platform's service."""

    def __init__(self, folder: Path, name: str, leader: Service) -> None:
        super().__init__(folder, name)
        self._leader = leader

    def start(self) -> None:
        """Start it and wait until it answers uploads."""
        follow = ["--follow", self._leader.url, "--follow-key-file", str(self._leader.home / "instances.key")]
        settings = ["--exchange", self._leader.exchange_url, "--key-file", str(self._leader.key_file), "--threads", "1"]
        self._start(["partner", "serve", *settings, *follow], {}, "/livez")
        self.wait_until_answering()
        wait_until(lambda: plain_http.get(f"{self.url}/readyz", timeout=10).status_code == 200)


class Platform(NamedTuple):
    """One partner: two instances, the balancer before them, and its own side."""

    way: str
    leader: Service
    follower: Follower
    balancer: Balancer
    side: PlatformSide
    start_leader: Callable[[], None]

    def upload(self, data: bytes, content_id: str, url: str | None = None) -> ScreenResult:
        """Screen an upload behind the balancer, or at one instance."""
        headers = {**self.leader.key_header(), "Stillmine-Content-Id": content_id}
        answer = plain_http.post(f"{url or self.balancer.url}/screen", content=data, headers=headers, timeout=150)
        assert answer.status_code == 200, answer.text
        return codec.decode(answer.content, ScreenResult)


def started(stack: ExitStack, folder: Path, exchange: Exchange, way: str) -> Platform:
    """Start a platform of this way, both of its instances ready."""
    side = stack.enter_context(PlatformSide())
    leader = stack.enter_context(Service(folder, way, exchange.url, exchange.add_partner(WAYS[way], "--way", way)))
    side.webhook_secret = (leader.home / "webhook.secret").read_text
    side.media_key = lambda: (leader.home / "media-url.key").read_text().strip()
    media = f"{side.url}/held/{{content_id}}?expires={{expires}}&signature={{signature}}"
    options = ["--instances-key-file", str(leader.home / "instances.key"), "--webhook", f"{side.url}/hook", "--webhook-insecure"]
    options += ["--review-page", "--media-url", media, "--remember-days", "7"]
    leader.start(*options)
    follower = stack.enter_context(Follower(folder, f"{way}-follower", leader))
    follower.start()
    balancer = stack.enter_context(Balancer([leader.port, follower.port]))
    wait_until(lambda: len(balancer.ready) == 2)
    return Platform(way, leader, follower, balancer, side, lambda: leader.start(*options))


@pytest.fixture
def platforms(system_folder: Path, exchange: Exchange) -> Iterator[list[Platform]]:
    with ExitStack() as stack:
        yield [started(stack, system_folder, exchange, way) for way in WAYS]


@pytest.fixture(params=list(WAYS))
def platform(request: pytest.FixtureRequest, system_folder: Path, exchange: Exchange) -> Iterator[Platform]:
    with ExitStack() as stack:
        yield started(stack, system_folder, exchange, request.param)


def protect(person: Person, file: Protected, platforms: list[Platform]) -> None:
    """Open a case, and wait until every instance knows it."""
    person.open_case([file.fingerprint])
    for platform in platforms:
        wait_until(lambda at=platform: is_everywhere(at, file, ScreenOutcome.MATCH))  # type: ignore[misc] # the loop's platform, now


def is_everywhere(platform: Platform, file: Protected, outcome: ScreenOutcome) -> bool:
    """Whether both instances answer a copy so; each look is an upload of its own."""
    urls = (platform.leader.url, platform.follower.url)
    return all(platform.upload(file.copy, f"look {secrets.token_hex(4)}", url).outcome is outcome for url in urls)


def seen_by(case: CaseView, platform: Platform) -> PartnerStatus | None:
    """Return what the case page shows of a platform, where it shows anything."""
    (fingerprint,) = case.fingerprints
    return next((each for each in fingerprint.partners if each.partner == WAYS[platform.way]), None)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def review_by_keys(page: Page, platform: Platform, reviewer_key: str, content_id: str) -> None:
    """Decide about everything that waits, and say so where it is `content_id`; nothing but keys is used."""
    page.goto(f"{platform.leader.url}/review/")
    expect(page.get_by_label("Your review key")).to_be_focused()
    page.keyboard.type(reviewer_key)
    page.keyboard.press("Enter")
    while True:
        expect(page.locator("#heading")).to_be_focused()
        shown = page.locator("#facts dd").first.text_content()
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        if shown == content_id:
            return
        expect(page.locator("#facts dd").first).not_to_have_text(shown or "")


def test_stopped_told_reviewed_by_keys_seen_withdrawn_and_let_through_everywhere(
    root: Path, exchange: Exchange, platforms: list[Platform], page: Page
) -> None:
    file, harmless = protected.photograph(root), protected.unrelated(root)
    with Person(exchange.url, secrets.token_bytes(10)) as person:
        protect(person, file, platforms)
        for platform in platforms:
            assert platform.upload(harmless, "harmless").outcome is ScreenOutcome.NO_MATCH
            assert_one_match_at_every_instance(platform, file, "post 1")
            platform.side.held |= {match.content_id: file.copy for match in platform.leader.matches(limit="500") if match.content_id}
            review_by_keys(page, platform, _reviewer_key(platform), "post 1")
            assert "post 1" in platform.side.shown
        for platform in platforms:
            assert_told_and_seen(platform, person, "post 1")
        assert person.withdraw_case().state is CaseState.WITHDRAWN
        for platform in platforms:
            wait_until(lambda at=platform: is_everywhere(at, file, ScreenOutcome.NO_MATCH))  # type: ignore[misc] # the loop's platform, now
        has_list = platforms[0]
        wait_until(lambda: (seen := seen_by(person.show_case(), has_list)) is not None and seen.withdrawal_confirmed_at is not None)


def assert_one_match_at_every_instance(platform: Platform, file: Protected, content_id: str) -> None:
    """One upload, sent to each instance and twice behind the balancer, is one match, and the hook is told of it once."""
    answers = [platform.upload(file.copy, content_id, url) for url in (platform.leader.url, platform.follower.url)]
    answers += [platform.upload(file.copy, content_id) for _ in range(2)]
    assert {answer.outcome for answer in answers} == {ScreenOutcome.MATCH}
    (match_ids,) = {tuple(match.match_id for match in answer.matches) for answer in answers}
    wait_until(lambda: is_told(platform, "match.found", content_id))
    told = [one for one in platform.side.told_of("match.found") if one.data["content_id"] == content_id]
    assert len(told) == len(match_ids)


def assert_told_and_seen(platform: Platform, person: Person, content_id: str) -> None:
    """The hook is told of the decision, and the person sees it; every webhook and every address was signed rightly."""
    wait_until(lambda: is_told(platform, "match.decided", content_id))
    wait_until(lambda: (seen := seen_by(person.show_case(), platform)) is not None and seen.removed_on is not None)
    assert platform.side.refused == []


def is_told(platform: Platform, kind: str, content_id: str) -> bool:
    return any(one.data["content_id"] == content_id for one in platform.side.told_of(kind))


def _reviewer_key(platform: Platform) -> str:
    done = run_command(["partner", "reviewer", "add", "Ada", "--home", str(platform.leader.home)], {})
    found = re.search(r"smr_\S+", done.stdout)
    assert found is not None, done.stderr
    return found.group()


def kept_of(platform: Platform, content_id: str) -> list[KeptMatch]:
    return platform.leader.matches(content_id=content_id)


def test_what_was_posted_before_the_case_is_found(root: Path, system_folder: Path, exchange: Exchange) -> None:
    """In the way list. Who asks does so once in 24 hours: tests/partner says how."""
    file = protected.photograph(root)
    with ExitStack() as stack:
        platform = started(stack, system_folder, exchange, "list")
        for number, url in enumerate((platform.leader.url, platform.follower.url)):
            assert platform.upload(file.copy, f"old {number}", url).outcome is ScreenOutcome.NO_MATCH
        assert platform.upload(protected.unrelated(root), "old harmless").outcome is ScreenOutcome.NO_MATCH
        person = stack.enter_context(Person(exchange.url, secrets.token_bytes(10)))
        person.open_case([file.fingerprint])
        for word in ("old 0", "old 1"):  # one came to the leader, the other to the follower
            wait_until(lambda of=word: kept_of(platform, of))  # type: ignore[misc] # the loop's word, now
            (found,) = kept_of(platform, word)
            assert found.is_older
            wait_until(lambda of=word: is_told(platform, "match.found", of))  # type: ignore[misc] # the loop's word, now
        wait_until(lambda: (seen := seen_by(person.show_case(), platform)) is not None and seen.found_on is not None)
        assert kept_of(platform, "old harmless") == []


class Load:
    """Uploads behind the balancer, a copy and a harmless photograph in turn, until told to stop."""

    def __init__(self, platform: Platform, file: Protected, harmless: bytes) -> None:
        self._platform, self._file, self._harmless = platform, file, harmless
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(UPLOADERS)]
        self.answers: Counter[str] = Counter()

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, answers: int = 20) -> None:
        aim = self.answers.total() + answers
        wait_until(lambda: self.answers.total() >= aim)

    def _run(self, own: int) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            is_copy = number % 2 == 0
            try:
                result = self._platform.upload(self._file.copy if is_copy else self._harmless, f"load {own} {number}")
                said = " ".join(word for word in (result.outcome, result.reason, result.not_recorded) if word)
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
            self.answers[f"{'copy' if is_copy else 'harmless'}: {said}"] += 1


def test_one_instance_after_another_is_restarted_and_no_upload_is_refused(root: Path, exchange: Exchange, platform: Platform) -> None:
    file = protected.photograph(root)
    with Person(exchange.url, secrets.token_bytes(10)) as person:
        protect(person, file, [platform])
        with Load(platform, file, protected.unrelated(root)) as load:
            load.wait_for_more()
            for stop, start in ((platform.follower.stop, platform.follower.start), (platform.leader.stop, platform.start_leader)):
                stop()
                load.wait_for_more()
                start()
                wait_until(lambda: len(platform.balancer.ready) == 2)
                load.wait_for_more()
        said = set(load.answers) - {"copy: match", "copy: match leader_away", "harmless: no_match"}
        assert said == set(), load.answers
        wait_until(lambda: platform.leader.health().waiting_feedback == 0)
        copies = sum(count for said, count in load.answers.items() if said.startswith("copy"))
        assert sum((match.content_id or "").startswith("load") for match in all_matches(platform)) == copies, "each is listed, once"


def all_matches(platform: Platform) -> list[KeptMatch]:
    found: list[KeptMatch] = []
    after: str | None = None
    while True:
        page = platform.leader.match_page(limit="500", **({"after": after} if after else {}))
        found += page.matches
        after = page.after
        if after is None:
            return found
