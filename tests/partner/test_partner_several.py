# SPDX-License-Identifier: Apache-2.0
"""Whatever one file shows is compared: films behind a still picture, sequences, further tracks, further pictures, covers."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.ground.errors import SoundUnreadableError
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.sound.audio import SoundFingerprint, fingerprint_sound
from stillmine.partner.fingerprinting import file_fingerprints
from stillmine.partner.fingerprinting.worker_messages import Job, Sound
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome, ScreenResult
from stillmine.wire.vpdq import parse_vpdq, vpdq_quality
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import SIZE, melody, sound_file, video_file
from tests.partner.partner_parts import Partner
from tests.several_films import heif_sequence, jpeg, motion_heic, motion_photo, with_id3_cover, with_mp4_cover, with_sounds, with_tracks


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in sorted((root / "media/clothing").glob("*.jpg"))[:8]]


@pytest.fixture(scope="module")
def harmless(pictures: list[Image.Image]) -> bytes:
    return video_file(pictures[4:6])


@pytest.fixture(scope="module")
def film(pictures: list[Image.Image]) -> bytes:
    return video_file(pictures[:2])


def protect_film(exchange: FakeExchange, partner: Partner, film: bytes) -> None:
    text = write_vpdq(fingerprint_video(film).frames)
    exchange.add_text("film", Kind.VPDQ, text, vpdq_quality(parse_vpdq(text)))
    partner.sync.run()


def protect_picture(exchange: FakeExchange, partner: Partner, picture: Image.Image) -> None:
    made = fingerprint_image(jpeg(picture))
    exchange.add_text("picture", Kind.PDQ, made.text, made.quality)
    partner.sync.run()


def kinds(result: ScreenResult) -> list[str]:
    return [match.kind.value for match in result.matches]


def test_a_film_behind_a_still_picture_is_compared(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes
) -> None:
    protect_film(exchange, partner, film)
    for data in (motion_photo(pictures[7], film), motion_heic(pictures[7], film)):
        assert kinds(partner.screen(data)) == ["vpdq"]


def test_the_still_picture_before_a_film_is_compared(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], harmless: bytes
) -> None:
    protect_picture(exchange, partner, pictures[7])
    assert kinds(partner.screen(motion_photo(pictures[7], harmless))) == ["pdq"]
    result = partner.screen(motion_photo(pictures[6], harmless))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NO_MATCH, [])


def test_a_sequence_in_a_heif_file_is_compared(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> None:
    hevc = video_file(pictures[:2], 1.5, "libx265")
    protect_film(exchange, partner, hevc)
    assert kinds(partner.screen(heif_sequence(pictures[7], hevc))) == ["vpdq"]


def test_a_sequence_in_an_avif_file_is_compared(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes) -> None:
    stream = io.BytesIO()
    frames = [picture.resize(SIZE) for picture in (pictures[7], *pictures[:4])]
    frames[0].save(stream, "AVIF", save_all=True, append_images=frames[1:], duration=2000)
    made = fingerprint_video(stream.getvalue())
    text = write_vpdq(made.frames[1:])
    exchange.add_text("film", Kind.VPDQ, text, vpdq_quality(parse_vpdq(text)))
    partner.sync.run()
    assert "vpdq" in kinds(partner.screen(stream.getvalue()))


def test_a_damaged_film_behind_a_picture_is_named(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes
) -> None:
    partner.sync.run()
    index = film.index(b"moov")
    broken = film[: index + 4] + b"\0" * (len(film) - index - 4)
    result = partner.screen(motion_photo(pictures[7], broken))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["video_unreadable"])


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_every_track_of_moving_pictures_is_compared(
    partner: Partner, exchange: FakeExchange, film: bytes, harmless: bytes, form: str
) -> None:
    protect_film(exchange, partner, film)
    assert kinds(partner.screen(with_tracks([harmless, film], form))) == ["vpdq"]


def test_a_track_too_many_is_named(partner: Partner, exchange: FakeExchange, harmless: bytes) -> None:
    partner.sync.run()
    result = partner.screen(with_tracks([harmless] * 4))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["further_films"])
    assert partner.screen(with_tracks([harmless] * 3)).outcome is ScreenOutcome.NO_MATCH


def test_tracks_without_detail_count_among_those_that_are_read(
    partner: Partner, exchange: FakeExchange, harmless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner.sync.run()
    flat = video_file([Image.new("RGB", SIZE, "grey")], 3)
    read: list[int] = []

    def counted(*args: Any, **options: Any) -> VideoFingerprint:
        read.append(options["track"])
        return fingerprint_video(*args, **options)

    monkeypatch.setattr(file_fingerprints, "fingerprint_video", counted)
    tracks = with_tracks([harmless, *[flat] * 8], "matroska")
    *_, answer = file_fingerprints.fingerprints_of(io.BytesIO(tracks), Job(takes_long=True, seconds=600, cpu_seconds=600))
    assert (read, answer.left_out) == ([0, 1, 2], ["further_films"])
    read.clear()
    behind = motion_photo(Image.new("RGB", SIZE, "grey"), with_tracks([flat] * 4) * 4)
    *_, answer = file_fingerprints.fingerprints_of(io.BytesIO(behind), Job(takes_long=True, seconds=600, cpu_seconds=600))
    assert (read, set(answer.left_out)) == ([0, 1, 2], {"further_films"})


def test_what_an_animation_shows_only_between_two_samples_is_detail_enough(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]
) -> None:
    partner.sync.run()
    flat = Image.new("RGB", SIZE, "grey")
    stream = io.BytesIO()
    flat.save(stream, "PNG", save_all=True, append_images=[pictures[3].resize(SIZE), flat], duration=[600, 100, 2000])
    result = partner.screen(stream.getvalue())
    assert (result.outcome, result.left_out) == (ScreenOutcome.NO_MATCH, [])


def test_a_track_of_sound_that_breaks_leaves_the_others_compared(
    partner: Partner, exchange: FakeExchange, harmless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:

    def second_breaks(*args: Any, track: int = 0, **options: Any) -> SoundFingerprint:
        if track == 1:
            raise SoundUnreadableError
        return fingerprint_sound(*args, track=track, **options)

    monkeypatch.setattr(file_fingerprints, "fingerprint_sound", second_breaks)
    sounds = [sound_file(melody(seed, 9), "libmp3lame", "mp3") for seed in (1, 2, 3)]
    for data in (with_sounds(sounds), with_sounds(sounds, harmless)):
        *_, answer = file_fingerprints.fingerprints_of(io.BytesIO(data), Job(takes_long=True, seconds=600, cpu_seconds=600))
        assert (len(answer.of(Sound)), answer.left_out) == (2, ["sound_unreadable"])


def test_every_track_of_sound_is_compared(partner: Partner, exchange: FakeExchange, harmless: bytes) -> None:
    sounds = [sound_file(melody(seed, 9), "libmp3lame", "mp3") for seed in (1, 2)]
    exchange.add_text("sound", Kind.CHROMAPRINT, fingerprint_sound(sounds[1]).text)
    partner.sync.run()
    silence = sound_file(melody(3, 9) * 0, "libmp3lame", "mp3")
    for data in (with_sounds(sounds), with_sounds(sounds, harmless), with_sounds([silence, sounds[1]], harmless)):
        assert kinds(partner.screen(data)) == ["chromaprint"]
    result = partner.screen(with_sounds([sounds[0]] * 5, harmless))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["further_sounds"])


def test_every_page_is_compared(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> None:
    protect_picture(exchange, partner, pictures[3])
    stream = io.BytesIO()
    pictures[5].copy().save(stream, "TIFF", save_all=True, append_images=[pictures[3].copy()])
    assert kinds(partner.screen(stream.getvalue())) == ["pdq"]


def test_a_page_too_many_is_named(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> None:
    partner.sync.run()
    small = [pictures[5].resize((64, 64)) for _ in range(30)]
    stream = io.BytesIO()
    small[0].save(stream, "TIFF", save_all=True, append_images=small[1:])
    result = partner.screen(stream.getvalue())
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["further_pictures"])


def test_covers_are_compared(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], harmless: bytes) -> None:
    protect_picture(exchange, partner, pictures[3])
    sound = sound_file(melody(1, 9), "libmp3lame", "mp3")
    assert kinds(partner.screen(with_id3_cover(sound, jpeg(pictures[3])))) == ["pdq"]
    assert kinds(partner.screen(with_mp4_cover(harmless, jpeg(pictures[3])))) == ["pdq"]
    assert partner.screen(with_id3_cover(sound, jpeg(pictures[5]))).outcome is ScreenOutcome.NO_MATCH
    plain = with_id3_cover(sound, jpeg(Image.new("RGB", (300, 300), "teal")))
    assert partner.screen(plain).outcome is ScreenOutcome.NO_MATCH
    result = partner.screen(with_id3_cover(sound, jpeg(pictures[5])[:3000]))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["truncated_image"])
