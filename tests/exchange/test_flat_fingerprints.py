# SPDX-License-Identifier: Apache-2.0
"""Flat and repeating fingerprints are refused, and no real one is."""

import random
from pathlib import Path

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.picture.regions import base_of, regions_value
from stillmine.matching.flat import are_flat, is_flat, require_not_flat
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.regions import format_regions, read_regions
from stillmine.wire.vpdq import VideoFrame, format_vpdq
from tests.exchange.exchange_parts import ADULT, Phone, code, fingerprint, opening, value
from tests.kernel.bad_pictures import BAD
from tests.more_media import SMALL, larger_media

FEW = f"{(1 << 31) - 1:064x}"
FLAT = ["0" * 64, "f" * 64, "01" * 32, "0f" * 32, "00ff" * 16, "0123456789abcdef" * 4, FEW, value(1)[:32] * 2, "7" + "f" * 63]


@pytest.mark.parametrize("text", FLAT)
def test_a_flat_fingerprint_opens_no_case_and_is_not_added(phone: Phone, text: str) -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    flat = {"kind": "pdq", "value": text, "quality": 90}
    body = opening(1)
    refused = phone.post("case", {**body, "fingerprints": [fingerprint(1), flat]})
    assert code(refused) == (422, "fingerprint_flat")
    assert refused.json()["detail"] == "fingerprint 2"
    assert text not in refused.text
    phone.open(1)
    assert code(phone.post("case/fingerprints", {"version": 1, "fingerprints": [flat]})) == (422, "fingerprint_flat")
    assert Fingerprint.objects.count() == 1


def test_thirty_two_bits_set_are_enough() -> None:
    scattered = int.from_bytes(bytes.fromhex(value(1)))
    while scattered.bit_count() > 32:
        scattered &= scattered - 1
    assert not is_flat(scattered.to_bytes(32))
    assert is_flat((scattered & (scattered - 1)).to_bytes(32))


def test_a_repeat_may_differ_in_a_few_bits() -> None:
    half = bytes.fromhex(value(1))[:16]
    nearly = bytearray(half * 2)
    nearly[0] ^= 0x0F
    assert is_flat(bytes(nearly))
    nearly[1] ^= 0x01
    assert not is_flat(bytes(nearly))


def test_a_video_is_refused_only_where_all_its_usable_frames_are_flat(phone: Phone) -> None:
    black, real = VideoFrame(bytes(32), 0, 0.0), VideoFrame(bytes.fromhex(value(1)), 80, 2.0)
    flat = VideoFrame(bytes.fromhex("0f" * 32), 80, 1.0)

    def body(*frames: VideoFrame) -> dict[str, object]:
        video = {"kind": "vpdq", "value": format_vpdq(frames), "quality": 80}
        return {"version": 1, "statement": ADULT, "fingerprints": [video]}

    assert code(phone.post("case", body(black, flat))) == (422, "fingerprint_flat")
    assert phone.post("case", body(black, flat, real)).status_code == 201


def test_no_real_picture_is_refused(root: Path) -> None:
    paths = [*sorted((root / "media").rglob("*.jpg")), *sorted(SMALL.rglob("*.jpg"))]
    made = [fingerprint_image(path.read_bytes()) for path in paths]
    good = [one.pdq for one in made if one.quality >= 50]
    assert len(good) > 180
    assert not [value for value in good if is_flat(value)]


@pytest.mark.larger_media
def test_no_real_hash_of_the_larger_set_is_refused() -> None:
    assert not [line for line in (larger_media() / "real_pdq.txt").read_text().split() if is_flat(bytes.fromhex(line))]


def test_many_frames_are_judged_as_each_alone() -> None:
    chance = random.Random(20261130)
    half = bytes.fromhex(value(1))[:16]
    nearly = [bytes((half * 2)[place] ^ mask for place in range(32)) for mask in (0x00, 0x01, 0x02)]
    turned = [
        ((int.from_bytes(half) << by | int.from_bytes(half) >> (128 - by)) & ((1 << 128) - 1)).to_bytes(16) * 2 for by in range(0, 128, 7)
    ]
    repeated = [chance.randbytes(length) * (32 // length) for length in (1, 2, 4, 8, 16) for _ in range(20)]
    few = [(chance.getrandbits(256) & chance.getrandbits(256) & chance.getrandbits(256)).to_bytes(32) for _ in range(50)]
    for one in [*map(bytes.fromhex, FLAT), *nearly, *turned, *repeated, *few, *(chance.randbytes(32) for _ in range(50))]:
        filling = [bytes(32)] * 2
        assert are_flat([*filling, one]) == is_flat(one)
        assert are_flat([*filling, *repeated, one]) == is_flat(one)
    assert are_flat(repeated * 50)
    assert not are_flat([*(repeated * 50), chance.randbytes(32)])


def test_a_video_that_is_flat_but_for_its_last_frame_asks_python_for_two_of_its_frames(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.matching import flat

    asked: list[bytes] = []

    def noted(one: bytes) -> bool:
        asked.append(one)
        return is_flat(one)

    monkeypatch.setattr(flat, "is_flat", noted)
    chance = random.Random(1)
    frames = [VideoFrame(chance.randbytes(16) * 2, 80, float(second)) for second in range(6999)]
    text = format_vpdq([*frames, VideoFrame(bytes.fromhex(value(1)), 80, 7000.0)])
    body = {"version": 1, "statement": ADULT, "fingerprints": [{"kind": "vpdq", "value": text, "quality": 80}]}
    assert phone.post("case", body).status_code == 201
    assert len(asked) == 2


def test_a_refused_message_counts_and_closed_cases_are_told_before_any_work(phone: Phone, other_phone: Phone) -> None:
    from stillmine.exchange.rows.limits import Attempts

    flat = {"kind": "pdq", "value": FLAT[0], "quality": 90}
    assert code(phone.post("case", {**opening(1), "fingerprints": [fingerprint(1), flat]})) == (422, "fingerprint_flat")
    assert Attempts.objects.get(what="fingerprint_added").count == 2
    assert not Attempts.objects.filter(what="case_opened").exists()
    phone.open(1)
    phone.withdraw()
    assert code(phone.post("case/fingerprints", {"version": 1, "fingerprints": [flat]})) == (409, "case_closed")
    wrong = other_phone.post("case/fingerprints", {"version": 1, "fingerprints": [flat]})
    assert code(wrong) == (404, "case_not_found")
    assert Attempts.objects.get(what="fingerprint_added").count == 3


@pytest.mark.parametrize("name", BAD)
def test_regions_that_the_kernel_makes_are_never_flat(name: str) -> None:
    """Else whoever has such a picture could open no case."""
    value = regions_value(base_of(BAD[name](1)), bytes(range(32)))
    if value is not None:
        require_not_flat([Fingerprint(Kind.REGIONS, format_regions(read_regions(value)), 100)])
