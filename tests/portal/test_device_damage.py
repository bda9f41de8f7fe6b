# SPDX-License-Identifier: Apache-2.0
"""Damaged and turned pictures in a real browser give what they give on the server: "Damage" and "Orientation" in spec/fingerprint.md."""

import io
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.file import fingerprint_file
from tests.fingerprint.damaged_files import END_MISSING, JPEG, PIXELS_MISSING, SIDE_BYTES_WRONG, chunk
from tests.fingerprint.gamma_files import GAMMA_FILES, PLAIN_COLOURS, gamma, moving
from tests.fingerprint.hdr_files import HDR_FILES
from tests.fingerprint.picture_files import save
from tests.fingerprint.turned_files import TURNS, UPRIGHT
from tests.fingerprint_video.video_clips import frames_of
from tests.portal.device_engine import Engine, Made, besides_regions, distance_bits, with_worker_prefix
from tests.portal.made_pictures import picture
from tests.several_films import together

PICTURE_BITS = 4
NOTED_BY_NO_BROWSER = frozenset({"gif without its last byte"})
"""It is taken as it is."""


def make_all(engine: Engine, folder: Path, files: dict[str, bytes]) -> dict[str, Made]:
    """What each gives, all handed over at once, under names that say nothing."""
    paths = []
    for number, data in enumerate(files.values()):
        paths.append(folder / f"{number}")
        paths[-1].write_bytes(data)
    return dict(zip(files, engine.make(*paths), strict=True))


def beyond(made: dict[str, Made], files: dict[str, bytes]) -> dict[str, object]:
    """The names of those whose `pdq` is missing or far from the server's, and how far."""
    far: dict[str, object] = {}
    for name, one in made.items():
        bits = distance_bits(one.values["pdq"], fingerprint_image(files[name]).text) if "pdq" in one.values else (one.problem, one.notes)
        if not isinstance(bits, int) or bits > PICTURE_BITS:
            far[name] = bits
    return far


def test_wrong_bytes_that_hold_no_pixels_cost_nothing(engine: Engine, tmp_path: Path) -> None:
    assert beyond(make_all(engine, tmp_path, SIDE_BYTES_WRONG), SIDE_BYTES_WRONG) == {}


def test_a_missing_end_is_said_and_costs_nothing(engine: Engine, tmp_path: Path) -> None:
    made = make_all(engine, tmp_path, END_MISSING)
    assert beyond(made, END_MISSING) == {}
    notes = {name: besides_regions(one)[1] for name, one in made.items()}
    assert notes == {name: [] if name in NOTED_BY_NO_BROWSER else ["end_missing"] for name in END_MISSING}


def test_where_pixels_are_missing_there_is_the_digest_and_a_note(engine: Engine, tmp_path: Path) -> None:
    made = make_all(engine, tmp_path, PIXELS_MISSING)
    got = {name: (*besides_regions(one), one.problem) for name, one in made.items()}
    assert got == dict.fromkeys(PIXELS_MISSING, (["sha256"], ["ends_early"], None))


