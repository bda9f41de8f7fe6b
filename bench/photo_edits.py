# SPDX-License-Identifier: Apache-2.0
"""What happens to photographs on their way, as functions: for the robustness bench, the same every time.

Each edit takes an upright RGB picture and gives the bytes of a file. They imitate what phones, messengers and people do; none is tuned to
what any fingerprint can or can't see through.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Picture = Image.Image
Change = Callable[[Picture], Picture]


class Edit(NamedTuple):
    """One way to alter a copy; `group` is what it is listed under."""

    group: str
    name: str
    make: Callable[[Picture], bytes]


def saved(picture: Picture, quality: int = 85) -> bytes:
    """Return the picture as JPEG."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def as_png(picture: Picture) -> bytes:
    """Return the picture as PNG."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def scaled(picture: Picture, percent: float) -> Picture:
    """Return the picture at a percentage of its size."""
    size = max(8, round(picture.width * percent / 100)), max(8, round(picture.height * percent / 100))
    return picture.resize(size, Image.Resampling.LANCZOS)


def cropped(picture: Picture, percent: float) -> Picture:
    """Return the picture without that much at each of its four sides."""
    across, down = round(picture.width * percent / 100), round(picture.height * percent / 100)
    return picture.crop((across, down, picture.width - across, picture.height - down))


def turned(picture: Picture, degrees: float) -> Picture:
    """Return the picture turned, corners filled with black."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


def turned_and_cropped(picture: Picture, degrees: float) -> Picture:
    """Return the picture turned as a phone's editor does: cut so that no corner shows."""
    angle = np.radians(abs(degrees))
    ratio = max(picture.width / picture.height, picture.height / picture.width)
    kept = 1 / (np.cos(angle) + ratio * np.sin(angle))
    return cropped(turned(picture, degrees), float(50 * (1 - kept)))


def with_curve(picture: Picture, gamma: float) -> Picture:
    """Return the picture with each channel to the power of gamma."""
    return picture.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)


