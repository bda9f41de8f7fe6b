# SPDX-License-Identifier: Apache-2.0
"""Pictures that are stored turned and say so in every way that decoders read differently; made here, each the same every time."""

import struct

from PIL import Image

from tests.fingerprint.damaged_files import chunk
from tests.fingerprint.picture_files import save, scene

SHORT, LONG = 3, 4
TURNED = scene().transpose(Image.Transpose.ROTATE_90)
"""Orientation 6 makes it upright."""


def exif(orientation: int, kind: int = SHORT, order: str = ">", head: bytes = b"Exif\0\0") -> bytes:
    """Exif whose first directory holds an orientation and nothing else."""
    value = struct.pack(order + ("I" if kind == LONG else "HH"), *([orientation] if kind == LONG else [orientation, 0]))
    start = b"MM\0*" if order == ">" else b"II*\0"
    entry = struct.pack(order + "HHI", 0x0112, kind, 1) + value
    return head + start + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


def jpeg_with(*exifs: bytes) -> bytes:
    plain = save(TURNED, "JPEG", quality=95)
    return plain[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(one)) + one for one in exifs) + plain[2:]


def png_with(data: bytes, *, is_behind: bool = False) -> bytes:
    plain = save(TURNED, "PNG")
    place = len(plain) - 12 if is_behind else 33
    return plain[:place] + chunk(b"eXIf", data) + plain[place:]


def webp_without_a_flag(data: bytes) -> bytes:
    """Its Exif stands behind the pixels, and nothing in front of them says so."""
    plain = save(TURNED, "WEBP", lossless=True)
    body = plain[8:] + b"EXIF" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


SIX = exif(6)
TURNS = {
    "jpeg": jpeg_with(SIX),
    "jpeg, a LONG": jpeg_with(exif(6, LONG)),
    "jpeg, little-endian": jpeg_with(exif(6, SHORT, "<")),
    "jpeg, little-endian LONG": jpeg_with(exif(6, LONG, "<")),
    "jpeg, a header that ends in ff": jpeg_with(exif(6, head=b"Exif\0\xff")),
    "jpeg, the first of two counts": jpeg_with(SIX, exif(3)),
    "png": png_with(SIX[6:]),
    "png, with a header": png_with(SIX),
    "webp": save(TURNED, "WEBP", lossless=True, exif=SIX[6:]),
    "webp, with a header": save(TURNED, "WEBP", lossless=True, exif=SIX),
    "webp, a LONG": save(TURNED, "WEBP", lossless=True, exif=exif(6, LONG)[6:]),
    "webp, Exif without a flag": webp_without_a_flag(SIX[6:]),
}
UPRIGHT = {
    "jpeg, the first of two says nothing": jpeg_with(exif(1), SIX),
    "jpeg, a turn beyond eight": jpeg_with(exif(77)),
    "jpeg, a turn of zero": jpeg_with(exif(0)),
    "jpeg, a number of another type": jpeg_with(exif(6, kind=5)),
    "png, behind the pixels": png_with(SIX[6:], is_behind=True),
}
