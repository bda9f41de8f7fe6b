# SPDX-License-Identifier: Apache-2.0
"""Which picture counts for which second: gaps, late starts, turns, bars, still scenes, animated pictures."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stillmine.fingerprint.moving.frames import VideoReader
from stillmine.fingerprint.moving.sampling import Sample
from stillmine.fingerprint.moving.video import Frame, fingerprint_video, merge_samples
from stillmine.fingerprint.picture.image import distance_bits, fingerprint_pixels
from tests.fingerprint_video.video_clips import MEDIA, ROOT, Rgb, encode, letterboxed, scene


def pdq_of(rgb: Rgb) -> bytes:
    return fingerprint_pixels(rgb, rgb.shape[1], rgb.shape[0], 3).pdq


def pictures() -> list[Rgb]:
    """Six photographs that look nothing alike, without black edges."""
    paths = sorted((ROOT / "media" / "clothing").glob("*.jpg"))[:6]
    return [np.asarray(Image.open(path).convert("RGB").resize((240, 320), Image.Resampling.BOX)).clip(40, 255) for path in paths]


def seen(frames: tuple[Frame, ...], shown: list[Rgb]) -> list[tuple[int, float, float]]:
    """Which of the pictures each frame is, with its span."""
    known = [pdq_of(rgb) for rgb in shown]
    found = []
    for frame in frames:
        distances = [distance_bits(frame.pdq, value) for value in known]
        assert min(distances) <= 31
        found.append((distances.index(min(distances)), frame.start_seconds, frame.end_seconds))
    return found


def test_the_picture_on_screen_counts_whatever_the_frame_rate() -> None:
    shown = pictures()
    data = encode(shown, "matroska", times=[0, 0.4, 0.9, 3.2, 4.0, 4.1])
    assert seen(fingerprint_video(data).frames, shown) == [(0, 0, 0), (2, 1, 3), (4, 4, 4)]


def test_time_begins_with_the_first_picture() -> None:
    shown = pictures()
    data = encode(shown, "matroska", times=[3.7, 4.7, 5.7, 6.7, 7.7, 8.7])
    made = fingerprint_video(data)
    assert seen(made.frames, shown) == [(number, number, number) for number in range(6)]
    assert not made.is_truncated


def test_more_samples_a_second_are_for_asking() -> None:
    shown = pictures()
    data = encode(shown, "matroska", times=[number / 2 for number in range(6)])
    assert seen(fingerprint_video(data, samples_per_second=2).frames, shown) == [(n, n / 2, n / 2) for n in range(6)]


@pytest.mark.parametrize(("rotation", "quarters"), [(90, 1), (180, 2), (-90, 3)])
def test_turned_by_its_header_it_is_the_same(rotation: int, quarters: int) -> None:
    upright = fingerprint_video(encode(scene(), options={"crf": "18"}))
    turned = [np.ascontiguousarray(np.rot90(frame, -quarters)) for frame in scene()]
    made = fingerprint_video(encode(turned, options={"crf": "18"}, rotation=rotation))
    assert (made.width, made.height) == (240, 360)
    assert len(made.frames) == len(upright.frames)
    assert max(distance_bits(a.pdq, b.pdq) for a, b in zip(upright.frames, made.frames, strict=True)) <= 16


@pytest.mark.parametrize(("top", "bottom"), [(60, 60), (100, 20), (0, 80)])
def test_bars_that_stay_are_taken_off(top: int, bottom: int) -> None:
    shown = pictures()
    plain = fingerprint_video(encode(shown, times=range(6), options={"crf": "20"}))
    barred = fingerprint_video(encode(letterboxed(shown, top, bottom), times=range(6), options={"crf": "20"}))
    assert max(distance_bits(a.pdq, b.pdq) for a, b in zip(plain.frames, barred.frames, strict=True)) <= 16
    assert barred.height == 320 + top + bottom


def test_bars_that_go_away_are_part_of_the_picture() -> None:
    shown = pictures()
    mixed = [*letterboxed([frame[80:-80] for frame in shown[:5]], 80, 80), shown[5]]
    made = fingerprint_video(encode(mixed, times=range(6), options={"crf": "20"}))
    assert seen(made.frames, mixed) == [(number, number, number) for number in range(6)]


@pytest.mark.parametrize(("last_bar", "readings"), [(0, 1), (40, 2), (80, 1)])
def test_what_was_hashed_too_early_is_hashed_again(monkeypatch: pytest.MonkeyPatch, last_bar: int, readings: int) -> None:
    """Bars that end, that become smaller, that stay: with or without pictures in memory; and only the second needs another reading."""
    last = pictures()[5][last_bar : 320 - last_bar]
    mixed = [*letterboxed([frame[80:-80] for frame in pictures()[:5]], 80, 80), *letterboxed([last], last_bar, last_bar)]
    data = encode(mixed, times=range(6), options={"crf": "20"})
    kept = fingerprint_video(data)
    shown = [frame[last_bar : 320 - last_bar] for frame in mixed]
    assert seen(kept.frames, shown) == [(number, number, number) for number in range(6)]
    opened: list[bool] = []
    monkeypatch.setattr("stillmine.fingerprint.moving.sampling.MAX_HELD_BYTES", 0)
    frames = VideoReader.frames

    def noted(reader: VideoReader) -> Any:
        opened.append(True)
        return frames(reader)

    monkeypatch.setattr(VideoReader, "frames", noted)
    assert fingerprint_video(data) == kept
    assert len(opened) == readings


def test_black_and_flat_seconds_are_left_out() -> None:
    shown = pictures()[:3]
    black, grey = np.zeros_like(shown[0]), np.full_like(shown[0], 120)
    made = fingerprint_video(encode([black, shown[0], grey, shown[1], black, shown[2]], times=range(6)))
    assert [frame.start_seconds for frame in made.frames] == [1, 3, 5]
    assert fingerprint_video(encode([black] * 6, times=range(6))).frames == ()


def test_a_still_scene_is_one_frame_with_a_span() -> None:
    shown = pictures()
    made = fingerprint_video(encode([shown[0]] * 4 + [shown[1]] * 2, times=range(6)))
    assert [(frame.start_seconds, frame.end_seconds) for frame in made.frames] == [(0, 3), (4, 5)]


def test_runs_end_at_gaps_and_never_drift() -> None:
    def sample(bits: int, second: int) -> Sample:
        return Sample(((1 << bits) - 1).to_bytes(32), 100, second, second)

    runs = merge_samples([sample(0, 0), sample(4, 1), sample(8, 2), sample(8, 4)], 1)
    assert [(run.start_seconds, run.end_seconds) for run in runs] == [(0, 1), (2, 2), (4, 4)]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_animated_pictures_are_videos(form: str) -> None:
    shown = pictures()
    stream = io.BytesIO()
    images = [Image.fromarray(frame) for frame in shown]
    images[0].save(stream, form, save_all=True, append_images=images[1:], duration=[1000, 1000, 2000, 400, 300, 300], loop=0)
    made = fingerprint_video(stream.getvalue())
    assert seen(made.frames, shown) == [(0, 0, 0), (1, 1, 1), (2, 2, 3), (3, 4, 4)]
    assert (made.width, made.height, made.has_sound, made.duration_seconds) == (240, 320, False, 5)


def test_sound_is_noticed() -> None:
    assert fingerprint_video(MEDIA / "chair.mp4").has_sound
    assert not fingerprint_video(MEDIA / "sky.mp4").has_sound
