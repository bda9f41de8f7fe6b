# SPDX-License-Identifier: Apache-2.0
"""A picture that carries marks in its pixels, its EXIF and its name, and a search for them in any form they could take."""

import base64
import hashlib
import io
import json
import random
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
from PIL import Image

FILE_NAME = "canary-name-k7f3q9.jpg"
EXIF_TEXT = "canary-exif-w2m8t5"
ADDRESS = "127.77.13.37"
"""A loopback address that nothing else on the machine uses; the browser's requests arrive from it."""

_IMAGE_DESCRIPTION, _MAKE, _ARTIST = 0x010E, 0x010F, 0x013B


class MarkedPicture(NamedTuple):
    """The file's bytes, and every mark by what it would betray."""

    data: bytes
    marks: dict[str, list[bytes]]


def marked_picture(photograph: bytes) -> MarkedPicture:
    """Return the photograph with a patch of noise, EXIF texts, and the marks to look for."""
    image = Image.open(io.BytesIO(photograph)).convert("RGB")
    noise = np.random.default_rng(20261122).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    image.paste(Image.fromarray(noise), (24, 24))
    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = exif[_MAKE] = exif[_ARTIST] = EXIF_TEXT
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=exif)
    data = buffer.getvalue()
    marks = {
        "file name": _text_forms(FILE_NAME),
        "EXIF": _text_forms(EXIF_TEXT),
        "address": _text_forms(ADDRESS),
        "file bytes": [form for window in _windows(data) for form in _byte_forms(window)],
        "pixels": [form for window in _pixel_windows(data) for form in _byte_forms(window)],
    }
    return MarkedPicture(data, marks)


def found_marks(picture: MarkedPicture, data: bytes) -> set[str]:
    """Return what the data betrays."""
    return {name for name, forms in picture.marks.items() if any(form in data for form in forms)}


def value_forms(value: str) -> list[bytes]:
    """Return the forms in which a fingerprint's value could stand somewhere: the text, its bytes, its digest."""
    texts = [value, hashlib.sha256(value.encode()).hexdigest()]
    if value.startswith("["):  # a video: each frame is a fingerprint
        texts += [frame.split(",")[0] for frame in json.loads(value)]
    forms = [form for text in texts for form in _byte_forms(text.encode())]
    for text in texts:
        if set(text) <= set(string.hexdigits):
            forms += _byte_forms(bytes.fromhex(text))
    return forms


def files_with_values(values: Iterable[str], *places: Path) -> list[str]:
    """Say which files, of these or below these folders, hold one of these values in clear."""
    forms = [form for value in values for form in value_forms(value)]
    files = [path for place in places for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()]
    contents = ((path.name, _content(path)) for path in files)
    return sorted(name for name, content in contents if any(form in content for form in forms))


def files_with_marks(picture: MarkedPicture, *folders: Path) -> Iterator[str]:
    """Say for every file below the folders which marks it holds, in its name or its content."""
    for folder in folders:
        for path in folder.rglob("*"):
            for name in sorted(found_marks(picture, path.name.encode() + b"\n" + _content(path))):
                yield f"{path.name}: {name}"


def _content(path: Path) -> bytes:
    """Read a file; a running database renews and removes files of its own while its folder is searched."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def _windows(data: bytes) -> list[bytes]:
    """Short pieces of the compressed picture, spread over the file, headers left out."""
    places = random.Random(7).sample(range(1500, len(data) - 24), 40)
    return [data[place : place + 24] for place in places]


def _pixel_windows(data: bytes) -> list[bytes]:
    """Eight pixels in a row from the noisy patch, as a decoder gives them: RGB, RGBA and grey."""
    image = Image.open(io.BytesIO(data))
    windows = []
    for mode in ("RGB", "RGBA", "L"):
        pixels = np.asarray(image.convert(mode))
        windows += [pixels[row, 30:46].tobytes() for row in range(28, 68, 4)]
    return windows


def _text_forms(text: str) -> list[bytes]:
    stem = text.removesuffix(".jpg")
    return [*_byte_forms(stem.encode()), quote(stem).encode(), stem.encode("utf-16-le"), stem.upper().encode()]


def _byte_forms(data: bytes) -> list[bytes]:
    """As it is, as hex, and as base64 at each of the three places it can start at."""
    shifted = [base64.b64encode(bytes(shift) + data)[4 if shift else 0 : -4] for shift in range(3)]
    return [data, data.hex().encode(), data.hex().upper().encode(), *shifted]
