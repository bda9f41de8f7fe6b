# SPDX-License-Identifier: Apache-2.0
"""A video's frames in the field's own text form and back; the form's bounds are `wire.vpdq`'s.

A run of equal frames is written as its first and its last, so that peers who know single frames only read it as it was.
Must never write a frame that the form refuses, or take half a text.
"""

from collections.abc import Sequence

from stillmine.fingerprint.moving.video import Frame
from stillmine.wire.kinds import MINIMUM_QUALITY
from stillmine.wire.vpdq import VideoFrame, format_vpdq, parse_vpdq


def write_vpdq(frames: Sequence[Frame]) -> str:
    """Return the text form of 1 to 7,200 entries; raises FingerprintMalformedError, also if there is no frame at all."""
    entries: list[VideoFrame] = []
    for frame in frames:
        entries.append(VideoFrame(frame.pdq, frame.quality, frame.start_seconds))
        if frame.end_seconds > frame.start_seconds:
            entries.append(VideoFrame(frame.pdq, frame.quality, frame.end_seconds))
    return format_vpdq(entries)


def read_vpdq(text: str) -> tuple[Frame, ...]:
    """Return the frames of a text form, ours or a peer's; raises FingerprintMalformedError.

    Frames below the quality that counts are left out, as peers write them too. Two neighbours with one hash are a run.
    """
    frames: list[Frame] = []
    for entry in parse_vpdq(text):
        if entry.quality < MINIMUM_QUALITY:
            continue
        if frames and frames[-1].pdq == entry.pdq:
            frames[-1] = Frame(entry.pdq, frames[-1].quality, frames[-1].start_seconds, entry.seconds)
        else:
            frames.append(Frame(entry.pdq, entry.quality, entry.seconds, entry.seconds))
    return tuple(frames)
