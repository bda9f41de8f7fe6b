# SPDX-License-Identifier: Apache-2.0
"""What happens to videos on their way, as functions: for the robustness bench, the same every time.

Each edit takes a clip, and another one where something foreign is added, and gives the bytes of a file. They imitate what phones,
messengers and people do; none is tuned to what any fingerprint can or can't see through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import av
import numpy as np
from moving_files import Clip, even, filtered, filtered_sound, read_clip, write_clip
from PIL import Image, ImageDraw, ImageFont

Change = Callable[[Clip], Clip]
PRESET = {"preset": "superfast"}
ADDED_SECONDS = 3
CENTRE = "(W-w)/2:(H-h)/2"
SEPIA = "format=rgb24,colorchannelmixer=.393:.769:.189:0:.349:.686:.168:0:.272:.534:.131,format=yuv420p"


class VideoEdit(NamedTuple):
    """One way to alter a copy; `group` is what it is listed under."""

    group: str
    name: str
    make: Callable[[Clip, Clip], bytes]
    holds_other: bool = False


def h264(clip: Clip, quality: int = 26) -> bytes:
    """Return the clip as H.264; the larger the number, the worse."""
    return write_clip(clip, "mp4", "libx264", PRESET | {"crf": str(quality)})


def changed(clip: Clip, chain: str, rate: int = 0, sound: str = "") -> Clip:
    """Return the clip after filters on its pictures and its sound."""
    rate = rate or clip.rate
    heard = filtered_sound(clip.sound, sound) if sound and clip.sound is not None else clip.sound
    return Clip(list(filtered(clip.frames, f"{chain},fps={rate}")), rate, heard)


def scaled(clip: Clip, share: float) -> Clip:
    """Return the clip with sides of that share of their length."""
    width, height = clip.size
    return changed(clip, f"scale={even(width * share)}:{even(height * share)}")


def trimmed(clip: Clip, start: float, end: float) -> Clip:
    """Return what lies between two times."""
    span = f"start={start:.3f}:end={end:.3f}"
    return changed(clip, f"trim={span},setpts=PTS-STARTPTS", sound=f"atrim={span},asetpts=PTS-STARTPTS")


def joined(*parts: Clip, size: tuple[int, int], rate: int) -> Clip:
    """Return clips one after the other at one size; where one has no sound there is silence."""
    chain = f"scale={size[0]}:{size[1]},setsar=1,fps={rate}"
    frames = [frame for part in parts for frame in filtered(part.frames, chain)]
    sounds = [np.zeros(round(part.seconds * 44_100), np.float32) if part.sound is None else part.sound for part in parts]
    return Clip(frames, rate, np.concatenate(sounds) if any(part.sound is not None for part in parts) else None)


def with_added(clip: Clip, other: Clip, *, before: bool, after: bool) -> Clip:
    """Return the clip with some seconds of another one before it, or after it, or both."""
    added = trimmed(other, 0, ADDED_SECONDS)
    parts = [*([added] if before else []), clip, *([added] if after else [])]
    return joined(*parts, size=clip.size, rate=clip.rate)


def faster(clip: Clip, factor: float) -> Clip:
    """Return the clip played faster, the sound at its own pitch, as players do."""
    return changed(clip, f"setpts=PTS/{factor}", sound=f"atempo={factor}")


def cropped(clip: Clip, percent: float) -> Clip:
    """Return the clip without that much at each of its four sides."""
    width, height = clip.size
    share = 1 - percent / 50
    return changed(clip, f"crop={even(width * share)}:{even(height * share)}")


def drawn_over(clip: Clip, draw: Callable[[ImageDraw.ImageDraw, int, int], None]) -> Clip:
    """Return the clip with something drawn over every picture."""
    layer = Image.new("RGBA", clip.size)
    draw(ImageDraw.Draw(layer), *clip.size)
    frame = av.VideoFrame.from_ndarray(np.asarray(layer), format="rgba")
    frame.pts, frame.time_base = 0, clip.frames[0].time_base
    return replace(clip, frames=list(filtered([frame], "null", clip.frames)))


def logo(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """A disc with a letter in the corner, an eighth of the shorter side."""
    side = min(width, height) // 8
    left, top = width - side - side // 3, side // 3
    draw.ellipse((left, top, left + side, top + side), fill=(225, 30, 60, 255))
    draw.text((left + side * 0.3, top + side * 0.1), "S", font=ImageFont.load_default(side * 0.7), fill="white")


def caption(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """A dark band with words across the lower part, a tenth of the height."""
    band = height // 10
    top = height - 2 * band
    draw.rectangle((0, top, width, top + band), fill=(0, 0, 0, 255))
    draw.text((width * 0.05, top + band * 0.2), "look at this one", font=ImageFont.load_default(band * 0.6), fill="white")


def disc(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """A disc over the middle, a third of the shorter side."""
    radius = min(width, height) / 6
    draw.ellipse((width / 2 - radius, height / 2 - radius, width / 2 + radius, height / 2 + radius), fill=(250, 200, 40, 255))


def watermark(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """Faint words all over."""
    font = ImageFont.load_default(max(10, width // 16))
    for row in range(0, height, max(24, height // 7)):
        for column in range(0, width, max(60, width // 3)):
            draw.text((column, row), "example", font=font, fill=(255, 255, 255, 96))


def padded(clip: Clip, ratio: float) -> Clip:
    """Return the clip between black bars on a screen of that width to height."""
    width, height = clip.size
    across, down = even(max(width, height * ratio)), even(max(height, width / ratio))
    return changed(clip, f"pad={across}:{down}:(ow-iw)/2:(oh-ih)/2:black")


def on_blurred_ground(clip: Clip) -> Clip:
    """Return the clip on a blurred copy of itself that fills 9:16, as stories show it."""
    width, height = 270, 480
    ground = list(
        filtered(clip.frames, f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},gblur=sigma=20")
    )
    fitting = f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    if clip.size[0] / clip.size[1] < 9 / 16 * 1.2:
        fitting = f"scale={even(width * 0.8)}:-2"
    return replace(clip, frames=list(filtered(clip.frames, fitting, ground, f"{CENTRE}:shortest=1")))


def on_phone(clip: Clip) -> Clip:
    """Return a recording of a phone's screen that plays the clip: bars with words and buttons above and below."""
    width, height = 270, 584
    fitted = changed(clip, f"scale={width}:{height - 90}:force_original_aspect_ratio=decrease:force_divisible_by=2")
    screen = changed(fitted, f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black")

    def bars(draw: ImageDraw.ImageDraw, across: int, down: int) -> None:
        font = ImageFont.load_default(14)
        draw.text((16, 8), "21:47", font=font, fill="white")
        draw.rectangle((across - 40, 11, across - 18, 21), outline="white", fill=(90, 220, 90, 255))
        draw.rectangle((across * 0.35, down - 8, across * 0.65, down - 5), fill="white")
        for place in (0.2, 0.5, 0.8):
            draw.ellipse((across * place - 8, down - 36, across * place + 8, down - 20), outline="white", width=2)

    return drawn_over(screen, bars)


def inside(clip: Clip, other: Clip) -> Clip:
    """Return the clip in a corner of another one, at half of its sides."""
    width, height = clip.size
    ground = list(filtered(other.frames, f"scale={width}:{height},setsar=1,fps={clip.rate}"))
    ground = [frame for _ in range(-(-len(clip.frames) // len(ground))) for frame in filtered(ground, "null")]
    for number, frame in enumerate(ground):
        frame.pts = number
    place = f"{width // 20}:{height // 20}:shortest=1"
    return replace(clip, frames=list(filtered(clip.frames, f"scale={even(width / 2)}:{even(height / 2)}", ground, place)))


def messenger(clip: Clip, times: int = 1) -> bytes:
    """Return the clip as messengers send it: 848 pixels at most, CRF 30; `times` over."""
    data = b""
    for _ in range(times):
        width, height = clip.size
        data = h264(scaled(clip, min(1, 848 / max(width, height))), 30)
        clip = read_clip(data, 60, 848)
    return data


def post(clip: Clip) -> bytes:
    """Return the clip as a post: cut to 4:5, made smaller, CRF 28."""
    width, height = clip.size
    across, down = min(width, height * 4 / 5), min(height, width * 5 / 4)
    return h264(changed(clip, f"crop={even(across)}:{even(down)},scale=288:360"), 28)


def _h264(group: str, name: str, change: Change) -> VideoEdit:
    return VideoEdit(group, name, lambda clip, _other: h264(change(clip)))


def _codec(name: str, form: str, codec: str, options: dict[str, str]) -> VideoEdit:
    return VideoEdit("saved again", name, lambda clip, _other: write_clip(clip, form, codec, options))


def _filter(group: str, name: str, chain: str, rate: int = 0, sound: str = "") -> VideoEdit:
    return _h264(group, name, lambda clip: changed(clip, chain, rate, sound))


EDITS: tuple[VideoEdit, ...] = (
    *(VideoEdit("saved again", f"H.264, CRF {q}", lambda clip, _other, q=q: h264(clip, q)) for q in (23, 32, 40)),  # type: ignore[misc]
    _codec("HEVC, CRF 30", "mp4", "libx265", {"preset": "ultrafast", "crf": "30", "x265-params": "log-level=none:pools=1"}),
    _codec("VP9, CRF 36", "webm", "libvpx-vp9", {"crf": "36", "b": "0", "cpu-used": "8", "deadline": "realtime"}),
    _codec("MPEG-4 part 2, AVI", "avi", "mpeg4", {"qmin": "6", "qmax": "6"}),
    *(_filter("frames a second", str(rate), "null", rate) for rate in (12, 30, 60)),
    _h264("size", "half", lambda clip: scaled(clip, 0.5)),
    _h264("size", "quarter", lambda clip: scaled(clip, 0.25)),
    _h264("trimmed", "first quarter off", lambda clip: trimmed(clip, clip.seconds / 4, clip.seconds)),
    _h264("trimmed", "last quarter off", lambda clip: trimmed(clip, 0, clip.seconds * 3 / 4)),
    _h264("trimmed", "middle half", lambda clip: trimmed(clip, clip.seconds / 4, clip.seconds * 3 / 4)),
    _h264("trimmed", "first 0.3 s off", lambda clip: trimmed(clip, 0.3, clip.seconds)),
    VideoEdit(
        "added", "3 s of another before", lambda clip, other: h264(with_added(clip, other, before=True, after=False)), holds_other=True
    ),
    VideoEdit(
        "added", "3 s of another after", lambda clip, other: h264(with_added(clip, other, before=False, after=True)), holds_other=True
    ),
    VideoEdit("added", "both", lambda clip, other: h264(with_added(clip, other, before=True, after=True)), holds_other=True),
    *(_h264("speed", f"{factor}", lambda clip, factor=factor: faster(clip, factor)) for factor in (0.9, 0.95, 1.05, 1.1, 1.25, 2)),  # type: ignore[misc]
    _h264("drawn over", "logo in a corner", lambda clip: drawn_over(clip, logo)),
    _h264("drawn over", "caption band", lambda clip: drawn_over(clip, caption)),
    _h264("drawn over", "disc over the middle", lambda clip: drawn_over(clip, disc)),
    _h264("drawn over", "watermark all over", lambda clip: drawn_over(clip, watermark)),
    _h264("bars", "letterbox or pillarbox to 16:9", lambda clip: padded(clip, 16 / 9)),
    _h264("bars", "letterbox or pillarbox to 9:16", lambda clip: padded(clip, 9 / 16)),
    _h264("bars", "9:16 on blurred ground", on_blurred_ground),
    _h264("bars", "a phone's screen, recorded", on_phone),
    _filter("mirrored", "left to right", "hflip"),
    _filter("turned, pixels", "90°", "transpose=1"),
    _filter("turned, pixels", "180°", "hflip,vflip"),
    _filter("colours", "brighter, 130 %", "lutyuv=y=val*1.3"),
    _filter("colours", "contrast, 150 %", "lutyuv=y=(val-128)*1.5+128"),
    _filter("colours", "grey", "hue=s=0"),
    _filter("colours", "sepia", SEPIA),
    *(_h264("cropped at every side", f"{p} %", lambda clip, p=p: cropped(clip, p)) for p in (2, 5, 10, 20)),  # type: ignore[misc]
    VideoEdit("within another", "picture in picture", lambda clip, other: h264(inside(clip, other)), holds_other=True),
    _filter("order", "backwards", "reverse", sound="areverse"),
    _h264("sound", "taken off", lambda clip: replace(clip, sound=None)),
    VideoEdit("chains", "WhatsApp-like", lambda clip, _other: messenger(clip)),
    VideoEdit("chains", "WhatsApp-like, three times over", lambda clip, _other: messenger(clip, 3)),
    VideoEdit("chains", "Instagram-like, cut to 4:5", lambda clip, _other: post(clip)),
)
