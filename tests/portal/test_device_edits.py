# SPDX-License-Identifier: Apache-2.0
"""What somebody cut away with an edit list is not fingerprinted, in any way in which a browser reads a video."""

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from stillmine.fingerprint.picture.image import fingerprint_pixels
from tests.edited_clips import Edit, with_edits, with_matrix
from tests.portal.device_engine import Engine, Made, besides_regions, distance_bits, seconds_of, with_worker_prefix
from tests.portal.test_device_files import assert_frames_agree, bit_error_rate, clip_of, scenes, server_values

WAYS = {"worker": "", "page": "self.VideoDecoder = undefined; self.AudioDecoder = undefined;"}
SCENES = 12
EDITED_SOUND_BITS = 0.02
"""Measured: 0.0103 and less; more where parts meet."""
EDITS = {
    "start": ([Edit(5.5, 6.5)], [6, 7, 8, 9, 10, 11]),
    "middle": ([Edit(4, 3.5)], [3, 4, 5, 6]),
    "end": ([Edit(3.2, 0)], [0, 1, 2, 3]),
    "empty first": ([Edit(2, None), Edit(12, 0)], list(range(12))),
    "empty and cut": ([Edit(3, None), Edit(2.5, 8.5)], [8, 9, 10]),
    "more than there is": ([Edit(60, 9.5)], [9, 10, 11]),
}

SEVERAL_PARTS = {
    "two parts": ([Edit(2.4, 1.5), Edit(3.1, 7.1)], [1, 2, 3, 7, 8, 9]),
    "other way round": ([Edit(2.4, 7.5), Edit(3.2, 1.1)], [7, 8, 9, 1, 2, 3]),
    "a repeat": ([Edit(2.4, 4.5), Edit(2.2, 4.5)], [4, 5, 6, 5, 6]),
    "without a length": ([Edit(0, 5)], [5, 6, 7, 8, 9, 10, 11]),
    "empty between": ([Edit(2, 4), Edit(3, None), Edit(2, 8)], [4, 5, 5, 5, 5, 8, 9]),
    "one of two behind the end": ([Edit(2, 60), Edit(2, 5)], [5, 6]),
}


def scenes_of(vpdq: str, known: list[np.ndarray]) -> list[int]:
    """Which scene each second shows."""
    hashes = [fingerprint_pixels(frame, frame.shape[1], frame.shape[0], 3).pdq.hex() for frame in known[::10]]
    at = seconds_of(vpdq)
    assert sorted(at) == list(range(len(at)))
    distances = [[distance_bits(at[second], value) for value in hashes] for second in sorted(at)]
    assert max(min(row) for row in distances) <= 31
    return [row.index(min(row)) for row in distances]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Twelve seconds, a scene each, with pictures that are decoded in another order than they are shown."""
    return clip_of(scenes(SCENES), tmp_path_factory.mktemp("clips") / "whole.mp4").read_bytes()


def remuxed(data: bytes, file: Path, start: float) -> Path:
    """The same pictures in another container, the first one later."""
    with av.open(io.BytesIO(data), "r") as source, av.open(str(file), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            ticks = round(start / packet.time_base)
            packet.dts, packet.pts, packet.stream = packet.dts + ticks, packet.pts + ticks, stream
            target.mux(packet)
    return file


def in_fragments(source: Path) -> bytes:
    buffer = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(source)) as whole, av.open(buffer, "w", format="mp4", container_options=options) as target:
        stream = target.add_stream_from_template(whole.streams.video[0])
        later = -min(packet.dts for packet in whole.demux(whole.streams.video[0]) if packet.dts is not None)
        whole.seek(0)
        for packet in whole.demux(whole.streams.video[0]):
            if packet.dts is not None and packet.pts is not None:
                packet.dts, packet.pts, packet.stream = packet.dts + later, packet.pts + later, stream
                target.mux(packet)
    return buffer.getvalue()


def made_of(engine: Engine, way: str, file: Path) -> Made:
    if WAYS[way]:
        with_worker_prefix(engine.page, WAYS[way])
    [made] = engine.make(file)
    return made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EDITS)
def test_only_what_an_edit_list_shows_is_fingerprinted(engine: Engine, clip: bytes, tmp_path: Path, name: str, way: str) -> None:
    edits, expected = EDITS[name]
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip, edits))
    made = made_of(engine, way, file)
    assert made.notes == ["video_has_no_sound"]
    assert scenes_of(made.values["vpdq"], scenes(SCENES)) == expected
    assert_frames_agree(made.values["vpdq"], server_values(file)["vpdq"])


@pytest.mark.parametrize("way", WAYS)
def test_a_list_without_a_length_that_cuts_nothing_is_read_whole_or_said_to_end_early(
    engine: Engine, clip: bytes, tmp_path: Path, way: str
) -> None:
    """Chromium's player ends such a file after half a second."""
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip, [Edit(0, 0)]))
    made = made_of(engine, way, file)
    read = scenes_of(made.values["vpdq"], scenes(SCENES))
    assert read == list(range(len(read)))
    assert (len(read) == SCENES) != ("ends_early" in made.notes)
    assert way == "page" or len(read) == SCENES


