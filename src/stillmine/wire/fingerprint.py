# SPDX-License-Identifier: Apache-2.0
"""A fingerprint as it travels: kind, value in the field's own text form, quality, and which file of the case it is of.

Kinds, forms and bounds are the only knowledge here; how a fingerprint is made belongs to `fingerprint`. `regions` is reserved, so that
software of today refuses it by name. Contract: spec/case.md.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import msgspec

from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.errors import FingerprintMalformedError, KindNotAcceptedError, QualityTooLowError
from stillmine.wire.vpdq import parse_vpdq, vpdq_quality

MINIMUM_QUALITY = 50
"""PDQ below this tells too little apart; the field discards it."""

MAXIMUM_DISTANCE_BITS = 31
"""Two PDQ fingerprints at this Hamming distance or nearer match."""

FULL_QUALITY = 100
"""The quality of kinds that are not measured by PDQ."""

MAXIMUM_FILES_PER_CASE = 100

PDQ_BYTES = 32
SHA256_BYTES = 32
MD5_BYTES = 16


class Kind(StrEnum):
    """What a fingerprint was made of."""

    PDQ = "pdq"
    VPDQ = "vpdq"
    REGIONS = "regions"
    CHROMAPRINT = "chromaprint"
    SHA256 = "sha256"
    MD5 = "md5"


ACCEPTED_KINDS = frozenset(Kind) - {Kind.REGIONS}
"""Kinds a case may hold."""

FIXED_BYTES = {Kind.PDQ: PDQ_BYTES, Kind.SHA256: SHA256_BYTES, Kind.MD5: MD5_BYTES}
"""Length of a value in compact form; other kinds travel as their text."""

KIND_NUMBERS = {Kind.PDQ: 1, Kind.VPDQ: 2, Kind.REGIONS: 3, Kind.CHROMAPRINT: 4, Kind.SHA256: 5, Kind.MD5: 6}
"""The byte that stands for a kind in binary messages; never given to another kind."""

Quality = Annotated[int, msgspec.Meta(ge=0, le=100)]
FileNumber = Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_FILES_PER_CASE)]


class Fingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fingerprint; the form of `value` is its kind's. Fingerprints of one file have the same `file_number`.

    `is_synthetic`: whoever sends it says that the file was made or changed by a computer.
    """

    kind: Kind
    value: str
    quality: Quality
    file_number: FileNumber = 1
    is_synthetic: bool = False

    def __post_init__(self) -> None:
        require_value(self.kind, self.value, self.quality)

    def require_quality(self) -> None:
        """Raise QualityTooLowError below the quality that a case accepts."""
        if self.quality < MINIMUM_QUALITY:
            raise QualityTooLowError(f"quality is below {MINIMUM_QUALITY}")


def require_value(kind: Kind, value: str, quality: int) -> None:
    """Raise KindNotAcceptedError for a reserved kind, FingerprintMalformedError for a value or quality that is not of the kind's form."""
    read = _QUALITY_OF.get(kind)
    if read is None:
        raise KindNotAcceptedError(f"accepted: {', '.join(sorted(ACCEPTED_KINDS))}")
    fixed_quality = read(value)
    if fixed_quality is not None and fixed_quality != quality:
        raise FingerprintMalformedError(f"{kind}: quality is {fixed_quality} with this value")


def require_form(kind: Kind, value: str) -> None:
    """Raise KindNotAcceptedError or FingerprintMalformedError as `require_value` does, where no quality travels with the value."""
    read = _QUALITY_OF.get(kind)
    if read is None:
        raise KindNotAcceptedError(f"accepted: {', '.join(sorted(ACCEPTED_KINDS))}")
    read(value)


def value_bytes(kind: Kind, text: str) -> bytes:
    """Return the compact form of a value: the bytes of `pdq` and digests, the text itself of others; raises FingerprintMalformedError."""
    length = FIXED_BYTES.get(kind)
    return text.encode("ascii") if length is None else _hex_bytes(kind, text, length)


def value_text(kind: Kind, data: bytes) -> str:
    """Return the text form of a compact value, which still has to be checked; raises FingerprintMalformedError."""
    length = FIXED_BYTES.get(kind)
    if length is None:
        if not data.isascii():
            raise FingerprintMalformedError(f"{kind}: ASCII")
        return data.decode("ascii")
    if len(data) != length:
        raise FingerprintMalformedError(f"{kind}: {length} bytes")
    return data.hex()


def pdq_bytes(text: str) -> bytes:
    """Return the 32 bytes of a PDQ text form; raises FingerprintMalformedError."""
    return _hex_bytes(Kind.PDQ, text, PDQ_BYTES)


def digest_bytes(kind: Kind, text: str) -> bytes:
    """Return the bytes of a `sha256` or `md5` text form; raises FingerprintMalformedError."""
    return _hex_bytes(kind, text, SHA256_BYTES if kind is Kind.SHA256 else MD5_BYTES)


def _hex_bytes(kind: Kind, text: str, length: int) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    # `fromhex` takes capitals and spaces too; only the one text form comes back as it was.
    if len(data) != length or data.hex() != text:
        raise FingerprintMalformedError(f"{kind}: {2 * length} lower-case hex digits")
    return data


def _pdq_quality(value: str) -> None:
    """A picture's quality was measured on its pixels and can't be read off its value."""
    pdq_bytes(value)


def _digest_quality(kind: Kind) -> Callable[[str], int]:
    def read(value: str) -> int:
        digest_bytes(kind, value)
        return FULL_QUALITY

    return read


def _sound_quality(value: str) -> int:
    parse_chromaprint(value)
    return FULL_QUALITY


_QUALITY_OF: dict[Kind, Callable[[str], int | None]] = {
    Kind.PDQ: _pdq_quality,
    Kind.VPDQ: lambda value: vpdq_quality(parse_vpdq(value)),
    Kind.CHROMAPRINT: _sound_quality,
    Kind.SHA256: _digest_quality(Kind.SHA256),
    Kind.MD5: _digest_quality(Kind.MD5),
}
"""Reads a value of the kind and returns the only quality that it can have, or None where any fits."""
