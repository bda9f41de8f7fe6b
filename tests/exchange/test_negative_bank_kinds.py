# SPDX-License-Identifier: Apache-2.0
"""The negative bank knows files of every kind: a banked picture is known as a file, as a still video and inside of one."""

from pathlib import Path
from typing import Any

import pytest

from stillmine.exchange.protection.held import Judged, held
from stillmine.exchange.transaction.context import Context
from stillmine.fingerprint.file import fingerprint_file
from stillmine.wire.case import CaseView
from stillmine.wire.kinds import Kind
from stillmine.wire.vpdq import VideoFrame, format_vpdq
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, fingerprint, value
from tests.exchange.test_negative_bank import BANK, add, hashes, states, sweep

PICTURE, VIDEO, SOUND = "media/clothing/jacket.jpg", "media/video/chair.mp4", "media/audio/whale.mp3"
HELD, ACTIVE = ("suspended", BANK), ("active", None)


def made_of(path: Path, number: int = 1) -> list[dict[str, object]]:
    """What a device sends of a file."""
    rows = fingerprint_file(path).fingerprints()
    return [{"kind": row.kind.value, "value": row.value, "quality": row.quality, "file_number": number} for row in rows]


def of_kind(rows: list[dict[str, object]], *kinds: str) -> list[dict[str, object]]:
    return [row for row in rows if row["kind"] in kinds]


def each_alone(rows: list[dict[str, object]]) -> list[list[dict[str, object]]]:
    """Each fingerprint as a case may hold it without the others: regions come with the pdq of their picture."""
    return [of_kind(rows, "pdq", "regions") if row["kind"] == "regions" else [row] for row in rows]


def video(*values: str, seconds: int = 1) -> dict[str, object]:
    """A video that shows each of these pictures for as many seconds."""
    frames = [
        VideoFrame(bytes.fromhex(one), 90, float(place * seconds + second)) for place, one in enumerate(values) for second in range(seconds)
    ]
    return {"kind": "vpdq", "value": format_vpdq(frames), "quality": 90}