@pytest.mark.parametrize("name", SEVERAL_PARTS)
def test_what_players_do_not_follow_is_fingerprinted_one_part_after_the_other(
    engine: Engine, clip: bytes, tmp_path: Path, name: str
) -> None:
    edits, expected = SEVERAL_PARTS[name]
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip, edits))
    [made] = engine.make(file)
    assert made.notes == ["video_has_no_sound"]
    assert scenes_of(made.values["vpdq"], scenes(SCENES)) == expected
    assert_frames_agree(made.values["vpdq"], server_values(file)["vpdq"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["mp4", "mkv"])
def test_a_late_first_picture_is_second_zero_and_no_early_end(engine: Engine, clip: bytes, tmp_path: Path, way: str, form: str) -> None:
    file = remuxed(clip, tmp_path / f"late.{form}", start=5)
    made = made_of(engine, way, file)
    assert made.notes == ["video_has_no_sound"]
    assert scenes_of(made.values["vpdq"], scenes(SCENES)) == list(range(SCENES))


@pytest.mark.parametrize("way", WAYS)
def test_the_usual_list_that_hides_the_decoders_delay_changes_nothing(engine: Engine, clip: bytes, tmp_path: Path, way: str) -> None:
    assert b"elst" in clip
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(clip)
    made = made_of(engine, way, plain)
    assert scenes_of(made.values["vpdq"], scenes(SCENES)) == list(range(SCENES))
    assert_frames_agree(made.values["vpdq"], server_values(plain)["vpdq"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("edits", [[Edit(4, 2, rate=2)], [Edit(5, None)]], ids=["another speed", "nothing shown"])
def test_a_list_that_can_not_be_followed_leaves_the_digest(
    engine: Engine, clip: bytes, tmp_path: Path, way: str, edits: list[Edit]
) -> None:
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip, edits))
    made = made_of(engine, way, file)
    assert besides_regions(made) == (["md5"], ["video_edits", "video_has_no_sound"])


@pytest.mark.parametrize("way", WAYS)
def test_of_sound_at_another_speed_the_digest_is_left(engine: Engine, root: Path, tmp_path: Path, way: str) -> None:
    file = tmp_path / "edited.mp4"
    source = (root / "media/video/chair.mp4").read_bytes()
    file.write_bytes(with_edits(source, [Edit(10, 0, rate=2)], b"soun"))
    made = made_of(engine, way, file)
    assert besides_regions(made) == (["vpdq", "md5"], ["sound_edits"])


@pytest.mark.parametrize("name", SEVERAL_PARTS)
def test_what_players_do_not_follow_needs_a_decoder_in_the_worker(engine: Engine, clip: bytes, tmp_path: Path, name: str) -> None:
    """Players find no second in such a file, and some show what was cut away."""
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip, SEVERAL_PARTS[name][0]))
    made = made_of(engine, "page", file)
    assert besides_regions(made) == (["md5"], ["video_not_readable", "video_has_no_sound"])


@pytest.mark.parametrize(("start", "is_cut"), [(0.2, False), (5.2, True)])
def test_a_player_is_asked_about_fragments_only_if_nothing_is_cut(engine: Engine, tmp_path: Path, start: float, is_cut: bool) -> None:
    """The first picture of such a file is shown 0.2 s late."""
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(in_fragments(clip_of(scenes(SCENES), tmp_path / "whole.mp4")), [Edit(0, start)]))
    made = made_of(engine, "page", file)
    if is_cut:
        assert besides_regions(made) == (["md5"], ["video_not_readable", "video_has_no_sound"])
    else:
        assert scenes_of(made.values["vpdq"], scenes(SCENES)) == list(range(SCENES))


