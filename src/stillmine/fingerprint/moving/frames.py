# SPDX-License-Identifier: Apache-2.0
"""Video file to the pictures that are shown at t = 0, 1, 2, … seconds, in sRGB, with the turn that makes them upright.

Time 0 is when the first picture is shown. Files come from strangers and are often cut off: what can be read is given, and the
reader says that there was more. Must never name a file, keep more than a few frames, or repeat a decoder's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from multiprocessing import cpu_count
from typing import cast

import av
from av import VideoFrame
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from stillmine.fingerprint.container.opening import decoder_options
from stillmine.fingerprint.container.stream_reader import StreamReader
from stillmine.fingerprint.ground.errors import NotAVideoError, VideoTooLargeError, VideoUnreadableError
from stillmine.fingerprint.ground.limits import MediaLimits, TimeLeft
from stillmine.fingerprint.moving.groups import SideBySide, max_kept_frames, skip_unreferred
from stillmine.fingerprint.moving.packets import PlannedGroup, SampleTimes, VideoPacket, plan_packets
from stillmine.fingerprint.moving.transparency import Rgb, laid_on_grounds, seeing_decoder
from stillmine.fingerprint.structure.display_matrix import turn_of

MAX_SIDE_BY_SIDE = 4
"""Decoders at once; each holds about ten frames."""

SMALL_PIXELS = 128 * 1024
"""Of frames up to this size one thread decodes more in the same time than several, which wait for each other."""

OpenAgain = Callable[[], InputContainer]

_MINIMUM_SHORTFALL_SECONDS = 1.0
_SHORTFALL_OF_DURATION = 0.02


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A picture on screen from sample `first` to sample `last`; `turn` names the variant of it that is upright.

    Where `last` is before `first` it stands between two samples: for asking only. Times are seconds from the first picture.
    """

    rgb: Rgb
    turn: str
    first: int
    last: int
    start_seconds: float = 0.0
    end_seconds: float = 0.0
    on_black: Rgb | None = None
    """The same laid on black, where it is transparent; for asking only."""

    @property
    def is_sampled(self) -> bool:
        return self.last >= self.first


@dataclass(frozen=True, slots=True)
class Track:
    """Which of the film's tracks is read, counted from the one that players show; what opens the file again, for a second decoder.

    With that, `frames()` may raise DependentGroupError.
    """

    number: int = 0
    open_again: OpenAgain | None = None


