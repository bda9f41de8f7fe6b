# SPDX-License-Identifier: Apache-2.0
"""`stillmine compare` says what regions find, how they stand to PDQ, and draws it; a drawing never replaces a file."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image, ImageDraw, ImageOps
from typer.testing import CliRunner

from stillmine.fingerprint import drawing
from stillmine.fingerprint.commands import compare_files
from stillmine.fingerprint.explain import compare, describe, find_regions_of, read_asked
from stillmine.fingerprint.explain_regions import RegionsCompared
from stillmine.fingerprint.file import fingerprint_file
from stillmine.matching.region_look import Judgement, Verdict
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from tests.fingerprint.picture_files import MEDIA

CAT, COAT = MEDIA / "skimage/chelsea.png", MEDIA / "clothing/coat.jpg"

app = typer.Typer()
app.command("compare")(compare_files)


def run(*words: object) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.output, result.exception


def refusal(*words: object) -> str:
    _, _, error = run(*words)
    assert isinstance(error, NotConfiguredError)
    return str(error)


@pytest.fixture
def crop(tmp_path: Path) -> Path:
    """The middle of the cat, turned by 3° and mirrored."""
    with Image.open(CAT) as whole:
        cat = whole.convert("RGB").rotate(3, Image.Resampling.BICUBIC)
    width, height = cat.size
    path = tmp_path / "crop.jpg"
    ImageOps.mirror(cat.crop((width * 3 // 20, height * 3 // 20, width * 17 // 20, height * 17 // 20))).save(path, quality=80)
    return path


def found_in(path: Path, first: Path = CAT) -> RegionsCompared:
    found = find_regions_of(fingerprint_file(first), read_asked(path))
    assert found is not None
    return found


def test_a_crop_is_found_by_regions_alone(crop: Path) -> None:
    code, out, _ = run(CAT, crop)
    assert code == 0
    assert "They would not match: only 31 bits" in out
    assert "B shows of A: about the middle 50 %, turned 3°, mirrored" in out
    assert "They would match, if the case holds regions." in out
    assert "Regions alone find it" in out
    answers = {line["kind"]: line for line in map(json.loads, run("--json", CAT, crop)[1].splitlines())}
    told = answers["regions"]
    assert answers["pdq"]["would_match"] is False
    assert (told["would_match"], told["match_class"]) == (True, "near")
    assert 6 <= told["places_agreeing"] <= told["places_seen"] < 36
    assert "judges" not in told


def test_a_whole_copy_is_found_by_both(tmp_path: Path) -> None:
    copy = tmp_path / "copy.jpg"
    with Image.open(CAT) as cat:
        cat.convert("RGB").save(copy, quality=60)
    assert "PDQ and regions agree." in run(CAT, copy)[1]
    assert found_in(copy).judges is Judgement.AGREED


def test_a_copy_that_is_turned_is_found_by_both(tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    with Image.open(CAT) as cat:
        cat.transpose(Image.Transpose.ROTATE_90).save(copy)
    found = found_in(copy)
    assert found.judges is Judgement.AGREED
    assert found.best is not None
    assert found.best.words == "all of it, turned -90°"


def test_what_is_mostly_covered_is_told_as_a_part_or_nothing_and_unrelated_pictures_as_nothing(tmp_path: Path) -> None:
    _, out, _ = run(CAT, COAT)
    assert "regions:  no places of A lie in B as they lie in A" in out
    assert "They would not match: that is too little." in out
    covered = tmp_path / "covered.png"
    with Image.open(CAT) as cat:
        ImageDraw.Draw(cat).rectangle((0, 0, cat.width * 0.62, cat.height), fill="gold")
        cat.save(covered)
    found = found_in(covered)
    assert found.best is None or found.best.verdict is not Verdict.MATCH


def test_a_match_by_pdq_that_regions_contradict_is_said_to_be_for_a_reviewer() -> None:
    """Whoever forges a `pdq` pairs it with the regions of another picture."""
    coat, cat = (fingerprint_file(path) for path in (COAT, CAT))
    forged, asked = replace(coat, regions=cat.regions), read_asked(COAT)
    found = find_regions_of(forged, asked)
    assert found is not None
    assert found.judges is Judgement.DISPUTED
    (told,) = (one for one in compare(forged, asked, found) if one.kind is Kind.REGIONS)
    assert told.would_match is False
    assert "The regions contradict PDQ" in "\n".join(describe(told))


def test_the_drawing_shows_what_agrees_and_what_does_not_in_colours_and_shapes(crop: Path, tmp_path: Path) -> None:
    covered = tmp_path / "covered.png"
    with Image.open(CAT) as cat:
        ImageDraw.Draw(cat).ellipse((70, 60, 170, 150), fill="gold")
        cat.save(covered)
    colours = {}
    for path in (crop, covered):
        out = tmp_path / f"{path.stem} drawn.png"
        code, said, _ = run(CAT, path, "--draw", out)
        assert code == 0
        assert f"drawn:    {out}" in said
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        with Image.open(out) as drawn:
            assert drawn.width >= 2 * drawing.PANEL
            pixels = np.asarray(drawn.convert("RGB"))[drawing.TITLE : drawing.TITLE + 450, drawing.MARGIN :]
        colours[path] = {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}
    assert drawing.AGREES in colours[crop]
    assert drawing.DIFFERS not in colours[crop]
    assert drawing.UNSEEN in colours[crop]
    assert {drawing.AGREES, drawing.DIFFERS} <= colours[covered]


def test_what_agrees_in_nothing_is_drawn_too(tmp_path: Path) -> None:
    out = tmp_path / "drawn.png"
    assert run(CAT, COAT, "--draw", out)[0] == 0
    assert out.exists()


def test_a_drawing_never_replaces_a_file(crop: Path, tmp_path: Path) -> None:
    before = crop.read_bytes()
    assert "end in .png" in refusal(CAT, crop, "--draw", crop)
    other = tmp_path / "other.png"
    other.write_bytes(CAT.read_bytes())
    assert "already exists" in refusal(other, crop, "--draw", other)
    assert (crop.read_bytes(), other.read_bytes()) == (before, CAT.read_bytes())


def test_a_drawing_that_cant_be_written_is_one_sentence(crop: Path, tmp_path: Path) -> None:
    assert "no such folder" in refusal(CAT, crop, "--draw", tmp_path / "missing/drawn.png")
    with pytest.raises(NotConfiguredError, match="--draw"):
        drawing.write(Image.new("RGB", (8, 8)), Path("/proc/drawn.png"))


def test_a_full_disk_leaves_no_half_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(NotConfiguredError, match="No space left"):
        drawing.write(Image.new("RGB", (8, 8)), tmp_path / "drawn.png")
    assert not list(tmp_path.iterdir())


def test_what_has_no_regions_is_said_and_not_drawn(tmp_path: Path) -> None:
    down, across = np.mgrid[0:300, 0:300]
    smooth = tmp_path / "smooth.png"
    Image.fromarray((128 + 60 * np.sin(across / 47) + 60 * np.cos(down / 61)).astype(np.uint8)).save(smooth)
    code, out, _ = run(smooth, CAT)
    assert code == 0
    assert "regions:  A has too few of them" in out
    assert "nothing to draw" in refusal(smooth, CAT, "--draw", tmp_path / "drawn.png")


def test_bad_files_are_named_before_anything_is_drawn(tmp_path: Path) -> None:
    out = tmp_path / "drawn.png"
    code, said, _ = run(CAT, tmp_path / "missing.jpg", "--draw", out)
    assert code == 1
    assert "[file_unreadable]" in said
    assert not out.exists()
