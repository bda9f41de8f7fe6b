# SPDX-License-Identifier: Apache-2.0
"""Videos and sounds decoded once, put through the library's own filters, and encoded again: what the robustness benches make copies with.

No other program is run. The same input gives the same pictures each time.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

SOUND_RATE = 44_100
Samples = NDArray[np.float32]
"""Mono, SOUND_RATE a second, from -1 to 1."""
Frames = list[av.VideoFrame]


@dataclass(frozen=True)
class Clip:
    """A video's pictures at an even rate, and its sound, if it has any."""

    frames: Frames
    rate: int
    sound: Samples | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frames[0].width, self.frames[0].height

    @property
    def seconds(self) -> float:
        """How long it is shown."""
        return len(self.frames) / self.rate


def read_clip(source: Path | bytes, seconds: float, longest_side: int) -> Clip:
    """Return the first seconds of a video, made smaller if a side is longer than that, at 30 pictures a second or fewer."""
    with av.open(_opened(source), "r") as container:
        stream = container.streams.video[0]
        rate = max(1, min(30, round(float(stream.average_rate or 25))))
        share = min(1, longest_side / max(stream.width, stream.height))
        chain = f"scale={even(stream.width * share)}:{even(stream.height * share)},setsar=1,format=yuv420p,setpts=PTS-STARTPTS,fps={rate}"
        wanted = (frame for frame in container.decode(stream))
        frames = list(filtered(until(wanted, seconds), chain))[: round(seconds * rate)]
    return Clip(frames, rate, read_sound(source, seconds))


def until(frames: Iterable[Any], seconds: float) -> Iterator[Any]:
    """Give frames until that time after the first."""
    first = None
    for frame in frames:
        first = frame.time if first is None else first
        if frame.time - first > seconds:
            return
        yield frame


def read_sound(source: Path | bytes, seconds: float = 1e9) -> Samples | None:
    """Return the first seconds of a file's sound, mono; None where it has none."""
    resampler = av.AudioResampler("flt", "mono", SOUND_RATE)
    parts: list[Any] = []
    with av.open(_opened(source), "r") as container:
        if not container.streams.audio:
            return None
        for frame in until(container.decode(audio=0), seconds):
            frame.pts = None
            parts += [made.to_ndarray().reshape(-1) for made in resampler.resample(frame)]
        parts += [made.to_ndarray().reshape(-1) for made in resampler.resample(None)]
    return np.concatenate(parts)[: round(seconds * SOUND_RATE)].astype(np.float32) if parts else None


def filtered(
    frames: Iterable[av.VideoFrame], chain: str, under: Sequence[av.VideoFrame] = (), place: str = "0:0"
) -> Iterator[av.VideoFrame]:
    """Give frames after a chain of filters ("name=arguments,…"); with `under`, laid over those at a place.

    A single frame laid over others stays to their end, unless the place says `shortest=1`.
    """
    iterator = iter(frames)
    first = next(iterator)
    graph = Graph()
    source = _source(graph, first)
    last = _chained(graph, source, chain)
    if under:
        ground = _source(graph, under[0])
        overlay = graph.add("overlay", place)
        ground.link_to(overlay, 0, 0)
        last.link_to(overlay, 0, 1)
        last = _chained(graph, overlay, "format=yuv420p")
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    for frame in [*under, None] if under else ():
        ground.push(frame)
    source.push(first)
    with suppress(av.error.EOFError):  # said once a filter, such as one that cuts, wants no more
        for frame in iterator:
            source.push(frame)
            yield from _pulled(sink)
        source.push(None)
    yield from _pulled(sink)


def filtered_sound(samples: Samples, chain: str) -> Samples:
    """Return samples after a chain of filters."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=SOUND_RATE, format="flt", layout="mono", time_base=Fraction(1, SOUND_RATE))
    sink = graph.add("abuffersink")
    _chained(graph, source, f"{chain},aformat=sample_fmts=flt:sample_rates={SOUND_RATE}:channel_layouts=mono").link_to(sink)
    graph.configure()
    with suppress(av.error.EOFError):
        source.push(_sound_frame(samples))
        source.push(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in _pulled(sink)])


def write_clip(
    clip: Clip, form: str = "mp4", codec: str = "libx264", options: dict[str, str] | None = None, *, sound_rate: int = 96_000
) -> bytes:
    """Return the bytes of a video file."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        video: Any = container.add_stream(codec, rate=clip.rate)
        video.width, video.height = clip.size
        video.pix_fmt = "yuv420p"
        video.options = options or {}
        video.codec_context.time_base = Fraction(1, clip.rate)
        video.codec_context.thread_count = 1
        track = None if clip.sound is None else _track(container, "libopus" if form == "webm" else "aac", sound_rate)
        for number, frame in enumerate(clip.frames):
            frame.pts, frame.time_base = number, Fraction(1, clip.rate)
            frame.pict_type = 0
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if track is not None and clip.sound is not None:
            _mux_sound(container, track, clip.sound)
    return stream.getvalue()


def write_sound(samples: Samples, form: str = "wav", codec: str = "pcm_s16le", bit_rate: int = 0, rate: int = SOUND_RATE) -> bytes:
    """Return the bytes of a sound file."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        _mux_sound(container, _track(container, codec, bit_rate, rate), samples)
    return stream.getvalue()


def _opened(source: Path | bytes) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else str(source)


def even(length: float) -> int:
    """Return the nearest even number of pixels, as encoders want it."""
    return max(2, 2 * round(length / 2))


def _track(container: Any, codec: str, bit_rate: int, rate: int = 0) -> Any:
    track = container.add_stream(codec, rate=rate or (48_000 if codec == "libopus" else SOUND_RATE), layout="mono")
    if bit_rate:
        track.bit_rate = bit_rate
    track.open()
    return track


def _mux_sound(container: Any, track: Any, samples: Samples) -> None:
    resampler = av.AudioResampler(track.format.name, "mono", track.rate, frame_size=track.frame_size or 1024)
    for made in [*resampler.resample(_sound_frame(samples)), *resampler.resample(None)]:
        container.mux(track.encode(made))
    container.mux(track.encode(None))


def _sound_frame(samples: Samples) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), format="flt", layout="mono")
    frame.rate = SOUND_RATE
    frame.pts, frame.time_base = 0, Fraction(1, SOUND_RATE)
    return frame


def _source(graph: Graph, frame: av.VideoFrame) -> Any:
    return graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)


def _chained(graph: Graph, last: Any, chain: str) -> Any:
    for part in filter(None, chain.split(",")):
        name, _, arguments = part.partition("=")
        node = graph.add(name, arguments or None)
        last.link_to(node)
        last = node
    return last


def _pulled(sink: Any) -> Iterator[Any]:
    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
