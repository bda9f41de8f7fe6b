# SPDX-License-Identifier: Apache-2.0
"""Which compressed frames of a video have to be decoded to see it once a second, and which groups of them need no other.

Only the frames shown at the sampled instants are wanted. What nothing wanted depends on is left out: everything after
the last wanted frame of a group of pictures, and frames that no other frame refers to. Must never change which frames
are seen or a single pixel of them: where times or the codec leave doubt, everything is decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "Packet[VideoStream]"

MAX_HELD_PACKETS = 1_024
MAX_HELD_BYTES = 96 * 1024 * 1024
LARGE = 2
"""Times the usual size: what a frame has after a cut, of which nothing was seen before."""

_ONE_PACKET_ONE_FRAME = frozenset({"h264", "hevc", "mpeg4", "mjpeg", "vp9", "libdav1d", "av1"})
"""Not VP8: its packets may hold frames that are never shown, with times of their own."""

_UNREFERRED_IS_SAFE = frozenset({"h264", "mpeg4"})
"""Codecs in which a frame marked as not referred to really is not. Not HEVC: there the mark speaks of one layer only."""


_H264_IDR_SLICE = 5


@dataclass(frozen=True, slots=True)
class SampleTimes:
    """Sampled instants: `per_second` a second, the first at `zero` ticks of `time_base` seconds each."""

    zero: int
    time_base: Fraction
    per_second: int

    def first_at_or_after(self, ticks: int) -> int:
        """Return the number of the first sample that is not before a time."""
        base = self.time_base
        return -(-(ticks - self.zero) * base.numerator * self.per_second // base.denominator)


@dataclass(frozen=True, slots=True)
class ShownSpan:
    """Frames that begin at `begin` or later and before `end` are shown, in ticks; None is without a bound.

    `zero` is the first sampled instant; None where it is that of the first shown frame.
    """

    begin: int | None = None
    end: int | None = None
    zero: int | None = None

    def holds(self, ticks: int) -> bool:
        """Whether a frame of that time is shown."""
        return (self.begin is None or ticks >= self.begin) and (self.end is None or ticks < self.end)


EVERYTHING = ShownSpan()


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """Packets to be decoded in order, and the times of those frames of them that are to be seen.

    A packet whose time is not wanted may be left out by the decoder if no other frame refers to it and `can_skip`. `is_alone`: a decoder
    that knows nothing of what came before gives the same frames, and what follows does not need this one. Without times (`wanted` None)
    every frame is to be seen. `cuts` are the times of frames that are to be seen though no sample shows them; all of them are wanted.
    """

    packets: Sequence[VideoPacket]
    wanted: frozenset[int] | None
    can_skip: bool
    is_alone: bool
    is_last: bool
    cuts: frozenset[int] = frozenset()


def plan_packets(
    packets: Iterable[VideoPacket],
    context: VideoCodecContext,
    time_base: Fraction,
    per_second: int,
    *,
    with_cuts: bool = False,
    span: ShownSpan = EVERYTHING,
) -> Iterator[PlannedGroup]:
    """Give the packets to be decoded, in order and in groups; those that nothing depends on are left out.

    `with_cuts`: between two samples the first key frame is to be seen as well, and what seems to follow a cut.
    """
    if context.name not in _ONE_PACKET_ONE_FRAME:
        for packet in packets:
            cuts = frozenset({packet.pts} if with_cuts and packet.is_keyframe and packet.pts is not None else ())
            yield PlannedGroup((packet,), None, can_skip=False, is_alone=False, is_last=False, cuts=cuts)
        return
    yield from _Planner(context, time_base, per_second, with_cuts=with_cuts, span=span).plan(packets)


class _Planner:
    """Holds two groups of pictures: the times of the second decide what of the first is wanted."""

    def __init__(self, context: VideoCodecContext, time_base: Fraction, per_second: int, *, with_cuts: bool, span: ShownSpan) -> None:
        self._context = context
        self._time_base = time_base
        self._per_second = per_second
        self._with_cuts = with_cuts
        self._can_skip = context.name in _UNREFERRED_IS_SAFE
        self._is_start_clean = True
        self._span = span
        self._times = None if span.zero is None else SampleTimes(span.zero, time_base, per_second)
        self._groups: list[list[VideoPacket]] = [[]]
        self._held_packets = 0
        self._held_bytes = 0

    def plan(self, packets: Iterable[VideoPacket]) -> Iterator[PlannedGroup]:
        for packet in packets:
            if packet.is_keyframe and self._groups[-1]:
                if len(self._groups) == 2:
                    yield self._release(is_whole=True)
                self._groups.append([])
            self._groups[-1].append(packet)
            self._held_packets += 1
            self._held_bytes += packet.size
            if self._held_packets > MAX_HELD_PACKETS or self._held_bytes > MAX_HELD_BYTES:
                yield self._release_early()
        while self._groups:
            yield self._release(is_whole=True)

    def _release_early(self) -> PlannedGroup:
        """Let the older half go without knowing how its group ends, so nothing after a wanted frame is left out."""
        if len(self._groups) == 1:
            group = self._groups[0]
            half = len(group) // 2
            self._groups = [group[:half], group[half:]]
        return self._release(is_whole=False)

    def _release(self, *, is_whole: bool) -> PlannedGroup:
        group = self._groups.pop(0)
        following = self._groups[0] if self._groups else []
        self._held_packets -= len(group)
        self._held_bytes -= sum(packet.size for packet in group)
        wanted = self._wanted_times(group, following)
        is_end_closed = is_whole and _is_closed(following)
        is_end_clean = is_end_closed and (not following or starts_anew(following[0], self._context))
        is_alone = self._is_start_clean and is_end_clean and wanted is not None
        self._is_start_clean = is_end_clean
        if wanted is None:
            return PlannedGroup(group, None, can_skip=False, is_alone=False, is_last=not self._groups)
        cuts = self._times_of_cuts(group, wanted)
        wanted |= cuts
        end = _end_of_wanted(group, wanted) if is_end_closed else len(group)
        here = frozenset(packet.pts for packet in group[:end] if packet.pts in wanted and self._is_shown(packet))
        return PlannedGroup(group[:end], here, self._can_skip, is_alone, is_last=not self._groups, cuts=cuts)

    def _is_shown(self, packet: VideoPacket) -> bool:
        return not packet.is_discard and packet.pts is not None and self._span.holds(packet.pts)

    def _times_of_cuts(self, group: Sequence[VideoPacket], wanted: set[int]) -> frozenset[int]:
        """Return the times of the first key frame and of cuts between any two samples, where they are not wanted yet."""
        if self._times is None or not self._with_cuts:
            return frozenset()
        cuts: dict[int, int] = {}
        others: dict[int, list[tuple[int, int]]] = {}
        for packet in group:
            if packet.pts is None or not self._is_shown(packet) or packet.pts in wanted:
                continue
            gap = self._times.first_at_or_after(packet.pts)
            if packet.is_keyframe:
                cuts.setdefault(gap, packet.pts)
            else:
                others.setdefault(gap, []).append((packet.size, packet.pts))
        return frozenset(cuts.values()).union(*(_after_cuts(gap) for gap in others.values()))

    def _wanted_times(self, group: Sequence[VideoPacket], following: Sequence[VideoPacket]) -> set[int] | None:
        """Return the times of the frames that are shown at a sample, of both groups; None if a time is missing."""
        shown: list[int] = []
        for packet in (*group, *following):
            if packet.pts is None:
                return None
            if self._is_shown(packet):
                shown.append(packet.pts)
        shown.sort()
        if not shown:
            return set()
        if self._times is None:
            self._times = SampleTimes(shown[0], self._time_base, self._per_second)
        return _times_at_samples(shown, self._times)


def _after_cuts(packets: list[tuple[int, int]]) -> set[int]:
    """Return the times of the two largest of these (size, time), if they are far larger than the third: a new scene costs bytes."""
    first, *rest = sorted(packets, reverse=True)
    usual = rest[1][0] if len(rest) > 1 else 0
    return {time for size, time in (first, *rest[:1]) if size >= LARGE * usual}


def _times_at_samples(shown: Sequence[int], times: SampleTimes) -> set[int]:
    """Return which of the sorted times are the last at or before a sample. The newest one always is: its end is unknown."""
    wanted = {shown[-1]}
    samples = [times.first_at_or_after(ticks) for ticks in shown]
    # A sample lies in [this, next) exactly if the first sample from `this` on comes before the first from `next` on.
    wanted.update(ticks for ticks, sample, next_sample in zip(shown, samples, samples[1:], strict=False) if sample < next_sample)
    return wanted


def starts_anew(packet: VideoPacket, context: VideoCodecContext) -> bool:
    """Whether nothing from this key frame on refers to what came before.

    Containers also call such H.264 pictures key frames as only most viewers can begin at; of those that is not certain.
    """
    if not packet.is_keyframe:
        return False
    if context.name != "h264":
        return True
    data, extra = bytes(packet), context.extradata or b""
    if extra[:1] != b"\x01" or len(extra) < 5:
        return _first_slice(part[0] for part in data.split(b"\0\0\1")[1:] if part) == _H264_IDR_SLICE
    return _first_slice(_unit_heads(data, (extra[4] & 3) + 1)) == _H264_IDR_SLICE


def _first_slice(heads: Iterable[int]) -> int | None:
    return next((head & 31 for head in heads if 1 <= head & 31 <= _H264_IDR_SLICE), None)


def _unit_heads(data: bytes, length_bytes: int) -> Iterator[int]:
    place = length_bytes
    while place < len(data):
        yield data[place]
        place += length_bytes + int.from_bytes(data[place - length_bytes : place])


def _is_closed(following: Sequence[VideoPacket]) -> bool:
    """Whether no frame of a group is shown before its key frame; such a frame would need the group before."""
    first = following[0].pts if following else None
    return not following or all(packet.pts is not None and first is not None and packet.pts >= first for packet in following)


def _end_of_wanted(group: Sequence[VideoPacket], wanted: set[int]) -> int:
    for index in range(len(group), 0, -1):
        if group[index - 1].pts in wanted:
            return index
    return 0
