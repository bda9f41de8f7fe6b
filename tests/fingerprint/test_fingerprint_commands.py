# SPDX-License-Identifier: Apache-2.0
"""`stillmine fingerprint` and `stillmine compare`: what is printed, where, and with which exit code."""

import hashlib
import json
import os
import re
import signal
import wave
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from stillmine.demo.edits import altered_copies
from stillmine.fingerprint import batch, fingerprint_image
from stillmine.fingerprint.batch import Outcome, fingerprint_one
from stillmine.fingerprint.commands import compare_files, fingerprint_files
from stillmine.fingerprint.container.sniff import FileType
from stillmine.fingerprint.file import fingerprint_file
from stillmine.wire.kinds import MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY, Kind
from stillmine.wire.regions import parse_regions
from stillmine.wire.vpdq import parse_vpdq
from tests.fingerprint.picture_files import MEDIA, save, scene

app = typer.Typer()
app.command("fingerprint")(fingerprint_files)
app.command("compare")(compare_files)
COAT, BOOTS = MEDIA / "clothing/coat.jpg", MEDIA / "clothing/boots.jpg"


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def animation(path: Path, turns: int = 4) -> Path:
    frames = [scene().rotate(90 * turn) for turn in range(turns)]
    path.write_bytes(save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=1000))
    return path


def test_table() -> None:
    code, out, err = run("fingerprint", COAT, BOOTS)
    assert (code, err) == (0, "")
    for path in (COAT, BOOTS):
        data = path.read_bytes()
        assert f"{path}\n  pdq          {fingerprint_image(data).text}  quality 100\n" in out
        assert f"  sha256       {hashlib.sha256(data).hexdigest()}\n" in out
        assert f"  md5          {hashlib.md5(data, usedforsecurity=False).hexdigest()}\n" in out
    assert out.endswith("2 files: 2 fingerprinted\n")


def test_json_lines_hold_the_fields_of_the_wire_form() -> None:
    code, out, err = run("fingerprint", "--json", COAT)
    made = fingerprint_image(COAT.read_bytes())
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["fingerprints"][0] == {"kind": "pdq", "value": made.text, "quality": made.quality}
    assert [one["kind"] for one in answer["fingerprints"]] == ["pdq", "sha256", "md5"]
    assert (answer["file"], answer["type"], answer["left_out"]) == (str(COAT), "image", [])
    assert (answer["width"], answer["height"], answer["bytes"]) == (made.width, made.height, COAT.stat().st_size)


def test_a_bad_file_costs_one_line_and_the_exit_code(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    code, out, err = run("fingerprint", "--json", empty, tmp_path / "missing.jpg", COAT)
    assert code == 1
    assert len(out.splitlines()) == 1
    complaints = err.splitlines()
    assert [line.rsplit("[")[-1] for line in complaints[:2]] == ["empty_file]", "file_unreadable]"]
    assert complaints[2] == "3 files: 1 fingerprinted, 2 could not be read"


def test_folders_are_gone_through_and_what_is_no_media_is_only_counted(tmp_path: Path) -> None:
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    (tmp_path / "note.txt").write_text("hello")
    (below / "copy.jpg").write_bytes(COAT.read_bytes())
    (tmp_path / "z.png").write_bytes(save(scene(), "PNG"))
    code, out, err = run("fingerprint", tmp_path)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line.startswith(str(tmp_path))] == [str(below / "copy.jpg"), str(tmp_path / "z.png")]
    assert out.endswith("3 files: 2 fingerprinted, 1 other files left out\n")
    (below / "damaged.jpg").write_bytes(COAT.read_bytes()[:5000])
    code, _, err = run("fingerprint", tmp_path)
    assert code == 1
    assert "[truncated_image]" in err


def test_an_empty_folder_is_not_a_success(tmp_path: Path) -> None:
    assert run("fingerprint", tmp_path)[0] == 1


def test_a_file_named_twice_is_read_once() -> None:
    assert run("fingerprint", COAT, COAT, COAT.parent / "../clothing/coat.jpg")[1].count("  pdq ") == 2


def test_processes_give_what_one_gives_in_the_same_order() -> None:
    paths = sorted(path for path in MEDIA.rglob("*") if path.is_file())
    alone = list(batch.fingerprint_files(paths, 1))
    assert list(batch.fingerprint_files(paths, 3)) == alone
    assert [outcome.path for outcome in alone] == paths
    assert {outcome.code for outcome in alone if outcome.made is None} == {"not_an_image"}