def test_an_animated_png_without_its_end_marker_loses_no_frame(engine: Engine, tmp_path: Path) -> None:
    stream = io.BytesIO()
    first, *others = [picture(seed, 320, 240) for seed in range(4)]
    first.save(stream, "PNG", save_all=True, append_images=others, duration=1000)
    whole = stream.getvalue()
    end = len(chunk(b"IEND", b""))
    files = {
        "whole": whole,
        "no end": whole[:-end],
        "half an end": whole[: -end // 2],
        "cut": whole[: -end - 3000],
        "a frame less": whole[: whole.rindex(b"fcTL") - 4],
    }
    made = make_all(engine, tmp_path, files)
    assert {name: besides_regions(one)[1] for name, one in made.items()} == {
        "whole": [],
        "no end": ["end_missing"],
        "half an end": ["end_missing"],
        "cut": ["ends_early"],
        "a frame less": ["ends_early"],
    }
    assert [made[name].values["vpdq"] == made["whole"].values["vpdq"] for name in files] == [True, True, True, False, False]


def test_pictures_are_turned_by_the_servers_rule(engine: Engine, tmp_path: Path) -> None:
    turned = {**TURNS, **UPRIGHT}
    assert beyond(make_all(engine, tmp_path, turned), turned) == {}


def test_pictures_of_high_dynamic_range_are_mapped_as_on_the_server(engine: Engine, tmp_path: Path) -> None:
    assert beyond(make_all(engine, tmp_path, HDR_FILES), HDR_FILES) == {}


def test_a_pngs_gamma_and_primaries_are_applied_as_on_the_server(engine: Engine, tmp_path: Path) -> None:
    files = {**GAMMA_FILES, **PLAIN_COLOURS}
    assert beyond(make_all(engine, tmp_path, files), files) == {}


def test_those_of_an_animation_too(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "moving"
    file.write_bytes(moving(gamma(22727)))
    [made] = engine.make(file)
    video = fingerprint_file(file).video
    assert video is not None
    pairs = zip(frames_of(made.values["vpdq"]), video.frames, strict=True)
    assert max(distance_bits(theirs.pdq.hex(), ours.pdq.hex()) for theirs, ours in pairs) <= PICTURE_BITS


@pytest.mark.parametrize("name", ["OffscreenCanvas", "createImageBitmap"])
def test_where_the_page_decodes_it_is_the_same(engine: Engine, tmp_path: Path, name: str) -> None:
    with_worker_prefix(engine.page, f"self.{name} = undefined;")
    files = {**TURNS, "cut": END_MISSING["jpeg without its end marker"]}
    made = make_all(engine, tmp_path, files)
    assert beyond(made, files) == {}
    assert besides_regions(made["cut"])[1] == ["end_missing"]
    (tmp_path / "half").write_bytes(PIXELS_MISSING["jpeg"])
    assert list(engine.make(tmp_path / "half")[0].values) == ["sha256"]


@pytest.mark.parametrize(("width", "height"), [(12_000, 9_000), (16_320, 12_240)])
def test_photographs_of_108_and_200_megapixels_are_decoded_smaller(
    engine: Engine, tmp_path: Path, root: Path, width: int, height: int
) -> None:
    file = tmp_path / "photo.jpg"
    with Image.open(root / "media/clothing/boots.jpg") as image:
        image.resize((width, height), Image.Resampling.NEAREST).save(file, quality=50)
    [made] = engine.make(file)
    assert (made.file_type, *besides_regions(made)) == ("picture", ["pdq"], [])
    assert distance_bits(made.values["pdq"], fingerprint_image(file.read_bytes()).text) <= PICTURE_BITS


def test_what_is_too_large_to_look_into_keeps_its_digest(engine: Engine, tmp_path: Path) -> None:
    with_worker_prefix(engine.page, "self.ImageDecoder = undefined;")
    size = JPEG.index(b"\xff\xc0") + 5
    many_pixels, many_bytes = tmp_path / "pixels", tmp_path / "bytes"
    many_pixels.write_bytes(JPEG[:size] + (9_000).to_bytes(2) + (12_000).to_bytes(2) + JPEG[size + 4 :])
    many_bytes.write_bytes(JPEG + bytes(64 * 1024 * 1024))
    for made in engine.make(many_pixels, many_bytes):
        assert (made.problem, *besides_regions(made)) == (None, ["sha256"], ["picture_too_large"])


@pytest.mark.parametrize("form", ["WEBP", "AVIF"])
def test_an_animation_cut_within_its_first_picture_sends_nobody_to_another_browser(engine: Engine, tmp_path: Path, form: str) -> None:
    whole = together(form, [picture(20 + number, 320, 240) for number in range(3)], duration=1000, quality=90)
    file = tmp_path / "cut"
    file.write_bytes(whole[: len(whole) // 5])
    [made] = engine.make(file)
    assert besides_regions(made) == (["md5"], ["ends_early"])


@pytest.mark.parametrize("form", ["WEBP", "AVIF"])
def test_a_picture_cut_too_early_sends_nobody_to_another_browser(engine: Engine, tmp_path: Path, form: str) -> None:
    whole = save(picture(20, 320, 240), form, quality=90)
    file = tmp_path / "cut"
    file.write_bytes(whole[:300] if form == "AVIF" else whole[:40])
    [made] = engine.make(file)
    assert besides_regions(made) == (["sha256"], ["ends_early"])
