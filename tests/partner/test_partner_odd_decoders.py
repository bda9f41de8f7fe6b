# SPDX-License-Identifier: Apache-2.0
"""A decoder that raises what nobody foresaw costs its upload an honest answer; the worker lives, and what else was made counts."""

import io
import logging
import sys
from pathlib import Path
from typing import NoReturn

import av
import pytest
from PIL import Image

from stillmine.fingerprint.exact import exact_digests
from stillmine.partner.fingerprinting import file_fingerprints, worker
from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.fingerprinting.worker_messages import FilmFrames, Job, JobResult, Media
from stillmine.wire.kinds import Kind

STUBBORN = (sys.executable, "-I", str(Path(__file__).parent / "stubborn_worker.py"))
LONG_ENOUGH = dict.fromkeys(Media, 60.0)
JOB = Job(takes_long=True, seconds=60, cpu_seconds=60)


class OddError(Exception):
    """What no decoder of ours is known to raise."""


def fail(*_: object, **__: object) -> NoReturn:
    raise OddError("words of a stranger's file")


def made(fingerprinter: Fingerprinter, data: bytes) -> JobResult:
    with Upload(Path("/")) as upload:
        upload.write(data)
        return fingerprinter.fingerprints(upload)


def cameras_motion_jpeg(root: Path) -> bytes:
    """Motion JPEG in AVI whose pictures carry Exif, for which PyAV 18.1 has no name."""
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x010E] = "a camera"
    with av.open(buffer, "w", format="avi") as container:
        track = container.add_stream("mjpeg", rate=1)
        track.width, track.height, track.pix_fmt = 240, 320, "yuvj420p"
        for number, path in enumerate(sorted((root / "media/clothing").glob("*.jpg"))[:6]):
            picture = io.BytesIO()
            Image.open(path).convert("RGB").resize((240, 320)).save(picture, "JPEG", exif=exif)
            packet = av.Packet(picture.getvalue())
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = track, number, number, True
            container.mux(packet)
    return buffer.getvalue()


def test_a_cameras_motion_jpeg_is_read_and_its_worker_lives(root: Path) -> None:
    fingerprinter = Fingerprinter(1, deadline_seconds=LONG_ENOUGH)
    fingerprinter.start()
    try:
        before = fingerprinter.process_ids
        answer = made(fingerprinter, cameras_motion_jpeg(root))
        assert (answer.media, answer.left_out) == (Media.VIDEO, [])
        assert {int(frame.seconds) for frame in answer.of(FilmFrames)[0].frames} == set(range(6))
        assert fingerprinter.process_ids == before
    finally:
        fingerprinter.close()


@pytest.mark.parametrize("order", [b"raise", b"half raise", b"clip raise"])
def test_what_nobody_foresaw_ends_the_reading_and_not_the_worker(order: bytes, caplog: pytest.LogCaptureFixture) -> None:
    fingerprinter = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    try:
        before = fingerprinter.process_ids
        with caplog.at_level(logging.WARNING):
            answer = made(fingerprinter, order)
        assert (answer.is_final, answer.left_out) == (True, ["decoder_failed"])
        assert answer.digest(Kind.SHA256) == (b"s" * 32 if order.startswith(b"half") else b"")
        assert fingerprinter.process_ids == before
        assert "stranger" not in caplog.text
        assert "a decoder failed" in caplog.text
    finally:
        fingerprinter.close()


@pytest.mark.parametrize("part", ["fingerprint_video", "fingerprint_sound", "limits_within_budget"])
def test_a_videos_digests_and_what_else_was_made_count(monkeypatch: pytest.MonkeyPatch, root: Path, part: str) -> None:
    data = (root / "media/video/chair.mp4").read_bytes()
    monkeypatch.setattr(file_fingerprints, part, fail)
    *_, answer = fingerprints_of(io.BytesIO(data), JOB)
    digests = exact_digests(io.BytesIO(data))
    assert (answer.digest(Kind.SHA256), answer.digest(Kind.MD5), answer.left_out) == (digests.sha256, digests.md5, ["decoder_failed"])
    assert bool(answer.of(FilmFrames)) == (part == "fingerprint_sound")


def test_where_the_first_look_fails_digests_are_made_still(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    data = (root / "media/clothing/coat.jpg").read_bytes()
    monkeypatch.setattr(file_fingerprints, "sniff_file", fail)
    *_, answer = fingerprints_of(io.BytesIO(data), JOB)
    assert answer.digest(Kind.SHA256) == exact_digests(io.BytesIO(data)).sha256
    assert "decoder_failed" in answer.left_out


def test_the_end_of_memory_ends_the_worker_still(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """What is left of such a process can't be relied on."""

    def eat(*_: object, **__: object) -> NoReturn:
        raise MemoryError

    monkeypatch.setattr(file_fingerprints, "fingerprint_video", eat)
    with pytest.raises(MemoryError):
        list(worker.results_of(fingerprints_of, io.BytesIO((root / "media/video/chair.mp4").read_bytes()), JOB))
