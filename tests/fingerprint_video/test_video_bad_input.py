# SPDX-License-Identifier: Apache-2.0
"""Cut off, damaged, hostile and wrong files: what can be read is given and said to be a part; else a code, never an unclear exception."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from stillmine.fingerprint.ground.errors import (
    EmptyFileError,
    FileUnreadableError,
    MediaDeadlineError,
    MediaError,
    MediaFileTooLargeError,
    NotAVideoError,
    VideoTooLargeError,
    VideoUnreadableError,
)
from stillmine.fingerprint.ground.limits import MediaLimits
from stillmine.fingerprint.moving.compare import compare_videos
from stillmine.fingerprint.moving.video import fingerprint_video
from tests.fingerprint_video.video_clips import MEDIA, encode, index_first, scene

FORMS = ("mp4", "fragmented", "matroska", "webm", "avi")


@cache
def forms() -> dict[str, bytes]:
    return {
        "mp4": index_first(encode(scene())),
        "fragmented": encode(scene(), container_options={"movflags": "frag_keyframe+empty_moov"}, options={"g": "10"}),
        "matroska": encode(scene(), "matroska", options={"g": "10"}),
        "webm": encode(scene(), "webm", "libvpx"),
        "avi": encode(scene(), "avi", "mpeg4"),
    }


@pytest.mark.parametrize("form", FORMS)
def test_cut_off_files_give_what_can_be_read(form: str) -> None:
    data = forms()[form]
    whole = fingerprint_video(data)
    counts = []
    for part in range(1, 24):
        try:
            made = fingerprint_video(data[: len(data) * part // 24])
        except VideoUnreadableError:
            counts.append(0)
            continue
        counts.append(len(made.frames))
        assert made.is_truncated or made.frames == whole.frames
        if made.frames:
            assert compare_videos(made.frames[:1], whole.frames).percent_of_a == 100
    assert counts[-1] >= 4
    assert counts == sorted(counts) or max(counts[:-1]) <= len(whole.frames) + 1


def test_a_file_with_its_index_at_the_end_cut_off_says_so() -> None:
    data = encode(scene())
    with pytest.raises(VideoUnreadableError):
        fingerprint_video(data[:-2000])


@pytest.mark.parametrize("form", FORMS)
def test_damaged_bytes_never_raise_anything_else(form: str) -> None:
    data = forms()[form]
    random = np.random.Generator(np.random.PCG64(5))
    codes = set()
    for _ in range(25):
        broken = bytearray(data)
        for place in random.integers(0, len(data), 40):
            broken[place] = int(random.integers(0, 256))
        try:
            fingerprint_video(bytes(broken))
        except MediaError as error:
            codes.add(error.code)
    assert codes <= {"video_unreadable", "not_a_video", "video_too_large", "image_too_small", "image_too_large"}


@pytest.mark.parametrize("damage", [0, 8, 40, 100])
def test_damaged_headers_never_raise_anything_else(damage: int) -> None:
    codes = set()
    for data in forms().values():
        try:
            fingerprint_video(data[:damage] + b"\xff" * 16 + data[damage + 16 :])
        except MediaError as error:
            codes.add(error.code)
    assert codes <= {"video_unreadable", "not_a_video", "video_too_large"}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFileError),
        (b"This is only a text.\n" * 50, NotAVideoError),
        (b"\0" * 4096, NotAVideoError),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, NotAVideoError),
        (b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;", NotAVideoError),
        (b"\0\0\0\x18ftypisom" + b"\0" * 64, VideoUnreadableError),
        (b"\x1aE\xdf\xa3" + b"\0" * 64, VideoUnreadableError),
        (b"RIFF\x40\0\0\0AVI LIST" + b"\0" * 64, VideoUnreadableError),
    ],
)
def test_what_is_no_video_is_told_apart(data: bytes, error: type[MediaError]) -> None:
    with pytest.raises(error):
        fingerprint_video(data)


def test_a_sound_file_is_no_video() -> None:
    with pytest.raises(NotAVideoError):
        fingerprint_video(MEDIA.parent / "audio" / "reader.mp3")


def test_playlists_reach_no_other_file(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(encode(scene()[:10]))
    for name, text in {
        "list.ffconcat": f"ffconcat version 1.0\nfile '{clip}'\n",
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{clip.as_uri()}\n#EXT-X-ENDLIST\n",
        "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    }.items():
        playlist = tmp_path / name
        playlist.write_text(text)
        with pytest.raises(NotAVideoError):
            fingerprint_video(playlist)


def test_the_name_of_a_file_changes_nothing(tmp_path: Path) -> None:
    misnamed = tmp_path / "song.mp3"
    misnamed.write_bytes(encode(scene()[:20]))
    assert len(fingerprint_video(misnamed).frames) == 2
    with pytest.raises(FileUnreadableError):
        fingerprint_video(tmp_path / "missing.mp4")


def test_limits_hold() -> None:
    data = encode(scene())
    with pytest.raises(MediaFileTooLargeError):
        fingerprint_video(data, MediaLimits(max_file_bytes=len(data) - 1))
    with pytest.raises(MediaFileTooLargeError):
        fingerprint_video(io.BytesIO(data), MediaLimits(max_file_bytes=len(data) - 1))
    with pytest.raises(VideoTooLargeError):
        fingerprint_video(data, MediaLimits(max_pixels=240 * 360 - 1))
    assert len(fingerprint_video(data, MediaLimits(max_pixels=240 * 360)).frames) == 6
    with pytest.raises(ValueError, match="max_video_seconds"):
        MediaLimits(max_video_seconds=10**6)


@pytest.mark.parametrize("limits", [MediaLimits(max_video_seconds=3), MediaLimits(max_packets=32)])
def test_longer_files_are_read_up_to_the_limit_and_say_so(limits: MediaLimits) -> None:
    made = fingerprint_video(encode(scene(), "matroska"), limits)
    assert made.is_limited
    assert not made.is_truncated
    assert [frame.start_seconds for frame in made.frames][:3] == [0, 1, 2]
    assert len(made.frames) <= 4


def test_a_picture_that_claims_to_stay_for_years_is_limited() -> None:
    made = fingerprint_video(encode(scene()[:2], "matroska", times=[0, 10**6]))
    assert made.is_limited
    assert max(frame.end_seconds for frame in made.frames) < 7200


def test_the_deadline_ends_the_work() -> None:
    answers = iter([True] * 20 + [False] * 1000)
    with pytest.raises(MediaDeadlineError):
        fingerprint_video(encode(scene()), is_time_left=lambda: next(answers))


def test_a_stream_is_left_open() -> None:
    stream = io.BytesIO(encode(scene()[:10]))
    fingerprint_video(stream)
    assert not stream.closed
