# SPDX-License-Identifier: Apache-2.0
"""A few fingerprints that match nothing are answered without a thread: with the same words, and only where nobody is waited for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.instances.followed import leased_at_once
from stillmine.partner.instances.lease import Lease
from stillmine.partner.older.older_content import OlderContent
from stillmine.partner.screening.made import made_by_platform
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import Policy, Sources
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way import LookedUp
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.chromaprint import format_chromaprint
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Action, RegionsChoice, ScreenOutcome, ScreenResult
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, InThisProcess, Numbers
from tests.partner.service_client import running
from tests.partner.test_partner_service import wait_until

VALUE, OTHER = bytes(range(32)), bytes(range(100, 132))
FILE = bytes(range(200, 232))
CLEAR = Fingerprint(Kind.PDQ, OTHER.hex(), 90)
HOUR = 3600


@pytest.fixture
def partner(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[AskingPartner]:
    """One that has the list, with a picture and a file in it, as of now."""
    exchange.add("f", VALUE)
    exchange.add("g", FILE, Kind.SHA256)
    opened = AskingPartner(home, exchange, clock, WayChoice.LIST)
    opened.round()
    yield opened
    opened.close()


def at_once(screening: Screening, *fingerprints: Fingerprint, words: tuple[str | None, str | None] = (None, None)) -> ScreenResult | None:
    """Return what is answered at once, which must be what a thread answers, too."""
    result = screening.clear_at_once(fingerprints, *words)
    assert result in (None, screening.screen_fingerprints(fingerprints, *words))
    return result


@pytest.mark.parametrize("words", [(None, None), ("somebody", "post 1")])
@pytest.mark.parametrize(
    "fingerprints",
    [
        [CLEAR],
        [CLEAR] * 8,
        [Fingerprint(Kind.SHA256, "ab" * 32, 100)],
        [CLEAR, Fingerprint(Kind.SHA256, "ab" * 32, 100), Fingerprint(Kind.MD5, "ab" * 16, 100)],
    ],
)
def test_what_matches_nothing_is_answered_at_once(
    partner: AskingPartner, fingerprints: list[Fingerprint], words: tuple[str | None, str | None]
) -> None:
    result = at_once(partner.screening, *fingerprints, words=words)
    assert result is not None
    assert (result.outcome, result.content_id, result.synced_at is None) == (ScreenOutcome.NO_MATCH, words[1], False)


@pytest.mark.parametrize(
    "fingerprints",
    [
        pytest.param([Fingerprint(Kind.PDQ, VALUE.hex(), 90)], id="a match"),
        pytest.param([CLEAR, Fingerprint(Kind.SHA256, FILE.hex(), 100)], id="a match by its digest"),
        pytest.param([Fingerprint(Kind.PDQ, OTHER.hex(), 40)], id="little detail"),
        pytest.param([Fingerprint(Kind.PDQ, OTHER.hex(), 10)], id="no detail"),
        pytest.param([CLEAR] * 9, id="more than a few"),
        pytest.param([Fingerprint(Kind.CHROMAPRINT, format_chromaprint(range(40)), 100)], id="a sound"),
    ],
)
def test_what_needs_more_is_for_a_thread(partner: AskingPartner, fingerprints: list[Fingerprint]) -> None:
    assert partner.screening.clear_at_once(fingerprints, None, None) is None


def test_what_matched_and_matches_no_more_is_noted_by_a_thread(partner: AskingPartner, exchange: FakeExchange, clock: Clock) -> None:
    match = Fingerprint(Kind.PDQ, VALUE.hex(), 90)
    assert partner.screening.screen_fingerprints([match]).outcome is ScreenOutcome.MATCH
    exchange.withdraw("f")
    clock.move(16)
    partner.round()
    assert partner.screening.clear_at_once([match], None, None) is None
    assert partner.screening.screen_fingerprints([match]).outcome is ScreenOutcome.NO_MATCH
    assert at_once(partner.screening, match) is not None, "it is noted, so that nothing is left to write"


@contextmanager
def held(store: Store) -> Iterator[None]:
    """Let another thread hold a store, as one that writes does."""
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with store.held_still():
            is_held.set()
            may_end.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait(60)
    yield
    may_end.set()
    thread.join()


def test_nobody_waits_for_a_store_that_is_held(partner: AskingPartner) -> None:
    with held(partner.store):
        assert partner.screening.clear_at_once([CLEAR], None, None) is None
        assert not partner.store.note_no_match_at_once(b"u" * 16)
    assert at_once(partner.screening, CLEAR) is not None


def test_a_list_that_says_nothing_is_looked_up_by_a_thread(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    partner = AskingPartner(home, exchange, clock, WayChoice.LIST)
    assert at_once(partner.screening, CLEAR) is None, "never synced"
    partner.round()
    assert at_once(partner.screening, CLEAR) is not None
    clock.move(25 * HOUR)
    assert at_once(partner.screening, CLEAR) is None, "too old"
    partner.round()
    partner.screening.close()
    assert partner.screening.clear_at_once([CLEAR], None, None) is None, "it takes nothing more"
    partner.close()


@pytest.mark.parametrize("choice", [WayChoice.ASK, WayChoice.BOTH])
def test_whatever_is_asked_is_asked_by_a_thread(home: Path, exchange: FakeExchange, clock: Clock, choice: WayChoice) -> None:
    partner = AskingPartner(home, exchange, clock, choice)
    partner.round()
    assert partner.screening.clear_at_once([CLEAR], None, None) is None
    assert not exchange.asks
    partner.close()


def _by_policy(partner: AskingPartner, *policies: Policy) -> Screening:
    source = partner.parts.source()
    sources = Sources([replace(source, policy=policy) for policy in policies])
    return Screening(partner.store, sources, InThisProcess(), UploadTokens(Secret(b"smu"), Clock()), clock=Clock())


@pytest.mark.parametrize(
    "policies",
    [
        [Policy(), Policy(name="other")],
        [Policy(share=0.5)],
        [Policy(kinds=frozenset({Kind.SHA256}))],
        [Policy(action=Action.LOG)],
    ],
)
def test_sources_that_are_not_plain_are_looked_up_by_a_thread(partner: AskingPartner, policies: list[Policy]) -> None:
    assert _by_policy(partner, *policies).clear_at_once([CLEAR], None, None) is None
    assert _by_policy(partner, Policy(action=Action.REVIEW)).clear_at_once([CLEAR], None, None) is not None


def test_what_is_remembered_is_written_by_a_thread(partner: AskingPartner) -> None:
    told: list[object] = []
    tokens = UploadTokens(Secret(b"smu"), Clock())
    screening = Screening(
        partner.store, partner.parts.sources, InThisProcess(), tokens, clock=Clock(), remember=lambda *what: told.append(what)
    )
    assert screening.clear_at_once([CLEAR], None, "post 1") is None
    assert screening.clear_at_once([CLEAR], None, None) is not None, "without a word nothing is remembered"
    assert not told


def test_a_fault_is_left_to_the_thread(partner: AskingPartner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_upload_id: bytes) -> bool:
        raise RuntimeError

    monkeypatch.setattr(partner.store, "note_no_match_at_once", fails)
    assert partner.screening.clear_at_once([CLEAR], None, None) is None


def test_a_follower_answers_at_once_with_its_lease_alone(clock: Clock) -> None:
    lease = Lease(clock.seconds, 60)
    found = LookedUp([], [], clock())
    look, made = leased_at_once(lambda _made: found, lease), made_by_platform([CLEAR])
    assert look(made) is None
    lease.renew(clock.seconds())
    assert look(made) is found
    clock.move(60)
    assert look(made) is None


def test_the_service_answers_without_a_thread_and_counts_it(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    application = build_service(home, SETTINGS, sync_every_seconds=0.2, threads=1, surroundings=surroundings, regions=RegionsChoice.OFF)
    body = json.dumps({"version": 1, "fingerprints": [{"kind": "pdq", "value": OTHER.hex(), "quality": 90}]}).encode()

    def refuse(*_: object) -> ScreenResult:
        raise AssertionError("a thread was called")

    with running(application) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        monkeypatch.setattr(Screening, "screen_fingerprints", refuse)
        # A store that the sync holds at this moment is for a thread: it is free soon.
        wait_until(lambda: client.post("/screen", body, {"Content-Type": "application/json"}).status_code == 200)
        said = client.get("/metrics").text
    assert 'stillmine_partner_uploads_total{outcome="no_match",reason=""} 1' in said


def test_nothing_is_remembered_unless_it_is_wanted(home: Path, clock: Clock) -> None:
    assert not OlderContent(home, None, Secret(b"smu"), clock, Numbers()).remembers
