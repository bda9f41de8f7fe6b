# SPDX-License-Identifier: Apache-2.0
"""`no_match` only if everything was compared: all that was left out is named, beside a match as well, each once and in known words."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stillmine.fingerprint.ground.errors import VideoUnreadableError
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.partner.fingerprinting import file_fingerprints
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import Digest, FilmFrames, Job, JobResult, Media, Picture
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import RegionsChoice, ScreenOutcome, ScreenResult
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import melody, video_file
from tests.partner.partner_parts import Clock, NoPlaces, Partner

DIGESTS = [Digest(Kind.SHA256, b"s" * 32), Digest(Kind.MD5, b"m" * 16)]
VALUE = bytes(range(100, 132))


class Made(NoPlaces):
    """Gives one answer whatever the file is."""

    def __init__(self, answer: JobResult) -> None:
        self._answer = answer

    def fingerprints(self, _file: OpenFile, _regions: RegionsChoice = RegionsChoice.OFF) -> JobResult:
        return self._answer


@pytest.fixture
def screened(partner: Partner, clock: Clock) -> Iterator[Callable[[JobResult], ScreenResult]]:
    """What is answered where a worker made this."""
    opened: list[Screening] = []

    def screen(answer: JobResult) -> ScreenResult:
        opened.append(Screening(partner.store, one_source(partner.way), Made(answer), partner.tokens, clock=clock))
        with Path(__file__).open("rb") as file:
            return opened[-1].screen_upload(file)

    yield screen
    for screening in opened:
        screening.close()  # and with it the way, which all of them share


def test_all_that_was_left_out_is_named_each_once_and_the_first_is_the_reason(
    partner: Partner, screened: Callable[[JobResult], ScreenResult]
) -> None:
    partner.sync.run()
    codes = ["too_much_to_decode", "sound_unreadable", "too_much_to_decode"]
    result = screened(JobResult(Media.VIDEO, is_final=True, left_out=codes, fingerprints=[*DIGESTS]))
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "too_much_to_decode")
    assert result.left_out == ["too_much_to_decode", "sound_unreadable"]


def test_a_match_says_what_was_left_out_as_well(
    partner: Partner, exchange: FakeExchange, screened: Callable[[JobResult], ScreenResult]
) -> None:
    exchange.add_text("f", Kind.SHA256, DIGESTS[0].value.hex())
    partner.sync.run()
    result = screened(JobResult(Media.IMAGE, is_final=True, left_out=["truncated_image"], fingerprints=[*DIGESTS]))
    assert (result.outcome, result.reason, result.left_out) == (ScreenOutcome.MATCH, None, ["truncated_image"])


def test_words_of_a_worker_that_are_no_codes_are_not_passed_on(partner: Partner, screened: Callable[[JobResult], ScreenResult]) -> None:
    partner.sync.run()
    result = screened(JobResult(Media.IMAGE, is_final=True, left_out=["truncated_image", "anything", "else"], fingerprints=[*DIGESTS]))
    assert result.left_out == ["truncated_image", "decoder_stopped"]


def test_with_no_match_nothing_is_left_out(partner: Partner, screened: Callable[[JobResult], ScreenResult]) -> None:
    partner.sync.run()
    flat, good = Picture([VALUE] * 8, 20, []), Picture([VALUE] * 8, 90, [])
    result = screened(JobResult(Media.IMAGE, is_final=True, fingerprints=[*DIGESTS, flat, good]))
    assert (result.outcome, result.reason, result.left_out) == (ScreenOutcome.NO_MATCH, None, [])
    assert screened(JobResult(Media.IMAGE, is_final=True, fingerprints=[*DIGESTS, flat])).left_out == ["quality_too_low"]


def test_fingerprints_of_a_platform_that_are_not_compared_are_named(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    asked = [Fingerprint(Kind.PDQ, VALUE.hex(), 90), Fingerprint(Kind.PDQ, bytes(32).hex(), 10)]
    result = partner.screening.screen_fingerprints(asked)
    assert (result.outcome, result.left_out) == (ScreenOutcome.MATCH, ["quality_too_low"])


def test_sound_of_a_video_that_is_not_listened_to_is_named(partner: Partner, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Image.open(root / "media/clothing/coat.jpg") as coat:
        film = video_file([coat.convert("RGB")], 12, samples=melody(1, 12))
    partner.sync.run()
    assert partner.screen(film).outcome is ScreenOutcome.NO_MATCH
    monkeypatch.setattr(file_fingerprints, "VIDEO_SOUND_LIMITS", replace(DEFAULT_MEDIA_LIMITS, max_sound_seconds=9))
    assert partner.screen(film).left_out == ["media_file_too_large"]


def test_a_further_track_that_breaks_leaves_the_first_compared(partner: Partner, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Image.open(root / "media/clothing/coat.jpg") as coat:
        film = video_file([coat.convert("RGB")], 4)

    def second_breaks(*args: Any, track: int = 0, **options: Any) -> VideoFingerprint:
        if track:
            raise VideoUnreadableError
        return replace(fingerprint_video(*args, **options), tracks=2)

    monkeypatch.setattr(file_fingerprints, "fingerprint_video", second_breaks)
    *_, answer = file_fingerprints.fingerprints_of(io.BytesIO(film), Job(takes_long=True, seconds=600, cpu_seconds=600))
    assert answer.of(FilmFrames)
    assert answer.left_out == ["video_unreadable"]
