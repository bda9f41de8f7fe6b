# SPDX-License-Identifier: Apache-2.0
"""Browsers that can do less, files that are no good, and people who change their mind."""

import hashlib
import re
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint.picture.image import fingerprint_image
from tests.portal.device_engine import Engine, besides_regions, distance_bits, with_worker_prefix
from tests.portal.made_pictures import picture
from tests.portal.test_device_files import assert_frames_agree, bit_error_rate, clip_of, scenes, server_values

ELEMENT_SOUND_BITS = 0.01
"""The browser's own resampler lies in between. Measured: 0.004 and less."""


def test_without_webcodecs_the_page_decodes(engine: Engine, root: Path) -> None:
    with_worker_prefix(engine.page, "self.VideoDecoder = undefined; self.AudioDecoder = undefined;")
    for name in ("chair", "pattern"):
        file = root / f"media/video/{name}.mp4"
        [made] = engine.make(file)
        expected = server_values(file)
        assert (made.file_type, *besides_regions(made)) == ("video", ["vpdq", "chromaprint", "md5"], [])
        assert_frames_agree(made.values["vpdq"], expected["vpdq"])
        assert bit_error_rate(made.values["chromaprint"], expected["chromaprint"]) <= ELEMENT_SOUND_BITS


def test_without_webcodecs_turned_and_barred_videos_come_out_the_same(engine: Engine, tmp_path: Path) -> None:
    with_worker_prefix(engine.page, "self.VideoDecoder = undefined;")
    file = clip_of(scenes(4), tmp_path / "turned.mp4", rotation=90)
    assert_frames_agree(engine.make(file)[0].values["vpdq"], server_values(file)["vpdq"])


def test_without_an_animation_decoder_there_is_the_first_frame_and_a_note(engine: Engine, tmp_path: Path) -> None:
    with_worker_prefix(engine.page, "self.ImageDecoder = undefined;")
    file = tmp_path / "moving.gif"
    picture(1).save(file, save_all=True, append_images=[picture(2), picture(3)], duration=1000)
    [made] = engine.make(file)
    assert (made.file_type, *besides_regions(made)) == ("animation", ["pdq", "md5"], ["video_not_readable"])


@pytest.mark.parametrize("name", ["OffscreenCanvas", "createImageBitmap"])
def test_without_a_canvas_for_workers_the_page_decodes_pictures(engine: Engine, picture_file: Path, name: str) -> None:
    with_worker_prefix(engine.page, f"self.{name} = undefined;")
    [made] = engine.make(picture_file)
    assert made.values["pdq"] == fingerprint_image(picture_file.read_bytes()).text
    assert besides_regions(made) == (["pdq"], [])


@pytest.mark.parametrize(
    ("name", "kinds", "prefix"),
    [
        ("media/video/chair.mp4", ["chromaprint", "md5"], ""),
        ("media/video/chair.mp4", ["chromaprint", "md5"], "self.VideoDecoder = undefined;"),
        ("media/skimage/chelsea.png", ["sha256"], ""),
    ],
    ids=["video", "video without a decoder", "picture"],
)
def test_a_browser_that_hides_pixels_is_noticed_and_digests_and_sound_remain(
    engine: Engine, root: Path, name: str, kinds: list[str], prefix: str
) -> None:
    hide = (
        "const given = OffscreenCanvasRenderingContext2D.prototype.getImageData;"
        "OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...place) {"
        " const image = given.apply(this, place); image.data.fill(255); return image; };"
    )
    engine.page.add_init_script(hide.replace("OffscreenCanvas", "Canvas"))
    with_worker_prefix(engine.page, hide + prefix)
    [made] = engine.make(root / name)
    assert (made.problem, *besides_regions(made)) == (None, kinds, ["pixels_hidden"])


def test_an_animation_whose_pixels_are_hidden_keeps_its_digest(engine: Engine, tmp_path: Path) -> None:
    with_worker_prefix(
        engine.page,
        "const given = OffscreenCanvasRenderingContext2D.prototype.getImageData;"
        "OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...place) {"
        " const image = given.apply(this, place); image.data.fill(255); return image; };",
    )
    file = tmp_path / "moving.gif"
    picture(1).save(file, save_all=True, append_images=[picture(2), picture(3)], duration=1000)
    [made] = engine.make(file)
    assert (made.file_type, *besides_regions(made)) == ("animation", ["md5"], ["pixels_hidden"])


@pytest.mark.parametrize("part", ["stillmine_pdq-*.wasm", "moving-*.js", "chromaprint-*.wasm", "digests-*.js"])
def test_a_part_that_does_not_load_is_said_and_comes_with_the_next_try(engine: Engine, root: Path, part: str) -> None:
    engine.page.route(f"**/assets/{part}", lambda route: route.abort())
    file = root / "media/video/chair.mp4"
    assert engine.make(file)[0].problem == "engine"
    engine.page.unroute_all()
    engine.page.evaluate("stop()")
    assert list(engine.make(file)[0].values) == ["vpdq", "chromaprint", "md5"]


