# SPDX-License-Identifier: Apache-2.0
"""The case key: made on the person's device, and the only way into a case.

80 random bits and a 20-bit check, written as five groups of four letters and digits. The exchange sees
only the two values derived here and keeps only a hash of the second. There is no way to get a lost key
back, so the text form forgives how it is typed. Nothing here may log or store. Contract: spec/case.md.
"""

import hashlib
import hmac
from typing import NamedTuple

from stillmine.wire.errors import CaseKeyMalformedError

SECRET_BYTES = 10
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that none is taken for 1, 0 or V."""

_TEXT_LENGTH = 20
_CHECK_BITS = 20
_CHECK_LABEL = b"stillmine/case-key/check/v1"
_ID_LABEL = b"stillmine/case-id/v1"
_TOKEN_LABEL = b"stillmine/case-token/v1"
_MISREADINGS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class Secret(bytes):
    """Bytes that never show themselves in a log, a traceback or a prompt."""

    def __repr__(self) -> str:
        return "•••"

    __str__ = __repr__


class CaseCredentials(NamedTuple):
    """What the exchange is shown: `case_id` finds the case, `token` opens it."""

    case_id: bytes
    token: Secret

    def authorization(self) -> str:
        """Return the value of the Authorization header."""
        return f"Case {self.case_id.hex()}.{bytes(self.token).hex()}"


def case_key_text(secret: bytes) -> str:
    """Return the text form, e.g. `7K3M-…`; `secret` is 10 random bytes from the device."""
    if len(secret) != SECRET_BYTES:
        raise CaseKeyMalformedError(f"{SECRET_BYTES} bytes")
    number = (int.from_bytes(secret) << _CHECK_BITS) | _check(secret)
    digits = [ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_TEXT_LENGTH))]
    return "-".join("".join(digits[start : start + 4]) for start in range(0, _TEXT_LENGTH, 4))


def case_key_secret(text: str) -> Secret:
    """Return the 10 bytes of a text form; raises CaseKeyMalformedError for a wrong length, sign or check."""
    digits = text.strip().upper().translate(_MISREADINGS)
    if len(digits) != _TEXT_LENGTH or any(digit not in ALPHABET for digit in digits):
        raise CaseKeyMalformedError(f"{_TEXT_LENGTH} letters and digits")
    number = 0
    for digit in digits:
        number = (number << 5) | ALPHABET.index(digit)
    secret = (number >> _CHECK_BITS).to_bytes(SECRET_BYTES)
    if number & ((1 << _CHECK_BITS) - 1) != _check(secret):
        raise CaseKeyMalformedError("a letter or digit is wrong")
    return Secret(secret)


def credentials(secret: bytes) -> CaseCredentials:
    """Derive what the exchange may see: HKDF-SHA256 (RFC 5869), no salt, one label per value."""
    return CaseCredentials(case_id=_derive(secret, _ID_LABEL)[:16], token=Secret(_derive(secret, _TOKEN_LABEL)))


def parse_authorization(header: str) -> CaseCredentials:
    """Read the Authorization header back; raises CaseKeyMalformedError."""
    scheme, _, value = header.partition(" ")
    case_id, _, token = value.partition(".")
    is_well_formed = scheme == "Case" and len(case_id) == 32 and len(token) == 64
    if not is_well_formed or any(character not in "0123456789abcdef" for character in case_id + token):
        raise CaseKeyMalformedError("header: Case <32 hex digits>.<64 hex digits>")
    return CaseCredentials(bytes.fromhex(case_id), Secret(bytes.fromhex(token)))


def _check(secret: bytes) -> int:
    digest = hashlib.sha256(_CHECK_LABEL + secret).digest()
    return int.from_bytes(digest[:3]) >> 4


def _derive(secret: bytes, label: bytes) -> bytes:
    """One block of HKDF-SHA256, which is 32 bytes."""
    pseudo_random_key = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(pseudo_random_key, label + b"\x01", "sha256")
