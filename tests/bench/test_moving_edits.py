# SPDX-License-Identifier: Apache-2.0
"""The robustness bench's copies are what their names say: readable, of the expected length and size, and the same each time."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import recall
import sound_edits
import video_edits
from moving_files import SOUND_RATE, Clip, read_clip, read_sound

ROOT = Path(__file__).resolve().parents[2]

VIDEO = {f"{edit.group}, {edit.name}": edit for edit in video_edits.EDITS}
SOUND = {f"{edit.group}, {edit.name}": edit for edit in sound_edits.EDITS}


@cache
def clip(name: str) -> Clip:
    return read_clip(ROOT / "media" / "video" / f"{name}.mp4", 2, 120)


@pytest.mark.parametrize(
    ("name", "seconds", "size"),
    [
        ("saved again, H.264, CRF 40", 2, (80, 120)),
        ("saved again, VP9, CRF 36", 2, (80, 120)),
        ("size, half", 2, (40, 60)),
        ("trimmed, middle half", 1, (80, 120)),
        ("added, 3 s of another before", 4, (80, 120)),
        ("speed, 2", 1, (80, 120)),
        ("drawn over, logo in a corner", 2, (80, 120)),
        ("turned, pixels, 90°", 2, (120, 80)),
        ("cropped at every side, 10 %", 2, (64, 96)),
        ("bars, letterbox or pillarbox to 9:16", 2, (80, 142)),
        ("within another, picture in picture", 2, (80, 120)),
        ("chains, Instagram-like, cut to 4:5", 2, (288, 360)),
    ],
)
def test_an_altered_video_has_its_length_and_size(name: str, seconds: float, size: tuple[int, int]) -> None:
    made = read_clip(VIDEO[name].make(clip("chair"), clip("bottle")), 60, 1000)
    assert made.size == size
    assert made.seconds == pytest.approx(seconds, abs=0.1)


def pixels(data: bytes) -> np.ndarray:
    return read_clip(data, 60, 1000).frames[20].to_ndarray(format="gray").astype(float)


def test_what_is_drawn_over_leaves_the_rest_as_it_was() -> None:
    plain = pixels(VIDEO["saved again, H.264, CRF 23"].make(clip("chair"), clip("bottle")))
    drawn = np.abs(pixels(VIDEO["drawn over, disc over the middle"].make(clip("chair"), clip("bottle"))) - plain)
    middle = drawn[50:70, 35:45]
    assert middle.mean() > 30
    assert drawn[:30].mean() < 10


def test_a_mirrored_video_is_mirrored() -> None:
    plain = pixels(VIDEO["saved again, H.264, CRF 23"].make(clip("chair"), clip("bottle")))
    mirrored = pixels(VIDEO["mirrored, left to right"].make(clip("chair"), clip("bottle")))
    assert np.abs(mirrored[:, ::-1] - plain).mean() < 5
    assert np.abs(mirrored - plain).mean() > 15


def test_the_same_copy_each_time() -> None:
    edit = VIDEO["drawn over, watermark all over"]
    assert edit.make(clip("chair"), clip("bottle")) == edit.make(clip("chair"), clip("bottle"))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("saved again, MP3, 32 kbit/s", 10),
        ("saved again, Opus, 16 kbit/s", 10),
        ("cut, middle half", 5),
        ("a clip of, 8 s", 8),
        ("added, 5 s of silence before", 15),
        ("speed, with pitch, +10 %", 10 / 1.1),
        ("another sound over it, 0 dB below", 10),
    ],
)
def test_an_altered_sound_has_its_length(name: str, seconds: float) -> None:
    samples, other = (read_sound(ROOT / "media" / "audio" / f"{each}.mp3", 10) for each in ("reader", "strings"))
    assert samples is not None
    assert other is not None
    made = SOUND[name].make(samples, other)
    assert made is not None
    heard = read_sound(made)
    assert heard is not None
    assert len(heard) / SOUND_RATE == pytest.approx(seconds, abs=0.15)


def test_a_sound_too_short_for_a_clip_gives_none() -> None:
    assert SOUND["a clip of, 20 s"].make(np.zeros(10 * SOUND_RATE, np.float32), np.zeros(1, np.float32)) is None


def test_a_match_with_another_scene_is_wrong_and_one_with_what_was_added_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    counts = recall.Recall(["ours"], [("cut", "half")], {"a": "a", "a.hq": "a", "b": "b", "c": "c"})
    counts.count(0, "a", {"ours": {"a", "a.hq", "b", "c"}}, also_held="b")
    counts.print_edits()
    said = capsys.readouterr()
    assert "| cut | half | 1 | 100.0 |" in said.out
    assert "| false matches | of 1 pairs of a copy and another scene | | 1 |" in said.out
    assert "matched c" in said.err
    assert "matched b" not in said.err
