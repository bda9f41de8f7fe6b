# SPDX-License-Identifier: Apache-2.0
"""The text forms of every kind: what is read, what is refused whole, and that a refusal repeats nothing that was sent."""

import base64
import contextlib
import json
import random
import shutil
import struct
import subprocess
import wave
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.wire import codec
from stillmine.wire.chromaprint import MAXIMUM_CHROMAPRINT_BYTES, MAXIMUM_CHROMAPRINT_VALUES, format_chromaprint, parse_chromaprint
from stillmine.wire.errors import FingerprintMalformedError, MalformedMessageError, QualityTooLowError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import (
    ACCEPTED_KINDS,
    FULL_QUALITY,
    KIND_RULES,
    MAXIMUM_DISTANCE_BITS,
    MINIMUM_ASKED_QUALITY,
    MINIMUM_QUALITY,
    Kind,
)
from stillmine.wire.vpdq import MAXIMUM_VPDQ_BYTES, MAXIMUM_VPDQ_FRAMES, MAXIMUM_VPDQ_SECONDS, VideoFrame, format_vpdq, parse_vpdq
from tests.kind_samples import SAMPLES

MARK = "holiday-photo-of-example"
HEX = "0f" * 32


def compressed(values: list[int], algorithm: int = 1, count: int | None = None) -> str:
    """AcoustID's compressed form, written from its description: gaps of changed bits, three bits each, seven and more in five."""
    gaps, rests, before = [], [], 0
    for value in values:
        last = 0
        for bit in range(1, 33):
            if (value ^ before) >> (bit - 1) & 1:
                gap = bit - last
                last = bit
                gaps.append(min(gap, 7))
                if gap >= 7:
                    rests.append(gap - 7)
        gaps.append(0)
        before = value
    header = bytes([algorithm]) + (len(values) if count is None else count).to_bytes(3)
    return in_base64(header + packed(gaps, 3) + packed(rests, 5))


def packed(numbers: list[int], width: int) -> bytes:
    whole = sum(number << (width * place) for place, number in enumerate(numbers))
    return whole.to_bytes((len(numbers) * width + 7) // 8, "little")


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50))
def test_sound_is_written_as_the_field_does_and_read_back(values: list[int]) -> None:
    assert format_chromaprint(values) == compressed(values)
    assert list(parse_chromaprint(compressed(values))) == values


WRONG_SOUNDS = {
    "empty": "",
    "not base64url": "AQ+/",
    "padded": in_base64(bytes([1, 0, 0, 1, 0])) + "=",
    "one sign over": in_base64(bytes([1, 0, 0, 1, 0])) + "AA",
    "a header only": in_base64(bytes([1, 0, 0, 1])),
    "no values": in_base64(bytes([1, 0, 0, 0, 0])),
    "another algorithm": compressed([5], algorithm=2),
    "fewer values than said": compressed([1, 2, 3], count=90),
    "more values than said": compressed([7] * 40, count=3),
    "too many values": compressed([0] * (MAXIMUM_CHROMAPRINT_VALUES + 1)),
    "rests cut off": compressed([1 << 31])[:-1],
    "a bit over": in_base64(bytes([1, 0, 0, 1]) + packed([7, 7, 0], 3) + packed([31, 31], 5)),
    "too long": "A" * (MAXIMUM_CHROMAPRINT_BYTES + 1),
    "words": MARK,
}


@pytest.mark.parametrize("name", WRONG_SOUNDS)
def test_wrong_sounds_are_refused(name: str) -> None:
    with pytest.raises(FingerprintMalformedError) as caught:
        parse_chromaprint(WRONG_SOUNDS[name])
    assert MARK not in str(caught.value)


@given(st.binary(min_size=1, max_size=200))
def test_no_bytes_bring_another_error_than_malformed(data: bytes) -> None:
    try:
        values = parse_chromaprint(in_base64(b"\x01\x00\x00" + data))
    except FingerprintMalformedError:
        return
    assert len(values) == data[0]
    assert all(0 <= value < 2**32 for value in values)


