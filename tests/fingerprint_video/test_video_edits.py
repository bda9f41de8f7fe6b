# SPDX-License-Identifier: Apache-2.0
"""What an edit list cuts away is not fingerprinted, and a clip of only that does not match."""

import io
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.ground.errors import VideoUnreadableError
from stillmine.fingerprint.moving.compare import compare_videos
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.picture.image import distance_bits, fingerprint_pixels
from stillmine.wire.kinds import Kind
from tests.edited_clips import Edit, with_edits, without_edits
from tests.fingerprint_video.video_clips import FRAMES_PER_SECOND, Rgb, encode

SCENES = 12
DELAY_IN_FRAGMENTS = 0.2
"""When the encoder has the first picture of such a file shown, as its list says nothing of it."""
FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"


@cache
def pictures() -> tuple[Rgb, ...]:
    """Large soft shapes that look nothing alike."""
    random = np.random.default_rng(13)
    coarse = [Image.fromarray(random.integers(40, 256, (9, 12, 3), dtype=np.uint8)) for _ in range(SCENES)]
    return tuple(np.asarray(image.resize((240, 180), Image.Resampling.BICUBIC)) for image in coarse)


@cache
def clip(first: int = 0, last: int = SCENES) -> bytes:
    """A second of each picture, in H.264 with pictures that are decoded in another order than they are shown."""
    return encode([rgb for rgb in pictures()[first:last] for _ in range(FRAMES_PER_SECOND)])


def scenes_of(data: bytes) -> list[int]:
    """Which picture is on screen at each second."""
    return scenes_in(fingerprint_video(data))


def scenes_in(video: VideoFingerprint) -> list[int]:
    """Which picture is on screen at each second of these."""
    known = [fingerprint_pixels(rgb, rgb.shape[1], rgb.shape[0], 3).pdq for rgb in pictures()]
    found: list[int] = []
    for frame in video.frames:
        distances = [distance_bits(frame.pdq, value) for value in known]
        assert min(distances) <= 31
        found += [distances.index(min(distances))] * round(frame.end_seconds - frame.start_seconds + 1)
    return found


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([Edit(5.5, 6.5)], [6, 7, 8, 9, 10, 11], id="start"),
        pytest.param([Edit(4, 3.5)], [3, 4, 5, 6], id="middle"),
        pytest.param([Edit(3.2, 0)], [0, 1, 2, 3], id="end"),
        pytest.param([Edit(2.4, 1.5), Edit(3.1, 7.1)], [1, 2, 3, 7, 8, 9], id="two parts"),
        pytest.param([Edit(2.4, 7.5), Edit(3.2, 1.1)], [7, 8, 9, 1, 2, 3], id="other way round"),
        pytest.param([Edit(2.4, 4.5), Edit(2.2, 4.5)], [4, 5, 6, 5, 6], id="a repeat"),
        pytest.param([Edit(3, None), Edit(2.5, 8.5)], [8, 9, 10], id="empty and cut"),
        pytest.param([Edit(60, 9.5)], [9, 10, 11], id="more than there is"),
        pytest.param([Edit(2, 4), Edit(3, None), Edit(2, 8)], [4, 5, 5, 5, 5, 8, 9], id="empty between"),
        pytest.param([Edit(2, 4), Edit(3, None)], [4, 5], id="empty behind"),
        pytest.param([Edit(0, 5)], [5, 6, 7, 8, 9, 10, 11], id="without a length"),
        pytest.param([Edit(2, None), Edit(0, 5)], [5, 6, 7, 8, 9, 10, 11], id="empty, then without a length"),
        pytest.param([Edit(0, 1), Edit(2, 5)], [5, 6], id="one of two without a length"),
        pytest.param([Edit(2, 60), Edit(2, 5)], [5, 6], id="one of two behind the end"),
    ],
)
def test_only_what_an_edit_list_shows_is_fingerprinted(edits: list[Edit], expected: list[int]) -> None:
    data = with_edits(clip(), edits)
    assert scenes_of(data) == expected
    assert not fingerprint_video(data).is_truncated


def test_the_usual_list_that_hides_the_decoders_delay_changes_nothing() -> None:
    assert b"elst" in clip()
    assert scenes_of(clip()) == scenes_of(without_edits(clip())) == list(range(SCENES))


def test_the_part_that_was_cut_away_does_not_match() -> None:
    trimmed = fingerprint_video(with_edits(clip(), [Edit(5, 7)])).frames
    cut_away = fingerprint_video(clip(0, 7)).frames
    shown = fingerprint_video(clip(7, SCENES)).frames
    assert not compare_videos(trimmed, cut_away).is_match
    assert compare_videos(trimmed, shown).percent_of_a == 100


