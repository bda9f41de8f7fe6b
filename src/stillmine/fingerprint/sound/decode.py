# SPDX-License-Identifier: Apache-2.0
"""Sound of a file to what Chromaprint listens to: mono, 11,025 Hz, 16 bit, resampled as its own tools do.

Other resamplers move some bits; these settings give the values of `fpcalc`. Files come from strangers: damaged pieces are left out and
the reader says so. Must never repeat a decoder's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.stream import Disposition

from stillmine.fingerprint.container.stream_reader import StreamReader
from stillmine.fingerprint.ground.errors import NoSoundError, SoundUnreadableError
from stillmine.fingerprint.ground.limits import MediaLimits, TimeLeft
from stillmine.fingerprint.sound.channels import ChannelMeter
from stillmine.fingerprint.sound.chromaprint_library import SAMPLE_RATE, Pcm

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    from stillmine.fingerprint.structure.edit_list import Part

    SoundPacket = Packet[AudioStream]

_SECONDS_BEFORE_PART = 1
"""Decoders of sound need what came a little before."""

_RESAMPLER = f"{SAMPLE_RATE}:filter_size=16:phase_shift=8:linear_interp=1:cutoff=0.8:resampler=swr:out_chlayout=mono:out_sample_fmt=s16"


class SoundReader(StreamReader["AudioStream", "SoundPacket", AudioFrame]):
    """Reads the sound of one open file once; the attributes are whole after `blocks()` has ended."""

    def __init__(
        self,
        container: InputContainer,
        limits: MediaLimits,
        is_time_left: TimeLeft,
        channel: int | None = None,
        track: int = 0,
        *,
        parts: tuple[Part, ...] = (),
    ) -> None:
        """Listen to the mix of all channels, or to one; `track` counts from the one that players play. Raises NoSoundError.

        Of a track with `parts` only these are heard, one after the other.
        """
        heard = heard_streams(container)
        if track >= len(heard):
            raise NoSoundError
        super().__init__(container, heard[track], limits, is_time_left)
        self._channel = channel
        self._parts = parts
        self.meter = ChannelMeter()
        self._graph: Graph | None = None
        self._form: tuple[str, int, str] | None = None
        self.samples = 0

    def blocks(self) -> Iterator[Pcm]:
        """Give the sound up to the limit; raises MediaDeadlineError, SoundUnreadableError if there is nothing to hear."""
        most = self._limits.max_sound_seconds * SAMPLE_RATE
        for block in self._resampled():
            rest = most - self.samples
            if block.size > rest:
                self.is_limited = True
            if rest > 0:
                self.samples += min(block.size, rest)
                yield block[:rest]
            if self.is_limited:
                break
        if not self.samples:
            raise SoundUnreadableError

    def _resampled(self) -> Iterator[Pcm]:
        for frame in self._heard():
            yield from self._resample(frame)
        yield from self._flush()

    def _heard(self) -> Iterator[AudioFrame]:
        if not self._parts:
            yield from self._decoded(self._packets())
        for part in self._parts:
            if not self.is_limited:
                yield from self._heard_of(part)

    def _decoded(self, packets: Iterator[SoundPacket]) -> Iterator[AudioFrame]:
        for packet in packets:
            yield from self._decode(packet)
        yield from self._decode(None)

    def _heard_of(self, part: Part) -> Iterator[AudioFrame]:
        """Decode from a little before a part to its end, and cut what is heard out of that."""
        base = self._stream.time_base
        if base is None:
            raise SoundUnreadableError
        try:
            self._container.seek(part.begin - round(_SECONDS_BEFORE_PART / base), stream=self._stream)
        except Exception:  # the index is damaged
            self.is_truncated = True
            return
        end = None if part.end is None else part.end * base
        for frame in self._decoded(self._packets_until(part.end)):
            if (heard := cut_sound(frame, part.begin * base, end)) is not None:
                yield heard
        self._stream.codec_context.flush_buffers()

    def _packets_until(self, end: int | None) -> Iterator[SoundPacket]:
        for packet in self._packets():
            if end is not None and packet.pts is not None and packet.pts >= end:
                return
            yield packet

    def _resample(self, frame: AudioFrame) -> Iterator[Pcm]:
        form = (frame.format.name, frame.sample_rate, frame.layout.name)
        if form != self._form:
            yield from self._flush()
            self._form = form
        try:
            if self._channel is None and frame.layout.nb_channels > 1:
                self.meter.pass_by(frame)
            self._graph = self._graph or _open_graph(frame, self._channel)
            frame.pts = None  # gaps in time are not filled with silence, as the tools do not fill them
            self._graph.push(frame)
        except Exception:  # forms of sound that can't be resampled
            raise SoundUnreadableError from None
        yield from self._pull(self._graph)

    def _flush(self) -> Iterator[Pcm]:
        """What the resampler still holds, before the form of the sound changes and at the end."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.push(None)
            yield from self._pull(graph)

    def _pull(self, graph: Graph) -> Iterator[Pcm]:
        while True:
            try:
                frame = cast("AudioFrame", graph.pull())
            except (av.BlockingIOError, av.EOFError):
                return
            yield frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)


def cut_sound(frame: AudioFrame, begin: Fraction, end: Fraction | None) -> AudioFrame | None:
    """Return what a piece of sound has between two times, in seconds as it counts itself; None where that is nothing."""
    if frame.pts is None or frame.time_base is None:
        return None
    start = frame.pts * frame.time_base
    first = max(0, round((begin - start) * frame.sample_rate))
    last = frame.samples if end is None else min(frame.samples, round((end - start) * frame.sample_rate))
    if first >= last:
        return None
    if last - first == frame.samples:
        return frame
    width = 1 if frame.format.is_planar else frame.layout.nb_channels
    samples = cast(Any, frame.to_ndarray())
    cut = AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, first * width : last * width]), frame.format.name, frame.layout.name)
    cut.sample_rate, cut.time_base, cut.pts = frame.sample_rate, frame.time_base, frame.pts
    return cut


def heard_streams(container: InputContainer) -> list[AudioStream]:
    """Return the tracks of sound, the one that players play first: the default one."""
    return sorted(container.streams.audio, key=lambda stream: not stream.disposition & Disposition.default)


def _open_graph(frame: AudioFrame, channel: int | None) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=frame.time_base,
    )
    resampler = graph.add("aresample", _RESAMPLER)
    sink = graph.add("abuffersink")
    if channel is None:
        source.link_to(resampler)
    else:
        chosen = graph.add("pan", f"mono|c0=c{min(channel, frame.layout.nb_channels - 1)}")
        source.link_to(chosen)
        chosen.link_to(resampler)
    resampler.link_to(sink)
    graph.configure()
    return graph
