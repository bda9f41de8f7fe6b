# SPDX-License-Identifier: Apache-2.0
"""Animated GIF, PNG, WebP and AVIF as the videos that they are: the picture on screen each second, laid on white.

One round of the animation; how often it repeats does not matter. Files come from strangers: size is checked on the header,
and a file that ends early gives what could be read, and says so.
"""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import Image

from stillmine.fingerprint.media_errors import MediaDeadlineError, VideoTooLargeError, VideoUnreadableError
from stillmine.fingerprint.media_limits import MediaLimits, TimeLeft
from stillmine.fingerprint.mend import mend_stream
from stillmine.fingerprint.png_frames import has_hidden_default, pass_hidden_default
from stillmine.fingerprint.sniff import ANIMATABLE_FORMATS, open_animation
from stillmine.fingerprint.video_frames import Rgb, ShownFrame
from stillmine.fingerprint.video_packets import SampleTimes

_MILLISECOND = Fraction(1, 1000)
_SHORTEST = 10
_INSTEAD_OF_SHORTEST = 100
"""Milliseconds: pictures said to last 10 or less last 100 in every browser."""


class AnimationReader:
    """Reads one animated picture once; the attributes are whole after `frames()` has ended."""

    has_sound = False
    tracks = 1

    def __init__(self, stream: BinaryIO, limits: MediaLimits, is_time_left: TimeLeft, samples_per_second: int = 1) -> None:
        self._stream = stream
        self._limits = limits
        self._is_time_left = is_time_left
        self._times = SampleTimes(0, _MILLISECOND, samples_per_second)
        self._per_second = samples_per_second
        self._milliseconds = 0
        self._pixels = 0
        self.is_truncated = False
        self.is_limited = False

    @property
    def duration_seconds(self) -> float:
        """Of one round, as far as it was read."""
        return self._milliseconds / 1000

    def frames(self) -> Iterator[ShownFrame]:
        """Give each picture that is on screen at a sample, once; raises MediaDeadlineError, VideoTooLargeError, VideoUnreadableError."""
        with _open(self._stream) as image:
            if image.width * image.height > self._limits.max_pixels:
                raise VideoTooLargeError(f"at most {self._limits.max_pixels} pixels")
            yield from self._frames(image)

    def _frames(self, image: Image.Image) -> Iterator[ShownFrame]:
        sample = place = 0
        while self._may_go_on(place):
            self._pixels += image.width * image.height
            try:
                if place == 0 and has_hidden_default(image):
                    pass_hidden_default(image)
                    place = 1
                else:
                    image.seek(place)
                image.load()
            except EOFError:
                return
            except Exception:  # the rest can't be decoded
                self.is_truncated = True
                return
            self._milliseconds += _duration(image)
            until = min(self._times.first_at_or_after(self._milliseconds), self._limits.max_video_seconds * self._per_second)
            if until > sample:
                yield ShownFrame(_on_white(image), "original", sample, until - 1)
                sample = until
            place += 1

    def _may_go_on(self, place: int) -> bool:
        if not self._is_time_left():
            raise MediaDeadlineError
        most_pixels = self._limits.max_animation_pixels
        if place >= self._limits.max_animation_frames or self._milliseconds >= self._limits.max_video_seconds * 1000:
            self.is_limited = True
        if most_pixels is not None and self._pixels > most_pixels:
            self.is_limited = True
        return not self.is_limited


def _open(stream: BinaryIO) -> Image.Image:
    """As it is, or put right where a decoder refuses what holds no pixels; a GIF is read as far as it goes and never needs that."""
    try:
        return open_animation(stream)
    except Exception:  # on hostile headers decoders raise nearly anything
        mended = mend_stream(stream)
    try:
        return Image.open(io.BytesIO(mended.data if mended else b""), formats=ANIMATABLE_FORMATS)
    except Exception:  # as above
        raise VideoUnreadableError from None


def _duration(image: Image.Image) -> int:
    stored = image.info.get("duration", 0)
    milliseconds = int(stored) if isinstance(stored, int | float) and stored < 10**9 else 0
    return milliseconds if milliseconds > _SHORTEST else _INSTEAD_OF_SHORTEST


def _on_white(image: Image.Image) -> Rgb:
    picture = image.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))
