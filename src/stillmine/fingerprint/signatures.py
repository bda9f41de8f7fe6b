# SPDX-License-Identifier: Apache-2.0
"""What the first bytes of a file say it is, and which one demuxer may read it.

File names lie and are private; guessing by content is what attackers play with. A file without a known signature is
given to no demuxer at all, and one with a signature only to its own.
"""

from enum import StrEnum

START_BYTES = 64
"""As many are needed to tell."""


class Family(StrEnum):
    """What reads the file."""

    PICTURE = "picture"
    ANIMATABLE_PICTURE = "animatable_picture"
    CONTAINER = "container"
    UNKNOWN = "unknown"


_ANIMATABLE = (b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n")
_PICTURES = (b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\0\x0cJXL ", b"\xff\x0a", b"8BPS")
_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"jxl "})
_MOV_ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"})
_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
_RIFF = {b"AVI ": "avi", b"WAVE": "wav"}
_FORM = {b"AIFF": "aiff", b"AIFC": "aiff"}
_MATROSKA = "matroska,webm"
VIDEO_DEMUXERS = frozenset({_MOV, _MATROSKA, "avi"})
"""Of files that are videos as a rule."""

_BY_START = {
    b"\x1aE\xdf\xa3": _MATROSKA,
    b"OggS": "ogg",
    b"fLaC": "flac",
    b"ID3": "mp3,aac",
    b"#!AMR": "amr",
    b"caff": "caf",
}


def family_of(start: bytes) -> Family:
    """Return what the first START_BYTES bytes of a file look like."""
    if start.startswith(_ANIMATABLE) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP"):
        return Family.ANIMATABLE_PICTURE
    if start.startswith(_PICTURES) or (start[4:8] == b"ftyp" and start[8:12] in _PICTURE_BRANDS):
        return Family.PICTURE
    return Family.CONTAINER if demuxers_of(start) else Family.UNKNOWN


def demuxers_of(start: bytes) -> str:
    """Return the names of the demuxers that may read a file with such a start; none for an unknown one."""
    if start[4:8] in _MOV_ATOMS:
        return "" if start[4:8] == b"ftyp" and start[8:12] in _PICTURE_BRANDS else _MOV
    if start[:4] == b"RIFF":
        return _RIFF.get(start[8:12], "")
    if start[:4] == b"FORM":
        return _FORM.get(start[8:12], "")
    for signature, demuxers in _BY_START.items():
        if start.startswith(signature):
            return demuxers
    is_mpeg_sound = len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0 and not start.startswith(_PICTURES)
    return "mp3,aac" if is_mpeg_sound else ""
