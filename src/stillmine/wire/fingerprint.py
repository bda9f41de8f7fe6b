# SPDX-License-Identifier: Apache-2.0
"""A fingerprint as it travels: kind, value in the field's own text form, quality.

Kinds and lengths are the only knowledge here; how a fingerprint is made belongs to `fingerprint`.
Kinds that hold many hashes for one picture (`vpdq`, `regions`) get their own message type later; their names are
reserved so that old software refuses them by name. Contract: spec/fingerprint.md, spec/case.md.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from stillmine.wire.errors import FingerprintMalformedError, KindNotAcceptedError, QualityTooLowError

MINIMUM_QUALITY = 50
"""PDQ below this tells too little apart; the field discards it."""

MAXIMUM_DISTANCE_BITS = 31
"""Two PDQ fingerprints at this Hamming distance or nearer match."""

PDQ_BYTES = 32


class Kind(StrEnum):
    """What a fingerprint was made of."""

    PDQ = "pdq"
    VPDQ = "vpdq"
    REGIONS = "regions"
    CHROMAPRINT = "chromaprint"
    SHA256 = "sha256"
    MD5 = "md5"


ACCEPTED_KINDS = frozenset({Kind.PDQ})
"""Kinds a case may hold today."""

Quality = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Fingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fingerprint: `value` is 64 lower-case hex digits for `pdq`, `quality` 0 to 100."""

    kind: Kind
    value: str
    quality: Quality

    def __post_init__(self) -> None:
        if self.kind not in ACCEPTED_KINDS:
            raise KindNotAcceptedError(f"accepted: {', '.join(sorted(ACCEPTED_KINDS))}")
        pdq_bytes(self.value)

    def require_quality(self) -> None:
        """Raise QualityTooLowError below the quality that a case accepts."""
        if self.quality < MINIMUM_QUALITY:
            raise QualityTooLowError(f"quality is below {MINIMUM_QUALITY}")


def pdq_bytes(text: str) -> bytes:
    """Return the 32 bytes of a PDQ text form; raises FingerprintMalformedError."""
    if len(text) != 2 * PDQ_BYTES or any(character not in "0123456789abcdef" for character in text):
        raise FingerprintMalformedError(f"pdq: {2 * PDQ_BYTES} lower-case hex digits")
    return bytes.fromhex(text)
