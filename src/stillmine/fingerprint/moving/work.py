# SPDX-License-Identifier: Apache-2.0
"""How much there is to decode in a moving file, told by its headers before a pixel is: pictures, their size, how long they play.

A small file can hold days of decoding. Whoever decodes for others orders and bounds the work by this. A header may lie: the numbers must
never be more than a reason to look at less, or later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from av.container import InputContainer
from av.video.stream import VideoStream

from stillmine.fingerprint.container.opening import open_container
from stillmine.fingerprint.container.sniff import open_animation
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits
from stillmine.fingerprint.moving.frames import shown_streams

_USUAL_RATE = 30
_LEAST_PICTURE_PIXELS, _LEAST_SAMPLE_PIXELS = 20_000, 300_000
"""As many are decoded while the smallest picture is hashed in every turn (0.6 ms at 33 million a second, 1.2 ms at 250)."""
_SAMPLES_PER_SECOND = 2
_GIF_HEAD_BYTES, _COLOURS, _IMAGE, _EXTENSION = 13, 0x80, b"\x2c", b"\x21"
_MAX_GIF_STEPS = 1_000_000
"""Of a hundred megabytes in the largest blocks, twice over: counting takes a second at most. What has more says nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """`pixels` of all pictures together; `seconds` of play. None where the headers don't say."""

    pixels: int | None
    seconds: float | None


UNKNOWN_WORK = Work(None, None)


def animation_work(stream: BinaryIO, limits: MediaLimits = DEFAULT_MEDIA_LIMITS) -> Work:
    """Return the work in an animated picture, without its time; raises nothing of a damaged file's."""
    stream.seek(0)
    try:
        if stream.read(3) == b"GIF":
            width, height, frames = _gif_work(stream, limits.max_animation_frames)
            return Work(None if frames is None else _animation_pixels(width, height, frames), None)
        with open_animation(stream) as image:
            frames = min(int(getattr(image, "n_frames", 1)), limits.max_animation_frames)
            return Work(_animation_pixels(image.width, image.height, frames), None)
    except Exception:  # on hostile headers decoders raise nearly anything
        return UNKNOWN_WORK
    finally:
        stream.seek(0)


def video_work(stream: BinaryIO, limits: MediaLimits = DEFAULT_MEDIA_LIMITS) -> Work:
    """Return the work in a video, at most as many seconds as are looked at; raises nothing of a damaged file's."""
    try:
        with open_container(stream, limits) as container:
            return _video_work(container, limits.max_video_seconds)
    except Exception:  # on hostile headers demuxers raise nearly anything
        return UNKNOWN_WORK
    finally:
        stream.seek(0)


def sound_seconds(stream: BinaryIO, limits: MediaLimits = DEFAULT_MEDIA_LIMITS) -> float | None:
    """Return how long a sound says that it plays."""
    try:
        with open_container(stream, limits) as container:
            return max(0.0, container.duration / 1_000_000) if container.duration else None
    except Exception:  # on hostile headers demuxers raise nearly anything
        return None
    finally:
        stream.seek(0)


def together(works: Sequence[Work]) -> Work:
    """Return the work in several films of one file: all their pixels, and the seconds of the longest."""
    pixels = [work.pixels for work in works if work.pixels is not None]
    seconds = [work.seconds for work in works if work.seconds is not None]
    return Work(sum(pixels), max(seconds)) if works and len(pixels) == len(seconds) == len(works) else UNKNOWN_WORK


def _video_work(container: InputContainer, max_seconds: int) -> Work:
    return together([_track_work(container, video, max_seconds) for video in shown_streams(container)])


def _track_work(container: InputContainer, video: VideoStream, max_seconds: int) -> Work:
    rate = float(video.average_rate or 0) or _USUAL_RATE
    if video.duration and video.time_base:
        seconds = float(video.duration * video.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    elif video.frames:
        seconds = video.frames / rate
    else:
        return UNKNOWN_WORK
    seconds = max(0.0, seconds)
    frames = max(video.frames, seconds * rate)
    read = min(1.0, max_seconds / seconds) if seconds else 1.0
    pixels = max(video.width * video.height * frames, seconds * _SAMPLES_PER_SECOND * _LEAST_SAMPLE_PIXELS)
    return Work(int(pixels * read), seconds * read)


def _animation_pixels(width: int, height: int, frames: int) -> int:
    return max(width * height, _LEAST_PICTURE_PIXELS) * frames


def _gif_work(stream: BinaryIO, max_frames: int) -> tuple[int, int, int | None]:
    """Width, height and number of the pictures: the blocks are stepped over, the pictures among them counted, None if those are too many.

    A picture may lie outside of the screen that the head names; the decoder makes room for it.
    """
    stream.seek(0)
    blocks = _GifBlocks(stream)
    head = blocks.take(_GIF_HEAD_BYTES)
    width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    blocks.skip_colours(head[10])
    frames = 0
    while frames < max_frames:
        if not blocks.steps_left:
            return width, height, None
        kind = blocks.take(1)
        if kind == _IMAGE:
            place = blocks.take(9)
            if len(place) < 9:
                break
            left, top, wide, high = (int.from_bytes(place[at : at + 2], "little") for at in (0, 2, 4, 6))
            width, height, frames = max(width, left + wide), max(height, top + high), frames + 1
            blocks.skip_colours(place[8])
            blocks.take(1)
        elif kind == _EXTENSION:
            blocks.take(1)
        elif kind in (b"", b";"):
            break
        else:  # decoders pass over what they don't know
            continue
        blocks.skip_data()
    return width, height, frames


class _GifBlocks:
    """Steps through a GIF; empty blocks are steps as well."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.steps_left = _MAX_GIF_STEPS

    def take(self, length: int) -> bytes:
        self.steps_left = max(0, self.steps_left - 1)
        return self._stream.read(length)

    def skip_colours(self, flags: int) -> None:
        if flags & _COLOURS:
            self.take(3 << ((flags & 7) + 1))

    def skip_data(self) -> None:
        while self.steps_left and (length := self.take(1)) not in (b"", b"\0"):
            self.take(length[0])
