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

from stillmine.fingerprint.container.sniff import ANIMATABLE_FORMATS, open_animation
from stillmine.fingerprint.ground.errors import MediaDeadlineError, VideoTooLargeError, VideoUnreadableError
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, MediaLimits, TimeLeft
from stillmine.fingerprint.moving.frames import ShownFrame
from stillmine.fingerprint.moving.packets import SampleTimes
from stillmine.fingerprint.moving.transparency import Rgb
from stillmine.fingerprint.picture.png_colours import PngColours, png_colours_of, with_png_colours
from stillmine.fingerprint.picture.query import has_transparency
from stillmine.fingerprint.structure.mend import mend_stream
from stillmine.fingerprint.structure.png_frames import has_hidden_default, pass_hidden_default

_MILLISECOND = Fraction(1, 1000)
_SHORTEST = 10
_INSTEAD_OF_SHORTEST = 100
"""Milliseconds: pictures said to last 10 or less last 100 in every browser."""


class AnimationReader:
    """Reads one animated picture once; the attributes are whole after `frames()` has ended."""

    has_sound = False
    tracks = 1
    has_unknown_edits = False

    def __init__(
        self, stream: BinaryIO, limits: MediaLimits, is_time_left: TimeLeft, samples_per_second: int = 1, *, is_asking: bool = False
    ) -> None:
        """`is_asking`: every picture that differs from the one before is given, and transparent ones are laid on black as well."""
        self._stream = stream
        self._limits = limits
        self._is_time_left = is_time_left
        self._times = SampleTimes(0, _MILLISECOND, samples_per_second)
        self._per_second = samples_per_second
        self._is_asking = is_asking
        self._colours: PngColours | None = None
        self._milliseconds = 0
        self._pixels = 0
        self.is_truncated = False
        self.is_limited = False

    @property
    def duration_seconds(self) -> float:
        """Of one round, as far as it was read."""
        return self._milliseconds / 1000

    def frames(self) -> Iterator[ShownFrame]:
        """Give each picture that is on screen at a sample, and every other if asked for, once.

        Raises MediaDeadlineError, VideoTooLargeError, VideoUnreadableError.
        """
        self._stream.seek(0)
        self._colours = png_colours_of(self._stream.read(DEFAULT_LIMITS.max_file_bytes))
        with _open(self._stream) as image:
            if image.width * image.height > self._limits.max_pixels:
                raise VideoTooLargeError(f"at most {self._limits.max_pixels} pixels")
            yield from self._frames(image)

    def _frames(self, image: Image.Image) -> Iterator[ShownFrame]:
        sample = place = 0
        before: ShownFrame | None = None
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
            start = self._milliseconds
            self._milliseconds += _duration(image)
            until = min(self._times.first_at_or_after(self._milliseconds), self._limits.max_video_seconds * self._per_second)
            if until > sample or self._is_asking:
                shown = self._shown(image, sample, max(until, sample) - 1, start)
                if shown.is_sampled or not _is_same(shown, before):
                    yield shown
                before, sample = shown, max(until, sample)
            place += 1

    def _shown(self, image: Image.Image, first: int, last: int, start: int) -> ShownFrame:
        picture = image.convert("RGBA")
        if self._colours is not None and "icc_profile" not in image.info:
            picture = with_png_colours(picture, self._colours)
        is_transparent = has_transparency(picture)
        on_black = _laid_on(picture, "black") if self._is_asking and is_transparent else None
        on_white = _laid_on(picture, "white") if is_transparent else np.asarray(picture.convert("RGB"))
        return ShownFrame(on_white, "original", first, last, start / 1000, self._milliseconds / 1000, on_black)

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


def _laid_on(picture: Image.Image, ground: str) -> Rgb:
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, ground), picture).convert("RGB"))


def _is_same(shown: ShownFrame, before: ShownFrame | None) -> bool:
    if before is None or not np.array_equal(shown.rgb, before.rgb):
        return False
    if shown.on_black is None or before.on_black is None:
        return shown.on_black is before.on_black
    return np.array_equal(shown.on_black, before.on_black)