class VideoReader(StreamReader[VideoStream, VideoPacket, VideoFrame]):
    """Reads one open video once, from its beginning; the attributes are whole after `frames()` has ended."""

    def __init__(
        self,
        container: InputContainer,
        limits: MediaLimits,
        is_time_left: TimeLeft,
        samples_per_second: int = 1,
        track: Track | None = None,
        *,
        with_cuts: bool = False,
    ) -> None:
        """Raise NotAVideoError, VideoUnreadableError or VideoTooLargeError for what can't be read at all.

        `with_cuts`: key frames and what follows a cut are given as well where they stand between two samples.
        """
        track = track or Track()
        shown = shown_streams(container)
        if track.number >= len(shown):
            raise NotAVideoError
        super().__init__(container, shown[track.number], limits, is_time_left)
        self.tracks = len(shown)
        self._per_second = samples_per_second
        self._open_again = track.open_again
        self._with_cuts = with_cuts
        self._cuts: set[int] = set()
        self._time_base = _require_decoder(self._stream, limits)
        self._context = seeing_decoder(self._stream, limits) or self._stream.codec_context
        self._last_ticks: int | None = None
        self._last_duration = 0
        self._zero = 0
        self._to_rgb = VideoReformatter()
        self.has_sound = bool(container.streams.audio)

    @property
    def duration_seconds(self) -> float:
        """From the first picture to the end of the last one that was read."""
        if self._last_ticks is None:
            return 0.0
        return float((self._last_ticks - self._zero + self._last_duration) * self._time_base)

    def frames(self) -> Iterator[ShownFrame]:
        """Give each picture that is on screen at a sample, and each at a cut if asked for, once; raises MediaDeadlineError."""
        shown: VideoFrame | None = None
        sample = 0
        for frame in self._limited(self._decoded()):
            ticks = self._ticks_of(frame)
            if shown is None:
                self._zero = ticks
            until = SampleTimes(self._zero, self._time_base, self._per_second).first_at_or_after(ticks)
            if shown is not None and until > sample:
                yield self._shown(shown, sample, until - 1)
                sample = until
            elif shown is not None and self._is_cut(shown):
                yield self._shown(shown, sample, sample - 1)
            shown = frame
            self._last_ticks = ticks
            self._last_duration = max(frame.duration or 0, 0)
        if shown is not None:
            yield from self._shown_last(shown, sample)
        self._notice_early_end()

    def _shown_last(self, frame: VideoFrame, sample: int) -> Iterator[ShownFrame]:
        """The last picture stays for its own duration, or for a tick."""
        times = SampleTimes(self._zero, self._time_base, self._per_second)
        end = (self._last_ticks or 0) + max(self._last_duration, 1)
        until = min(times.first_at_or_after(end), self._limits.max_video_seconds * self._per_second)
        if until > sample or self._is_cut(frame):
            yield self._shown(frame, sample, max(until, sample) - 1)

    def _is_cut(self, frame: VideoFrame) -> bool:
        return self._with_cuts and frame.pts in self._cuts

    def _limited(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        """End at the longest time that is read, however far away a damaged file says that its next frame is."""
        for frame in frames:
            if self._last_ticks is not None and (self._ticks_of(frame) - self._zero) * self._time_base >= self._limits.max_video_seconds:
                self.is_limited = True
                return
            yield frame

    def _decoded(self) -> Iterator[VideoFrame]:
        context = self._context
        groups = self._noting_cuts(plan_packets(self._packets(), context, self._time_base, self._per_second, with_cuts=self._with_cuts))
        first = next(groups, None)
        if first is None:
            return
        contexts = self._contexts_for(first)
        if len(contexts) > 1:
            yield from SideBySide(contexts, self._is_time_left).frames(chain((first,), groups))
            return
        for group in chain((first,), groups):
            for packet in group.packets:
                skip_unreferred(context, group, packet)
                yield from self._decode(packet)
        yield from self._decode(None)

    def _noting_cuts(self, groups: Iterator[PlannedGroup]) -> Iterator[PlannedGroup]:
        for group in groups:
            self._cuts |= group.cuts
            yield group

    def _decoder(self) -> VideoCodecContext:
        return self._context

    def _contexts_for(self, first: PlannedGroup) -> list[VideoCodecContext]:
        """One decoder, with threads of its own, unless the file begins with a group that stands alone and has more of them."""
        first_context = self._context
        threads = self._limits.decoder_threads or cpu_count()
        contexts = [first_context]
        is_side_by_side = first.is_alone and not first.is_last and len(first.wanted or ()) <= max_kept_frames(first_context)
        if self._open_again is not None and is_side_by_side:
            for _ in range(min(threads, MAX_SIDE_BY_SIDE) - 1):
                twin = self._open_again().streams[self._stream.index]
                _require_decoder(cast("VideoStream", twin), self._limits)
                contexts.append(cast("VideoStream", twin).codec_context)
        if first_context.width * first_context.height <= SMALL_PIXELS:
            threads = 1
        for context in contexts:
            context.thread_count = max(1, threads // len(contexts))
        return contexts

    def _ticks_of(self, frame: VideoFrame) -> int:
        """Presentation time; where a container has none (AVI), the time of decoding; never earlier than the frame before."""
        ticks = frame.pts if frame.pts is not None else frame.dts
        if self._last_ticks is None:
            return ticks if ticks is not None else 0
        if ticks is None:
            rate = self._stream.guessed_rate or Fraction(25)
            ticks = self._last_ticks + max(1, round(1 / (rate * self._time_base)))
        return max(ticks, self._last_ticks)

    def _shown(self, frame: VideoFrame, first: int, last: int) -> ShownFrame:
        turn = turn_of(frame)
        try:
            on_white, on_black = laid_on_grounds(frame, self._to_rgb)
        except Exception:  # pixel formats that can't be converted
            raise VideoUnreadableError from None
        start = float(((self._last_ticks or 0) - self._zero) * self._time_base)
        end = max(start, last / self._per_second)
        return ShownFrame(on_white, turn, first, last, start, end, on_black if self._with_cuts else None)

    def _notice_early_end(self) -> None:
        """Whether the file promises more than there was."""
        if self.is_limited:
            return
        stream = self._stream
        if self._container.format.name.startswith("mov"):
            self.is_truncated = self.is_truncated or self._packets_read < len(stream.index_entries)
            return
        # A container's duration is its longest stream's, and sound may well be longer than the pictures.
        if not self.has_sound and self._container.duration and self._last_ticks is not None:
            declared = self._container.duration / av.time_base
            missing = declared - float((self._last_ticks + self._last_duration) * self._time_base)
            if missing > max(_MINIMUM_SHORTFALL_SECONDS, _SHORTFALL_OF_DURATION * declared):
                self.is_truncated = True


def shown_streams(container: InputContainer) -> list[VideoStream]:
    """Return the tracks of moving pictures, the one that players show first: the default one. The cover of a sound file is not one."""
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    return sorted(streams, key=lambda stream: not stream.disposition & Disposition.default)


def _require_decoder(stream: VideoStream, limits: MediaLimits) -> Fraction:
    """Prepare the decoder and return the stream's ticks in seconds."""
    context = stream.codec_context
    if context is None or stream.time_base is None:
        raise NotAVideoError
    if context.width * context.height > limits.max_pixels:
        raise VideoTooLargeError(f"at most {limits.max_pixels} pixels")
    context.options = decoder_options(limits)
    context.thread_type = "AUTO"
    if not context.width or not context.height:
        raise VideoUnreadableError
    return stream.time_base
