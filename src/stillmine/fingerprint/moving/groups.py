# SPDX-License-Identifier: Apache-2.0
"""Decodes groups of pictures that need no other group side by side, each by a decoder of its own, and gives the frames in order.

A decoder's own threads wait for each other at every frame; whole groups don't. Must never give another frame than decoding
one after the other: a group that complains, or does not give just the frames that were planned, ends in DependentGroupError, and
the caller reads the file again in one go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Literal

from av import VideoFrame
from av.video.codeccontext import VideoCodecContext

from stillmine.fingerprint.ground.errors import MediaDeadlineError
from stillmine.fingerprint.ground.limits import TimeLeft
from stillmine.fingerprint.moving.packets import PlannedGroup, VideoPacket

MAX_KEPT_BYTES = 64 * 1024 * 1024
"""Of frames that one group hands over at once; a larger group is decoded while nothing else is."""

_MAX_BITS_OF_PIXEL = 64


class DependentGroupError(Exception):
    """A group did not decode on its own: damage, or a file that calls its pictures what they are not."""


def max_kept_frames(context: VideoCodecContext) -> int:
    """Return how many frames of a video a group may hand over at once."""
    bits = context.format.padded_bits_per_pixel if context.format else _MAX_BITS_OF_PIXEL
    return 8 * MAX_KEPT_BYTES // (context.width * context.height * max(bits, 1))


class SideBySide:
    """Some decoders of one stream, that nothing was given to yet; used once."""

    def __init__(self, contexts: list[VideoCodecContext], is_time_left: TimeLeft) -> None:
        self._free: SimpleQueue[VideoCodecContext] = SimpleQueue()
        for context in contexts:
            self._free.put(context)
        self._workers = len(contexts)
        self._max_kept = max_kept_frames(contexts[0])
        self._is_time_left = is_time_left
        self._is_stopped = Event()

    def frames(self, groups: Iterable[PlannedGroup]) -> Iterator[VideoFrame]:
        """Give the wanted frames in order; raises DependentGroupError, MediaDeadlineError."""
        running: deque[Future[list[VideoFrame]]] = deque()
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                for group in groups:
                    if not group.is_alone or group.wanted is None:
                        raise DependentGroupError
                    is_kept = len(group.wanted) <= self._max_kept
                    while len(running) > (self._workers if is_kept else 0):
                        yield from running.popleft().result()
                    if is_kept:
                        running.append(pool.submit(self._decode_whole, group, group.wanted))
                    else:
                        yield from self._decode(group, group.wanted)
                while running:
                    yield from running.popleft().result()
            finally:
                self._is_stopped.set()

    def _decode_whole(self, group: PlannedGroup, wanted: frozenset[int]) -> list[VideoFrame]:
        return list(self._decode(group, wanted))

    def _decode(self, group: PlannedGroup, wanted: frozenset[int]) -> Iterator[VideoFrame]:
        context = self._free.get()
        seen = 0
        try:
            for packet in (*group.packets, None) if wanted else ():
                if self._is_stopped.is_set():
                    return
                if not self._is_time_left():
                    raise MediaDeadlineError
                for frame in _decode_packet(context, group, packet):
                    if frame.is_corrupt:
                        raise DependentGroupError
                    if frame.pts in wanted:
                        seen += 1
                        yield frame
            context.flush_buffers()
        finally:
            self._free.put(context)
        if seen != len(wanted):
            raise DependentGroupError


def _decode_packet(context: VideoCodecContext, group: PlannedGroup, packet: VideoPacket | None) -> list[VideoFrame]:
    skip_unreferred(context, group, packet)
    try:
        return context.decode(packet)
    except Exception:  # damaged packets make decoders raise nearly anything
        raise DependentGroupError from None


def skip_unreferred(context: VideoCodecContext, group: PlannedGroup, packet: VideoPacket | None) -> None:
    """Tell a decoder to leave the next packet out if no other frame refers to it and it is not to be seen."""
    is_skipped = group.can_skip and packet is not None and group.wanted is not None and packet.pts not in group.wanted
    mode: Literal["NONREF", "DEFAULT"] = "NONREF" if is_skipped else "DEFAULT"
    if context.skip_frame != mode:
        context.skip_frame = mode
