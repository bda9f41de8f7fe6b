# SPDX-License-Identifier: Apache-2.0
"""The pictures of a video of which only some parts are shown, maybe in another order: each part is sought and decoded on its own.

Must never give a picture that begins outside of its part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stillmine.fingerprint.moving.frames import Track, VideoReader
from stillmine.fingerprint.moving.groups import skip_unreferred
from stillmine.fingerprint.moving.packets import ShownSpan, VideoPacket, plan_packets

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

    from stillmine.fingerprint.ground.limits import MediaLimits, TimeLeft
    from stillmine.fingerprint.structure.edit_list import Part

_SECONDS_BEFORE_PART = 2
"""A part is sought this much before it begins: pictures are decoded earlier than they are shown."""

_KEYS_BEHIND_PART = 2
"""Pictures of a part may be decoded after a key frame that is shown behind it."""


class EditedVideoReader(VideoReader):
    """Reads the parts of one video that was opened with all that its track holds."""

    def __init__(
        self,
        container: InputContainer,
        limits: MediaLimits,
        is_time_left: TimeLeft,
        samples_per_second: int,
        *,
        track: int,
        parts: tuple[Part, ...],
        with_cuts: bool,
    ) -> None:
        super().__init__(container, limits, is_time_left, samples_per_second, Track(track), with_cuts=with_cuts)
        self._parts = parts

    def _decoded(self) -> Iterator[VideoFrame]:
        for part in self._parts:
            if not self.is_limited and self._seek(part):
                yield from self._decoded_part(part)
                self._context.flush_buffers()

    def _decoded_part(self, part: Part) -> Iterator[VideoFrame]:
        later = part.shown - part.begin
        span = ShownSpan(part.begin, part.end, None if self._last_ticks is None else self._zero - later)
        planned = plan_packets(
            self._packets_of(part), self._context, self._time_base, self._per_second, with_cuts=self._with_cuts, span=span
        )
        for group in planned:
            self._cuts |= {ticks + later for ticks in group.cuts}
            for packet in group.packets:
                skip_unreferred(self._context, group, packet)
                yield from self._placed(self._decode(packet), span, later)
        yield from self._placed(self._decode(None), span, later)

    def _packets_of(self, part: Part) -> Iterator[VideoPacket]:
        keys_behind = 0
        last: int | None = None
        for packet in self._packets():
            if part.end is not None and packet.is_keyframe and packet.pts is not None and packet.pts >= part.end:
                keys_behind += 1
            if keys_behind == _KEYS_BEHIND_PART:
                return
            last = packet.dts
            yield packet
        index = self._stream.index_entries
        if last is None or (len(index) and last < index[-1].timestamp):
            self.is_truncated = True

    def _seek(self, part: Part) -> bool:
        before = round(_SECONDS_BEFORE_PART / self._time_base)
        try:
            self._container.seek(part.begin - before, stream=self._stream)
        except Exception:  # the index is damaged
            self.is_truncated = True
            return False
        return True

    def _placed(self, frames: list[VideoFrame], span: ShownSpan, later: int) -> Iterator[VideoFrame]:
        """What is shown, at the time when it is."""
        for frame in frames:
            if frame.pts is None or not span.holds(frame.pts):
                continue
            if span.end is not None:
                frame.duration = min(frame.duration or 0, span.end - frame.pts)
            frame.pts += later
            yield frame

    def _notice_early_end(self) -> None:
        """Each part has noticed its own."""
