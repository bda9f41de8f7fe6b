# SPDX-License-Identifier: Apache-2.0
"""Files whose bytes are wrong where they hold no pixels, and files whose pixels are missing; made here, each the same every time."""

import struct
import zlib
from collections.abc import Iterator

from tests.fingerprint.picture_files import save, scene
from tests.several_films import film_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG = save(scene().convert("L"), "PNG")
"""Grey, so that its pixels are in one chunk."""
JPEG = save(scene(), "JPEG", quality=90)
PROGRESSIVE = save(scene(), "JPEG", quality=90, progressive=True)
RESTARTING = save(scene(), "JPEG", quality=90, restart_marker_rows=1)
"""A decoder that finds none of the markers between its rows makes up the rest."""
FILM = film_of([scene().rotate(180)], 1.0)
GIF = save(scene(), "GIF")
WEBP = save(scene(), "WEBP", quality=85)
BMP = save(scene(), "BMP")


def chunk(kind: bytes, data: bytes, *, is_wrong: bool = False) -> bytes:
    """A chunk of a PNG, its checksum wrong as wanted."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ is_wrong)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and data of each chunk."""
    place = len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += 12 + length


def png_with(*extra: bytes) -> bytes:
    """The PNG with chunks behind its header."""
    return PNG[:33] + b"".join(extra) + PNG[33:]


def png_of(**wrong: bytes) -> bytes:
    """The PNG with a chunk's bytes replaced, checksum and all; the key is its kind."""
    return SIGNATURE + b"".join(wrong.get(kind.decode(), chunk(kind, data)) for kind, data in chunks(PNG))


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


EXIF_THAT_STOPS = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 5, 1, 6, 0, 0)
"""Its orientation is a fraction, which lies outside of it."""
IDAT = dict(chunks(PNG))[b"IDAT"]
HEADER = dict(chunks(PNG))[b"IHDR"]
TABLES = JPEG.index(b"\xff\xdb")
SCAN = JPEG.index(b"\xff\xda")

SIDE_BYTES_WRONG = {
    **{
        f"png, checksum of {kind.decode()}": png_with(chunk(kind, bytes(9), is_wrong=True)) for kind in (b"pHYs", b"eXIf", b"tEXt", b"gAMA")
    },
    "png, checksum of iCCP": png_with(chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(300)), is_wrong=True)),
    "png, pHYs of two bytes": png_with(chunk(b"pHYs", b"\0\1")),
    "png, gAMA of one byte": png_with(chunk(b"gAMA", b"\0")),
    "png, iTXt of 2 MB": png_with(chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b"a prompt " * 230_000))),
    "png, zTXt of 3 MB": png_with(chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"a prompt " * 340_000))),
    "png, iCCP of 2 MB that is none": png_with(chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(2_000_000)))),
    "png, iCCP of 20 MB that is none": png_with(chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(20_000_000)))),
    "png, tRNS of one byte": png_with(chunk(b"tRNS", b"\0")),
    "png, tRNS of none": png_with(chunk(b"tRNS", b"")),
    "png, a text in front of the header": SIGNATURE + chunk(b"tEXt", b"a\0b") + PNG[8:],
    "png, transparency and a colour code in front of the header": SIGNATURE + chunk(b"tRNS", b"\0\0") + chunk(b"cICP", bytes(4)) + PNG[8:],
    "png, a kind that is none": png_with(chunk(b"a!b\0", b"abc")),
    "png, checksum of IHDR": png_of(IHDR=chunk(b"IHDR", HEADER, is_wrong=True)),
    "png, checksum of IDAT": png_of(IDAT=chunk(b"IDAT", IDAT, is_wrong=True)),
    "png, checksum of the pixels": png_of(IDAT=chunk(b"IDAT", IDAT[:-1] + bytes([IDAT[-1] ^ 1]))),
    "jpeg, zeros before a marker": JPEG[:TABLES] + bytes(3) + JPEG[TABLES:],
    "jpeg, letters and a stuffed byte before a marker": JPEG[:TABLES] + b"abc\xff\0d" + JPEG[TABLES:],
    "jpeg, filling before a marker": JPEG[:TABLES] + b"\xff\xff\xff" + JPEG[TABLES:],
    "jpeg, zeros before the scan": JPEG[:SCAN] + bytes(3) + JPEG[SCAN:],
    "jpeg, Exif that stops a reader": JPEG[:2] + segment(0xE1, EXIF_THAT_STOPS) + JPEG[2:],
    "jpeg, a JFIF segment of six bytes": JPEG[:2] + segment(0xE0, b"JFIF\0\1") + JPEG[2:],
    "jpeg, an Adobe segment that ends early": JPEG[:2] + segment(0xEE, b"Adobe") + JPEG[2:],
    "jpeg, more behind its end": JPEG + b"more" * 100,
    "webp, a size that is too large": WEBP[:4] + struct.pack("<I", len(WEBP) + 1000) + WEBP[8:],
    "webp, a size that is too small": WEBP[:4] + struct.pack("<I", len(WEBP) // 2) + WEBP[8:],
    "bmp, a size that is too large": BMP[:2] + struct.pack("<I", len(BMP) + 500) + BMP[6:],
}
"""All pixels are there."""

END_MISSING = {
    "png without IEND": PNG[:-12],
    "png cut in a checksum": PNG[:-14],
    "png cut behind its pixels": PNG[:-20],
    "jpeg without its end marker": JPEG[:-2],
    "jpeg with half an end marker": JPEG[:-1],
    "progressive jpeg without its end marker": PROGRESSIVE[:-2],
    "jpeg without its end marker, a film behind it": JPEG[:-2] + FILM,
    "progressive jpeg cut in a table between scans": PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xc4") + 12],
    "progressive jpeg cut in a scan's header": PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xda") + 6],
    "gif without its last byte": GIF[:-1],
    "gif without its last two bytes": GIF[:-2],
}
"""All pixels are there, and the file stops before it says so."""

PIXELS_MISSING = {
    "jpeg": JPEG[: len(JPEG) * 9 // 10],
    "jpeg without its last row of blocks": JPEG[:-60],
    "jpeg cut in front of a restart marker": RESTARTING[: RESTARTING.rindex(b"\xff\xd5")],
    "jpeg cut in a restart marker": RESTARTING[: RESTARTING.rindex(b"\xff\xd5") + 1],
    "jpeg cut behind a restart marker": RESTARTING[: RESTARTING.rindex(b"\xff\xd5") + 2],
    "progressive jpeg": PROGRESSIVE[:-60],
    "gif": GIF[: len(GIF) * 9 // 10],
    "bmp": BMP[: len(BMP) - 3000],
    "png": PNG[: len(PNG) * 9 // 10],
    "png with a broken end": png_of(IDAT=chunk(b"IDAT", IDAT[: len(IDAT) * 9 // 10] + bytes(len(IDAT) // 10))),
}
"""Nine tenths and more are there."""
