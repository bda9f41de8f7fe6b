# SPDX-License-Identifier: Apache-2.0
"""What an edit list cuts away is not fingerprinted, and a clip of only that does not match."""

from functools import cache

import numpy as np
import pytest
from edited_clips import Edit, with_edits, without_edits
from PIL import Image
from video_clips import FRAMES_PER_SECOND, Rgb, encode

from stillmine.fingerprint.image import distance_bits, fingerprint_pixels
from stillmine.fingerprint.media_errors import VideoUnreadableError
from stillmine.fingerprint.video import fingerprint_video
from stillmine.fingerprint.video_compare import compare_videos

SCENES = 12


@cache
def pictures() -> tuple[Rgb, ...]:
    """Large soft shapes that look nothing alike."""
    random = np.random.default_rng(13)
    coarse = [Image.fromarray(random.integers(40, 256, (9, 12, 3), dtype=np.uint8)) for _ in range(SCENES)]
    return tuple(np.asarray(image.resize((240, 180), Image.Resampling.BICUBIC)) for image in coarse)


@cache
def clip(first: int = 0, last: int = SCENES) -> bytes:
    """A second of each picture, in H.264 with pictures that are decoded in another order than they are shown."""
    return encode([rgb for rgb in pictures()[first:last] for _ in range(FRAMES_PER_SECOND)])


def scenes_of(data: bytes) -> list[int]:
    """Which picture is on screen at each second."""
    known = [fingerprint_pixels(rgb, rgb.shape[1], rgb.shape[0], 3).pdq for rgb in pictures()]
    found = []
    for frame in fingerprint_video(data).frames:
        distances = [distance_bits(frame.pdq, value) for value in known]
        assert min(distances) <= 31
        found += [distances.index(min(distances))] * round(frame.end_seconds - frame.start_seconds + 1)
    return found


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([Edit(5.5, 6.5)], [6, 7, 8, 9, 10, 11], id="start"),
        pytest.param([Edit(4, 3.5)], [3, 4, 5, 6], id="middle"),
        pytest.param([Edit(3.2, 0)], [0, 1, 2, 3], id="end"),
        pytest.param([Edit(2.4, 1.5), Edit(3.1, 7.1)], [1, 2, 3, 7, 8, 9], id="two parts"),
        pytest.param([Edit(2.4, 7.5), Edit(3.2, 1.1)], [7, 8, 9, 1, 2, 3], id="other way round"),
        pytest.param([Edit(2.4, 4.5), Edit(2.2, 4.5)], [4, 5, 6, 5, 6], id="a repeat"),
        pytest.param([Edit(3, None), Edit(2.5, 8.5)], [8, 9, 10], id="empty and cut"),
        pytest.param([Edit(60, 9.5)], [9, 10, 11], id="more than there is"),
    ],
)
def test_only_what_an_edit_list_shows_is_fingerprinted(edits: list[Edit], expected: list[int]) -> None:
    data = with_edits(clip(), edits)
    assert scenes_of(data) == expected
    assert not fingerprint_video(data).is_truncated


def test_the_usual_list_that_hides_the_decoders_delay_changes_nothing() -> None:
    assert b"elst" in clip()
    assert scenes_of(clip()) == scenes_of(without_edits(clip())) == list(range(SCENES))


def test_the_part_that_was_cut_away_does_not_match() -> None:
    trimmed = fingerprint_video(with_edits(clip(), [Edit(5, 7)])).frames
    cut_away = fingerprint_video(clip(0, 7)).frames
    shown = fingerprint_video(clip(7, SCENES)).frames
    assert not compare_videos(trimmed, cut_away).is_match
    assert compare_videos(trimmed, shown).percent_of_a == 100


def test_a_list_that_shows_nothing_gives_nothing() -> None:
    with pytest.raises(VideoUnreadableError):
        fingerprint_video(with_edits(clip(), [Edit(0, 5)]))
