# SPDX-License-Identifier: Apache-2.0
"""An HDR10 or HLG copy of a video is near its SDR original, and no second of it is lost; ordinary videos are read as ever."""

import io
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
import pytest
from av1_encoder import open_encoder

from stillmine.fingerprint.moving.video import Frame, fingerprint_video
from stillmine.fingerprint.picture.image import distance_bits
from stillmine.fingerprint.picture.transfer import WHITE_NITS, Transfer, pixels_to_sdr
from tests.fingerprint_video.video_clips import FRAMES_PER_SECOND, Rgb, encode, scene
from tests.streams import video_track

PQ, HLG = Transfer.PQ, Transfer.HLG

FARTHEST_BITS = 24
"""Measured: 18 and less; without the mapping every second of one of the clips was lost."""

CODECS = {"libx264": "yuv420p10le", "libx265": "yuv420p10le", "libsvtav1": "yuv420p10le"}


def pq_codes(frame: Rgb) -> npt.NDArray[np.uint16]:
    """SDR pixels as HDR10 ones of 16 bits: white of 203 nits on the curve of SMPTE ST 2084."""
    nits = WHITE_NITS * (frame / 255.0) ** 2.4
    power = (nits / 10_000) ** (2610 / 16384)
    code = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    return np.asarray(np.rint(code * 65_535), np.uint16)


def hlg_codes(frame: Rgb) -> npt.NDArray[np.uint16]:
    """SDR pixels as HLG ones of 16 bits, on a screen of 1,000 nits: BT.2100."""
    scene_light = (WHITE_NITS * (frame / 255.0) ** 2.4 / 1000) ** (1 / 1.2)
    code = np.where(
        scene_light <= 1 / 12, np.sqrt(3 * scene_light), 0.17883277 * np.log(np.maximum(12 * scene_light - 0.28466892, 1e-9)) + 0.55991073
    )
    return np.asarray(np.rint(code * 65_535), np.uint16)


def hdr10(frames: Sequence[Rgb], codec: str, codes: Callable[[Rgb], npt.NDArray[np.uint16]] = pq_codes, transfer: int = PQ) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        height, width = frames[0].shape[:2]
        track = video_track(container, codec, FRAMES_PER_SECOND, (width, height), CODECS[codec])
        track.options = {"crf": "16", **({"x265-params": "log-level=none"} if codec == "libx265" else {})}
        context = track.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = transfer, 1, 9, 1
        context.time_base = Fraction(1, FRAMES_PER_SECOND)
        open_encoder(context)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(codes(rgb), format="rgb48le")
            frame = frame.reformat(format=CODECS[codec], dst_colorspace=9)
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            frame.color_trc, frame.color_primaries = transfer, 1
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


def by_second(frames: Sequence[Frame]) -> dict[int, bytes]:
    return {second: frame.pdq for frame in frames for second in range(int(frame.start_seconds), int(frame.end_seconds) + 1)}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["chair", "bottle"])
def test_hdr10_is_near_its_original_and_no_second_is_lost(codec: str, name: str) -> None:
    plain = by_second(fingerprint_video(encode(scene(name), options={"crf": "14"})).frames)
    made = by_second(fingerprint_video(hdr10(scene(name), codec)).frames)
    assert made.keys() >= plain.keys()
    assert max(distance_bits(plain[second], made[second]) for second in plain) <= FARTHEST_BITS


def test_hlg_is_near_its_original() -> None:
    """Such a video looks nearly right unmapped too; it is mapped as browsers do."""
    plain = by_second(fingerprint_video(encode(scene(), options={"crf": "14"})).frames)
    made = by_second(fingerprint_video(hdr10(scene(), "libx264", hlg_codes, HLG)).frames)
    assert made.keys() >= plain.keys()
    assert max(distance_bits(plain[second], made[second]) for second in plain) <= FARTHEST_BITS


def test_frames_that_name_no_such_curve_are_left_alone() -> None:
    """The very same array: no value can differ."""
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    for number in (0, 1, 2, 6, 13, 14, 17, 99):
        assert pixels_to_sdr(pixels, 9, number) is pixels
    assert not np.array_equal(pixels_to_sdr(pixels, 9, PQ), pixels)
