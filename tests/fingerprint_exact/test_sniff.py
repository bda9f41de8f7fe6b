# SPDX-License-Identifier: Apache-2.0
"""What a file is, by its bytes."""

import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.ground.errors import EmptyFileError, NotAVideoError
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.fingerprint.structure.signatures import START_BYTES, VIDEO_DEMUXERS, Family, demuxers_of, family_of

MEDIA = Path(__file__).resolve().parents[2] / "media"


def animated(form: str, count: int) -> bytes:
    stream = io.BytesIO()
    images = [Image.new("RGB", (32, 32), (40 * number, 0, 0)) for number in range(count)]
    if count > 1:
        images[0].save(stream, form, save_all=True, append_images=images[1:], duration=500)
    else:
        images[0].save(stream, form)
    return stream.getvalue()


def with_cover() -> bytes:
    """A sound file with a cover picture, which a demuxer gives as a video of one frame."""
    cover = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(cover, "JPEG")
    body = b"\0image/jpeg\0\x03\0" + cover.getvalue()
    frame = b"APIC" + len(body).to_bytes(4) + b"\0\0" + body
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frame + (MEDIA / "audio" / "reader.mp3").read_bytes()


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_animated_pictures_are_told_from_still_ones(form: str) -> None:
    assert sniff_file(animated(form, 3)) is FileType.ANIMATED_IMAGE
    assert sniff_file(animated(form, 1)) is FileType.IMAGE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clothing/coat.jpg", FileType.IMAGE),
        ("skimage/chelsea.png", FileType.IMAGE),
        ("video/chair.mp4", FileType.VIDEO),
        ("audio/reader.mp3", FileType.AUDIO),
    ],
)
def test_files_of_the_project(name: str, expected: FileType) -> None:
    assert sniff_file(MEDIA / name) is expected
    with (MEDIA / name).open("rb") as stream:
        assert sniff_file(stream) is expected
        assert not stream.closed


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"BM" + b"\0" * 60, FileType.IMAGE),
        (b"II*\0" + b"\0" * 60, FileType.IMAGE),
        (b"\0\0\0\x18ftypheic" + b"\0" * 60, FileType.IMAGE),
        (b"\0\0\0\x18ftypavif" + b"\0" * 60, FileType.IMAGE),
        (b"\0\0\0\x18ftypisom" + b"\0" * 60, FileType.VIDEO),
        (b"\0\0\0\x08wide" + b"\0" * 60, FileType.VIDEO),
        (b"RIFF\x40\0\0\0WAVEfmt " + b"\0" * 60, FileType.AUDIO),
        (b"#!AMR\n", FileType.AUDIO),
        (b"RIFF\x40\0\0\0ABCD" + b"\0" * 60, FileType.UNKNOWN),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", FileType.UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FileType.UNKNOWN),
        (b"%PDF-1.7", FileType.UNKNOWN),
        (b"x", FileType.UNKNOWN),
        (b"\xff", FileType.UNKNOWN),
    ],
)
def test_starts_of_files(data: bytes, expected: FileType) -> None:
    """Damaged files of a known sort are of that sort, so that the right part says what is wrong with them."""
    assert sniff_file(data) is expected


KINDS = {
    Family.PICTURE: "picture",
    Family.ANIMATABLE_PICTURE: "animatable",
    Family.OTHER_VIDEO: "video",
    Family.OTHER_SOUND: "sound",
    Family.UNKNOWN: "unknown",
}


SNIFFED = json.loads((MEDIA.parent / "vectors/sniff.json").read_text())["rules"]


def start_of(vector: dict[str, Any]) -> bytes:
    return b"".join(bytes.fromhex(digits) + bytes(zeros) for digits, zeros in vector["start"])[:START_BYTES]


def kind_of(start: bytes) -> str:
    usual = "video" if demuxers_of(start) in VIDEO_DEMUXERS else "sound"
    return KINDS.get(family_of(start), usual)


@pytest.mark.parametrize("vector", json.loads((MEDIA.parent / "vectors/families.json").read_text())["families"])
def test_families_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    assert kind_of(start_of(vector)) == vector["is"]


@pytest.mark.parametrize("rule", SNIFFED)
def test_both_sides_of_each_rule_are_those_of_the_vectors(rule: str) -> None:
    """Which pictures only libheif may read is the portal's concern."""
    assert SNIFFED[rule]
    different = [
        (start_of(vector), vector["is"], kind_of(start_of(vector)))
        for vector in SNIFFED[rule]
        if kind_of(start_of(vector)) != vector["is"].replace("heif", "picture")
    ]
    assert different == []


def test_a_box_whose_size_reads_like_a_sound_is_opened_as_a_video() -> None:
    assert sniff_file(b"MThdmdat" + bytes(60)) is FileType.VIDEO


def test_random_bytes_never_raise() -> None:
    random = np.random.Generator(np.random.PCG64(2))
    starts = [
        b"",
        b"\0\0\0\x18ftypmp42",
        b"\x1aE\xdf\xa3",
        b"OggS",
        b"ID3",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0AVI ",
        b"fLaC",
        b"\xff\xfb",
    ]
    found = {sniff_file(start + random.bytes(3000)) for start in starts for _ in range(10)}
    assert found <= set(FileType)


def test_an_empty_file() -> None:
    with pytest.raises(EmptyFileError):
        sniff_file(b"")


def test_a_cover_picture_makes_no_video() -> None:
    data = with_cover()
    with av.open(io.BytesIO(data), "r") as container:
        assert len(container.streams.video) == 1
    assert sniff_file(data) is FileType.AUDIO
    with pytest.raises(NotAVideoError):
        fingerprint_video(data)
    assert fingerprint_sound(data).values == fingerprint_sound(MEDIA / "audio" / "reader.mp3").values