UNKNOWN = {
    "only empty": [Edit(5, None)],
    "twice as fast": [Edit(4, 2, rate=2)],
    "half as fast": [Edit(4, 2), Edit(2, 4, rate=0.5)],
    "one picture that stays": [Edit(4, 0), Edit(2, 6, rate=0)],
    "two without a length": [Edit(0, 2), Edit(0, 5)],
    "too many": [Edit(0.02, 1)] * 257,
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_of_a_list_that_can_not_be_followed_only_digests_are_stored(name: str, tmp_path: Path) -> None:
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip(), UNKNOWN[name]))
    made = fingerprint_file(file)
    assert (made.video, made.left_out) == (None, ("video_edits_unsupported",))
    assert {entry.kind for entry in made.fingerprints()} == {Kind.SHA256, Kind.MD5}


@pytest.mark.parametrize("name", UNKNOWN)
def test_whoever_asks_compares_all_that_such_a_file_holds_and_is_told(name: str, tmp_path: Path) -> None:
    file = tmp_path / "edited.mp4"
    file.write_bytes(with_edits(clip(), UNKNOWN[name]))
    made = fingerprint_file(file, is_asking=True)
    assert made.left_out == ("video_edits_unsupported",)
    assert made.video is not None
    assert made.video.has_unknown_edits
    assert scenes_in(made.video) == list(range(SCENES))


def test_a_list_that_begins_behind_the_end_shows_nothing() -> None:
    with pytest.raises(VideoUnreadableError):
        fingerprint_video(with_edits(clip(), [Edit(5, 60)]))


FRAGMENTED = {
    "cut away": ([Edit(0, 5)], [5, 6, 7, 8, 9, 10, 11]),
    "cut away within a scene": ([Edit(0, 4.5)], [4, 5, 6, 7, 8, 9, 10, 11]),
    "a length that is not meant": ([Edit(2, 5)], [5, 6, 7, 8, 9, 10, 11]),
    "two parts": ([Edit(2, 5), Edit(2, 1)], [5, 6, 1, 2]),
    "nothing cut": ([Edit(0, 0)], list(range(SCENES))),
}


@pytest.mark.parametrize("name", FRAGMENTED)
def test_what_was_cut_away_of_a_file_in_fragments_is_not_fingerprinted(name: str) -> None:
    edits, expected = FRAGMENTED[name]
    whole = encode(
        [rgb for rgb in pictures() for _ in range(FRAMES_PER_SECOND)], options={"g": "10"}, container_options={"movflags": FRAGMENTS}
    )
    assert whole.count(b"moof") > 2
    late = [Edit(edit.seconds, None if edit.start is None else edit.start + DELAY_IN_FRAGMENTS) for edit in edits]
    assert scenes_of(with_edits(whole, late)) == expected


@pytest.mark.parametrize("codec", ["mpeg4", "libx265", "libvpx-vp9"])
def test_parts_are_shown_in_their_order_whatever_the_codec(codec: str) -> None:
    options = {"mpeg4": {"q": "2", "qmin": "2", "qmax": "2"}}
    data = encode([rgb for rgb in pictures() for _ in range(FRAMES_PER_SECOND)], codec=codec, options=options.get(codec))
    assert scenes_of(with_edits(data, [Edit(2, 7.5), Edit(2, None), Edit(2, 1)])) == [7, 8, 9, 9, 1, 2]


def test_a_still_that_a_part_shows_between_two_seconds_is_asked_about() -> None:
    edits = with_edits(clip(), [Edit(1.3, 1), Edit(0.6, 9.2), Edit(2, 3)])
    asked = fingerprint_video(edits, is_asking=True)
    picture = pictures()[9]
    wanted = fingerprint_pixels(picture, picture.shape[1], picture.shape[0], 3).pdq
    assert min(distance_bits(wanted, still.hashes[0]) for still in asked.stills) <= 31


def test_a_file_with_parts_that_ends_early_says_so(tmp_path: Path) -> None:
    """Its index stands in front, where a cut leaves it whole; one entry in place of one moves nothing."""
    file = tmp_path / "index_first.mp4"
    with av.open(io.BytesIO(clip()), "r") as source, av.open(str(file), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    edited = with_edits(file.read_bytes(), [Edit(0, 1)])
    assert not fingerprint_video(edited).is_truncated
    cut = fingerprint_video(edited[: edited.index(b"mdat") + (len(edited) - edited.index(b"mdat")) // 2])
    assert cut.is_truncated
    assert cut.frames
