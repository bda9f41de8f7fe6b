# SPDX-License-Identifier: Apache-2.0
"""Decoding groups side by side gives what decoding one after the other gives, picture by picture; and gives way where it can't."""

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import av
import numpy as np
import pytest

from stillmine.fingerprint.container.opening import open_container
from stillmine.fingerprint.ground.errors import MediaDeadlineError
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, TimeLeft, no_deadline
from stillmine.fingerprint.moving.frames import Track, VideoReader
from stillmine.fingerprint.moving.groups import DependentGroupError
from stillmine.fingerprint.moving.packets import starts_anew
from stillmine.fingerprint.moving.video import fingerprint_video
from tests.fingerprint_video.video_clips import MEDIA, Rgb, encode, sampled_plainly, scene

ALONE = replace(DEFAULT_MEDIA_LIMITS, decoder_threads=1)
THREE = replace(DEFAULT_MEDIA_LIMITS, decoder_threads=3)

CLOSED = [
    ("mp4", "libx264", {"g": "10"}),
    ("mp4", "libx264", {"g": "25", "bf": "3"}),
    ("matroska", "libx264", {"g": "7"}),
    ("mp4", "libx265", {"x265-params": "log-level=none:keyint=15:open-gop=0"}),
    ("webm", "libvpx-vp9", {"cpu-used": "8", "g": "15"}),
    ("matroska", "libsvtav1", {"preset": "12", "g": "15"}),
    ("mp4", "mpeg4", {"g": "7"}),
    ("mov", "mjpeg", {}),
]
OPEN = [
    ("mp4", "libx264", {"bf": "3", "g": "20", "x264-params": "open-gop=1"}),
    ("matroska", "libx264", {"x264-params": "intra-refresh=1:keyint=15"}),
    ("mp4", "libx265", {"x265-params": "log-level=none:keyint=15:open-gop=1"}),
]


def made(form: str, codec: str, options: dict[str, str]) -> bytes:
    return encode(scene(), form, codec, options=options, pixel_format="yuvj420p" if codec == "mjpeg" else "yuv420p")


def side_by_side(data: bytes, is_time_left: TimeLeft = no_deadline) -> dict[int, Rgb]:
    """The pictures of each second; a file that is not decoded so fails the test, or raises DependentGroupError."""
    got: dict[int, Rgb] = {}
    twins = []
    stream = io.BytesIO(data)
    with open_container(stream, THREE) as container:

        def open_again() -> av.container.InputContainer:
            twin = open_container(io.BytesIO(data), THREE)
            twins.append(twin)
            return twin.__enter__()

        for shown in VideoReader(container, THREE, is_time_left, track=Track(open_again=open_again)).frames():
            got.update({second: shown.rgb.copy() for second in range(shown.first, shown.last + 1)})
    assert len(twins) == 2
    return got


@pytest.mark.parametrize(("form", "codec", "options"), CLOSED)
def test_the_pictures_are_those_of_plain_decoding(form: str, codec: str, options: dict[str, str]) -> None:
    data = made(form, codec, options)
    expected, got = sampled_plainly(data), side_by_side(data)
    assert got.keys() == expected.keys()
    assert [second for second in expected if not np.array_equal(got[second], expected[second])] == []


def test_groups_too_large_to_keep_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first group is a second long, the next two ten; then a first one that is too large."""
    times = [number / 10 for number in range(10)] + [float(number) for number in range(1, 21)]
    data = encode(scene()[::2], "matroska", times=times, options={"g": "10", "bf": "2"})
    kept, expected = fingerprint_video(data, THREE), sampled_plainly(data)
    monkeypatch.setattr("stillmine.fingerprint.moving.groups.MAX_KEPT_BYTES", 240 * 360 * 3 // 2 * 3)
    got = side_by_side(data)
    assert got.keys() == expected.keys()
    assert [second for second in expected if not np.array_equal(got[second], expected[second])] == []
    monkeypatch.setattr("stillmine.fingerprint.moving.groups.MAX_KEPT_BYTES", 1)
    assert fingerprint_video(data, THREE) == kept


@pytest.mark.parametrize(("form", "codec", "options"), [*CLOSED, *OPEN])
def test_fingerprints_do_not_depend_on_it(form: str, codec: str, options: dict[str, str]) -> None:
    data = made(form, codec, options)
    assert fingerprint_video(data, THREE) == fingerprint_video(data, ALONE)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.7, 0.9])
def test_damage_is_met_as_without_it(place: float) -> None:
    """A decoder covers damage with what came before it, which one that begins anew does not have."""
    data = bytearray(made("matroska", "libx264", {"g": "10"}))
    start = round(place * len(data))
    data[start : start + 1500] = bytes(value ^ 0x5A for value in data[start : start + 1500])
    assert fingerprint_video(bytes(data), THREE) == fingerprint_video(bytes(data), ALONE)


def test_a_file_that_is_cut_off_is_met_as_without_it() -> None:
    data = made("matroska", "libx264", {"g": "10"})
    data = data[: len(data) * 2 // 3]
    cut = fingerprint_video(data, THREE)
    assert cut == fingerprint_video(data, ALONE)
    assert cut.is_truncated


def test_the_longest_time_is_the_same() -> None:
    data = made(*CLOSED[0])
    limited = [fingerprint_video(data, replace(limits, max_video_seconds=3)) for limits in (THREE, ALONE)]
    assert limited[0] == limited[1]
    assert limited[0].is_limited


@pytest.mark.parametrize("asked", [3, 40, 75])
def test_the_deadline_holds_within_a_group(asked: int) -> None:
    calls: Iterator[int] = count()
    with pytest.raises(MediaDeadlineError):
        side_by_side(made(*CLOSED[1]), lambda: next(calls) < asked)


@pytest.mark.parametrize(("form", "codec", "options"), OPEN[:2])
def test_key_frames_that_refer_back_are_told_from_others(form: str, codec: str, options: dict[str, str]) -> None:
    with av.open(io.BytesIO(made(form, codec, options)), "r") as container:
        stream = container.streams.video[0]
        keys = [packet for packet in container.demux(stream) if packet.is_keyframe and packet.size]
        assert len(keys) > 1
        assert [starts_anew(key, stream.codec_context) for key in keys] == [True] + [False] * (len(keys) - 1)


def test_files_of_streams_side_by_side_with_sound_keep_their_place() -> None:
    """The second decoder reads the head of the file while the first is between two reads."""
    data = (MEDIA / "chair.mp4").read_bytes()
    assert fingerprint_video(io.BytesIO(data), THREE) == fingerprint_video(MEDIA / "chair.mp4", ALONE)


def test_a_group_that_is_not_what_it_says_is_refused() -> None:
    """A key frame that is damaged: what a lone decoder makes of its group is not what plain decoding makes of it."""
    data = made("matroska", "libx264", {"g": "10"})
    spoiled = bytearray(data)
    with av.open(io.BytesIO(data), "r") as container:
        keys = [packet for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
        place = data.index(bytes(keys[3]))
    spoiled[place + 40 : place + 400] = bytes(360)
    with pytest.raises(DependentGroupError):
        side_by_side(bytes(spoiled))
    assert fingerprint_video(bytes(spoiled), THREE) == fingerprint_video(bytes(spoiled), ALONE)