def heard(file: Path, parts: list[tuple[float, float]], to: Path) -> str:
    """`chromaprint` of these seconds of a file's sound, cut out of what it decodes to."""
    with av.open(str(file)) as container:
        rate = container.streams.audio[0].rate
        whole = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    cut = np.concatenate([whole[:, round(start * rate) : round((start + seconds) * rate)] for seconds, start in parts], axis=1)
    with wave.open(str(to), "wb") as target:
        target.setparams((cut.shape[0], 2, rate, 0, "NONE", ""))
        target.writeframes((cut.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return server_values(to)["chromaprint"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("parts", [[(12, 9)], [(9, 6)], [(10, 0)], [(8, 1), (9, 12)]], ids=["start", "middle", "end", "two parts"])
def test_sound_is_cut_as_it_is_played(engine: Engine, root: Path, tmp_path: Path, way: str, parts: list[tuple[float, float]]) -> None:
    file = tmp_path / "edited.mp4"
    source = root / "media/video/chair.mp4"
    file.write_bytes(with_edits(source.read_bytes(), [Edit(*part) for part in parts]))
    expected = heard(source, parts, tmp_path / "cut.wav")
    made = made_of(engine, way, file)

    assert bit_error_rate(made.values["chromaprint"], expected) <= EDITED_SOUND_BITS
    assert bit_error_rate(server_values(file)["chromaprint"], expected) <= EDITED_SOUND_BITS


@pytest.mark.parametrize("parts", [[(12, 9)], [(8, 1), (9, 12)]], ids=["start", "two parts"])
def test_sound_is_cut_also_where_the_browser_decodes_all_of_it(
    engine: Engine, root: Path, tmp_path: Path, parts: list[tuple[float, float]]
) -> None:
    """Some browsers decode a whole file's sound without its edit list: played by handing this one the file without it."""
    source = root / "media/video/chair.mp4"
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(source.read_bytes(), [Edit(*part) for part in parts]))
    engine.open()
    hide_edits = (
        "() => { const given = Blob.prototype.arrayBuffer; Blob.prototype.arrayBuffer = async function () {"
        " const buffer = await given.call(this); const bytes = new Uint8Array(buffer);"
        " for (let place = 0; place + 4 <= bytes.length; place += 1)"
        "  if (String.fromCharCode(...bytes.subarray(place, place + 4)) === 'edts') bytes.set([102, 114, 101, 101], place);"
        " return buffer; }; }"
    )
    engine.page.evaluate(hide_edits)
    made = made_of(engine, "page", file)
    assert bit_error_rate(made.values["chromaprint"], heard(source, parts, tmp_path / "cut.wav")) <= EDITED_SOUND_BITS


MATRICES = {
    "quarter": (0, 1, -1, 0),
    "half": (-1, 0, 0, -1),
    "three quarters": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
    "mirrored quarter": (0, 1, 1, 0),
    "mirrored three quarters": (0, -1, -1, 0),
    "all zero": (0, 0, 0, 0),
    "twice as large": (2, 0, 0, 2),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MATRICES)
def test_a_display_matrix_turns_and_mirrors_as_on_the_server(engine: Engine, tmp_path: Path, name: str, way: str) -> None:
    a, b, c, d = (value << 16 for value in MATRICES[name])
    file = tmp_path / "turned.mp4"
    file.write_bytes(with_matrix(clip_of(scenes(3), tmp_path / "plain.mp4").read_bytes(), (a, b, c, d)))
    assert_frames_agree(made_of(engine, way, file).values["vpdq"], server_values(file)["vpdq"])


@pytest.mark.parametrize("way", WAYS)
def test_a_matrix_that_is_no_quarter_turn_counts_as_none(engine: Engine, tmp_path: Path, way: str) -> None:
    plain = clip_of(scenes(3), tmp_path / "plain.mp4")
    slanted = tmp_path / "slanted.mp4"
    slanted.write_bytes(with_matrix(plain.read_bytes(), (46_341, 46_341, -46_341, 46_341)))
    expected = server_values(plain)["vpdq"]
    assert_frames_agree(server_values(slanted)["vpdq"], expected)
    assert_frames_agree(made_of(engine, way, slanted).values["vpdq"], expected)


@pytest.mark.parametrize("way", WAYS)
def test_the_movies_own_matrix_turns_the_track_once_more(engine: Engine, tmp_path: Path, way: str) -> None:
    file = tmp_path / "turned.mp4"
    mirrored = with_matrix(clip_of(scenes(3), tmp_path / "plain.mp4").read_bytes(), (-1 << 16, 0, 0, 1 << 16))
    file.write_bytes(with_matrix(mirrored, (0, 1 << 16, -1 << 16, 0), b"mvhd"))
    assert_frames_agree(made_of(engine, way, file).values["vpdq"], server_values(file)["vpdq"])
