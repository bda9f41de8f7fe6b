# SPDX-License-Identifier: Apache-2.0
"""Sounds: the same values as the field's own tool, copies match, strangers don't, bad files get a code."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stillmine.fingerprint.ground.errors import (
    AudioLibraryMissingError,
    EmptyFileError,
    MediaDeadlineError,
    MediaError,
    NoSoundError,
    SoundTooShortError,
    SoundUnreadableError,
    SoundWithoutDetailError,
)
from stillmine.fingerprint.ground.limits import MediaLimits
from stillmine.fingerprint.sound import chromaprint_library
from stillmine.fingerprint.sound.audio import SoundFingerprint, fingerprint_sound
from stillmine.fingerprint.sound.compare import compare_sounds
from stillmine.wire.chromaprint import parse_chromaprint
from tests.fingerprint_audio.sound_clips import MEDIA, RATE, cut, encode_sound, noisy, sound
from tests.more_media import SMALL, larger_media

NAMES = ("strings", "whale", "reader", "helicopter")
VIDEOS = MEDIA.parent / "video"
FPCALC = shutil.which("fpcalc")

needs_fpcalc = pytest.mark.skipif(FPCALC is None, reason="Debian's `libchromaprint-tools` is not installed")


def fpcalc(path: Path, *options: str) -> str:
    """What it prints; its exit status is not 0 where it meets the end of a file before the length that was asked for."""
    assert FPCALC
    printed = subprocess.run([FPCALC, "-plain", *options, str(path)], capture_output=True, text=True, check=False).stdout.strip()
    assert printed
    return printed


@pytest.fixture(scope="module")
def originals() -> dict[str, SoundFingerprint]:
    return {name: fingerprint_sound(MEDIA / f"{name}.mp3") for name in NAMES}


@needs_fpcalc
@pytest.mark.parametrize("name", NAMES)
def test_text_is_the_same_as_the_tools(name: str, originals: dict[str, SoundFingerprint]) -> None:
    assert originals[name].text == fpcalc(MEDIA / f"{name}.mp3", "-length", "0")


@needs_fpcalc
def test_sound_of_a_video_is_the_same_as_the_tools() -> None:
    assert fingerprint_sound(VIDEOS / "chair.mp4").text == fpcalc(VIDEOS / "chair.mp4", "-length", "0")


@needs_fpcalc
def test_the_same_length_gives_the_same_text() -> None:
    made = fingerprint_sound(MEDIA / "strings.mp3", MediaLimits(max_sound_seconds=20))
    assert made.is_limited
    assert made.duration_seconds == 20
    assert made.text == fpcalc(MEDIA / "strings.mp3", "-length", "20")


@needs_fpcalc
@pytest.mark.parametrize(
    "media", [pytest.param(lambda: SMALL, id="small"), pytest.param(larger_media, id="larger", marks=pytest.mark.larger_media)]
)
def test_more_sounds_are_nearly_the_same_as_the_tools(media: Callable[[], Path]) -> None:
    """Stereo at 44.1 kHz is rounded once more or less by other versions of the resampler: at most 1 bit of 500."""
    paths = [path for path in sorted((media() / "audio").glob("*/*")) if path.suffix in {".ogg", ".mp3", ".wav"}]
    assert len(paths) >= 3
    for path in paths:
        theirs = np.array([int(value) for value in fpcalc(path, "-raw", "-length", "0").split(",")], dtype=np.uint32)
        ours = np.array(fingerprint_sound(path).values, dtype=np.uint32)
        assert len(ours) == len(theirs)
        assert np.bitwise_count(ours ^ theirs).sum() <= len(ours) * 32 / 500


@pytest.mark.parametrize("name", NAMES)
def test_text_is_read_by_the_wire(name: str, originals: dict[str, SoundFingerprint]) -> None:
    assert parse_chromaprint(originals[name].text) == originals[name].values


EDITS = {
    "mp3 at 32 kbit/s": lambda samples: encode_sound(samples, "mp3", "libmp3lame", 32_000),
    "opus at 16 kbit/s": lambda samples: encode_sound(samples, "ogg", "libopus", 16_000, 48_000),
    "aac in mp4": lambda samples: encode_sound(samples, "mp4", "aac", 48_000),
    "flac": lambda samples: encode_sound(samples, "flac", "flac"),
    "pcm in mov": lambda samples: encode_sound(samples, "mov", "pcm_s16le"),
    "amr": lambda samples: encode_sound(samples, "amr", "libopencore_amrnb", 12_200, 8_000),
    "quieter by 20 dB": lambda samples: encode_sound(samples * 0.1),
    "noise at -15 dB": lambda samples: encode_sound(noisy(samples, 15)),
    "opus in webm": lambda samples: encode_sound(samples, "webm", "libopus", 32_000, 48_000),
}


@pytest.mark.parametrize("name", ["strings", "reader"])
@pytest.mark.parametrize("edit", EDITS)
def test_copies_match(name: str, edit: str, originals: dict[str, SoundFingerprint]) -> None:
    found = compare_sounds(fingerprint_sound(EDITS[edit](sound(name))).values, originals[name].values)
    assert found.is_match
    assert found.offset_seconds is not None
    assert abs(found.offset_seconds) <= 0.25


def test_a_cut_is_found_where_it_is(originals: dict[str, SoundFingerprint]) -> None:
    made = fingerprint_sound(encode_sound(cut(sound("strings"), 20.03, 12)))
    found = compare_sounds(made.values, originals["strings"].values)
    assert found.is_match
    assert found.offset_seconds == pytest.approx(20.03, abs=0.15)
    assert found.matched_seconds > 7
    assert found.bit_error_rate is not None
    assert found.bit_error_rate < 0.2


@pytest.mark.parametrize("left", NAMES)
@pytest.mark.parametrize("right", NAMES)
def test_strangers_do_not_match(left: str, right: str, originals: dict[str, SoundFingerprint]) -> None:
    found = compare_sounds(originals[left].values, originals[right].values)
    assert found.is_match == (left == right)
    assert (found.bit_error_rate == 0) == (left == right)


def test_too_little_to_compare_is_no_match() -> None:
    assert compare_sounds([], [1, 2, 3]).is_match is False
    assert compare_sounds([1] * 10, [1] * 10).offset_seconds is None


SECONDS = np.arange(12 * RATE) / RATE


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(12 * RATE),
        np.sin(2 * np.pi * 440 * SECONDS) * 0.5,
        np.sin(2 * np.pi * 50 * SECONDS) * 0.2,
        np.random.Generator(np.random.PCG64(1)).standard_normal(12 * RATE) * 0.0001,
    ],
    ids=["silence", "a tone", "hum", "almost silence"],
)
def test_sound_without_detail_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(SoundWithoutDetailError):
        fingerprint_sound(encode_sound(samples.astype(np.float32)))


def test_short_sound_is_refused() -> None:
    with pytest.raises(SoundTooShortError):
        fingerprint_sound(encode_sound(cut(sound("reader"), 0, 4)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFileError),
        (b"This is only a text.\n" * 50, NoSoundError),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, NoSoundError),
        (b"RIFF\x40\0\0\0WAVEfmt " + b"\0" * 64, SoundUnreadableError),
        (b"OggS" + b"\0" * 64, SoundUnreadableError),
        (b"ID3\x04\0\0\0\0\0\0" + b"\0" * 200, SoundUnreadableError),
    ],
)
def test_what_is_no_sound_is_told_apart(data: bytes, error: type[MediaError]) -> None:
    with pytest.raises(error):
        fingerprint_sound(data)


def test_a_video_without_sound_is_told_apart() -> None:
    with pytest.raises(NoSoundError):
        fingerprint_sound(VIDEOS / "sky.mp4")


@pytest.mark.parametrize("name", ["reader.mp3", "strings.mp3"])
def test_cut_off_and_damaged_files_never_raise_anything_else(name: str) -> None:
    data = (MEDIA / name).read_bytes()
    random = np.random.Generator(np.random.PCG64(9))
    codes = set()
    lengths = []
    for part in range(1, 12):
        broken = bytearray(data[: len(data) * part // 12])
        try:
            lengths.append(len(fingerprint_sound(bytes(broken)).values))
            for place in random.integers(0, len(broken), 200):
                broken[place] = int(random.integers(0, 256))
            fingerprint_sound(bytes(broken))
        except MediaError as error:
            codes.add(error.code)
    assert lengths == sorted(lengths)
    assert len(lengths) >= 3
    assert codes <= {"sound_too_short", "sound_unreadable", "no_sound", "sound_without_detail"}


def test_a_cut_off_video_says_so() -> None:
    data = encode_sound(sound("strings"), "webm", "libopus", 64_000, 48_000)
    assert not fingerprint_sound(data).is_truncated
    assert fingerprint_sound(data[: len(data) // 2]).is_truncated


def test_the_deadline_ends_the_work() -> None:
    answers = iter([True] * 20 + [False] * 1000)
    with pytest.raises(MediaDeadlineError):
        fingerprint_sound(MEDIA / "strings.mp3", is_time_left=lambda: next(answers))


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromaprint_library, "_NAMES", ("libchromaprint-which-is-not-there.so",))
    chromaprint_library._library.cache_clear()
    try:
        with pytest.raises(AudioLibraryMissingError, match="libchromaprint1"):
            fingerprint_sound(MEDIA / "reader.mp3")
    finally:
        monkeypatch.undo()
        chromaprint_library._library.cache_clear()


def test_sound_whose_form_changes_is_listened_to_all_the_way(tmp_path: Path) -> None:
    path = tmp_path / "two.mp3"
    path.write_bytes(
        encode_sound(cut(sound("strings"), 0, 10), "mp3", "libmp3lame", 64_000)
        + encode_sound(cut(sound("strings"), 10, 10), "mp3", "libmp3lame", 64_000, 22_050)
    )
    assert fingerprint_sound(path).duration_seconds == pytest.approx(20, abs=0.5)
