# SPDX-License-Identifier: Apache-2.0
"""Whether Coop signed a callback: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.2), by its public key.

The encoded message is made here and compared whole, so nothing of a forged one is ever parsed. No secret is handled.
"""

import hashlib
import hmac
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass

MODULUS_BITS = (2048, 8192)

_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of SHA-256, without the digest."""

_RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key: signatures are as long as the modulus."""

    modulus: int
    exponent: int

    def has_signed(self, data: bytes, signature: str) -> bool:
        """Return whether `signature`, in base64, is this key's signature of `data`."""
        size = (self.modulus.bit_length() + 7) // 8
        try:
            number = b64decode(signature, validate=True)
        except (Error, ValueError):
            return False
        if len(number) != size or int.from_bytes(number) >= self.modulus:
            return False
        info = _SHA256_INFO + hashlib.sha256(data).digest()
        expected = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        return hmac.compare_digest(pow(int.from_bytes(number), self.exponent, self.modulus).to_bytes(size), expected)


def public_key(pem: str) -> PublicKey:
    """Read a PEM of SubjectPublicKeyInfo with an RSA key; raises ValueError for anything else."""
    text = pem.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise ValueError("a PEM that begins with BEGIN PUBLIC KEY")
    info = _whole(b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True), _SEQUENCE)
    if not info.startswith(_RSA_ALGORITHM):
        raise ValueError("an RSA key")
    bits = _whole(info[len(_RSA_ALGORITHM) :], _BIT_STRING)
    modulus, rest = _number(_whole(bits[1:], _SEQUENCE))
    exponent, rest = _number(rest)
    if rest or bits[0] or not MODULUS_BITS[0] <= modulus.bit_length() <= MODULUS_BITS[1] or exponent % 2 == 0 or exponent < 3:
        raise ValueError(f"an RSA key of {MODULUS_BITS[0]} to {MODULUS_BITS[1]} bits")
    return PublicKey(modulus, exponent)


def _number(data: bytes) -> tuple[int, bytes]:
    number, rest = _value(data, _INTEGER)
    return int.from_bytes(number, signed=True), rest


def _whole(data: bytes, tag: int) -> bytes:
    value, rest = _value(data, tag)
    if rest:
        raise ValueError("bytes behind the end")
    return value


def _value(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the value of the first DER element, which must have this tag, and what follows it."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError("another form of key")
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start])
    if not 0 < length <= len(data) - start:
        raise ValueError("a key that ends too soon")
    return data[start : start + length], data[start + length :]
