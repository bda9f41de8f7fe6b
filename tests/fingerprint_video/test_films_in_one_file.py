# SPDX-License-Identifier: Apache-2.0
"""Films behind still pictures, sequences and tracks: what a case holds of them, what is asked, and that the rest is named."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.commands import compare_files, fingerprint_files
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.file import FileFingerprints, fingerprint_file
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.structure.film_behind import MAX_FILMS, films_behind
from tests.fingerprint_video.video_clips import MEDIA
from tests.several_films import film_of, heif_sequence, jpeg, motion_heic, motion_photo, with_tracks

app = Typer()
app.command("fingerprint")(fingerprint_files)
app.command("compare")(compare_files)

CLOTHING = MEDIA.parent / "clothing"


def photograph(name: str) -> Image.Image:
    return Image.open(CLOTHING / f"{name}.jpg").convert("RGB").resize((240, 320))


@pytest.fixture(scope="module")
def film() -> bytes:
    return film_of([photograph("boots"), photograph("coat")])


@pytest.fixture(scope="module")
def other() -> bytes:
    return film_of([photograph("dress"), photograph("hat")])


def made_of(tmp_path: Path, data: bytes) -> FileFingerprints:
    file = tmp_path / "file"
    file.write_bytes(data)
    return fingerprint_file(file)


@pytest.mark.parametrize("put", [motion_photo, motion_heic, heif_sequence])
def test_the_film_of_a_photograph_is_its_video(tmp_path: Path, put: Callable[[Image.Image, bytes], bytes]) -> None:
    film = film_of([photograph("boots"), photograph("coat")], codec="libx265" if put is heif_sequence else "libx264")
    data = put(photograph("hat"), film)
    made = made_of(tmp_path, data)
    assert (made.file_type, made.left_out) == (FileType.MOTION_PHOTO, ())
    assert made.image is not None
    assert made.image == fingerprint_image(data)
    assert made.video is not None
    assert made.video.frames == fingerprint_video(film).frames


def test_only_the_first_film_is_held_and_the_rest_is_named(tmp_path: Path, film: bytes, other: bytes) -> None:
    made = made_of(tmp_path, motion_photo(photograph("hat"), film + other))
    assert made.video is not None
    assert (made.video.frames, made.left_out) == (fingerprint_video(film).frames, ("further_films",))


def test_a_film_that_can_not_be_read_is_named(tmp_path: Path, film: bytes) -> None:
    index = film.index(b"moov")
    made = made_of(tmp_path, motion_photo(photograph("hat"), film[: index + 4] + bytes(len(film) - index - 4)))
    assert made.video is None
    assert made.image is not None
    assert made.left_out == ("not_a_video",)


def test_what_only_looks_like_a_film_is_none() -> None:
    picture = jpeg(photograph("hat"))
    head = b"\0\0\0\x18ftypisom" + bytes(12)
    assert films_behind(io.BytesIO(picture)) == []
    assert films_behind(io.BytesIO(picture + head)) == []
    assert films_behind(io.BytesIO(picture + b"\0\0\0\x18ftypheic" + bytes(12) + b"moov")) == []
    assert sniff_file(picture + head) is FileType.IMAGE
    assert len(films_behind(io.BytesIO(picture + (head + b"\0\0\0\x08moov") * 9))) == MAX_FILMS


def test_many_false_films_are_not_read_as_one_and_hide_no_film(film: bytes) -> None:
    """The last that is read ends where the next one begins; heads without an index are none of those that are read."""
    picture = jpeg(photograph("hat"))
    head = b"\0\0\0\x18ftypisom" + bytes(12)
    false = head + b"\0\0\0\x08moov"
    assert films_behind(io.BytesIO(picture + false * 1000)) == [false] * MAX_FILMS
    assert films_behind(io.BytesIO(picture + head * 1000 + film)) == [film]


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_a_case_holds_the_default_track_and_every_track_can_be_asked_about(tmp_path: Path, film: bytes, other: bytes, form: str) -> None:
    data = with_tracks([film, other], form)
    made = made_of(tmp_path, data)
    assert made.video is not None
    assert (made.video.frames, made.video.tracks) == (fingerprint_video(film).frames, 2)
    assert made.left_out == ("further_films",)
    assert fingerprint_video(data, track=1).frames == fingerprint_video(other).frames


def test_the_command_line_says_what_was_left_out(tmp_path: Path, film: bytes, other: bytes) -> None:
    file = tmp_path / "two.mp4"
    file.write_bytes(with_tracks([film, other]))
    assert "  left out: further_films" in CliRunner().invoke(app, ["fingerprint", str(file)]).stdout
    compared = CliRunner().invoke(app, ["compare", str(CLOTHING / "hat.jpg"), str(file)])
    assert compared.stderr == f"{file}: left out: further_films\n"
