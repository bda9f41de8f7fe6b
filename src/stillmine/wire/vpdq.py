# SPDX-License-Identifier: Apache-2.0
"""The text form of a video's fingerprint: a JSON list of `"<64 hex digits>,<quality>,<seconds>"`, as `threatexchange` has it.

Knows only bounds and characters; which frames are taken belongs to `fingerprint`, how they match to `matching`. A text that breaks
one rule is refused whole: half a fingerprint would match something else. Contract: spec/case.md.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from stillmine.wire.errors import FingerprintMalformedError

MAXIMUM_VPDQ_FRAMES = 7200
MAXIMUM_VPDQ_BYTES = 1024 * 1024
MAXIMUM_VPDQ_SECONDS = 86_400.0

_TEXTS = msgspec.json.Decoder(list[str])
_PDQ_BYTES = 32
_LONGEST_FRAME = 120
_FRAME = re.compile(r"([0-9a-f]{64}),(0|[1-9][0-9]?|100),([0-9]{1,6}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,2})?)", re.ASCII)


class VideoFrame(NamedTuple):
    """One frame: 32 bytes of PDQ, quality 0 to 100, and its time in the video in seconds."""

    pdq: bytes
    quality: int
    seconds: float


def parse_vpdq(text: str) -> tuple[VideoFrame, ...]:
    """Return the frames of a text form, 1 to 7,200 in the order of time; raises FingerprintMalformedError."""
    if len(text) > MAXIMUM_VPDQ_BYTES or not text.isascii():
        raise FingerprintMalformedError(f"vpdq: at most {MAXIMUM_VPDQ_BYTES} bytes, all of them ASCII")
    try:
        parts = _TEXTS.decode(text)
    except msgspec.DecodeError:
        raise FingerprintMalformedError("vpdq: a JSON list of texts") from None
    _require_count(len(parts))
    frames = tuple(_frame(part, place) for place, part in enumerate(parts))
    _require_order(frames)
    return frames


def format_vpdq(frames: Sequence[VideoFrame]) -> str:
    """Return the text form, with times rounded to three decimals; raises FingerprintMalformedError for what `parse_vpdq` refuses."""
    _require_count(len(frames))
    for place, frame in enumerate(frames):
        is_whole = len(frame.pdq) == _PDQ_BYTES and 0 <= frame.quality <= 100 and 0 <= frame.seconds <= MAXIMUM_VPDQ_SECONDS
        if not is_whole:
            raise FingerprintMalformedError(f"vpdq: frame {place}")
    _require_order(frames)
    return msgspec.json.encode([f"{frame.pdq.hex()},{frame.quality},{_seconds(frame.seconds)}" for frame in frames]).decode()


def vpdq_quality(frames: Sequence[VideoFrame]) -> int:
    """Return the quality of the whole, which is its best frame's."""
    return max(frame.quality for frame in frames)


def _frame(part: str, place: int) -> VideoFrame:
    found = _FRAME.fullmatch(part) if len(part) <= _LONGEST_FRAME else None
    seconds = float(found.group(3)) if found else 0.0
    if found is None or seconds > MAXIMUM_VPDQ_SECONDS:
        raise FingerprintMalformedError(f"vpdq: frame {place} is not 64 hex digits, quality, seconds")
    return VideoFrame(bytes.fromhex(found.group(1)), int(found.group(2)), seconds)


def _require_count(count: int) -> None:
    if not 1 <= count <= MAXIMUM_VPDQ_FRAMES:
        raise FingerprintMalformedError(f"vpdq: 1 to {MAXIMUM_VPDQ_FRAMES} frames")


def _require_order(frames: Sequence[VideoFrame]) -> None:
    if any(later.seconds < earlier.seconds for earlier, later in pairwise(frames)):
        raise FingerprintMalformedError("vpdq: times decrease")


def _seconds(seconds: float) -> str:
    """At most three decimals, at least one: what `threatexchange` writes, where it does not round."""
    text = f"{seconds:.3f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
