# SPDX-License-Identifier: Apache-2.0
"""An HDR10 video in a real browser, which maps it to SDR by rules of its own, is near what the server makes of it and of its original."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av1_encoder import open_encoder

from tests.portal.device_engine import Engine, distance_bits, seconds_of
from tests.portal.test_device_files import clip_of, server_values

WHITE_NITS = 203
FARTHEST_BITS = 24


def pq_codes(frame: np.ndarray) -> np.ndarray:
    power = (WHITE_NITS * (frame / 255.0) ** 2.4 / 10_000) ** (2610 / 16384)
    return np.rint(65_535 * ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)).astype(np.uint16)


def hdr10(frames: list[np.ndarray], file: Path) -> Path:
    with av.open(str(file), "w") as container:
        track = container.add_stream("libsvtav1", rate=10, options={"preset": "10"})
        track.height, track.width, track.pix_fmt, track.bit_rate = *frames[0].shape[:2], "yuv420p10le", 2_000_000
        context = track.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = 16, 1, 9, 1
        context.time_base = Fraction(1, 10)
        open_encoder(context)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pq_codes(rgb), format="rgb48le").reformat(format="yuv420p10le", dst_colorspace=9)
            frame.pts, frame.time_base, frame.color_trc, frame.color_primaries = number, Fraction(1, 10), 16, 1
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return file


def frames_of(root: Path, seconds: int) -> list[np.ndarray]:
    """Ten a second of a clip of the project."""
    taken: list[np.ndarray] = []
    with av.open(str(root / "media/video/bottle.mp4")) as container:
        for frame in container.decode(video=0):
            if frame.time >= len(taken) / 10:
                taken.append(frame.reformat(240, 360, "rgb24").to_ndarray())
            if len(taken) == seconds * 10:
                break
    return taken


def test_hdr10_is_near_its_original_and_the_server(engine: Engine, tmp_path: Path, root: Path) -> None:
    plain = seconds_of(server_values(clip_of(frames_of(root, 5), tmp_path / "plain.mp4"))["vpdq"])
    file = hdr10(frames_of(root, 5), tmp_path / "hdr.mp4")
    server = seconds_of(server_values(file)["vpdq"])
    [made] = engine.make(file)
    browser = seconds_of(made.values["vpdq"])
    assert browser.keys() == server.keys() == plain.keys()
    distances = {
        second: (distance_bits(browser[second], plain[second]), distance_bits(browser[second], server[second])) for second in plain
    }
    assert max(max(pair) for pair in distances.values()) <= FARTHEST_BITS, distances
