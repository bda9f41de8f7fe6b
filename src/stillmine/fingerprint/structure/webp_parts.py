# SPDX-License-Identifier: Apache-2.0
"""The parts of a WebP: its Exif, which decoders give only where a flag in front announces it. As in portal/src/fingerprint/webp.ts.

Must never trust a length: a part that is cut is what is there of it.
"""

_FIRST_PART = 12
_HEAD_BYTES = 8


def webp_exif(data: bytes) -> bytes:
    """Return the first `EXIF` part of a WebP; nothing where it has none."""
    place = _FIRST_PART
    while place + _HEAD_BYTES <= len(data):
        start = place + _HEAD_BYTES
        end = start + int.from_bytes(data[place + 4 : start], "little")
        if data[place : place + 4] == b"EXIF":
            return data[start:end]
        place = end + (end & 1)
    return b""