def with_noise(picture: Picture, deviation: float) -> Picture:
    """Return the picture with normal noise, the same for the same size."""
    pixels = np.asarray(picture).astype(np.float32)
    noise = np.random.Generator(np.random.PCG64(11)).normal(0, deviation, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def tinted(picture: Picture, dark: str, light: str, strength: float = 1.0) -> Picture:
    """Return the picture in shades from one colour to another, mixed with itself."""
    return Image.blend(picture, ImageOps.colorize(ImageOps.grayscale(picture), dark, light), strength)


def vintage(picture: Picture) -> Picture:
    """Faded, warm, with dark corners."""
    faded = ImageEnhance.Contrast(tinted(picture, "#302018", "#fff0d0", 0.35)).enhance(0.85)
    vignette = ImageOps.invert(Image.radial_gradient("L")).resize(picture.size).point([min(255, 90 + value) for value in range(256)])
    return ImageChops.multiply(faded, Image.merge("RGB", [vignette] * 3))


def vivid(picture: Picture) -> Picture:
    """Strong colours and contrast."""
    return ImageEnhance.Contrast(ImageEnhance.Color(picture).enhance(1.6)).enhance(1.25)


def dramatic(picture: Picture) -> Picture:
    """Grey, hard contrast, sharpened."""
    return ImageEnhance.Sharpness(ImageEnhance.Contrast(ImageOps.grayscale(picture)).enhance(1.7)).enhance(2).convert("RGB")


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the drawing library's own font."""
    return ImageFont.load_default(size=size)


def captioned(picture: Picture, *, is_above: bool, ground: str, ink: str, words: str = "look at this") -> Picture:
    """Return the picture with a strip above or below, a sixth of its height, and words on it."""
    strip = max(24, picture.height // 6)
    wide = ImageOps.expand(picture, (0, strip if is_above else 0, 0, 0 if is_above else strip), ground)
    top = (0 if is_above else picture.height) + strip * 0.2
    ImageDraw.Draw(wide).text((strip * 0.3, top), words, fill=ink, font=font(strip * 0.45))
    return wide


def captioned_on_top(picture: Picture) -> Picture:
    """Return the picture with large white words on it, outlined, at the top and the bottom."""
    changed = picture.copy()
    size = picture.height * 0.11
    for words, top in (("LOOK AT", 0.03), ("WHO THIS IS", 0.84)):
        place = picture.width * 0.06, picture.height * top
        ImageDraw.Draw(changed).text(place, words, fill="white", font=font(size), stroke_width=round(size / 14), stroke_fill="black")
    return changed


def band_on_top(picture: Picture) -> Picture:
    """Return the picture with a half-transparent dark band and words across its lower third, as in stories."""
    layer = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(layer)
    top = picture.height * 0.68
    draw.rectangle((0, top, picture.width, top + picture.height * 0.09), fill=(0, 0, 0, 150))
    draw.text((picture.width * 0.1, top + picture.height * 0.015), "look at this", fill="white", font=font(picture.height * 0.05))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def with_emoji(picture: Picture, count: int) -> Picture:
    """Return the picture with round yellow faces on it, each a sixth of its width."""
    changed = picture.copy()
    draw = ImageDraw.Draw(changed)
    radius = picture.width / 12
    for across, down in ((0.5, 0.3), (0.25, 0.7), (0.8, 0.55), (0.6, 0.85), (0.15, 0.2), (0.85, 0.15))[:count]:
        x, y = picture.width * across, picture.height * down
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#ffd93b", outline="#c90", width=max(1, round(radius / 15)))
        for eye in (-0.35, 0.35):
            size = radius / 8
            draw.ellipse((x + eye * radius - size, y - radius / 3 - size, x + eye * radius + size, y - radius / 3 + size), fill="black")
        draw.arc((x - radius / 2, y - radius / 2, x + radius / 2, y + radius / 2), 20, 160, fill="black", width=max(1, round(radius / 10)))
    return changed


def censored(picture: Picture, bars: int, height: float = 0.07) -> Picture:
    """Return the picture with black bars over parts of it."""
    changed = picture.copy()
    for across, down in ((0.3, 0.22), (0.25, 0.48), (0.3, 0.72))[:bars]:
        left, top = picture.width * across, picture.height * down
        ImageDraw.Draw(changed).rectangle((left, top, left + picture.width * 0.4, top + picture.height * height), fill="black")
    return changed


def pixelated(picture: Picture) -> Picture:
    """Return the picture with a third of its width and height made coarse."""
    left, top, right, bottom = (round(side * part) for side, part in zip(picture.size * 2, (0.33, 0.2, 0.67, 0.53), strict=True))
    part = picture.crop((left, top, right, bottom))
    changed = picture.copy()
    changed.paste(part.resize((8, 8), Image.Resampling.BOX).resize(part.size, Image.Resampling.NEAREST), (left, top))
    return changed


def watermarked(picture: Picture, *, is_tiled: bool) -> Picture:
    """Return the picture with half-transparent words in a corner or all over."""
    layer = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(layer)
    if not is_tiled:
        draw.text((picture.width * 0.6, picture.height * 0.92), "@example", fill=(255, 255, 255, 170), font=font(picture.height * 0.05))
    for row in range(8 if is_tiled else 0):
        for column in range(4):
            place = (column + 0.5 * (row % 2)) * picture.width / 3.5, row * picture.height / 8
            draw.text(place, "EXAMPLE", fill=(255, 255, 255, 110), font=font(picture.height * 0.045))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def letterboxed(picture: Picture, ratio: float) -> Picture:
    """Return the picture within black bars, so that it has a ratio of width to height."""
    width, height = max(picture.width, round(picture.height * ratio)), max(picture.height, round(picture.width / ratio))
    canvas = Image.new("RGB", (width, height), "black")
    canvas.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return canvas


def on_blurred_ground(picture: Picture) -> Picture:
    """Return the picture within a tall frame filled with its own blur, as stories do."""
    width, height = picture.width, round(picture.width * 16 / 9)
    if picture.height >= height:
        width, height = round(picture.height * 16 / 9), picture.height
    ground = ImageOps.fit(picture, (width, height)).filter(ImageFilter.GaussianBlur(width / 20))
    ground.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return ground


def _status_bar(draw: ImageDraw.ImageDraw, width: int, ink: str) -> None:
    draw.text((28, 22), "14:05", fill=ink, font=font(30))
    draw.rectangle((width - 90, 28, width - 34, 52), outline=ink, width=3)
    for bar in range(4):
        draw.rectangle((width - 150 + bar * 12, 50 - bar * 6, width - 143 + bar * 12, 52), fill=ink)


def gallery_screenshot(picture: Picture) -> Picture:
    """Return a phone's gallery, dark, the picture in the middle."""
    width, height = 720, 1560
    screen = Image.new("RGB", (width, height), (18, 18, 20))
    shown = ImageOps.contain(picture, (width, height - 260))
    screen.paste(shown, ((width - shown.width) // 2, 130 + (height - 260 - shown.height) // 2))
    draw = ImageDraw.Draw(screen)
    _status_bar(draw, width, "white")
    draw.rounded_rectangle((width // 2 - 110, height - 26, width // 2 + 110, height - 18), radius=4, fill="white")
    return screen


def post_screenshot(picture: Picture) -> Picture:
    """Return a phone showing a post: white, a name above the picture, buttons and a comment below."""
    width, height = 720, 1560
    screen = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(screen)
    _status_bar(draw, width, "black")
    draw.ellipse((24, 110, 84, 170), fill="#b9c")
    draw.text((104, 122), "example_name", fill="black", font=font(30))
    shown = ImageOps.contain(picture, (width, 1000))
    screen.paste(shown, ((width - shown.width) // 2, 190))
    below = 190 + shown.height
    for button in range(3):
        draw.ellipse((28 + button * 80, below + 24, 76 + button * 80, below + 72), outline="black", width=4)
    draw.text((28, below + 96), "128 likes", fill="black", font=font(28))
    draw.text((28, below + 140), "example_name what do you think", fill="black", font=font(28))
    draw.rectangle((0, height - 90, width, height - 88), fill="#ddd")
    for place in range(5):
        draw.ellipse((50 + place * 145, height - 66, 90 + place * 145, height - 26), outline="black", width=4)
    return screen


def fitted(picture: Picture, longest: int) -> Picture:
    """Return the picture no longer than that, as messengers send it."""
    changed = picture.copy()
    changed.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return changed


def messenger(picture: Picture) -> bytes:
    """As WhatsApp sends it: 1600 pixels at most, JPEG of quality 70."""
    return saved(fitted(picture, 1600), 70)


def feed(picture: Picture) -> bytes:
    """As Instagram posts it: cut to 4:5 where it is taller than that, 1080 wide, compressed twice."""
    height = min(picture.height, round(picture.width * 1.25))
    posted = ImageOps.fit(picture, (picture.width, height)).resize((1080, round(1080 * height / picture.width)), Image.Resampling.LANCZOS)
    with Image.open(io.BytesIO(saved(posted, 75))) as once:
        return saved(once.convert("RGB"), 70)


def feed_cut(picture: Picture) -> bytes:
    """The same where the picture is always cut to 4:5, whatever is lost."""
    return saved(ImageOps.fit(picture, (1080, 1350)), 72)


def _jpeg(change: Change) -> Callable[[Picture], bytes]:
    return lambda picture: saved(change(picture))


def _each(group: str, name: str, values: tuple[float, ...], change: Callable[[Picture, float], Picture]) -> list[Edit]:
    def with_value(value: float) -> Edit:
        return Edit(group, name.format(value), lambda picture: saved(change(picture, value)))

    return [with_value(value) for value in values]


def _saved_at(quality: int) -> Edit:
    return Edit("saved again", f"JPEG {quality}", lambda picture: saved(picture, quality))


EDITS: tuple[Edit, ...] = (
    *(_saved_at(quality) for quality in (90, 70, 50, 30, 20, 10)),
    *_each("size", "{:g} %", (25, 50, 75, 150, 200, 400), scaled),
    *_each("cropped at every side", "{:g} %", (2, 4, 6, 8, 10, 15, 20), cropped),
    *_each("turned, black corners", "{:g}°", (1, 2, 3, 5, 10), turned),
    *_each("turned and cropped", "{:g}°", (1, 2, 3, 5, 10), turned_and_cropped),
    *_each("turned by quarters", "{:g}°", (90, 180, 270), lambda picture, degrees: picture.rotate(degrees, expand=True)),
    Edit("mirrored", "left to right", _jpeg(ImageOps.mirror)),
    Edit("mirrored", "top to bottom", _jpeg(ImageOps.flip)),
    *_each("brightness", "{:.0%}", (0.5, 0.75, 1.25, 1.5), lambda picture, factor: ImageEnhance.Brightness(picture).enhance(factor)),
    *_each("contrast", "{:.0%}", (0.5, 1.5, 2.0), lambda picture, factor: ImageEnhance.Contrast(picture).enhance(factor)),
    *_each("gamma", "{:g}", (0.5, 2.0), with_curve),
    *_each("saturation", "{:.0%}", (0.0, 0.5, 2.0), lambda picture, factor: ImageEnhance.Color(picture).enhance(factor)),
    *_each("blur", "{:g} % of the width", (0.5, 1, 2), lambda p, part: p.filter(ImageFilter.GaussianBlur(p.width * part / 100))),
    *_each("noise", "deviation {:g}", (10, 25, 50), with_noise),
    Edit("sharpened", "unsharp mask", _jpeg(lambda picture: picture.filter(ImageFilter.UnsharpMask(3, 200, 0)))),
    Edit("filters", "grey", _jpeg(ImageOps.grayscale)),
    Edit("filters", "sepia", _jpeg(lambda picture: tinted(picture, "#2b1608", "#ffe9c4"))),
    Edit("filters", "vintage", _jpeg(vintage)),
    Edit("filters", "vivid", _jpeg(vivid)),
    Edit("filters", "dramatic", _jpeg(dramatic)),
    Edit("filters", "negative", _jpeg(ImageOps.invert)),
    Edit("captions", "strip below, white", _jpeg(lambda picture: captioned(picture, is_above=False, ground="white", ink="black"))),
    Edit("captions", "strip above, white", _jpeg(lambda picture: captioned(picture, is_above=True, ground="white", ink="black"))),
    Edit("captions", "strip above, black", _jpeg(lambda picture: captioned(picture, is_above=True, ground="black", ink="white"))),
    Edit("captions", "words on the picture", _jpeg(captioned_on_top)),
    Edit("captions", "band across the picture", _jpeg(band_on_top)),
    Edit("covered", "one emoji", _jpeg(lambda picture: with_emoji(picture, 1))),
    Edit("covered", "three emoji", _jpeg(lambda picture: with_emoji(picture, 3))),
    Edit("covered", "six emoji", _jpeg(lambda picture: with_emoji(picture, 6))),
    Edit("covered", "one black bar", _jpeg(lambda picture: censored(picture, 1))),
    Edit("covered", "three black bars", _jpeg(lambda picture: censored(picture, 3))),
    Edit("covered", "a ninth made coarse", _jpeg(pixelated)),
    Edit("watermark", "in a corner", _jpeg(lambda picture: watermarked(picture, is_tiled=False))),
    Edit("watermark", "all over", _jpeg(lambda picture: watermarked(picture, is_tiled=True))),
    Edit("bars", "letterbox to 16:9", _jpeg(lambda picture: letterboxed(picture, 16 / 9))),
    Edit("bars", "letterbox to 9:16", _jpeg(lambda picture: letterboxed(picture, 9 / 16))),
    Edit("bars", "white border, 5 %", _jpeg(lambda picture: ImageOps.expand(picture, picture.width // 20, "white"))),
    Edit("bars", "blurred ground", _jpeg(on_blurred_ground)),
    Edit("screenshot", "gallery, PNG", lambda picture: as_png(gallery_screenshot(picture))),
    Edit("screenshot", "gallery, JPEG", _jpeg(gallery_screenshot)),
    Edit("screenshot", "a post, PNG", lambda picture: as_png(post_screenshot(picture))),
    Edit("screenshot", "a post, sent on", lambda picture: messenger(post_screenshot(picture))),
    Edit("chains", "WhatsApp-like", messenger),
    Edit("chains", "Instagram-like", feed),
    Edit("chains", "Instagram-like, always cut to 4:5", feed_cut),
    Edit("chains", "screenshot of that, sent on", lambda picture: messenger(gallery_screenshot(Image.open(io.BytesIO(feed(picture)))))),
)