@pytest.mark.skipif(shutil.which("fpcalc") is None, reason="Debian's libchromaprint-tools is not installed; then nothing real to read")
def test_the_real_tool_writes_what_is_read_here(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    source = random.Random(3)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(11025)
        level = 0.0
        for _ in range(11025 * 12):
            level = 0.9 * level + source.uniform(-2000, 2000)
            file.writeframesraw(struct.pack("<h", int(level)))
    # Without `check`: some builds complain of the file's end after they have printed the whole fingerprint.
    text, raw = (
        subprocess.run(["fpcalc", "-plain", *more, path], capture_output=True, text=True, check=False).stdout.strip()
        for more in ([], ["-raw"])
    )
    values = parse_chromaprint(text)
    assert list(values) == [int(number) for number in raw.split(",")]
    assert compressed(list(values)) == text


FRAMES = st.lists(
    st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 100), st.integers(0, 86_400_000)), min_size=1, max_size=20
).map(lambda rows: [VideoFrame(row[0], row[1], at / 1000) for row, at in zip(rows, sorted(row[2] for row in rows), strict=True)])


@given(FRAMES)
def test_video_is_read_back(frames: list[VideoFrame]) -> None:
    assert list(parse_vpdq(format_vpdq(frames))) == frames


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    """Loaded before the first example, whose time is limited."""
    module: ModuleType = pytest.importorskip("threatexchange.extensions.vpdq.vpdq_util", reason="needs PyPI vpdq", exc_type=ImportError)
    return module


@given(frames=FRAMES)
def test_the_field_reads_our_video_and_we_read_theirs(peer: ModuleType, frames: list[VideoFrame]) -> None:
    read = peer.json_to_vpdq(format_vpdq(frames))
    assert [(row.pdq_hex, row.quality, row.timestamp) for row in read] == [(row.pdq.hex(), row.quality, row.seconds) for row in frames]
    back = parse_vpdq(peer.vpdq_to_json(read))
    assert [(row.pdq, row.quality) for row in back] == [(row.pdq, row.quality) for row in frames]
    assert all(abs(row.seconds - known.seconds) <= 0.005 * known.seconds for row, known in zip(back, frames, strict=True))


def listed(*frames: str) -> str:
    return json.dumps(frames)


@pytest.mark.parametrize("seconds", ["0", "0.0", "7199.999", "1e+02", "1.23e+03", "86400", "0.123456789"])
def test_times_that_are_read(seconds: str) -> None:
    assert parse_vpdq(listed(f"{HEX},50,{seconds}"))[0].seconds == float(seconds)


WRONG_VIDEOS = {
    "empty": "",
    "no frames": "[]",
    "an object": "{}",
    "numbers": "[1]",
    "null": "null",
    "not JSON": MARK,
    "cut off": listed(f"{HEX},50,0.0")[:-1],
    "two lists": listed(f"{HEX},50,0.0") * 2,
    "short hash": listed(f"{HEX[1:]},50,0.0"),
    "upper case": listed(f"{HEX.upper()},50,0.0"),
    "no time": listed(f"{HEX},50"),
    "a fourth part": listed(f"{HEX},50,0.0,0"),
    "spaces": listed(f"{HEX}, 50, 0.0"),
    "quality over": listed(f"{HEX},101,0.0"),
    "quality below": listed(f"{HEX},-1,0.0"),
    "quality with zeros": listed(f"{HEX},050,0.0"),
    "other digits": listed(f"{HEX},٥٠,0.0"),
    "time below": listed(f"{HEX},50,-1.0"),
    "no number": listed(f"{HEX},50,nan"),
    "endless": listed(f"{HEX},50,inf"),
    "far too late": listed(f"{HEX},50,1e99"),
    "too late": listed(f"{HEX},50,{MAXIMUM_VPDQ_SECONDS + 1}"),
    "backwards": listed(f"{HEX},50,2.0", f"{HEX},50,1.0"),
    "too many": listed(*[f"{HEX},50,0.0"] * (MAXIMUM_VPDQ_FRAMES + 1)),
    "too long": listed(f"{HEX},50,0.0") + " " * MAXIMUM_VPDQ_BYTES,
    "a name": listed(f"{HEX},50,{MARK}"),
    "half of a sign": '["\ud800"]',
}


