# SPDX-License-Identifier: Apache-2.0
"""What the first bytes of a file say it is, and which one demuxer may read it. The portal's sniff.ts has the same rules.

File names lie and are private; guessing by content is what attackers play with. A file without a known signature is
given to no demuxer at all, and one with a signature only to its own.
"""

from enum import StrEnum

START_BYTES = 4096
"""As many are needed to tell: packets of a stream have no other sign than that they follow each other, and sound may begin with padding."""


class Family(StrEnum):
    """What reads the file. OTHER_VIDEO and OTHER_SOUND are known and read by nothing here."""

    PICTURE = "picture"
    ANIMATABLE_PICTURE = "animatable_picture"
    CONTAINER = "container"
    OTHER_VIDEO = "other_video"
    OTHER_SOUND = "other_sound"
    UNKNOWN = "unknown"


_ANIMATABLE = (b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n")
_PICTURES = (b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\0\x0cJXL ", b"\xff\x0a", b"8BPS")

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_PICTURE_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"miaf", b"msf1", b"avif", b"avis", b"jxl "}
)
_VIDEO_BRANDS = (b"iso", b"mp4", b"mp7", b"avc", b"qt  ", b"M4", b"f4", b"F4", b"3g", b"mmp4", b"MSNV", b"dash", b"cmf", b"XAVC", b"CAEP")
"""How the first brand of videos and sounds begins: what else they name says which boxes they have, not what they are."""
MAX_FILE_TYPE_BYTES = 256
"""As many as brands are looked for in."""

_MOV_ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"})
_MOV, _MATROSKA, _TRANSPORT = "mov", "matroska", "mpegts"
_BY_FORM = {
    (b"RIFF", b"AVI "): "avi",
    (b"RIFF", b"WAVE"): "wav",
    (b"RIFF", b"CDXA"): "mpeg",
    (b"RF64", b"WAVE"): "wav",
    (b"BW64", b"WAVE"): "wav",
    (b"FORM", b"AIFF"): "aiff",
    (b"FORM", b"AIFC"): "aiff",
}
_BY_START = {
    b"\x1aE\xdf\xa3": _MATROSKA,
    b"\0\0\1\xba": "mpeg",
    b"FLV\1": "flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    b"OggS": "ogg",
    b"fLaC": "flac",
    b"ID3": "mp3,aac,flac",
    b"#!AMR": "amr",
    b"caff": "caf",
    b"riff\x2e\x91\xcf\x11": "w64",
    b"\x7f\xfe\x80\x01": "dts",
    b".snd": "au",
}
VIDEO_DEMUXERS = frozenset({_MOV, _MATROSKA, "avi", _TRANSPORT, "mpeg", "flv", "asf"})
"""Of files that are videos as a rule."""

_OTHER_VIDEOS = (b".RMF", b"\0\0\1\xb3", b"\x06\x0e\x2b\x34", b"DKIF", b"YUV4MPEG2", b"\xb7\xd8\x00\x20\x37\x49\xda\x11", b"nut/multimedia")
_OTHER_SOUNDS = (
    b"MThd",
    b"MAC \x96\x0f",
    b"wvpk",
    b"MPCK",
    b"MP+\x07",
    b"MP+\x17",
    b"TTA1",
    b".ra\xfd",
    b"DSD \x1c",
    b"FRM8",
    b"Creative Voice",
)

_AC3_SYNC, _LATEST_AC3 = b"\x0b\x77", 16
_PACKET_BYTES = (188, 192, 204)
_PACKETS_THAT_FOLLOW = 5
_SYNC = 0x47


def family_of(start: bytes) -> Family:
    """Return what the first START_BYTES bytes of a file look like."""
    if start.startswith(_ANIMATABLE) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP"):
        return Family.ANIMATABLE_PICTURE
    if start.startswith(_PICTURES) or _is_picture_of_boxes(start):
        return Family.PICTURE
    if start[4:8] in _MOV_ATOMS:  # the four bytes in front of it are a size, which may read like any signature
        return Family.CONTAINER
    if start.startswith(_OTHER_VIDEOS):
        return Family.OTHER_VIDEO
    if start.startswith(_OTHER_SOUNDS):
        return Family.OTHER_SOUND
    return Family.CONTAINER if demuxers_of(start) else Family.UNKNOWN


def demuxers_of(start: bytes) -> str:
    """Return the demuxer that may read a file with such a start; two with a comma where they look themselves; "" for an unknown one."""
    if start[4:8] in _MOV_ATOMS:
        return "" if _is_picture_of_boxes(start) else _MOV
    if found := _BY_FORM.get((start[:4], start[8:12])):
        return found
    for signature, demuxers in _BY_START.items():
        if start.startswith(signature):
            return demuxers
    return _by_what_follows(start)


def brands_of(start: bytes) -> tuple[bytes, ...]:
    """Return what a file of boxes says that it is, the first one first; none where it does not say."""
    if start[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(start[:4]), len(start), MAX_FILE_TYPE_BYTES)
    return (start[8:12], *(start[place : place + 4] for place in range(16, end - 3, 4)))


def is_avif(start: bytes) -> bool:
    """Return whether a file of boxes says that it is an AVIF."""
    return not _AVIF_BRANDS.isdisjoint(brands_of(start))


def _is_picture_of_boxes(start: bytes) -> bool:
    """By its first brand, or by any of the others where the first is no video's."""
    brands = brands_of(start)
    if not brands or brands[0].startswith(_VIDEO_BRANDS):
        return False
    return not _PICTURE_BRANDS.isdisjoint(brands)


def _by_what_follows(start: bytes) -> str:
    """Streams without a head of their own."""
    if start[:2] == _AC3_SYNC and len(start) > 5 and start[5] >> 3 <= _LATEST_AC3:
        return "ac3,eac3"
    if _is_transport_stream(start):
        return _TRANSPORT
    return "" if start.startswith(_PICTURES) else _mpeg_sound(start)


def _is_transport_stream(start: bytes) -> bool:
    """Whether packets follow each other, also where a recording begins within one."""
    for length in _PACKET_BYTES:
        for first in range(length):
            places = range(first, first + length * _PACKETS_THAT_FOLLOW, length)
            if places[-1] < len(start) and all(start[place] == _SYNC for place in places):
                return True
    return False


def _mpeg_sound(start: bytes) -> str:
    """A frame or a tag of MPEG sound, perhaps behind zeros that some programs leave in front."""
    frame = start.lstrip(b"\0")
    if frame.startswith(b"ID3"):
        return "mp3"
    if len(frame) < 2 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return ""
    if len(frame) == len(start):
        return "mp3,aac"
    return "mp3" if _is_mpeg_frame(frame) else ""


def _is_mpeg_frame(frame: bytes) -> bool:
    """Whether version, layer, bit rate and sampling rate are ones that there are."""
    if len(frame) < 4:
        return False
    version, layer, bit_rate, sampling_rate = frame[1] >> 3 & 3, frame[1] >> 1 & 3, frame[2] >> 4, frame[2] >> 2 & 3
    return version != 1 and layer != 0 and bit_rate not in (0, 15) and sampling_rate != 3
