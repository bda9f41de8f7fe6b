# SPDX-License-Identifier: Apache-2.0
"""The default picture of an animated PNG: one that is not part of the animation is hidden where animations are known, and shown elsewhere.

So what is shown first is the first picture of the animation; the hidden one is a picture of its own. Must never decode to find out.
"""

from collections.abc import Iterator

from PIL import Image

_SIGNATURE_BYTES = 8
_CHUNK_BYTES = 12
"""Bytes of a chunk's length, name and checksum together."""

_GROUNDS: dict[str, int | tuple[int, ...]] = {
    "RGBA": (0, 0, 0, 0),
    "LA": (0, 0),
    "RGB": (255, 255, 255),
    "L": 255,
    "1": 1,
    "I;16": 65535,
    "I": 65535,
}
"""What browsers begin an animation on is transparent, so shown as white."""


def without_animation(data: bytes) -> bytes | None:
    """Return the PNG as viewers without animations see it, if these show a picture that is hidden from all others."""
    control: tuple[int, int] | None = None
    for name, start, end in _chunks(data):
        if name == b"fcTL":  # stands before the default picture if that is the first of the animation
            return None
        if name == b"IDAT":
            break
        if name == b"acTL":
            control = start, end
    return None if control is None else data[: control[0]] + data[control[1] :]


def has_hidden_default(image: Image.Image) -> bool:
    """Return whether the picture at place 0 is not part of the animation."""
    return bool(getattr(image, "default_image", False))


def pass_hidden_default(image: Image.Image) -> None:
    """Go on to the first shown picture, on an empty ground: the reader would lay it on the hidden one. Raises what readers raise."""
    image.load()
    image.paste(_ground_of(image), (0, 0, *image.size))
    image.seek(1)


def _ground_of(image: Image.Image) -> int | tuple[int, ...]:
    if image.mode != "P":
        return _GROUNDS.get(image.mode, 0)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        return transparent
    if isinstance(transparent, bytes) and 0 in transparent:
        return transparent.index(0)
    colours = image.getpalette() or [0, 0, 0]
    brightness = [sum(colours[place : place + 3]) for place in range(0, len(colours), 3)]
    return brightness.index(max(brightness))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give each chunk's name, its start and its end."""
    place = _SIGNATURE_BYTES
    while place + _CHUNK_BYTES <= len(data):
        end = place + _CHUNK_BYTES + int.from_bytes(data[place : place + 4])
        yield data[place + 4 : place + 8], place, end
        place = end