def opened(phone: Phone, *sent: dict[str, object]) -> CaseView:
    return phone._view(phone.post("case", {"version": 1, "statement": ADULT, "fingerprints": list(sent)}))


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    """As an operator has it: files of all kinds, and what lies beside them."""
    made = tmp_path / "well known"
    made.mkdir()
    for path in (PICTURE, VIDEO, SOUND):
        (made / Path(path).name).write_bytes((root / path).read_bytes())
    (made / "README.md").write_text("# Where these come from\n")
    (made / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (made / "notes.txt").write_text("from Windows", encoding="utf-16")
    return made


@pytest.mark.parametrize("path", [PICTURE, VIDEO, SOUND])
def test_every_kind_of_a_banked_file_is_held_alone(exchange: Context, phone: Phone, root: Path, folder: Path, path: str) -> None:
    add(exchange, folder)
    rows = made_of(root / path)
    assert len(rows) >= 3
    for number, alone in enumerate(each_alone(rows)):
        assert states(opened(Phone(phone.web, number.to_bytes(10)), *alone)) == [HELD] * len(alone), alone[-1]["kind"]


@pytest.mark.parametrize("path", [PICTURE, VIDEO, SOUND])
def test_a_sweep_finds_every_kind(exchange: Context, phone: Phone, root: Path, folder: Path, path: str) -> None:
    cases = each_alone(made_of(root / path))
    for number, alone in enumerate(cases):
        assert states(opened(Phone(phone.web, number.to_bytes(10)), *alone)) == [ACTIVE] * len(alone)
    opened(phone, fingerprint(1), video(value(2), value(3), value(4)))
    add(exchange, folder)
    assert sweep(exchange) == (sum(map(len, cases)), 0)
    assert states(phone.show()) == [ACTIVE, ACTIVE]
    assert sweep(exchange) == (0, 0)


def test_what_is_no_media_is_skipped_and_named(folder: Path) -> None:
    from stillmine.exchange.quarantine.bank_files import read_bank

    source = read_bank(folder)
    assert (source.pictures, sorted(source.skipped)) == (3, ["README.md", "Thumbs.db", "notes.txt"])
    assert {kind for kind, _ in source.others} == {Kind.REGIONS, Kind.SHA256, Kind.MD5, Kind.VPDQ, Kind.CHROMAPRINT}


def test_a_folder_without_media_is_refused(tmp_path: Path) -> None:
    from stillmine.exchange.quarantine.bank_files import read_bank
    from stillmine.exchange.quarantine.errors import BankUnreadableError

    (tmp_path / "README.md").write_text("# nothing")
    with pytest.raises(BankUnreadableError, match="no picture, video or sound"):
        read_bank(tmp_path)


@pytest.mark.parametrize("frames", [1, 2, 10])
def test_a_banked_picture_as_a_video_is_held(exchange: Context, phone: Phone, tmp_path: Path, frames: int) -> None:
    add(exchange, hashes(tmp_path, value(1)))
    assert states(opened(phone, video(value(1), seconds=frames))) == [HELD]


def test_a_turned_and_changed_picture_as_a_video_is_held(exchange: Context, phone: Phone, root: Path, folder: Path) -> None:
    from stillmine.fingerprint import fingerprint_image

    add(exchange, folder)
    for number, pdq in enumerate(fingerprint_image((root / PICTURE).read_bytes()).variants):
        near = f"{int.from_bytes(pdq) ^ 0x3FF:064x}"
        assert states(opened(Phone(phone.web, number.to_bytes(10)), video(near, seconds=3))) == [HELD]


def test_a_video_is_held_from_a_fifth_of_its_time(exchange: Context, phone: Phone, other_phone: Phone, tmp_path: Path) -> None:
    add(exchange, hashes(tmp_path, value(1)))
    others = [value(number) for number in range(2, 7)]
    assert states(opened(phone, video(value(1), *others[:4]))) == [HELD]
    assert states(opened(other_phone, video(value(1), *others))) == [ACTIVE]


def test_a_long_video_is_held_from_a_fifth_too_wherever_it_is(exchange: Context, phone: Phone, other_phone: Phone, tmp_path: Path) -> None:
    add(exchange, hashes(tmp_path, value(1)))
    others = [value(number) for number in range(2, 402)]
    assert states(opened(phone, video(*others[:300], *([value(1)] * 150), *others[300:]))) == [HELD]
    assert states(opened(other_phone, video(*others[:300], *([value(1)] * 50), *others[300:]))) == [ACTIVE]


def test_a_long_video_is_looked_at_in_few_places_first(
    exchange: Context, phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.gate import bank
    from stillmine.matching.turned import turned

    add(exchange, hashes(tmp_path, value(1)))
    asked: list[int] = []

    def noted(values: bytes) -> bytes:
        asked.append(len(values) // 32)
        return turned(values)

    monkeypatch.setattr(bank, "turned", noted)
    opened(phone, video(*(value(number) for number in range(2, 2002))))
    assert len(asked) == 1
    assert asked[0] <= bank.SECONDS_TRIED


def test_frames_of_little_detail_count_for_nothing(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    add(exchange, hashes(tmp_path, value(1)))
    frames = [VideoFrame(bytes.fromhex(value(1)), 49, float(second)) for second in range(5)]
    text = format_vpdq([*frames, VideoFrame(bytes.fromhex(value(2)), 90, 6.0)])
    assert states(opened(phone, {"kind": "vpdq", "value": text, "quality": 90})) == [ACTIVE]


def test_all_of_a_file_is_held_with_its_digest(exchange: Context, phone: Phone, root: Path, folder: Path, partner: PartnerClient) -> None:
    add(exchange, folder)
    digest = of_kind(made_of(root / PICTURE), "sha256")
    case = opened(phone, *digest, fingerprint(1), video(value(2), value(3)), {**fingerprint(9), "file_number": 2})
    assert states(case) == [HELD, HELD, HELD, ACTIVE]
    partner.sync()
    assert partner.active_values() == [value(9)]


def test_a_digest_that_comes_later_holds_its_file(exchange: Context, phone: Phone, root: Path, folder: Path) -> None:
    add(exchange, folder)
    assert states(opened(phone, fingerprint(1))) == [ACTIVE]
    more = {"version": 1, "fingerprints": [fingerprint(1), *of_kind(made_of(root / PICTURE), "md5")]}
    assert states(phone._view(phone.post("case/fingerprints", more))) == [HELD, HELD]


def test_a_well_known_song_in_a_private_video_holds_the_sound_alone(exchange: Context, phone: Phone, root: Path, folder: Path) -> None:
    add(exchange, folder)
    song = of_kind(made_of(root / SOUND), "chromaprint")
    private = [video(value(1), value(2)), {"kind": "sha256", "value": "12" * 32, "quality": 100}]
    assert states(opened(phone, *private, *song)) == [ACTIVE, ACTIVE, HELD]
    more = {"version": 1, "fingerprints": [private[0], {"kind": "md5", "value": "12" * 16, "quality": 100}]}
    assert states(phone._view(phone.post("case/fingerprints", more)))[3] == ACTIVE
    assert sweep(exchange) == (0, 0)


def test_a_well_known_song_as_a_file_is_held_whole(exchange: Context, phone: Phone, root: Path, folder: Path) -> None:
    add(exchange, folder)
    song = of_kind(made_of(root / SOUND), "chromaprint")
    assert states(opened(phone, *song, {"kind": "sha256", "value": "12" * 32, "quality": 100})) == [HELD, HELD]


def test_what_partners_hand_in_is_held_in_every_kind(exchange: Context, phone: Phone, root: Path, folder: Path) -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    add(exchange, folder)
    partner = PartnerClient.add(exchange, phone.web, "Example Social")
    sent = [{**row, "file_number": 1} for row in made_of(root / VIDEO)]
    for row in sent:
        row.pop("file_number")
    answer = phone.web.post("/api/v1/submissions", json={"version": 1, "fingerprints": sent}, headers=partner.headers)
    assert answer.status_code == 200, answer.text
    assert set(Fingerprint.objects.values_list("state", flat=True)) == {"suspended"}


def test_what_an_operator_restored_is_not_held_again_with_its_file(exchange: Context, phone: Phone, root: Path, folder: Path) -> None:
    from stillmine.exchange.quarantine.actions import restore_suspended

    add(exchange, folder)
    rows = made_of(root / PICTURE)
    case = opened(phone, *of_kind(rows, "pdq", "sha256"))
    restore_suspended(exchange, case.fingerprints[0].id)
    more = {"version": 1, "fingerprints": of_kind(rows, "pdq", "md5")}
    assert [state for state, _ in states(phone._view(phone.post("case/fingerprints", more)))] == ["active", "active", "suspended"]
    assert sweep(exchange) == (0, 0)


def test_the_bank_is_asked_before_the_transaction(exchange: Context, phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    from stillmine.exchange.gate import bank

    add(exchange, hashes(tmp_path, value(1)))
    inside: list[bool] = []
    find = bank._Index.find

    def noted(*of: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return find(*of)

    monkeypatch.setattr(bank._Index, "find", noted)
    phone.open(1, 2)
    phone.add(3)
    assert inside == [False] * 3


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ([("pdq", True), ("sha256", False)], [True, True]),
        ([("sha256", True), ("pdq", False)], [True, True]),
        ([("pdq", True), ("pdq", False), ("sha256", False)], [True, False, True]),
        ([("chromaprint", True), ("sha256", False)], [True, True]),
        ([("chromaprint", True), ("vpdq", False), ("sha256", False)], [True, False, False]),
        ([("chromaprint", True), ("vpdq", True), ("sha256", False)], [True, True, True]),
        ([("chromaprint", False), ("vpdq", False)], [False, False]),
    ],
)
def test_what_is_held_together(file: list[tuple[str, bool]], expected: list[bool]) -> None:
    rows = [Judged(1, Kind(kind), is_banked) for kind, is_banked in file]
    assert held([*rows, Judged(2, Kind.PDQ, False)]) == [*expected, False]
