# SPDX-License-Identifier: Apache-2.0
"""Clips made for tests from the project's own: other sizes, codecs, containers, times; and the plain way to sample a video."""

import io
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av1_encoder import open_encoder

from stillmine.fingerprint.moving.video import Frame
from stillmine.wire.vpdq import parse_vpdq
from tests.streams import video_track

ROOT = Path(__file__).resolve().parents[2]

Rgb = npt.NDArray[np.uint8]

MEDIA = ROOT / "media" / "video"

FRAMES_PER_SECOND = 10


def rgb_of(frame: av.VideoFrame) -> Rgb:
    """The pixels of a frame that is in RGB already."""
    return np.asarray(frame.to_ndarray(), np.uint8)


@cache
def scene(name: str = "chair", seconds: int = 6, width: int = 240, height: int = 360) -> tuple[Rgb, ...]:
    """The first seconds of a clip of the project, FRAMES_PER_SECOND a second."""
    frames: list[Rgb] = []
    with av.open(str(MEDIA / f"{name}.mp4")) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= len(frames) / FRAMES_PER_SECOND:
                frames.append(rgb_of(frame.reformat(width, height, "rgb24")))
            if len(frames) == seconds * FRAMES_PER_SECOND:
                return tuple(frames)
    raise AssertionError("the clip is shorter than that")


def encode(
    frames: Sequence[Rgb],
    form: str = "mp4",
    codec: str = "libx264",
    times: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    rotation: int = 0,
    container_options: dict[str, str] | None = None,
    rate: int = FRAMES_PER_SECOND,
) -> bytes:
    """The bytes of a video; `times` in seconds, else `rate` a second."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=form, container_options=container_options or {}) as container:
        height, width = frames[0].shape[:2]
        video = video_track(container, codec, rate, (width, height), pixel_format)
        video.options = {**(options or {})}
        if rotation:
            video.set_display_rotation(rotation)
        tick = Fraction(1, rate) if times is None else Fraction(1, 1000)
        video.codec_context.time_base = tick
        open_encoder(video.codec_context)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = number if times is None else round(times[number] * 1000)
            frame.time_base = tick
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return stream.getvalue()


def index_first(data: bytes) -> bytes:
    """An MP4 with its index before its pictures, so that a file that is cut off can still be read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(io.BytesIO(data), "r") as source, av.open(str(path), "w", container_options={"movflags": "faststart"}) as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        return path.read_bytes()


def sampled_plainly(data: bytes) -> dict[int, Rgb]:
    """What is on screen at each second, found by decoding everything: the meaning that clever decoding must keep."""
    shown: dict[int, Rgb] = {}
    times: list[tuple[Fraction, Rgb]] = []
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        end = Fraction(0)
        for frame in container.decode(stream):
            ticks = frame.pts if frame.pts is not None else frame.dts
            assert ticks is not None
            assert stream.time_base is not None
            times.append((ticks * stream.time_base, rgb_of(frame.reformat(format="rgb24"))))
            end = (ticks + max(frame.duration or 0, 1)) * stream.time_base
    zero = times[0][0]
    second = 0
    while second < end - zero:
        shown[second] = next(rgb for time, rgb in reversed(times) if time - zero <= second)
        second += 1
    return shown


def letterboxed(frames: Sequence[Rgb], top: int, bottom: int) -> list[Rgb]:
    """With black bars above and below."""
    return [np.pad(frame, ((top, bottom), (0, 0), (0, 0))) for frame in frames]


def resized(frames: Sequence[Rgb], width: int, height: int) -> list[Rgb]:
    """At another size."""
    return [rgb_of(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(width, height)) for frame in frames]


def frames_of(text: str) -> tuple[Frame, ...]:
    """What was written: two neighbours with one hash are a run."""
    frames: list[Frame] = []
    for entry in parse_vpdq(text):
        if frames and frames[-1].pdq == entry.pdq:
            frames[-1] = Frame(entry.pdq, frames[-1].quality, frames[-1].start_seconds, entry.seconds)
        else:
            frames.append(Frame(entry.pdq, entry.quality, entry.seconds, entry.seconds))
    return tuple(frames)
