# SPDX-License-Identifier: Apache-2.0
"""Files of the kinds that people reported: each gives its right value on server, partner and browser.

`pytest -m long -s tests/portal/test_reported_files.py` prints the table of docs/security-testing.md. More files
of the same kinds are made by the tests that are named there.
"""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.more_media import SMALL
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Partner
from tests.portal.device_engine import Engine, distance_bits, seconds_of
from tests.portal.test_device_files import bit_error_rate, server_values

pytestmark = pytest.mark.long

FOLDER = SMALL / "reported"
SECONDS = 6
SOUND_BITS = 0.001


@dataclass(frozen=True)
class Right:
    """What a file has to give: the value of the file `like`, within so many bits in every second of it."""

    file: str
    like: str
    kind: str = "pdq"
    bits: int = 4
    notes: tuple[str, ...] = ()
    """Of the browser."""
    is_unread: bool = False
    """By browsers: the digest remains."""


FILM = ("video_has_no_sound",)
RIGHT = (
    Right("mjpeg_exif.avi", "mjpeg_exif.avi", "vpdq", notes=("video_not_opened",), is_unread=True),
    Right("heic_major_mif2.heic", "base.png"),
    Right("trimmed_by_edit_list.mp4", "trimmed_reencoded.mp4", "vpdq", 31, FILM),
    Right("a_webp_named.gif", "a_webp_named.gif", "vpdq", 12),
    Right("a_base.avif", "a_webp_named.gif", bits=12),
    Right("a_base.avif", "a_webp_named.gif", "vpdq", 31),
    Right("apng_one_frame_hidden_default.png", "apng_shown_picture.png", notes=("hidden_picture",)),
    *(Right(f"png_{name}.png", "png_good.png", bits=0) for name in ("crc_iccp", "crc_phys", "phys_2_bytes", "gama_1_byte", "workflow_2mb")),
    Right("png_no_iend.png", "png_good.png", bits=0, notes=("end_missing",)),
    Right("jpg_progressive_no_eoi.jpg", "base.png", notes=("end_missing",)),
    Right("jpg_junk_before_marker.jpg", "base.png"),
    Right("motion_photo.jpg", "still.jpg"),
    Right("motion_photo.jpg", "v_silent.mp4", "vpdq", 12),
    Right("v_ts.ts", "v_base.mp4", "vpdq", 12, ("sound_too_short",)),
    Right("v_wmv.wmv", "v_base.mp4", "vpdq", 31, ("video_not_opened",), is_unread=True),
    Right("v_alpha_vp9.webm", "v_alpha_vp9.webm", "vpdq", 12, FILM),
    Right("ori_webp_6.webp", "base.png"),
    Right("ori_jpg_6_long.jpg", "base.png"),
    Right("v_pq_libsvtav1.mp4", "v_base.mp4", "vpdq", 31, FILM),
    Right("antiphase_stereo.wav", "left.wav", "chromaprint"),
)


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    """The left side of the sound whose sides cancel, and the photograph without its film."""
    left, still = tmp_path / "left.wav", tmp_path / "still.jpg"
    photo = (FOLDER / "motion_photo.jpg").read_bytes()
    still.write_bytes(photo[: photo.index(b"ftyp") - 4])
    with wave.open(str(FOLDER / "antiphase_stereo.wav")) as both, wave.open(str(left), "w") as one:
        one.setnchannels(1)
        one.setsampwidth(2)
        one.setframerate(both.getframerate())
        data = both.readframes(both.getnframes())
        one.writeframes(b"".join(data[place : place + 2] for place in range(0, len(data), 4)))
    return {file.name: file for file in (left, still)}


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[FakeExchange, Partner]]:
    exchange = FakeExchange()
    (tmp_path / "home").mkdir(mode=0o700)
    partner = Partner(tmp_path / "home", exchange, Clock())
    yield exchange, partner
    partner.close()


def far_apart(kind: str, made: str | None, right: str) -> float | None:
    """Bits between two pictures, of a film in the second that is farthest; of a sound the share of its bits."""
    if made is None:
        return None
    if kind == "pdq":
        return distance_bits(made, right)
    if kind == "chromaprint":
        return bit_error_rate(made, right)
    ours, theirs = seconds_of(made), seconds_of(right)
    assert len(ours) == len(theirs) == SECONDS
    return max(distance_bits(ours[second], value) for second, value in theirs.items())


def test_each_reported_file_gives_its_right_value(
    engine: Engine, asking: tuple[FakeExchange, Partner], parts: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    exchange, partner = asking
    rows: list[tuple[str, ...]] = []
    wrong: list[str] = []
    for right in RIGHT:
        file = FOLDER / right.file
        expected = server_values(parts.get(right.like, FOLDER / right.like))[right.kind]
        [made] = engine.make(file)
        on_server = far_apart(right.kind, server_values(file).get(right.kind), expected)
        in_browser = far_apart(right.kind, made.values.get(right.kind), expected)
        exchange.add_text(f"{len(rows)}", Kind(right.kind), expected)
        partner.sync.run()
        answer = partner.screen(file.read_bytes())
        exchange.withdraw(f"{len(rows)}")
        rows.append((right.file, right.kind, right.like, _text(on_server), answer.outcome.value, _text(in_browser), ", ".join(made.notes)))
        most = SOUND_BITS if right.kind == "chromaprint" else right.bits
        is_near = [far is not None and far <= most for far in (on_server, in_browser)]
        is_read = in_browser is None and "md5" in made.values if right.is_unread else is_near[1]
        is_right = is_near[0] and is_read and answer.outcome is ScreenOutcome.MATCH and tuple(made.notes) == right.notes
        if not is_right:
            wrong.append(" ".join(rows[-1]))
    with capsys.disabled():
        print(*(f"| {' | '.join(row)} |" for row in rows), sep="\n")
    assert wrong == []


def test_the_part_that_was_cut_away_matches_nothing(engine: Engine, asking: tuple[FakeExchange, Partner]) -> None:
    exchange, partner = asking
    trimmed, cut_away = FOLDER / "trimmed_by_edit_list.mp4", FOLDER / "the_part_cut_away.mp4"
    [made] = engine.make(trimmed)
    for place, value in enumerate((made.values["vpdq"], server_values(trimmed)["vpdq"])):
        exchange.add_text(f"{place}", Kind.VPDQ, value)
    partner.sync.run()
    assert partner.screen(trimmed.read_bytes()).outcome is ScreenOutcome.MATCH
    assert partner.screen(cut_away.read_bytes()).outcome is ScreenOutcome.NO_MATCH


def _text(far: float | None) -> str:
    return "–" if far is None else f"{far:g}"
