# SPDX-License-Identifier: Apache-2.0
"""A video's frames in the field's own text form; the form's bounds are `wire.vpdq`'s.

A run of equal frames is written as its first and its last, so that peers who know single frames only read it as it was.
Must never write a frame that the form refuses.
"""

from collections.abc import Sequence

from stillmine.fingerprint.moving.video import Frame
from stillmine.wire.vpdq import VideoFrame, format_vpdq


def write_vpdq(frames: Sequence[Frame]) -> str:
    """Return the text form of 1 to 7,200 entries; raises FingerprintMalformedError, also if there is no frame at all."""
    entries: list[VideoFrame] = []
    for frame in frames:
        entries.append(VideoFrame(frame.pdq, frame.quality, frame.start_seconds))
        if frame.end_seconds > frame.start_seconds:
            entries.append(VideoFrame(frame.pdq, frame.quality, frame.end_seconds))
    return format_vpdq(entries)
