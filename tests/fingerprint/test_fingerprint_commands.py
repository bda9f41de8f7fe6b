# SPDX-License-Identifier: Apache-2.0
"""`stillmine fingerprint` and `stillmine compare`: what is printed, where, and with which exit code."""

import json
from pathlib import Path

import pytest
import typer
from picture_files import MEDIA, save, scene
from PIL import Image
from typer.testing import CliRunner

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.commands import compare_files, fingerprint_files

app = typer.Typer()
app.command("fingerprint")(fingerprint_files)
app.command("compare")(compare_files)
COAT, BOOTS = MEDIA / "clothing/coat.jpg", MEDIA / "clothing/boots.jpg"


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def test_text() -> None:
    code, out, err = run("fingerprint", COAT, BOOTS)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [fingerprint_image(path.read_bytes()).text for path in (COAT, BOOTS)]
    assert lines[0].endswith("coat.jpg")


def test_json_lines_hold_the_fields_of_the_wire_form() -> None:
    code, out, _ = run("fingerprint", "--json", COAT)
    made = fingerprint_image(COAT.read_bytes())
    assert code == 0
    assert json.loads(out) == {
        "file": str(COAT),
        "kind": "pdq",
        "value": made.text,
        "quality": made.quality,
        "width": made.width,
        "height": made.height,
    }


def test_a_bad_file_costs_one_line_and_the_exit_code(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    code, out, err = run("fingerprint", empty, tmp_path / "missing.jpg", tmp_path, COAT)
    assert code == 1
    assert len(out.splitlines()) == 1
    assert [line.rsplit("[")[-1] for line in err.splitlines()] == ["empty_file]", "file_unreadable]", "file_unreadable]"]


def test_low_quality_is_said_in_words(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (200, 200), "grey").save(plain)
    _, out, _ = run("fingerprint", plain)
    assert "quality   0" in out
    assert "too little detail" in out
    code, out, _ = run("compare", plain, COAT)
    assert code == 0
    assert "would not be compared" in out


def test_compare_the_same() -> None:
    code, out, _ = run("compare", COAT, COAT)
    assert code == 0
    assert "distance: 0 of 256 bits, with B as it is (original)" in out
    assert "They would match" in out


@pytest.mark.parametrize(
    ("turn", "variant"),
    [
        (Image.Transpose.FLIP_LEFT_RIGHT, "flip_horizontal"),
        (Image.Transpose.FLIP_TOP_BOTTOM, "flip_vertical"),
        (Image.Transpose.ROTATE_180, "rotate180"),
        (Image.Transpose.ROTATE_90, "rotate270"),
        (Image.Transpose.ROTATE_270, "rotate90"),
        (Image.Transpose.TRANSPOSE, "transpose"),
        (Image.Transpose.TRANSVERSE, "transverse"),
    ],
)
def test_compare_finds_how_a_copy_was_turned(tmp_path: Path, turn: Image.Transpose, variant: str) -> None:
    """`variant` is what has to be done to B to get A: the way back."""
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    first.write_bytes(save(scene(), "PNG"))
    second.write_bytes(save(scene().transpose(turn), "PNG"))
    code, out, _ = run("compare", "--json", first, second)
    answer = json.loads(out)
    assert code == 0
    assert answer["variant"] == variant
    assert answer["would_match"] is True
    assert answer["distance_bits"] <= 2
    assert answer["distance_bits_original"] > 60


def test_compare_different_pictures() -> None:
    code, out, _ = run("compare", COAT, BOOTS)
    assert code == 0
    assert "They would not match" in out


def test_compare_names_each_bad_file(tmp_path: Path) -> None:
    text = tmp_path / "note.txt"
    text.write_text("hello")
    code, out, err = run("compare", text, tmp_path / "missing.jpg")
    assert (code, out) == (1, "")
    assert "[not_an_image]" in err
    assert "[file_unreadable]" in err
    assert "hello" not in err
