# SPDX-License-Identifier: Apache-2.0
"""Tracks of the files that tests make, with the type that their codec gives them: what adds one knows only its codec's name."""

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image


def video_track(container: OutputContainer, codec: str, rate: int, size: tuple[int, int], pixel_format: str = "yuv420p") -> VideoStream:
    """A new track of moving pictures; `size` is width and height."""
    track = container.add_stream(codec, rate=rate)
    assert isinstance(track, VideoStream)
    track.width, track.height = size
    track.pix_fmt = pixel_format
    return track


def sound_track(container: OutputContainer, codec: str, rate: int, layout: str = "mono", bit_rate: int = 0) -> AudioStream:
    """A new track of sound, at the codec's own bit rate if none is given."""
    track = container.add_stream(codec, rate=rate, layout=layout)
    assert isinstance(track, AudioStream)
    if bit_rate:
        track.bit_rate = bit_rate
    return track


def video_frame(picture: Image.Image) -> av.VideoFrame:
    """A picture as a frame."""
    return av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")