@pytest.mark.parametrize("name", WRONG_VIDEOS)
def test_wrong_videos_are_refused_whole(name: str) -> None:
    with pytest.raises(FingerprintMalformedError) as caught:
        parse_vpdq(WRONG_VIDEOS[name])
    assert MARK not in str(caught.value)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [VideoFrame(bytes(31), 50, 0)],
        [VideoFrame(bytes(32), 101, 0)],
        [VideoFrame(bytes(32), 50, -0.1)],
        [VideoFrame(bytes(32), 50, float("nan"))],
        [VideoFrame(bytes(32), 50, 2.0), VideoFrame(bytes(32), 50, 1.0)],
        [VideoFrame(bytes(32), 50, 0)] * (MAXIMUM_VPDQ_FRAMES + 1),
    ],
)
def test_what_could_not_be_read_is_not_written(frames: list[VideoFrame]) -> None:
    with pytest.raises(FingerprintMalformedError):
        format_vpdq(frames)


VIDEO = format_vpdq([VideoFrame(bytes(32), 40, 0.0), VideoFrame(bytes(32), 90, 1.0)])
GOOD = {
    Kind.PDQ: (HEX, 77),
    Kind.VPDQ: (VIDEO, 90),
    Kind.REGIONS: (SAMPLES[Kind.REGIONS].value, 100),
    Kind.CHROMAPRINT: (compressed([1, 2, 3]), 100),
    Kind.SHA256: (HEX, 100),
    Kind.MD5: (HEX[:32], 100),
}


def test_every_accepted_kind_has_an_example_here() -> None:
    assert set(GOOD) == ACCEPTED_KINDS


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_goes_through_the_codec(kind: Kind) -> None:
    value, quality = GOOD[kind]
    made = Fingerprint(kind, value, quality, file_number=3)
    assert codec.decode(codec.encode(made), Fingerprint) == made


@pytest.mark.parametrize("kind", sorted(set(GOOD) - {Kind.PDQ}))
def test_a_quality_that_is_not_the_kinds_is_refused(kind: Kind) -> None:
    value, quality = GOOD[kind]
    with pytest.raises(FingerprintMalformedError):
        Fingerprint(kind, value, quality - 1)


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("other", GOOD)
def test_the_value_of_another_kind_is_refused(kind: Kind, other: Kind) -> None:
    if {kind, other} <= {Kind.PDQ, Kind.SHA256} or kind is other:
        return
    with pytest.raises(FingerprintMalformedError):
        Fingerprint(kind, GOOD[other][0], GOOD[kind][1])


def test_a_video_without_a_good_frame_is_refused_by_a_case() -> None:
    with pytest.raises(QualityTooLowError):
        Fingerprint(Kind.VPDQ, format_vpdq([VideoFrame(bytes(32), 49, 0.0)]), 49).require_quality()


def test_file_number_one_is_left_out() -> None:
    """So the bytes of a case that was made before there were file numbers are still the same."""
    assert b"file_number" not in codec.encode(Fingerprint(Kind.PDQ, HEX, 77))
    assert codec.encode(Fingerprint(Kind.PDQ, HEX, 77, file_number=2)).endswith(b'"file_number":2}')


def test_the_numbers_are_those_of_the_field() -> None:
    """They decide what matches and what is kept, so a change of one is a change of the specification."""
    assert (MINIMUM_QUALITY, MAXIMUM_DISTANCE_BITS, FULL_QUALITY) == (50, 31, 100)
    assert MINIMUM_ASKED_QUALITY == 30  # ours: spec/screen.md


def test_what_each_kind_is_of() -> None:
    pictures, sounds = ({kind for kind, rule in KIND_RULES.items() if getattr(rule, name)} for name in ("is_picture", "is_sound"))
    assert (pictures & ACCEPTED_KINDS, sounds) == ({Kind.PDQ, Kind.REGIONS}, {Kind.CHROMAPRINT})


@pytest.mark.parametrize(("quality", "is_taken"), [(49, False), (50, True)])
def test_the_least_quality_of_a_picture_is_taken(quality: int, is_taken: bool) -> None:
    made = Fingerprint(Kind.PDQ, HEX, quality)
    with contextlib.nullcontext() if is_taken else pytest.raises(QualityTooLowError):
        made.require_quality()


@pytest.mark.parametrize(("number", "is_taken"), [(0, False), (1, True), (100, True), (101, False)])
def test_a_case_has_a_hundred_files_at_most(number: int, is_taken: bool) -> None:
    body = f'{{"kind":"pdq","value":"{HEX}","quality":77,"file_number":{number}}}'.encode()
    with contextlib.nullcontext() if is_taken else pytest.raises(MalformedMessageError):
        assert codec.decode(body, Fingerprint).file_number == number
