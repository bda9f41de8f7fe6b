# SPDX-License-Identifier: Apache-2.0
"""Recordings, camcorders' and old files: the whole families are read, each by its own demuxer, and what can't be read says "video"."""

import contextlib
import io
import random
import struct
from pathlib import Path

import pytest

from stillmine.fingerprint.container.opening import open_container
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.ground.errors import FileUnreadableError, VideoUnreadableError, VideoUnsupportedError
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS
from stillmine.fingerprint.moving.compare import compare_videos
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from tests.fingerprint_video.video_clips import encode, scene

FAMILIES = {
    "transport stream": ("mpegts", "libx264", {}),
    "transport stream of a camcorder": ("mpegts", "libx264", {"mpegts_m2ts_mode": "1"}),
    "transport stream, HEVC": ("mpegts", "libx265", {}),
    "programme stream": ("mpeg", "mpeg1video", {}),
    "programme stream of a DVD": ("vob", "mpeg2video", {}),
    "FLV": ("flv", "flv", {}),
    "FLV, H.264": ("flv", "libx264", {}),
    "WMV": ("asf", "wmv2", {}),
    "WMV, first version": ("asf", "wmv1", {}),
}


def made(name: str) -> bytes:
    form, codec, options = FAMILIES[name]
    quality = {} if codec.startswith("libx") else {"qmin": "2", "qmax": "4", "b": "4000000"}
    if codec == "libx265":
        quality = {"x265-params": "log-level=none"}
    times = 3 if "mpeg" in codec else 1  # these know some rates only
    frames = [frame for frame in scene() for _ in range(times)]
    return encode(frames, form, codec, options=quality, container_options=options, rate=10 * times)


@pytest.fixture(scope="module")
def original() -> VideoFingerprint:
    return fingerprint_video(encode(scene(), options={"crf": "18"}))


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_read(name: str, original: VideoFingerprint) -> None:
    data = made(name)
    assert sniff_file(data) is FileType.VIDEO
    video = fingerprint_video(data)
    found = compare_videos(original.frames, video.frames)
    assert min(found.percent_of_a, found.percent_of_b) == 100
    assert found.offset_seconds == 0
    assert not video.is_truncated
    assert abs(video.duration_seconds - 6) <= 0.3


@pytest.mark.parametrize("name", FAMILIES)
def test_files_of_families_that_are_cut_off_or_damaged_raise_nothing_else(name: str) -> None:
    data, source = made(name), random.Random(3)
    for part in (1, 3, 6, 9):
        broken = bytearray(data[: len(data) * part // 10])
        for _ in range(part * 20):
            broken[source.randrange(64, len(broken))] = source.randrange(256)
        with contextlib.suppress(VideoUnreadableError):
            fingerprint_video(bytes(broken))


@pytest.mark.parametrize("place", [280, 413], ids=["stream properties", "further description"])
@pytest.mark.parametrize("length", [1 << 62, 1 << 47])
def test_headers_that_point_anywhere_print_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str], place: int, length: int) -> None:
    """PyAV prints a traceback where a stream refuses to go where a file sends it."""
    data, path = bytearray(made("WMV")), tmp_path / "clip.wmv"
    struct.pack_into("<Q", data, place + 16, length)
    path.write_bytes(data)
    with contextlib.suppress(VideoUnreadableError):
        fingerprint_file(path)
    assert capfd.readouterr() == ("", "")


class FailingDisk(io.BytesIO):
    """Reads so much, then no more."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 100_000:
            raise OSError
        return super().read(size)


@pytest.mark.parametrize("name", ["WMV", "transport stream", "FLV"])
def test_a_disk_that_fails_is_no_early_end(capfd: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(FileUnreadableError):
        fingerprint_video(FailingDisk(made(name)))
    assert capfd.readouterr() == ("", "")


def test_a_recording_that_begins_within_a_packet_is_read(original: VideoFingerprint) -> None:
    data = made("transport stream")[100:]
    assert sniff_file(data) is FileType.VIDEO
    assert compare_videos(original.frames, fingerprint_video(data).frames).percent_of_a >= 80


@pytest.mark.parametrize("name", FAMILIES)
def test_the_demuxer_is_the_one_of_the_first_bytes(name: str) -> None:
    form = FAMILIES[name][0]
    expected = {"vob": "mpeg"}.get(form, form)
    with open_container(io.BytesIO(made(name)), DEFAULT_MEDIA_LIMITS) as container:
        assert container.format.name == expected


@pytest.mark.parametrize("start", [b".RMF\0\0\0\x12", b"\x06\x0e\x2b\x34\x02\x05\x01\x01", b"DKIF\0\0 \0VP80"])
def test_what_is_known_and_not_read_is_a_video_by_its_digests(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(start + bytes(range(256)) * 20)
    result = fingerprint_file(path)
    assert result.file_type is FileType.VIDEO
    assert result.left_out == ("video_format_unsupported",)
    assert [one.kind for one in result.fingerprints()] == ["sha256", "md5"]
    with pytest.raises(VideoUnsupportedError, match="This video"):
        fingerprint_video(path)


@pytest.mark.parametrize("data", [b"G" + b"\0" * 5000, (b"G" + b"\0" * 187) * 4 + b"\0" * 4000, b"GGGG is no video\n" * 3])
def test_a_few_signs_of_a_stream_make_no_video(data: bytes) -> None:
    assert sniff_file(data) is FileType.UNKNOWN
