# SPDX-License-Identifier: Apache-2.0
"""Files in a real browser give what they give on the server: pictures, animated ones, videos, sound."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.picture.image import fingerprint_image
from stillmine.fingerprint.sound.compare import compare_sounds
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.kinds import MINIMUM_QUALITY, Kind
from tests.portal.device_engine import Engine, Made, besides_regions, distance_bits, seconds_of
from tests.portal.made_pictures import picture
from tests.streams import video_track

PICTURE_BITS = 4
FRAME_BITS = 10
FRAMES_THAT_AGREE = 0.95
SOUND_BITS = 0.001
"""Share of bits; measured: 0.0004 and less."""


def server_values(file: Path) -> dict[str, str]:
    return {one.kind.value: one.value for one in fingerprint_file(file).fingerprints()}


def assert_frames_agree(made: str, expected: str) -> None:
    ours, theirs = seconds_of(made), seconds_of(expected)
    distances = [distance_bits(ours[second], theirs[second]) if second in ours else 256 for second in theirs]
    assert sum(bits <= FRAME_BITS for bits in distances) >= FRAMES_THAT_AGREE * len(theirs), distances
    assert len(ours) <= len(theirs) + 1


def bit_error_rate(made: str, expected: str) -> float:
    one, other = (np.array(parse_chromaprint(text), dtype=np.uint32) for text in (made, expected))
    count = min(len(one), len(other))
    assert abs(len(one) - len(other)) <= 1
    return float(np.bitwise_count(one[:count] ^ other[:count]).mean()) / 32


def test_the_portal_holds_the_worker_that_is_tested_here(engine_page: Path, root: Path) -> None:
    tested = {path.name: path.read_bytes() for path in (engine_page / "assets").iterdir() if not path.name.startswith("index-")}
    built = {path.name: path.read_bytes() for path in (root / "portal/dist/assets").iterdir() if path.name in tested}
    assert any(name.startswith("worker-") for name in tested)
    assert {name for name in tested if built.get(name) != tested[name] and not name.startswith("page-")} == set()


def test_every_picture_of_the_project_comes_out_as_on_the_server(engine: Engine, root: Path) -> None:
    files = [file for kind in ("png", "jpg", "gif") for file in sorted((root / "media").glob(f"*/*.{kind}"))]
    assert len(files) > 20
    distances = {}
    for file, made in zip(files, engine.make(*files), strict=True):
        expected = fingerprint_image(file.read_bytes())
        assert (made.file_type, made.problem) == ("picture", None), file.name
        if expected.quality < MINIMUM_QUALITY:
            assert besides_regions(made) == (["sha256"], ["picture_too_little_detail"])
            continue
        assert besides_regions(made) == (["pdq"], [])
        distances[file.name] = distance_bits(made.values["pdq"], expected.text)
    assert len(distances) > 20
    assert {name: bits for name, bits in distances.items() if bits > PICTURE_BITS} == {}


def test_every_clip_of_the_project_comes_out_as_on_the_server(engine: Engine, root: Path) -> None:
    files = sorted((root / "media/video").glob("*.mp4"))
    for file, made in zip(files, engine.make(*files), strict=True):
        expected = server_values(file)
        assert made.file_type == "video"
        assert_frames_agree(made.values["vpdq"], expected["vpdq"])
        assert made.values["md5"] == expected["md5"] == hashlib.md5(file.read_bytes()).hexdigest()
        assert ("chromaprint" in made.values) == ("chromaprint" in expected), file.name
        assert list(made.values) == [kind for kind in ("vpdq", "chromaprint", "md5") if kind in made.values]
        assert made.notes == ([] if "chromaprint" in expected else ["video_has_no_sound"])
        assert made.progress[-1] == 1
        if "chromaprint" in expected:
            assert bit_error_rate(made.values["chromaprint"], expected["chromaprint"]) <= SOUND_BITS


def test_every_sound_of_the_project_comes_out_as_on_the_server(engine: Engine, root: Path) -> None:
    files = sorted((root / "media/audio").glob("*.mp3"))
    for file, made in zip(files, engine.make(*files), strict=True):
        expected = server_values(file)
        assert (made.file_type, *besides_regions(made)) == ("sound", ["chromaprint", "sha256"], [])
        assert made.values["sha256"] == expected["sha256"]
        assert bit_error_rate(made.values["chromaprint"], expected["chromaprint"]) <= SOUND_BITS
        assert compare_sounds(*(parse_chromaprint(text) for text in (made.values["chromaprint"], expected["chromaprint"]))).is_match


@pytest.mark.parametrize("orientation", [1, 6, 4])
def test_a_phones_heic_comes_out_as_on_the_server(engine: Engine, tmp_path: Path, orientation: int) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "photo.heic"
    picture(3).save(file, quality=80, exif=exif)
    [made] = engine.make(file)
    assert (made.file_type, *besides_regions(made)) == ("picture", ["pdq"], [])
    assert distance_bits(made.values["pdq"], fingerprint_image(file.read_bytes()).text) <= PICTURE_BITS


@pytest.mark.parametrize("form", ["gif", "png", "webp"])
def test_an_animated_picture_gives_its_first_frame_and_all_of_them(engine: Engine, root: Path, tmp_path: Path, form: str) -> None:
    names = ("boots", "coat", "dress", "hat")
    frames = [Image.open(root / f"media/clothing/{name}.jpg").convert("RGB").resize((240, 320)) for name in names]
    file = tmp_path / f"moving.{form}"
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=[700, 1500, 400, 1000], lossless=form == "webp")
    [made] = engine.make(file)
    expected = server_values(file)
    assert (made.file_type, *besides_regions(made)) == ("animation", ["pdq", "vpdq", "md5"], [])
    assert distance_bits(made.values["pdq"], expected["pdq"]) <= PICTURE_BITS
    assert_frames_agree(made.values["vpdq"], expected["vpdq"])
    assert made.values["md5"] == expected["md5"]
    still = tmp_path / f"still.{form}"
    frames[0].save(still)
    assert engine.make(still)[0].file_type == "picture"


def clip_of(frames: list[np.ndarray], file: Path, rotation: int = 0, codec: str = "libx264") -> Path:
    """A video of ten frames a second."""
    with av.open(str(file), "w") as container:
        height, width = frames[0].shape[:2]
        stream = video_track(container, codec, 10, (width, height))
        if rotation:
            stream.set_display_rotation(rotation)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return file


def scenes(seconds: int, width: int = 320, height: int = 240) -> list[np.ndarray]:
    """A picture for each second."""
    return [np.asarray(picture(100 + second, width, height)) for second in range(seconds) for _ in range(10)]


def made_like_the_server(engine: Engine, file: Path) -> Made:
    [made] = engine.make(file)
    assert_frames_agree(made.values["vpdq"], server_values(file)["vpdq"])
    return made


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_video_comes_out_upright(engine: Engine, tmp_path: Path, rotation: int) -> None:
    made_like_the_server(engine, clip_of(scenes(4), tmp_path / "turned.mp4", rotation))


def test_bars_are_left_out_also_where_they_come_late(engine: Engine, tmp_path: Path) -> None:
    """The first scene is dark above as well, so that the bars are known only in the end."""
    frames = [np.pad(frame, ((40, 40), (0, 0), (0, 0))) for frame in scenes(5)]
    for frame in frames[:20]:
        frame[40:90] = 0
    barred = made_like_the_server(engine, clip_of(frames, tmp_path / "bars.mp4"))
    plain = made_like_the_server(engine, clip_of(scenes(5), tmp_path / "plain.mp4"))
    one, other = seconds_of(barred.values["vpdq"]), seconds_of(plain.values["vpdq"])
    assert max(distance_bits(one[second], other[second]) for second in (3, 4)) <= FRAME_BITS


def test_a_still_scene_is_one_run(engine: Engine, tmp_path: Path) -> None:
    made = made_like_the_server(engine, clip_of(scenes(1) * 6, tmp_path / "still.mp4"))
    assert made.values["vpdq"].count('","') == 1
    assert made.values["vpdq"].endswith(',5"]')


def test_a_video_that_ends_early_gives_what_is_there_and_says_so(engine: Engine, tmp_path: Path, root: Path) -> None:
    whole = clip_of(scenes(8), tmp_path / "whole.mkv")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    [made] = engine.make(cut)
    assert list(made.values) == ["vpdq", "md5"]
    assert "ends_early" in made.notes
    headless = tmp_path / "headless.mp4"
    headless.write_bytes((root / "media/video/bottle.mp4").read_bytes()[:20_000])
    [made] = engine.make(headless)
    assert (made.file_type, made.problem) == ("video", None)
    assert "md5" in made.values
    assert "ends_early" in made.notes or "video_not_opened" in made.notes


def test_hevc_gives_the_digest_and_the_note_where_the_browser_has_no_decoder(engine: Engine, tmp_path: Path) -> None:
    [made] = engine.make(clip_of(scenes(3), tmp_path / "phone.mp4", codec="libx265"))
    assert (made.file_type, *besides_regions(made)) == ("video", ["md5"], ["video_not_readable", "video_has_no_sound"])


def test_every_kind_that_the_engine_gives_is_one_of_the_wire(engine: Engine, root: Path) -> None:
    for made in engine.make(root / "media/video/chair.mp4", root / "media/audio/reader.mp3", root / "media/skimage/chelsea.png"):
        for kind, value in made.values.items():
            assert Kind(kind)
            assert made.qualities[kind] >= MINIMUM_QUALITY
            assert value
