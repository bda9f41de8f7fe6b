# SPDX-License-Identifier: Apache-2.0
"""Whole families of videos and sounds in a real browser: read where it can, else named as what they are, with their digest."""

import hashlib
import io
from pathlib import Path

import av
import pillow_heif
import pytest

from stillmine.fingerprint.picture.image import fingerprint_image
from tests.portal.device_engine import Engine, besides_regions, distance_bits
from tests.portal.made_pictures import picture
from tests.portal.test_device_files import PICTURE_BITS, SOUND_BITS, assert_frames_agree, bit_error_rate, scenes, server_values
from tests.streams import sound_track, video_track


def video_of(file: Path, form: str, codec: str, sound: str = "", **options: str) -> Path:
    """Four scenes of a second each, with the project's music where a codec for it is named."""
    with av.open(str(file), "w", format=form, container_options=options) as container:
        rate = 30 if codec.startswith("mpeg2") else 10  # it knows some rates only
        stream = video_track(container, codec, rate, (320, 240))
        stream.bit_rate = 2_000_000
        track = sound_track(container, sound, 44_100, "stereo") if sound else None
        for frame in scenes(9):
            for _ in range(rate // 10):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
        if track is not None:
            resampler = av.AudioResampler(track.format.name, "stereo", 44_100, frame_size=track.frame_size or 1024)
            for made in music(9, resampler):
                container.mux(track.encode(made))
            container.mux(track.encode(None))
    return file


def music(seconds: int, resampler: av.AudioResampler) -> list[av.AudioFrame]:
    source = Path(__file__).resolve().parents[2] / "media/audio/strings.mp3"
    made: list[av.AudioFrame] = []
    with av.open(str(source)) as container:
        for frame in container.decode(audio=0):
            if frame.time is not None and frame.time >= seconds:
                break
            frame.pts = None
            made += resampler.resample(frame)
    return [*made, *resampler.resample(None)]


def sound_of(file: Path, form: str, codec: str) -> Path:
    with av.open(str(file), "w", format=form) as container:
        track = sound_track(container, codec, 44_100, "stereo", 128_000)
        for made in music(9, av.AudioResampler(track.format.name, "stereo", 44_100, frame_size=track.frame_size or 1024)):
            container.mux(track.encode(made))
        container.mux(track.encode(None))
    return file


@pytest.mark.parametrize("name", ["film.ts", "film.mts", "film.txt"])
def test_a_transport_stream_comes_out_as_on_the_server(engine: Engine, tmp_path: Path, name: str) -> None:
    file = video_of(tmp_path / name, "mpegts", "libx264", "aac")
    [made] = engine.make(file)
    expected = server_values(file)
    assert (made.file_type, *besides_regions(made)) == ("video", ["vpdq", "chromaprint", "md5"], [])
    assert_frames_agree(made.values["vpdq"], expected["vpdq"])
    assert bit_error_rate(made.values["chromaprint"], expected["chromaprint"]) <= SOUND_BITS


@pytest.mark.parametrize(
    ("form", "codec", "name"),
    [
        ("flv", "flv", "a.flv"),
        ("asf", "wmv2", "a.wmv"),
        ("avi", "mpeg4", "a.avi"),
        ("vob", "mpeg2video", "a.mpg"),
        ("vob", "mpeg2video", "a"),
    ],
)
def test_a_video_that_no_browser_reads_is_one_and_has_its_digest(engine: Engine, tmp_path: Path, form: str, codec: str, name: str) -> None:
    file = video_of(tmp_path / name, form, codec)
    [made] = engine.make(file)
    assert (made.problem, made.file_type) == (None, "video")
    assert made.values == {"md5": hashlib.md5(file.read_bytes()).hexdigest()}
    assert made.notes == ["video_not_opened"]


@pytest.mark.parametrize(
    ("form", "codec", "name"),
    [
        ("aiff", "pcm_s16be", "a.aiff"),
        ("caf", "alac", "a.caf"),
        ("ac3", "ac3", "a.ac3"),
        ("w64", "pcm_s16le", "a.w64"),
        ("mp2", "mp2", "a.mp2"),
        ("aiff", "pcm_s16be", "a.txt"),
    ],
)
def test_a_sound_that_the_browser_may_not_read_is_one_and_has_its_digest(
    engine: Engine, tmp_path: Path, form: str, codec: str, name: str
) -> None:
    file = sound_of(tmp_path / name, form, codec)
    [made] = engine.make(file)
    assert (made.problem, made.file_type) == (None, "sound")
    assert made.values["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert ("chromaprint" in made.values) != (made.notes == ["sound_not_readable"])


def test_a_camcorders_file_gives_its_pictures(engine: Engine, tmp_path: Path) -> None:
    """AVCHD: its sound is AC3, which this browser does not decode."""
    file = video_of(tmp_path / "00001.MTS", "mpegts", "libx264", "ac3", mpegts_m2ts_mode="1")
    [made] = engine.make(file)
    assert (made.file_type, *besides_regions(made)) == ("video", ["vpdq", "md5"], ["sound_not_readable"])
    assert_frames_agree(made.values["vpdq"], server_values(file)["vpdq"])


def test_a_television_recording_stays_a_video_though_only_its_sound_is_known(engine: Engine, tmp_path: Path) -> None:
    file = video_of(tmp_path / "film.ts", "mpegts", "mpeg2video", "mp2")
    [made] = engine.make(file)
    assert (made.file_type, made.problem) == ("video", None)
    assert made.values["md5"] == hashlib.md5(file.read_bytes()).hexdigest()
    assert "video_not_readable" in made.notes


def test_zeros_before_an_mp3_leave_it_a_sound(engine: Engine, root: Path, tmp_path: Path) -> None:
    file = tmp_path / "padded.mp3"
    file.write_bytes(bytes(2048) + (root / "media/audio/strings.mp3").read_bytes())
    [made] = engine.make(file)
    assert (made.problem, made.file_type) == (None, "sound")
    assert "sha256" in made.values


@pytest.mark.parametrize("brand", [b"mif2", b"hevm", b"hevs", b"miaf"])
def test_an_heic_with_another_brand_first_comes_out_as_on_the_server(engine: Engine, tmp_path: Path, brand: bytes) -> None:
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture(3)).save(stream, quality=80)
    data = stream.getvalue()
    file = tmp_path / "photo.heic"
    file.write_bytes(data[:8] + brand + data[12:])
    [made] = engine.make(file)
    assert (made.file_type, *besides_regions(made)) == ("picture", ["pdq"], [])
    assert distance_bits(made.values["pdq"], fingerprint_image(file.read_bytes()).text) <= PICTURE_BITS
