# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/sniff.json: what files are by their first bytes, a case on each side of every rule.

The lists here are the rules written a third time, so that neither reader is the measure of the other. Must never import either of them.
"""

import json
from collections.abc import Iterable, Iterator

COMMENT = (
    "What files are by their first bytes, on both sides of each signature, brand, mask and number: spec/video.md and spec/audio.md. "
    "`start`: hex digits, each with so many zero bytes behind it. `is`: as in families.json; heif is a picture that only libheif may read. "
    "Made by vectors/generate.py."
)

ANIMATABLE = (b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n")
PICTURES = (b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\0\x0cJXL ", b"\xff\x0a", b"8BPS")
VIDEOS = (
    *(b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    *(b".RMF", b"\x06\x0e\x2b\x34", b"DKIF", b"YUV4MPEG2", b"\xb7\xd8\x00\x20\x37\x49\xda\x11", b"nut/multimedia"),
)
SOUNDS = (
    *(b"OggS", b"fLaC", b"ID3", b"#!AMR", b"caff", b"riff\x2e\x91\xcf\x11", b"\x7f\xfe\x80\x01", b".snd", b"MThd", b"MAC \x96\x0f"),
    *(b"wvpk", b"MPCK", b"MP+\x07", b"MP+\x17", b"TTA1", b".ra\xfd", b"DSD \x1c", b"FRM8", b"Creative Voice"),
)
FORMS = {
    (b"RIFF", b"WEBP"): "animatable",
    (b"RIFF", b"AVI "): "video",
    (b"RIFF", b"CDXA"): "video",
    (b"RIFF", b"WAVE"): "sound",
    (b"RF64", b"WAVE"): "sound",
    (b"BW64", b"WAVE"): "sound",
    (b"FORM", b"AIFF"): "sound",
    (b"FORM", b"AIFC"): "sound",
}
ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp")
PICTURE_BRANDS = (b"avif", b"avis", b"jxl ")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"miaf", b"msf1")
VIDEO_BRANDS = (b"iso", b"mp4", b"mp7", b"avc", b"qt  ", b"M4", b"f4", b"F4", b"3g", b"mmp4", b"MSNV", b"dash", b"cmf", b"XAVC", b"CAEP")

START_BYTES = 4096
BRANDS_END = 256
PACKET_BYTES = (188, 192, 204)
PACKETS = 5

Case = tuple[str, bytes]


def signatures() -> Iterator[Case]:
    """Give each signature alone, a byte short and with each byte changed."""
    lists = (("animatable", ANIMATABLE), ("picture", PICTURES), ("video", VIDEOS), ("sound", SOUNDS))
    for family, starts in lists:
        for start in starts:
            yield family, start
            yield from (("unknown", changed) for changed in (start[:-1], *_with_a_byte_changed(start)))


def forms() -> Iterator[Case]:
    """Give each form in each outer form, with data behind it, and those there are with each byte changed."""
    outers, inners = ({form[place]: None for form in FORMS} for place in (0, 1))
    for outer in outers:
        for inner in inners:
            yield FORMS.get((outer, inner), "unknown"), outer + b"\x24\1\2\3" + inner
    for (outer, inner), family in FORMS.items():
        yield family, outer + b"\x24\1\2\3" + inner + b"abcd"
        yield "unknown", outer + b"\x24\1\2\3" + inner[:-1]
        yield from (("unknown", changed + b"\x24\1\2\3" + inner) for changed in _with_a_byte_changed(outer))
        yield from (("unknown", outer + b"\x24\1\2\3" + changed) for changed in _with_a_byte_changed(inner))


def boxes() -> Iterator[Case]:
    """Give each box that a file may begin with, and what precedes what where two signatures meet."""
    for atom in ATOMS:
        yield "video", b"\0\0\0\x08" + atom
        yield from (("unknown", b"\0\0\0\x08" + changed) for changed in (atom[:-1], *_with_a_byte_changed(atom)))
        if atom != b"ftyp":
            yield "video", b"\0\0\0\x14" + atom + b"heic\0\0\0\0heic"
    for family, starts in (("picture", PICTURES), ("video", VIDEOS), ("video", SOUNDS)):
        for size in (start.ljust(4, b"\0") for start in starts if len(start) <= 4):
            yield from ((family, size + b"mdat"), (family, size + b"mdatabcd"))
            yield ("heif" if family == "video" else family), size + b"ftypheic"
    for outer, inner in FORMS:
        yield ("animatable" if inner == b"WEBP" else "video"), outer + b"mdat" + inner


def brands() -> Iterator[Case]:
    """Give each brand as the first and behind another, and with each byte changed."""
    for family, pictures in (("picture", PICTURE_BRANDS), ("heif", HEIF_BRANDS)):
        for brand in pictures:
            yield from ((family, _file_type(brand)), (family, _file_type(brand, b"abcd")))
            yield from ((family, _file_type(b"abcd", brand)), (family, _file_type(b"abcd", brand, b"efgh")))
            yield from (("video", _file_type(changed)) for changed in _with_a_byte_changed(brand))
    for brand in VIDEO_BRANDS:
        yield from (("video", _file_type(brand.ljust(4, filling), b"heic")) for filling in (b"~", b" "))
        yield "heif", _file_type(b"abcd", brand.ljust(4, b"~"), b"heic")
        yield from (("heif", _file_type(changed.ljust(4, b"~"), b"heic")) for changed in _with_a_byte_changed(brand))
    yield "picture", _file_type(b"heic", b"mif1", b"avif")
    yield "picture", _file_type(b"avif", b"mif1", b"heic")
    yield "video", _file_type(b"hei")


def brand_places() -> Iterator[Case]:
    """Give where brands are looked for: every fourth byte from the sixteenth to the end of the box, of the file and of 256."""
    yield "video", b"\0\0\0\x14ftypabcdheic\0\0\0\0"
    yield "video", b"\0\0\0\x18ftypabcd\0\0\0\0abheicef"
    for size, family in ((0, "video"), (1, "video"), (19, "video"), (20, "heif"), (1 << 8, "heif"), (1 << 16, "heif"), (1 << 24, "heif")):
        yield family, _file_type(b"abcd", b"heic", size=size)
    yield "video", _file_type(b"abcd", b"heic", size=255)[:19]
    yield "video", _file_type(b"abcd", b"\0\0\0\0", b"heic", size=23)
    others = [b"\0\0\0\0"] * ((BRANDS_END - 16) // 4)
    yield from (("heif", _file_type(b"abcd", *others[1:], b"heic", size=size)) for size in (BRANDS_END, 1 << 9))
    yield "heif", _file_type(b"abcd", b"\0\0\0\0", b"heic", b"efgh")
    yield "video", _file_type(b"abcd", *others[1:], b"heic", size=BRANDS_END - 1)
    yield "video", _file_type(b"abcd", *others, b"heic", size=1 << 9)


def packets() -> Iterator[Case]:
    """Give packets of a transport stream: of each length, one too few, begun within one, and lengths that there are not."""
    for length in PACKET_BYTES:
        whole = _packets(length, PACKETS)
        yield from (("video", whole), ("video", b"\x12".ljust(length - 1, b"\0") + whole))
        yield from (("unknown", whole[:-1]), ("unknown", b"\x12".ljust(length, b"\0") + whole))
        yield from (("unknown", _packets(changed, PACKETS)) for changed in (length - 1, length + 1))
        places = range(0, len(whole), length)
        yield from (("unknown", whole[:place] + b"\x46" + whole[place + 1 :]) for place in places)


def sounds_without_a_head() -> Iterator[Case]:
    """Give AC-3 by its number and frames of MPEG sound, also behind zeros."""
    for number, family in ((0, "sound"), (0x87, "sound"), (0x88, "unknown"), (0xFF, "unknown")):
        yield family, b"\x0b\x77\1\2\3" + bytes([number])
    yield "unknown", b"\x0b\x77\1\2\3"
    yield from (("unknown", changed + b"\1\2\3\x40") for changed in _with_a_byte_changed(b"\x0b\x77"))
    for frame, family in ((b"\xff\xe0", "sound"), (b"\xff", "unknown"), (b"\xfe\xe0", "unknown"), (b"\x7f\xe0", "unknown")):
        yield family, frame
    yield from (("unknown", bytes([0xFF, 0xFF ^ bit])) for bit in (0x80, 0x40, 0x20))
    yield from _behind_zeros()


def _behind_zeros() -> Iterator[Case]:
    good = b"\xff\xfb\x90\x64"
    tag = b"ID3"
    for zeros in (1, 2, 417):
        yield from (("sound", bytes(zeros) + good), ("sound", bytes(zeros) + tag), ("unknown", bytes(zeros) + good[:3]))
    yield from (("unknown", b"\0" + changed) for changed in (tag[:-1], *_with_a_byte_changed(tag)))
    yield from (("unknown", b"\0" + changed + good[2:]) for changed in (b"\xfe\xfb", b"\xff\x7b", b"\xff\xbb", b"\xff\xdb"))
    yield from (("sound", b"\0\xff\xfb\x90\0"), ("sound", b"\0" + tag + b"\x04"))
    for version in range(4):
        for layer in range(4):
            yield ("unknown" if version == 1 or layer == 0 else "sound"), bytes([0, 0xFF, 0xE1 | version << 3 | layer << 1, 0x90, 0x64])
    for rate in range(16):
        yield ("unknown" if rate in (0, 15) else "sound"), bytes([0, 0xFF, 0xFB, rate << 4, 0x64])
    for rate in range(4):
        yield ("unknown" if rate == 3 else "sound"), bytes([0, 0xFF, 0xFB, 0x93 & 0xF3 | rate << 2, 0x64])
    yield "unknown", bytes(3)
    yield "sound", bytes(START_BYTES - len(good)) + good
    yield "unknown", bytes(START_BYTES - len(good) + 1) + good
    yield "sound", bytes(START_BYTES - len(tag)) + tag
    yield "unknown", bytes(START_BYTES - len(tag) + 1) + tag


def texts() -> dict[str, str]:
    """Return sniff.json."""
    makers = (signatures, forms, boxes, brands, brand_places, packets, sounds_without_a_head)
    sections = {maker.__name__: _lines(maker()) for maker in makers}
    body = ",\n".join(f"  {json.dumps(name)}: [\n{lines}\n  ]" for name, lines in sections.items())
    return {"sniff.json": f'{{\n "_comment": {json.dumps(COMMENT)},\n "rules": {{\n{body}\n }}\n}}\n'}


def _lines(cases: Iterable[Case]) -> str:
    found: dict[bytes, str] = {}
    for family, start in cases:
        if found.setdefault(start, family) != family:
            raise SystemExit(f"two families for one start: {start[:32].hex()}")
    return ",\n".join(f"   {json.dumps({'is': family, 'start': _in_runs(start)})}" for start, family in found.items())


def _in_runs(start: bytes) -> list[tuple[str, int]]:
    """Hex digits, each with the zero bytes behind them; short runs of zeros stay digits."""
    runs: list[tuple[str, int]] = []
    digits = b""
    while start:
        word = start.lstrip(b"\0")
        zeros = len(start) - len(word)
        if zeros > 16:
            runs.append((digits.hex(), zeros))
            digits = b""
        else:
            digits += bytes(zeros)
        end = word.find(b"\0")
        digits, start = (digits + word, b"") if end < 0 else (digits + word[:end], word[end:])
    return [*runs, (digits.hex(), 0)] if digits or not runs else runs


def _with_a_byte_changed(start: bytes) -> Iterator[bytes]:
    for place in range(len(start)):
        yield start[:place] + bytes([start[place] ^ 0x40]) + start[place + 1 :]


def _file_type(first: bytes, *others: bytes, size: int | None = None) -> bytes:
    """A box that says what it is, of as many bytes as it names or of its own size."""
    body = b"ftyp" + first + b"".join([b"\0\0\0\0", *others] if others else [])
    return (4 + len(body) if size is None else size).to_bytes(4) + body


def _packets(length: int, count: int) -> bytes:
    """Packets that follow each other, the last cut behind its first byte."""
    return b"\x47".ljust(length, b"\0") * (count - 1) + b"\x47"
