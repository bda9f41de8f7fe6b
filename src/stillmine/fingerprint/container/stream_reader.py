# SPDX-License-Identifier: Apache-2.0
"""Packets of one stream of a stranger's file, within limits, and what a decoder makes of them: the same for pictures and sound.

Damage never stops a reader: what can't be demuxed or decoded is left out, counted, and said. Must never repeat a decoder's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from stillmine.fingerprint.ground.errors import MediaDeadlineError
from stillmine.fingerprint.ground.limits import MediaLimits, TimeLeft

if TYPE_CHECKING:
    from av.container import InputContainer

Stream = TypeVar("Stream")
Packet = TypeVar("Packet")
Frame = TypeVar("Frame")


class StreamReader(Generic[Stream, Packet, Frame]):
    """What a reader of one kind of stream builds on; `is_truncated` and `is_limited` are whole after all was read."""

    def __init__(self, container: InputContainer, stream: Stream, limits: MediaLimits, is_time_left: TimeLeft) -> None:
        self._container = container
        self._stream = stream
        self._limits = limits
        self._is_time_left = is_time_left
        self._packets_read = 0
        self._packets_damaged = 0
        self.is_truncated = False
        self.is_limited = False
        self.has_unknown_edits = False

    def _packets(self) -> Iterator[Packet]:
        """Give the whole packets up to the limits; raises MediaDeadlineError."""
        demuxed = self._container.demux(cast(Any, self._stream))
        while self._may_go_on():
            try:
                packet = next(demuxed, None)
            except Exception:  # the rest of the file can't be demuxed
                self.is_truncated = True
                return
            if packet is None:
                return
            if packet.is_corrupt:  # a part of a packet decodes to something that nobody made
                self.is_truncated = True
            elif packet.size:
                self._packets_read += 1
                yield packet

    def _decode(self, packet: Packet | None) -> list[Frame]:
        try:
            return cast(list[Frame], self._decoder().decode(packet))
        except Exception:  # damaged packets make decoders raise nearly anything; what comes after may be whole
            self.is_truncated = True
            self._packets_damaged += 1
            return []

    def _decoder(self) -> Any:
        return cast(Any, self._stream).codec_context

    def _may_go_on(self) -> bool:
        if not self._is_time_left():
            raise MediaDeadlineError
        if self._packets_read >= self._limits.max_packets or self._packets_damaged > self._limits.max_damaged_packets:
            self.is_limited = True
        return not self.is_limited
