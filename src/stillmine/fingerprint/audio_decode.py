# SPDX-License-Identifier: Apache-2.0
"""Sound of a file to what Chromaprint listens to: mono, 11,025 Hz, 16 bit, resampled as its own tools do.

Other resamplers move some bits; these settings give the values of `fpcalc`. Files come from strangers: damaged pieces are left out and
the reader says so. Must never repeat a decoder's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.stream import Disposition

from stillmine.fingerprint.chromaprint_library import SAMPLE_RATE, Pcm
from stillmine.fingerprint.media_errors import MediaDeadlineError, NoSoundError, SoundUnreadableError
from stillmine.fingerprint.media_limits import MediaLimits, TimeLeft

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

_RESAMPLER = f"{SAMPLE_RATE}:filter_size=16:phase_shift=8:linear_interp=1:cutoff=0.8:resampler=swr:out_chlayout=mono:out_sample_fmt=s16"


class SoundReader:
    """Reads the sound of one open file once; the attributes are whole after `blocks()` has ended."""

    def __init__(self, container: InputContainer, limits: MediaLimits, is_time_left: TimeLeft) -> None:
        """Raise NoSoundError where there is none."""
        self._container = container
        self._limits = limits
        self._is_time_left = is_time_left
        self._stream = _choose_stream(container)
        self._graph: Graph | None = None
        self._form: tuple[str, int, str] | None = None
        self._packets_read = 0
        self._packets_damaged = 0
        self.samples = 0
        self.is_truncated = False
        self.is_limited = False

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
        for packet in self._packets():
            for frame in self._decode(packet):
                yield from self._resample(frame)
        for frame in self._decode(None):
            yield from self._resample(frame)
        yield from self._flush()

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        demuxed = self._container.demux(self._stream)
        while self._may_go_on():
            try:
                packet = next(demuxed, None)
            except Exception:  # the rest of the file can't be demuxed
                self.is_truncated = True
                return
            if packet is None:
                return
            if packet.is_corrupt:
                self.is_truncated = True
            elif packet.size:
                self._packets_read += 1
                yield packet

    def _may_go_on(self) -> bool:
        if not self._is_time_left():
            raise MediaDeadlineError
        if self._packets_read >= self._limits.max_packets or self._packets_damaged > self._limits.max_damaged_packets:
            self.is_limited = True
        return not self.is_limited

    def _decode(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        try:
            return self._stream.codec_context.decode(packet)
        except Exception:  # damaged packets make decoders raise nearly anything; what comes after may be whole
            self.is_truncated = True
            self._packets_damaged += 1
            return []

    def _resample(self, frame: AudioFrame) -> Iterator[Pcm]:
        form = (frame.format.name, frame.sample_rate, frame.layout.name)
        if form != self._form:
            yield from self._flush()
            self._form = form
        try:
            self._graph = self._graph or _open_graph(frame)
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


def _choose_stream(container: InputContainer) -> AudioStream:
    """The default sound, else the first."""
    streams = container.streams.audio
    if not streams:
        raise NoSoundError
    return next((stream for stream in streams if stream.disposition & Disposition.default), streams[0])


def _open_graph(frame: AudioFrame) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=frame.time_base,
    )
    resampler = graph.add("aresample", _RESAMPLER)
    sink = graph.add("abuffersink")
    source.link_to(resampler)
    resampler.link_to(sink)
    graph.configure()
    return graph
