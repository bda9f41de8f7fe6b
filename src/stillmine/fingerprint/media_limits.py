# SPDX-License-Identifier: Apache-2.0
"""How much of a video or a sound is read.

A small file can claim days of play and billions of pixels. Sizes are checked before anything is decoded; a file that
is longer than the limits is read up to them and its result says so. Must never be looser than the kernel and the wire.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stillmine.fingerprint import _kernel
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES


def no_deadline() -> bool:
    """Say that time is left, always: for callers that may take as long as it takes."""
    return True


TimeLeft = Callable[[], bool]
"""Asked between packets; False ends the work with MediaDeadlineError. This package reads no clock of its own."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What is read. Raises ValueError if looser than what the kernel and the wire take."""

    max_file_bytes: int = 4 * 1024**3
    max_streams: int = 32
    max_pixels: int = 36_000_000
    """Of one video frame: 8K fits. A decoder holds about ten frames at a time."""
    max_video_seconds: int = 7_200
    """What comes later is not looked at. Not above what `wire.vpdq` takes: one frame a second."""
    max_sound_seconds: int = 1_500
    """What comes later is not listened to. The text form then stays below what `wire.chromaprint` takes."""
    max_packets: int = 2_000_000
    """Compressed frames or pieces of sound; 2 hours at 240 a second stay below."""
    max_damaged_packets: int = 2_000
    max_animation_frames: int = 20_000
    max_animation_pixels: int | None = None
    """Of all pictures of an animated one together; for those who read files for others."""
    decoder_threads: int = 0
    """0: as many as the machine has cores."""

    def __post_init__(self) -> None:
        if self.max_pixels > _kernel.MAX_PIXELS:
            raise ValueError(f"max_pixels can't be above {_kernel.MAX_PIXELS}")
        if self.max_video_seconds > MAXIMUM_VPDQ_FRAMES:
            raise ValueError(f"max_video_seconds can't be above {MAXIMUM_VPDQ_FRAMES}")


DEFAULT_MEDIA_LIMITS = MediaLimits()