def dies_of_boots(path: Path) -> Outcome:
    if path == BOOTS:
        os.kill(os.getpid(), signal.SIGKILL)
    return fingerprint_one(path)


def test_a_file_that_kills_its_decoder_costs_only_itself() -> None:
    paths = sorted((MEDIA / "clothing").glob("*.jpg"))
    outcomes = {outcome.path: outcome for outcome in batch.fingerprint_files(paths, 2, dies_of_boots)}
    assert outcomes.pop(BOOTS).code == "decoder_died"
    assert len(outcomes) == len(paths) - 1
    assert all(outcome.made is not None for outcome in outcomes.values())


def test_an_animation_is_a_picture_and_a_video(tmp_path: Path) -> None:
    path = animation(tmp_path / "moving.gif")
    made = fingerprint_file(path)
    assert made.file_type is FileType.ANIMATED_IMAGE
    by_kind = {one.kind: one for one in made.fingerprints()}
    assert set(by_kind) == {Kind.PDQ, Kind.REGIONS, Kind.VPDQ, Kind.SHA256, Kind.MD5}
    assert len(parse_vpdq(by_kind[Kind.VPDQ].value)) >= 3
    assert by_kind[Kind.PDQ].value == fingerprint_image(path.read_bytes()).text
    _, out, _ = run("fingerprint", path)
    assert "  vpdq         4 frames  quality" in out


def test_low_quality_is_said_in_words(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (200, 200), "grey").save(plain)
    _, out, _ = run("fingerprint", plain)
    assert "quality   0" in out
    assert "too little detail" in out
    code, out, _ = run("compare", plain, COAT)
    assert code == 0
    assert "would not be compared" in out


def test_a_blurred_copy_may_have_less_detail_than_what_a_case_holds(tmp_path: Path) -> None:
    garment, blurred = MEDIA.parent / "tests/media/photos/clothing/018.jpg", tmp_path / "blurred.png"
    with Image.open(garment) as picture:
        picture.filter(ImageFilter.GaussianBlur(0.03 * picture.width)).save(blurred)
    quality = fingerprint_image(blurred.read_bytes()).quality
    assert MINIMUM_ASKED_QUALITY <= quality < MINIMUM_QUALITY
    assert "They would match" in run("compare", garment, blurred)[1]
    assert "Quality 50 is needed of A, which a case holds, and 30 of B." in run("compare", blurred, garment)[1]


def test_compare_the_same() -> None:
    code, out, _ = run("compare", COAT, COAT)
    assert code == 0
    assert "file:     identical" in out
    assert "picture:  0 of 256 bits apart, with B as it is (original)" in out
    assert "They would match" in out


def test_regions_are_made_only_if_they_are_wanted_and_their_lack_is_said(tmp_path: Path) -> None:
    _, out, _ = run("fingerprint", COAT)
    assert "regions" not in out
    code, out, err = run("fingerprint", "--regions", COAT)
    assert (code, err) == (0, "")
    assert re.search(r"^  regions      \d+ regions  quality 100$", out, re.MULTILINE)
    answer = json.loads(run("fingerprint", "--regions", "--json", COAT)[1])
    assert [one["kind"] for one in answer["fingerprints"]] == ["pdq", "regions", "sha256", "md5"]
    value = parse_regions(answer["fingerprints"][1]["value"])
    assert value.pdq.hex() == answer["fingerprints"][0]["value"]
    smooth = tmp_path / "smooth.png"
    down, across = np.mgrid[0:300, 0:300]
    Image.fromarray((128 + 60 * np.sin(across / 47) + 60 * np.cos(down / 61)).astype(np.uint8)).save(smooth)
    code, out, err = run("fingerprint", "--regions", smooth)
    assert (code, err) == (0, "")
    assert out.endswith("  mostly text, flat or small: crops of it can't be recognised\n")


def comparisons(*words: object) -> dict[str, dict[str, object]]:
    code, out, err = run("compare", "--json", *words)
    assert (code, err) == (0, "")
    return {line["kind"]: line for line in map(json.loads, out.splitlines())}


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
    found = comparisons(first, second)
    assert found["sha256"]["would_match"] is False
    answer = found["pdq"]
    assert answer["variant"] == variant
    assert answer["would_match"] is True
    assert int(str(answer["distance_bits"])) <= 2
    assert int(str(answer["distance_bits_original"])) > 60


