# SPDX-License-Identifier: Apache-2.0
"""Several sources: what each finds, what one that is away costs, and what is kept and reported where."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from stillmine.partner.fingerprinting.worker_messages import Digest, Picture, PictureRegions
from stillmine.partner.ground.errors import OutsideShareError
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.recording import MAXIMUM_MATCHES
from stillmine.partner.screening.regions import HashPlaces, RegionsSeen
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import Policy, Source, Sources
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way import Candidate, LookedUp
from stillmine.partner.screening.way_in_use import Use, WayInUse
from stillmine.partner.service.status_form import LATER, STOP, in_status
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.place import StoredEntry
from stillmine.partner.store.several import SeveralStores
from stillmine.partner.store.store import Store
from stillmine.wire.case import FingerprintState
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError, KindNotAcceptedError
from stillmine.wire.feedback import Outcome
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import (
    Action,
    Decision,
    DistanceBucket,
    MatchClass,
    MatchState,
    RegionsChoice,
    Review,
    ScreenOutcome,
    ScreenResult,
    SourceLeftOut,
    WayName,
)
from tests.partner.partner_parts import Clock, InThisProcess

DIGEST = Fingerprint(Kind.SHA256, "ab" * 32, 100)
PICTURE = Fingerprint(Kind.PDQ, "cd" * 32, 90)
ONE, OTHER = b"1" * 16, b"2" * 16


class Finds:
    """A way that finds what it is told to, or fails."""

    def __init__(self, *found: Candidate, left_out: Sequence[str] = (), clock: Clock | None = None) -> None:
        self.found = list(found)
        self.left_out = list(left_out)
        self.error: Exception | None = None
        self.asked: list[tuple[Made, bytes]] = []
        self._clock = clock or Clock()

    def require_use(self) -> None: ...

    def as_of(self) -> datetime:
        return self._clock()

    def look_up(self, made: Made, token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        self.asked.append((made, token))
        if self.error is not None:
            raise self.error
        return LookedUp(list(self.found), list(self.left_out), self._clock())

    def close(self) -> None: ...


def asked(id: bytes, kind: Kind = Kind.SHA256, distance_bits: int | None = None) -> Candidate:
    return Candidate(id, kind, MatchClass.EXACT, is_listed=False, distance_bits=distance_bits)


class Platform:
    """A store, a further one, and a screening over some sources."""

    def __init__(self, home: Path, clock: Clock) -> None:
        (home / "other").mkdir(mode=0o700)
        self.store, self.other = Store(home), Store(home / "other")
        self.stores = SeveralStores(self.store, {"other": self.other})
        self.clock = clock
        self.tokens = UploadTokens(Secret(b"smu_of_tests"), clock)
        self.sources = Sources([])

    def screen(self, *sources: Source, fingerprints: Sequence[Fingerprint] = (DIGEST,), content_id: str | None = None) -> ScreenResult:
        self.sources = Sources(sources)
        screening = Screening(self.stores, self.sources, InThisProcess(), self.tokens, clock=self.clock)
        return screening.screen_fingerprints(fingerprints, content_id=content_id)

    def close(self) -> None:
        self.store.close()
        self.other.close()


@pytest.fixture
def platform(home: Path, clock: Clock) -> Platform:
    return Platform(home, clock)


def source(name: str, way: Finds, action: Action = Action.MATCH, **more: object) -> Source:
    return Source(replace(Policy(name, action), **more), way)  # type: ignore[arg-type]


def test_each_source_is_looked_up_and_every_match_says_whose_it_is(platform: Platform) -> None:
    result = platform.screen(source("exchange", Finds(asked(ONE))), source("other", Finds(asked(OTHER)), Action.REVIEW))
    assert [(match.source, match.action) for match in result.matches] == [("exchange", Action.MATCH), ("other", Action.REVIEW)]
    kept = platform.store.matches(Wanted()).matches
    assert [(match.source, match.action) for match in kept] == [("exchange", Action.MATCH), ("other", Action.REVIEW)]


def test_nearer_matches_for_a_reviewer_never_hide_one_that_a_rule_may_act_on(platform: Platform) -> None:
    for_review = Finds(*(asked(bytes([number]) * 16) for number in range(MAXIMUM_MATCHES + 5)))
    farther = Finds(replace(asked(ONE, Kind.PDQ), match_class=MatchClass.NEAR, bucket=DistanceBucket.FAR))
    result = platform.screen(source("other", for_review, Action.REVIEW), source("exchange", farther))
    assert len(result.matches) == MAXIMUM_MATCHES
    assert (result.matches[0].source, result.matches[0].action) == ("exchange", Action.MATCH)
    assert in_status(result, LATER).status_code == STOP
    kept = platform.store.matches(Wanted()).matches
    assert len(kept) == MAXIMUM_MATCHES
    assert "exchange" in {match.source for match in kept}


def test_the_same_id_in_two_sources_is_two_matches(platform: Platform) -> None:
    result = platform.screen(source("exchange", Finds(asked(ONE))), source("other", Finds(asked(ONE))))
    assert len({match.match_id for match in result.matches}) == 2


def test_a_source_that_is_away_costs_only_what_needs_it(platform: Platform) -> None:
    away, here = Finds(), Finds(asked(ONE))
    away.error = ExchangeUnreachableError()
    result = platform.screen(source("away", away), source("exchange", here))
    assert (result.outcome, result.left_out) == (ScreenOutcome.MATCH, ["exchange_unreachable"])
    here.found = []
    result = platform.screen(source("away", away), source("exchange", here))
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "exchange_unreachable")
    assert result.sources_left_out == [SourceLeftOut("away", "exchange_unreachable")]


def test_what_a_source_does_unexpectedly_costs_no_other_its_answer(platform: Platform) -> None:
    broken = Finds()
    broken.error = ValueError("ab" * 32)
    result = platform.screen(source("broken", broken), source("exchange", Finds(asked(ONE))))
    assert (result.outcome, result.left_out) == (ScreenOutcome.MATCH, ["internal_error"])


def test_a_dry_run_is_counted_and_changes_no_answer(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    dry, away = Finds(asked(ONE)), Finds()
    away.error = ExchangeUnreachableError()
    with caplog.at_level("INFO"):
        result = platform.screen(source("dry", dry, Action.LOG), source("gone", away, Action.LOG), source("exchange", Finds()))
    assert (result.outcome, result.left_out, result.sources_left_out) == (ScreenOutcome.NO_MATCH, [], [])
    assert (platform.sources.would_have_matched("dry"), platform.sources.would_have_matched("gone")) == (1, 0)
    assert platform.store.matches(Wanted(MatchState.ALL)).matches == []
    assert "dry would have matched" in caplog.text
    assert ONE.hex() not in caplog.text


def test_a_threshold_and_kinds_of_a_source_leave_others_alone(platform: Platform) -> None:
    near = Finds(asked(ONE, Kind.PDQ, 20))
    strict = source("strict", near, threshold_bits=19)
    assert platform.screen(strict, fingerprints=[PICTURE]).outcome is ScreenOutcome.NO_MATCH
    result = platform.screen(strict, source("exchange", near), fingerprints=[PICTURE])
    assert [match.source for match in result.matches] == ["exchange"]
    digests = source("digests", Finds(asked(ONE), asked(OTHER, Kind.PDQ)), kinds=frozenset({Kind.SHA256}))
    result = platform.screen(digests, fingerprints=[DIGEST, PICTURE])
    assert [match.kind for match in result.matches] == [Kind.SHA256]


def test_what_the_list_finds_and_does_not_count_keeps_nothing_from_being_asked() -> None:
    listing, asking = Finds(asked(ONE, Kind.VPDQ)), Finds(asked(OTHER, Kind.PDQ))
    pictures = Policy(kinds=frozenset({Kind.PDQ}))
    way = WayInUse(listing, asking, Use(WayName.BOTH), pictures.counts)
    assert [found.id for found in way.look_up(Made(b"", []), b"").candidates] == [ONE, OTHER]
    listing.found = [asked(ONE, Kind.PDQ)]
    assert [found.id for found in way.look_up(Made(b"", []), b"").candidates] == [ONE]


class Away:
    """Regions that an exchange does not answer about, where a list goes on without them."""

    choice = RegionsChoice.ALL

    def look(self, _made: Made, _found: Sequence[Candidate], _token: bytes, _hash_places: HashPlaces | None) -> RegionsSeen:
        return RegionsSeen(note=ExchangeUnreachableError.code)


def test_a_source_for_regions_alone_calls_nothing_clear_that_it_did_not_ask_about(platform: Platform) -> None:
    picture = Made(b"u" * 32, [], [Picture([bytes(32)], 90, [])], regions=[PictureRegions(0, 256, 256, [])])
    identity = platform.tokens.identify(picture.upload, None, None)
    for kinds, left_out in ((frozenset({Kind.REGIONS}), ["exchange_unreachable"]), (None, [])):
        own = replace(source("exchange", Finds(), kinds=kinds), regions=Away())
        found = Sources([own]).look_up(picture, identity, platform.tokens)
        assert (found.left_out, found.regions_left_out) == (left_out, "exchange_unreachable")


def test_what_no_source_is_for_is_not_called_clear(platform: Platform) -> None:
    videos = source("videos", Finds(), kinds=frozenset({Kind.VPDQ}))
    assert platform.screen(videos, fingerprints=[PICTURE]).reason == KindNotAcceptedError.code
    result = platform.screen(videos, source("exchange", Finds()), fingerprints=[PICTURE])
    assert (result.outcome, result.sources_left_out) == (ScreenOutcome.NO_MATCH, [SourceLeftOut("videos", KindNotAcceptedError.code)])


def test_a_share_takes_the_same_uploads_each_time_and_a_larger_one_takes_more(platform: Platform) -> None:
    def taking_part(share: float) -> set[str]:
        way = Finds()
        part = source("other", way, share=share)
        told = {f"{number:064x}": platform.screen(part, fingerprints=[replace_value(number)]) for number in range(200)}
        assert {result.reason for result in told.values() if result.outcome is ScreenOutcome.NOT_SCREENED} <= {OutsideShareError.code}
        return {value for value, result in told.items() if result.outcome is ScreenOutcome.NO_MATCH}

    small, large = taking_part(0.2), taking_part(0.5)
    assert taking_part(0.2) == small
    assert small < large
    assert 20 <= len(small) <= 60
    assert 70 <= len(large) <= 130
    assert len(taking_part(1.0)) == 200
    assert not taking_part(0.0)


def replace_value(number: int) -> Fingerprint:
    return Fingerprint(Kind.SHA256, f"{number:064x}", 100)


def test_each_source_is_told_of_its_own_under_a_token_of_its_own(platform: Platform) -> None:
    ways = Finds(asked(ONE)), Finds(asked(OTHER))
    result = platform.screen(source("exchange", ways[0]), source("other", ways[1]), content_id="post 7")
    tokens = [way.asked[0][1] for way in ways]
    assert tokens[0] != tokens[1]
    platform.store.record_review(bytes.fromhex(result.matches[0].match_id), Review(1, Decision.REMOVED), b"r" * 16, 50)
    for name, id, token in (("exchange", ONE, tokens[0]), ("other", OTHER, tokens[1])):
        waiting = platform.store.waiting_feedback(10, name)
        assert [(row.outcome, row.fingerprint_id, row.near) for row in waiting] == [
            (Outcome.FOUND, id.hex(), []),
            (Outcome.REMOVED, id.hex(), []),
        ]
        assert {row.upload_token for row in waiting} == {token.hex()}
    assert platform.store.matches(Wanted()).matches == [], "one decision about an upload is said of all that it matched"
    ids = [row.feedback_id for name in ("exchange", "other") for row in platform.store.waiting_feedback(10, name)]
    assert len(set(ids)) == 4


def test_what_a_further_list_holds_no_more_is_not_answered_and_its_match_is_withdrawn(platform: Platform) -> None:
    def say(state: FingerprintState, cursor: str) -> None:
        value = b"v" * 32 if state is FingerprintState.ACTIVE else None
        platform.other.apply_page([StoredEntry(ONE, Kind.SHA256, state, value, 100, is_flagged=True)], cursor, 5)

    listed = source("other", Finds(replace(asked(ONE), is_listed=True)))
    assert platform.screen(listed).reason == "deadline", "it is in no list, however often it is looked up"
    say(FingerprintState.ACTIVE, "c1")
    (match,) = platform.screen(listed).matches
    assert match.is_flagged
    assert platform.stores.note_not_listed("other") == 0
    assert [one.is_withdrawn for one in platform.store.matches(Wanted()).matches] == [False]
    say(FingerprintState.WITHDRAWN, "c2")
    assert platform.stores.note_not_listed("other") == 1
    assert [one.is_withdrawn for one in platform.store.matches(Wanted()).matches] == [True]
    assert platform.screen(listed).reason == "deadline"


class Bank:
    """A negative bank of one file and one picture."""

    def __init__(self, file: bytes = b"", picture: bytes = b"") -> None:
        self._file = file
        self._picture = picture

    def holds_file(self, digests: Sequence[Digest]) -> bool:
        return any(digest.value == self._file for digest in digests)

    def holds_picture(self, value: bytes) -> bool:
        return value == self._picture


def lowered(platform: Platform, bank: Bank, *sources: Source) -> list[tuple[str, Action, bool]]:
    screening = Screening(platform.stores, Sources(sources, bank), InThisProcess(), platform.tokens, clock=platform.clock)
    result = screening.screen_fingerprints([DIGEST, PICTURE])
    assert result.outcome is ScreenOutcome.MATCH, "never less than a match"
    return [(match.source, match.action, match.is_in_own_negative_bank) for match in result.matches]


def test_the_negative_bank_leaves_a_match_to_a_reviewer_and_never_silences_it(platform: Platform) -> None:
    platform.other.apply_page([StoredEntry(ONE, Kind.PDQ, FingerprintState.ACTIVE, b"v" * 32, 100)], "c1", 5)
    near = Finds(Candidate(ONE, Kind.PDQ, MatchClass.NEAR))
    listed = Source(Policy("other"), near, values_of=platform.other.values_of)
    asking = source("exchange", Finds(asked(OTHER, Kind.PDQ)))
    by_picture = lowered(platform, Bank(picture=b"v" * 32), listed, asking)
    assert sorted(by_picture) == [("exchange", Action.MATCH, False), ("other", Action.REVIEW, True)]
    by_file = lowered(platform, Bank(file=bytes.fromhex(DIGEST.value)), listed, asking)
    assert sorted(by_file) == [("exchange", Action.REVIEW, True), ("other", Action.REVIEW, True)]
    assert sorted(lowered(platform, Bank(), listed, asking)) == [("exchange", Action.MATCH, False), ("other", Action.MATCH, False)]
