# SPDX-License-Identifier: Apache-2.0
"""The kinds of fingerprint, and all that the wire knows of each: one table, which everything else asks.

Forms and bounds are the only knowledge here: how a fingerprint is made belongs to `fingerprint`, how it is found to `matching.kinds`.
Must never read a value more loosely than its one text form. Contract: spec/case.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stillmine.wire.base64url import base64url_bytes, base64url_text
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.errors import FingerprintMalformedError, KindNotAcceptedError
from stillmine.wire.regions import parse_regions
from stillmine.wire.vpdq import parse_vpdq, vpdq_quality

MINIMUM_QUALITY = 50
"""PDQ below this tells too little apart; the field discards it."""

MINIMUM_ASKED_QUALITY = 30
"""Of a still picture's PDQ that is asked about: a blurred copy has lost detail that the stored picture has."""

MAXIMUM_DISTANCE_BITS = 31
"""Two PDQ fingerprints at this Hamming distance or nearer match."""

FULL_QUALITY = 100
"""The quality of kinds that are not measured by PDQ."""

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


@dataclass(frozen=True, slots=True)
class KindRule:
    """What the wire knows of one kind."""

    number: int
    """The byte that stands for it in binary messages, 1 to 63; never given to another kind."""
    read: Callable[[str], int | None]
    """Reads a value and returns the only quality that it can have, or None where any fits; raises FingerprintMalformedError."""
    fixed_bytes: int | None = None
    """Length of a value in compact form, whose text is hexadecimal; other kinds travel as their text."""
    is_base64url: bool = False
    """Its text is base64url, and its compact form what that stands for."""
    is_whole_file: bool = False
    """It finds the very same bytes and nothing else."""
    is_seen: bool = False
    """It is of what is seen, so a copy may be turned: a query is looked up in eight orientations unless it is sent as it is."""
    has_duration: bool = False
    """It is of what lasts: a match has seconds, and looking it up takes long."""
    is_ask_only: bool = False
    """It tells so much that no partner is given its value: no list has it, and it is asked about in rounds (`wire.ask_regions`)."""

    @property
    def is_picture(self) -> bool:
        """Whether it is of one picture."""
        return self.is_seen and not self.has_duration

    @property
    def is_sound(self) -> bool:
        """Whether it is of what is heard alone."""
        return self.has_duration and not self.is_seen


def require_value(kind: Kind, value: str, quality: int) -> None:
    """Raise FingerprintMalformedError for a value or quality that is not of the kind's form."""
    fixed_quality = KIND_RULES[kind].read(value)
    if fixed_quality is not None and fixed_quality != quality:
        raise FingerprintMalformedError(f"{kind}: quality is {fixed_quality} with this value")


def require_form(kind: Kind, value: str) -> None:
    """Raise FingerprintMalformedError as `require_value` does, where no quality travels with the value."""
    KIND_RULES[kind].read(value)


def value_bytes(kind: Kind, text: str) -> bytes:
    """Return the compact form of a value: bytes where its text stands for some, else the text itself; raises FingerprintMalformedError."""
    rule = KIND_RULES[kind]
    if rule.fixed_bytes is not None:
        return _hex_bytes(kind, text, rule.fixed_bytes)
    data = base64url_bytes(text) if rule.is_base64url else text.encode("ascii")
    if data is None:
        raise FingerprintMalformedError(f"{kind}: base64url without padding")
    return data


def value_text(kind: Kind, data: bytes) -> str:
    """Return the text form of a compact value, which still has to be checked; raises FingerprintMalformedError."""
    length = KIND_RULES[kind].fixed_bytes
    if KIND_RULES[kind].is_base64url:
        return base64url_text(data)
    if length is None:
        if not data.isascii():
            raise FingerprintMalformedError(f"{kind}: ASCII")
        return data.decode("ascii")
    if len(data) != length:
        raise FingerprintMalformedError(f"{kind}: {length} bytes")
    return data.hex()


def require_listed(kind: Kind) -> None:
    """Raise KindNotAcceptedError where no list and no ask by value has this kind."""
    if kind not in LISTED_KINDS:
        raise KindNotAcceptedError(f"accepted: {', '.join(sorted(LISTED_KINDS))}")


def pdq_bytes(text: str) -> bytes:
    """Return the 32 bytes of a PDQ text form; raises FingerprintMalformedError."""
    return _hex_bytes(Kind.PDQ, text, PDQ_BYTES)


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


def _sound_quality(value: str) -> int:
    parse_chromaprint(value)
    return FULL_QUALITY


def _regions_quality(value: str) -> int:
    parse_regions(value)
    return FULL_QUALITY


def _digest_rule(kind: Kind, number: int, length: int) -> KindRule:
    def read(value: str) -> int:
        _hex_bytes(kind, value, length)
        return FULL_QUALITY

    return KindRule(number, read, fixed_bytes=length, is_whole_file=True)


KIND_RULES: dict[Kind, KindRule] = {
    Kind.PDQ: KindRule(1, _pdq_quality, fixed_bytes=PDQ_BYTES, is_seen=True),
    Kind.VPDQ: KindRule(2, lambda value: vpdq_quality(parse_vpdq(value)), is_seen=True, has_duration=True),
    Kind.REGIONS: KindRule(3, _regions_quality, is_base64url=True, is_seen=True, is_ask_only=True),
    Kind.CHROMAPRINT: KindRule(4, _sound_quality, has_duration=True),
    Kind.SHA256: _digest_rule(Kind.SHA256, 5, SHA256_BYTES),
    Kind.MD5: _digest_rule(Kind.MD5, 6, MD5_BYTES),
}

ACCEPTED_KINDS = frozenset(KIND_RULES)
"""Kinds a case may hold."""

LISTED_KINDS = frozenset(kind for kind, rule in KIND_RULES.items() if not rule.is_ask_only)
"""Kinds whose values partners are given, and ask about by value."""

KIND_OF_NUMBER = {rule.number: kind for kind, rule in KIND_RULES.items()}