def test_compare_says_what_was_undone(tmp_path: Path) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(altered_copies(COAT.read_bytes())[6].data)
    assert comparisons(COAT, copy)["pdq"]["undone"] == ["trim_caption"]
    _, out, _ = run("compare", COAT, copy)
    assert "(original), its caption strip taken off" in out
    assert "with B whole and as it is" in out
    assert "They would match" in out


def test_compare_different_pictures() -> None:
    code, out, _ = run("compare", COAT, BOOTS)
    assert code == 0
    assert "They would not match" in out


def test_compare_videos_says_where(tmp_path: Path) -> None:
    """The second begins two seconds later."""
    frames = [scene().rotate(37 * turn).resize((160, 120)) for turn in range(9)]
    first, second = tmp_path / "first.gif", tmp_path / "second.gif"
    first.write_bytes(save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=1000))
    second.write_bytes(save(frames[2], "GIF", save_all=True, append_images=frames[3:], duration=1000))
    answer = comparisons(first, second)["vpdq"]
    assert answer["would_match"] is True
    assert answer["offset_seconds"] == -2.0
    _, out, _ = run("compare", first, second)
    assert "what is at 0:00 in A is at -0:02.0 in B" in out
    assert "A 0:02.0 to " in out


def test_compare_a_mirrored_video_says_so(tmp_path: Path) -> None:
    frames = [scene().rotate(37 * turn).resize((160, 120)) for turn in range(5)]
    mirrored = [frame.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for frame in frames]
    first, second = tmp_path / "first.gif", tmp_path / "second.gif"
    first.write_bytes(save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=1000))
    second.write_bytes(save(mirrored[0], "GIF", save_all=True, append_images=mirrored[1:], duration=1000))
    answer = comparisons(first, second)["vpdq"]
    assert (answer["would_match"], answer["variant"], answer["percent_of_a"]) == (True, "flip_horizontal", 100)
    assert "with B mirrored left to right" in run("compare", first, second)[1]


SOUNDS = sorted((MEDIA / "audio").glob("*.mp3"))


@pytest.mark.skipif(len(SOUNDS) < 2, reason="no sounds here")
def test_sounds_have_their_fingerprint_and_are_compared() -> None:
    made = fingerprint_file(SOUNDS[0])
    assert made.file_type is FileType.AUDIO
    assert [one.kind for one in made.fingerprints()] == [Kind.CHROMAPRINT, Kind.SHA256, Kind.MD5]
    _, out, _ = run("fingerprint", SOUNDS[0])
    assert "  chromaprint  " in out
    assert "seconds of sound" in out
    assert comparisons(SOUNDS[0], SOUNDS[0])["chromaprint"]["would_match"] is True
    assert comparisons(SOUNDS[0], SOUNDS[1])["chromaprint"]["would_match"] is False
    assert "A 0:00.0 to " in run("compare", SOUNDS[0], SOUNDS[0])[1]
    assert "They would not match." in run("compare", *SOUNDS[:2])[1]


def test_sound_that_is_too_short_leaves_the_digests(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(np.random.Generator(np.random.PCG64(1)).integers(-9000, 9000, 8000).astype("<i2").tobytes())
    made = fingerprint_file(path)
    assert made.left_out == ("sound_too_short",)
    assert [one.kind for one in made.fingerprints()] == [Kind.SHA256, Kind.MD5]
    code, out, err = run("fingerprint", path)
    assert (code, err) == (0, "")
    assert "  left out: sound_too_short\n" in out


def test_compare_a_picture_with_the_video_it_was_cut_from(tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    still.write_bytes(save(scene().rotate(90), "PNG"))
    answer = comparisons(still, animation(tmp_path / "moving.gif"))["vpdq"]
    assert answer["percent_of_a"] == 100
    assert answer["matched_spans"] == [[0.0, 0.0, 1.0]]


def test_compare_names_each_bad_file(tmp_path: Path) -> None:
    text = tmp_path / "note.txt"
    text.write_text("hello")
    code, out, err = run("compare", text, tmp_path / "missing.jpg")
    assert (code, out) == (1, "")
    assert "[not_an_image]" in err
    assert "[file_unreadable]" in err
    assert "hello" not in err
