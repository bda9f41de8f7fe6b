# SPDX-License-Identifier: Apache-2.0
"""Every container and codec we name, in other sizes and frame rates, is the same scene; and clever decoding changes nothing."""

import io
import os
from pathlib import Path

import numpy as np
import pytest

from stillmine.fingerprint.container.opening import open_container
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, no_deadline
from stillmine.fingerprint.moving.compare import compare_videos
from stillmine.fingerprint.moving.frames import VideoReader
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from tests.fingerprint_video import video_clips
from tests.fingerprint_video.video_clips import MEDIA, encode, resized, sampled_plainly, scene
from tests.more_media import SMALL, larger_media

FORMATS = [
    ("mp4", "libx264", {}),
    ("mp4", "libx264", {"bf": "3", "g": "20", "x264-params": "b-pyramid=normal:open-gop=1"}),
    ("mp4", "libx264", {"g": "10"}),
    ("mov", "libx264", {"bf": "0"}),
    ("matroska", "libx264", {}),
    ("mp4", "libx265", {"x265-params": "log-level=none"}),
    ("matroska", "libx265", {"x265-params": "log-level=none:keyint=15"}),
    ("webm", "libvpx", {"g": "15", "auto-alt-ref": "1", "lag-in-frames": "10"}),
    ("webm", "libvpx-vp9", {"cpu-used": "8"}),
    ("mp4", "libsvtav1", {"preset": "12"}),
    ("avi", "mpeg4", {"bf": "2"}),
    ("avi", "mjpeg", {}),
    ("mov", "mjpeg", {}),
    ("3gp", "mpeg4", {}),
    ("mp4", "mpeg4", {"g": "7"}),
]


@pytest.fixture(scope="module")
def original() -> VideoFingerprint:
    return fingerprint_video(encode(scene(), options={"crf": "18"}))


@pytest.mark.parametrize(("form", "codec", "options"), FORMATS)
def test_copies_in_every_format_match(form: str, codec: str, options: dict[str, str], original: VideoFingerprint) -> None:
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    data = encode(scene(), form, codec, options=options, pixel_format=pixel_format)
    assert sniff_file(data) is FileType.VIDEO
    made = fingerprint_video(data)
    assert (made.width, made.height, made.has_sound) == (240, 360, False)
    assert not made.is_truncated
    assert abs(made.duration_seconds - 6) <= 0.2
    found = compare_videos(original.frames, made.frames)
    assert min(found.percent_of_a, found.percent_of_b) == 100
    assert found.offset_seconds == 0


@pytest.mark.parametrize(("form", "codec", "options"), FORMATS)
def test_skipped_frames_change_nothing(form: str, codec: str, options: dict[str, str]) -> None:
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    assert_same_pictures(encode(scene(), form, codec, options=options, pixel_format=pixel_format))


def test_making_a_clip_leaves_the_priority_of_this_process_alone() -> None:
    """As root, the AV1 encoder would raise it to real time for good, and with it that of every browser started later."""
    encode(scene()[:5], codec="libsvtav1", options={"preset": "12"})
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.parametrize("name", ["chair", "pattern", "sky", "bottle"])
def test_skipped_frames_change_nothing_in_known_clips(name: str) -> None:
    assert_same_pictures((MEDIA / f"{name}.mp4").read_bytes())


@pytest.mark.parametrize("path", sorted((SMALL / "video").glob("*/*.m[pk][4v]")), ids=lambda path: path.stem)
def test_skipped_frames_change_nothing_in_more_clips(path: Path) -> None:
    assert_same_pictures(path.read_bytes())


@pytest.mark.larger_media
def test_skipped_frames_change_nothing_in_longer_clips() -> None:
    for name in ["tmk/chair-22-sd-grey-bar.mp4", "intel/sister.mkv", "intel/car-detection.mp4", "drone/V_AIRPLANE_008.mp4"]:
        assert_same_pictures((larger_media() / "video" / name).read_bytes())
    for path in sorted((larger_media() / "video" / "torchcodec").glob("*.m[pk][4v]")):
        assert_same_pictures(path.read_bytes())


def assert_same_pictures(data: bytes) -> None:
    expected = sampled_plainly(data)
    got = {}
    with open_container(io.BytesIO(data), DEFAULT_MEDIA_LIMITS) as container:
        for shown in VideoReader(container, DEFAULT_MEDIA_LIMITS, no_deadline).frames():
            got.update({second: shown.rgb.copy() for second in range(shown.first, shown.last + 1)})
    assert got.keys() == expected.keys()
    assert [second for second in expected if not np.array_equal(got[second], expected[second])] == []


@pytest.mark.parametrize(("width", "height"), [(480, 720), (180, 270), (300, 300)])
def test_other_sizes_match(width: int, height: int, original: VideoFingerprint) -> None:
    made = fingerprint_video(encode(resized(scene(), width, height), options={"crf": "30"}))
    assert compare_videos(original.frames, made.frames).percent_of_a == 100


def test_another_frame_rate_matches(original: VideoFingerprint) -> None:
    half = scene()[::2]
    made = fingerprint_video(encode(half, times=[number / 5 for number in range(len(half))]))
    assert compare_videos(original.frames, made.frames).percent_of_a == 100
    assert abs(made.duration_seconds - 6) <= 0.3


@pytest.mark.parametrize("other", ["pattern", "sky", "bottle"])
def test_strangers_do_not_match(other: str, original: VideoFingerprint) -> None:
    found = compare_videos(original.frames, fingerprint_video(MEDIA / f"{other}.mp4").frames)
    assert not found.is_match
    assert found.spans == ()
    assert found.nearest_bits is not None
    assert found.nearest_bits > 40


def test_scene_helper_gives_what_it_says() -> None:
    assert len(scene()) == 6 * video_clips.FRAMES_PER_SECOND