def test_what_was_not_fetched_ahead_comes_when_a_file_needs_it(engine: Engine, root: Path, picture_file: Path, tmp_path: Path) -> None:
    def loaded() -> set[str]:
        names = {request.path.split("/")[-1] for request in engine.server.requests if "/assets/" in request.path}
        return {re.split(r"[-.]", name)[0] for name in names} - {"index", "__vite", "load", "rolldown", "classPrivateFieldGet2"}

    engine.open()
    assert loaded() == set()
    engine.make(picture_file)
    assert loaded() == {"worker", "engine", "stillmine_pdq"}
    engine.make(root / "media/audio/reader.mp3")
    assert loaded() == {"worker", "engine", "stillmine_pdq", "moving", "chromaprint", "digests"}
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "grey.png")
    engine.make(tmp_path / "grey.png", root / "media/video/sky.mp4")
    assert "heif" not in loaded()
    assert "page" not in loaded()


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("empty.jpg", b"", "empty"),
        ("notes.txt", b"hello", "not_medium"),
        ("program", b"\x7fELF" + bytes(100), "not_medium"),
        ("paper.pdf", b"%PDF-1.7 " + bytes(100), "not_medium"),
    ],
)
def test_what_is_no_medium_is_refused(engine: Engine, tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(data)
    [made] = engine.make(tmp_path / name)
    assert (made.problem, made.values) == (problem, {})


def test_what_can_not_be_looked_into_is_known_by_its_digest(engine: Engine, tmp_path: Path) -> None:
    png, jpeg = tmp_path / "whole.png", tmp_path / "whole.jpg"
    picture(20).save(png)
    picture(20).save(jpeg)
    picture(5).save(tmp_path / "scan.tiff")
    (tmp_path / "cut.png").write_bytes(png.read_bytes()[:5000])
    (tmp_path / "cut.jpg").write_bytes(jpeg.read_bytes()[:5000])
    (tmp_path / "drawing.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(12))
    (tmp_path / "broken.mp3").write_bytes(b"ID3\x04" + bytes(500))
    expected = {
        "scan.tiff": ("picture", "sha256", ["not_readable"]),
        "cut.png": ("picture", "sha256", ["ends_early"]),
        "cut.jpg": ("picture", "sha256", ["ends_early"]),
        "drawing.svg": ("other", "sha256", ["not_readable"]),
        "broken.mp4": ("video", "md5", ["video_not_opened"]),
        "broken.mp3": ("sound", "sha256", ["sound_not_readable"]),
    }
    for name, made in zip(expected, engine.make(*(tmp_path / name for name in expected)), strict=True):
        file_type, kind, notes = expected[name]
        digest = hashlib.new(kind, (tmp_path / name).read_bytes()).hexdigest()
        assert (made.file_type, made.values, made.notes) == (file_type, {kind: digest}, notes), name


def test_a_file_that_is_stopped_ends_at_once_and_the_others_go_on(engine: Engine, root: Path, picture_file: Path, tmp_path: Path) -> None:
    long = clip_of(scenes(60), tmp_path / "long.mp4")
    engine.open()
    engine.page.locator("#chooser").set_input_files([long, root / "media/video/bottle.mp4", picture_file])
    engine.page.evaluate("() => { window.outcomes = makeAll(); }")
    engine.page.evaluate(
        "async () => { while (!(Number(document.title) > 0.05)) await new Promise((done) => setTimeout(done, 1)); abort(0); abort(1); }"
    )
    first, second, third = engine.page.evaluate("() => outcomes")
    assert (first["problem"], second["problem"]) == ("AbortError", "AbortError")
    assert 0 < max(first["progress"]) < 1
    assert second["progress"] == []
    fingerprint = third["made"]["fingerprints"][0]
    assert distance_bits(fingerprint["value"], fingerprint_image(picture_file.read_bytes()).text) == 0


def test_a_quiet_and_a_short_sound_say_why(engine: Engine, root: Path, tmp_path: Path) -> None:
    header = (
        b"RIFF\xff\xff\xff\x7fWAVEfmt " + bytes([16, 0, 0, 0, 1, 0, 1, 0]) + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little")
    )
    quiet = tmp_path / "quiet.wav"
    quiet.write_bytes(header + bytes([2, 0, 16, 0]) + b"data" + (320_000).to_bytes(4, "little") + bytes(320_000))
    short = tmp_path / "short.mp3"
    short.write_bytes((root / "media/audio/reader.mp3").read_bytes()[:15_000])
    notes = [made.notes for made in engine.make(quiet, short)]
    assert notes == [["sound_without_detail"], ["sound_too_short"]]
