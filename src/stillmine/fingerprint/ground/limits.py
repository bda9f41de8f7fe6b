# SPDX-License-Identifier: Apache-2.0
"""How much of a file is looked at before it is refused.

A few bytes can claim a billion pixels. Limits are checked on the header, before anything is decoded, and may
never be looser than what the kernel takes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stillmine.fingerprint.ground import _kernel
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read; sizes in bytes and pixels. Raises ValueError if looser than the kernel's own limits."""

    max_file_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 89_000_000
    """Just below where Pillow itself starts to speak of a decompression bomb; about 0.7 GB at work."""
    max_shrunk_pixels: int = _kernel.MAX_PIXELS
    """Of a JPEG whose rows come out as it is read: it is decoded smaller, a 200-megapixel photograph in about 10 MB."""
    max_dimension: int = _kernel.MAX_DIMENSION
    min_dimension: int = _kernel.MIN_DIMENSION

    def __post_init__(self) -> None:
        if self.min_dimension < _kernel.MIN_DIMENSION:
            raise ValueError(f"min_dimension can't be below {_kernel.MIN_DIMENSION}")
        if self.max_dimension > _kernel.MAX_DIMENSION or max(self.max_pixels, self.max_shrunk_pixels) > _kernel.MAX_PIXELS:
            raise ValueError(f"at most {_kernel.MAX_DIMENSION} pixels a side and {_kernel.MAX_PIXELS} in all")


DEFAULT_LIMITS = Limits()


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
