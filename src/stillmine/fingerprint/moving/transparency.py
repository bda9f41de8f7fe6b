# SPDX-License-Identifier: Apache-2.0
"""Transparent videos as they are seen on a white page, as transparent pictures are: spec/video.md, "transparency".

VP8 and VP9 keep transparency beside the picture, and FFmpeg's own decoders of them leave it out; libvpx does not. Must never leave it
out in silence: what is behind it may be a picture that nobody sees.
"""

from typing import cast

import numpy as np
import numpy.typing as npt
from av import CodecContext, VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from stillmine.fingerprint.container.opening import decoder_options
from stillmine.fingerprint.ground.limits import MediaLimits
from stillmine.fingerprint.picture.transfer import pixels_to_sdr

Rgb = npt.NDArray[np.uint8]

_SEEING_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_OPAQUE = 255


def seeing_decoder(stream: VideoStream, limits: MediaLimits) -> VideoCodecContext | None:
    """Return a decoder that gives a Matroska or WebM stream's transparency; None where the stream has none, or its own decoder does."""
    name = _SEEING_DECODERS.get(stream.codec_context.name)
    modes = [value for key, value in stream.metadata.items() if key.lower() == "alpha_mode"]
    if name is None or modes in ([], ["0"]):
        return None
    decoder = cast("VideoCodecContext", CodecContext.create(name, "r"))
    decoder.options = decoder_options(limits)
    decoder.width, decoder.height = stream.codec_context.width, stream.codec_context.height
    return decoder


def laid_on_grounds(frame: VideoFrame, reformatter: VideoReformatter) -> tuple[Rgb, Rgb | None]:
    """Return a frame's pixels (height, width, 3), 8 bit, laid on white; and on black, None where it has no transparency.

    Raises what FFmpeg does for formats that it can't convert.
    """
    if not any(component.is_alpha for component in frame.format.components):
        return pixels_to_sdr(_pixels(reformatter.reformat(frame, format="rgb24"), 3), frame.color_primaries, frame.color_trc), None
    pixels = _pixels(reformatter.reformat(frame, format="rgba"), 4)
    colours = pixels_to_sdr(pixels[:, :, :3], frame.color_primaries, frame.color_trc)
    alpha = pixels[:, :, 3:].astype(np.uint16)
    on_black = (colours * alpha + _OPAQUE // 2) // _OPAQUE
    return (on_black + (_OPAQUE - alpha)).astype(np.uint8), on_black.astype(np.uint8)


def _pixels(frame: VideoFrame, channels: int) -> Rgb:
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : channels * plane.width].reshape(plane.height, plane.width, channels)
