# SPDX-License-Identifier: Apache-2.0
"""Sounds of every family that people keep: read, each by its own demuxer, and what can't be read says "sound"."""

import io
from pathlib import Path

import av
import pytest

from stillmine.fingerprint.container.opening import open_container
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.ground.errors import SoundUnsupportedError
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS
from stillmine.fingerprint.sound.audio import SoundFingerprint, fingerprint_sound
from stillmine.fingerprint.sound.compare import compare_sounds
from stillmine.fingerprint.structure.signatures import START_BYTES
from tests.fingerprint_audio.sound_clips import MEDIA, encode_sound, sound

FAMILIES = {
    "W64": ("w64", "pcm_s16le", 0, 44_100),
    "AIFF": ("aiff", "pcm_s16be", 0, 44_100),
    "CAF": ("caf", "pcm_s16be", 0, 44_100),
    "ALAC in CAF": ("caf", "alac", 0, 44_100),
    "ALAC in M4A": ("ipod", "alac", 0, 44_100),
    "AMR": ("amr", "libopencore_amrnb", 12_200, 8_000),
    "MP2": ("mp2", "mp2", 128_000, 44_100),
    "AC3": ("ac3", "ac3", 128_000, 44_100),
    "E-AC3": ("eac3", "eac3", 128_000, 44_100),
    "AU": ("au", "pcm_s16be", 0, 44_100),
    "WMA": ("asf", "wmav2", 96_000, 44_100),
    "AAC in a transport stream": ("mpegts", "aac", 96_000, 44_100),
    "MP3 in FLV": ("flv", "libmp3lame", 96_000, 44_100),
}


@pytest.fixture(scope="module")
def original() -> SoundFingerprint:
    return fingerprint_sound(MEDIA / "strings.mp3")


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_read(name: str, original: SoundFingerprint) -> None:
    form, codec, bit_rate, rate = FAMILIES[name]
    data = encode_sound(sound("strings"), form, codec, bit_rate, rate)
    assert sniff_file(data) is FileType.AUDIO
    made = fingerprint_sound(data)
    assert compare_sounds(made.values, original.values).is_match
    assert not made.is_truncated
    expected = {"ipod": "mov", "mp2": "mp3"}.get(form, form)
    with open_container(io.BytesIO(data), DEFAULT_MEDIA_LIMITS) as container:
        assert container.format.name == expected


@pytest.mark.parametrize(("form", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("adts", "aac")])
def test_a_tag_in_front_leaves_a_sound_what_it_is(form: str, codec: str) -> None:
    """Old taggers put ID3 before FLAC as well."""
    data = encode_sound(sound("strings"), form, codec)
    tag = b"ID3\4\0\0" + bytes((0, 0, 10, 0)) + bytes(1280)
    assert fingerprint_sound(tag + data).values == fingerprint_sound(data).values


def rf64(samples_of: bytes) -> bytes:
    """A WAV of the form for more than four gigabytes."""
    stream = io.BytesIO()
    with av.open(io.BytesIO(samples_of), "r") as source, av.open(stream, "w", format="wav", container_options={"rf64": "always"}) as target:
        track = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                target.mux(packet)
    return stream.getvalue()


def test_rf64_gives_what_wav_gives() -> None:
    plain = encode_sound(sound("strings"))
    large = rf64(plain)
    assert large.startswith(b"RF64")
    assert sniff_file(large) is FileType.AUDIO
    assert fingerprint_sound(large).values == fingerprint_sound(plain).values


@pytest.mark.parametrize("padding", [1, 417, 2048, START_BYTES - 4])
def test_zeros_before_an_mp3_change_nothing(padding: int, original: SoundFingerprint) -> None:
    data = bytes(padding) + (MEDIA / "strings.mp3").read_bytes()[_id3_bytes() :]
    assert sniff_file(data) is FileType.AUDIO
    assert compare_sounds(fingerprint_sound(data).values, original.values).is_match


def _id3_bytes() -> int:
    head = (MEDIA / "strings.mp3").read_bytes()[:10]
    if not head.startswith(b"ID3"):
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    return 10 + size


@pytest.mark.parametrize(
    "data", [bytes(5000), bytes(100) + b"\xff\xd8\xff\xe0" + bytes(100), bytes(100) + b"\xff\xfb\xff\xff" + bytes(100)]
)
def test_zeros_before_anything_else_make_no_sound(data: bytes) -> None:
    assert sniff_file(data) is FileType.UNKNOWN


@pytest.mark.parametrize("start", [b"MThd\0\0\0\6", b"wvpk\x20\0\0\0", b"MAC \x96\x0f\0\0", b"TTA1\1\0\1\0"])
def test_what_is_known_and_not_read_is_a_sound_by_its_digests(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tune"
    path.write_bytes(start + bytes(range(256)) * 4)
    result = fingerprint_file(path)
    assert (result.file_type, result.left_out) == (FileType.AUDIO, ("sound_format_unsupported",))
    assert [one.kind for one in result.fingerprints()] == ["sha256", "md5"]
    with pytest.raises(SoundUnsupportedError, match="This sound"):
        fingerprint_sound(path)
