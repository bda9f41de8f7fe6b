# SPDX-License-Identifier: Apache-2.0
"""A file's name decides nothing: with a wrong ending, or none, it gives what it gives with its own, in every way of reading."""

from pathlib import Path

import pillow_heif
import pytest

from tests.portal.device_engine import Engine, Made, besides_regions, with_worker_prefix
from tests.portal.made_pictures import picture
from tests.portal.test_device_files import clip_of, scenes

WRONG = ("jpg", "gif", "webp", "png", "svg", "mp4", "webm", "mp3", "txt", "pdf", "")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Path]:
    """A file of each kind under its right name."""
    folder = tmp_path_factory.mktemp("named")
    moving = [picture(number, 160, 120) for number in range(3)]
    for form in ("gif", "webp", "png"):
        moving[0].save(folder / f"moving.{form}", save_all=True, append_images=moving[1:], duration=1000)
    for form in ("jpg", "gif", "webp", "png"):
        moving[0].save(folder / f"still.{form}")
    pillow_heif.from_pillow(moving[0]).save(folder / "still.heic")
    clip_of(scenes(3), folder / "film.mp4")
    clip_of(scenes(3), folder / "film.webm", codec="libvpx")
    (folder / "sound.mp3").write_bytes((root / "media/audio/helicopter.mp3").read_bytes())
    return {path.name: path for path in folder.iterdir()}


def under_names(engine: Engine, file: Path, folder: Path) -> dict[str, Made]:
    """What the file gives under its own name and under each wrong one."""
    names = [file.name, *(f"renamed.{ending}" if ending else "renamed" for ending in WRONG)]
    for name in names:
        (folder / name).write_bytes(file.read_bytes())
    return dict(zip(names, engine.make(*(folder / name for name in names)), strict=True))


KINDS = {
    "moving.gif": ["pdq", "vpdq", "md5"],
    "moving.webp": ["pdq", "vpdq", "md5"],
    "moving.png": ["pdq", "vpdq", "md5"],
    "still.jpg": ["pdq"],
    "still.gif": ["pdq"],
    "still.webp": ["pdq"],
    "still.png": ["pdq"],
    "still.heic": ["pdq"],
    "film.mp4": ["vpdq", "md5"],
    "film.webm": ["vpdq", "md5"],
    "sound.mp3": ["chromaprint", "sha256"],
}


@pytest.mark.parametrize("name", KINDS)
def test_a_wrong_name_changes_nothing(engine: Engine, files: dict[str, Path], tmp_path: Path, name: str) -> None:
    made = under_names(engine, files[name], tmp_path)
    own = made[name]
    assert besides_regions(own)[0] == KINDS[name]
    assert {
        other: one for other, one in made.items() if (one.values, one.file_type, one.notes) != (own.values, own.file_type, own.notes)
    } == {}


@pytest.mark.parametrize("name", ["still.jpg", "still.webp", "film.mp4", "film.webm", "sound.mp3"])
def test_a_wrong_name_changes_nothing_where_the_page_decodes(engine: Engine, files: dict[str, Path], tmp_path: Path, name: str) -> None:
    missing = "".join(f"self.{part} = undefined;" for part in ("VideoDecoder", "AudioDecoder", "OffscreenCanvas", "createImageBitmap"))
    with_worker_prefix(engine.page, missing)
    engine.page.add_init_script("window.createImageBitmap = undefined;")
    made = under_names(engine, files[name], tmp_path)
    own = made[name]
    assert besides_regions(own)[0] == KINDS[name]
    assert {
        other: one for other, one in made.items() if (one.values, one.file_type, one.notes) != (own.values, own.file_type, own.notes)
    } == {}


def test_the_page_hands_the_browser_the_type_that_the_bytes_have(engine: Engine, files: dict[str, Path], tmp_path: Path) -> None:
    """Chromium looks at the bytes by itself; others believe the type."""
    with_worker_prefix(engine.page, "self.VideoDecoder = undefined;")
    note = "URL.createObjectURL = (blob) => (given.push(blob.type), make.call(URL, blob));"
    engine.page.add_init_script(f"window.given = []; const make = URL.createObjectURL; {note}")
    under_names(engine, files["film.mp4"], tmp_path)
    assert engine.page.evaluate("given") == ["video/mp4"] * (1 + len(WRONG))
