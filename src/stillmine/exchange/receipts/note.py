# SPDX-License-Identifier: Apache-2.0
"""Signed notes with one Ed25519 signature, as transparency logs write them (C2SP signed-note), for receipts.

The key is derived from the exchange's secret under a label of its own, so that no signature made here can pass for
one on anything else. Checking needs the verifier key only, and no exchange.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stillmine.exchange.secret import derive
from stillmine.wire.case_key import Secret
from stillmine.wire.receipt import ReceiptInvalidError

SIGNING_LABEL = "stillmine/receipt-signing-key/v1"

_ED25519 = b"\x01"
_KEY_BYTES = 32
_ID_BYTES = 4
_VERIFIER_KEY = re.compile(r"(stillmine/[0-9a-f]{16})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})", re.ASCII)
_SIGNATURE_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})\n", re.ASCII)


@dataclass(frozen=True)
class Verifier:
    """Whose signatures are believed."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of a hash over name and key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_ID_BYTES]

    def text(self) -> str:
        """Return the verifier key as text."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public_key).decode()}"


def signing_key(secret: Secret) -> Ed25519PrivateKey:
    """Return the key that signs this exchange's receipts."""
    return Ed25519PrivateKey.from_private_bytes(bytes(derive(secret, SIGNING_LABEL)))


def verifier_of(key: Ed25519PrivateKey) -> Verifier:
    """Return who a key's signatures are checked as."""
    public_key = key.public_key().public_bytes_raw()
    return Verifier(f"stillmine/{hashlib.sha256(public_key).hexdigest()[:16]}", public_key)


def sign(key: Ed25519PrivateKey, text: str) -> str:
    """Return the note of a text, which ends with a line's end."""
    verifier = verifier_of(key)
    signature = base64.b64encode(verifier.key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {verifier.name} {signature}\n"


def read_verifier(text: str) -> Verifier:
    """Return the verifier in a verifier key; raises ReceiptInvalidError."""
    found = _VERIFIER_KEY.fullmatch(text.strip())
    key = base64.b64decode(found.group(3)) if found else b""
    if found is None or len(key) != 1 + _KEY_BYTES or key[:1] != _ED25519:
        raise ReceiptInvalidError("the key has the form stillmine/<16 hex>+<8 hex>+<base64>")
    verifier = Verifier(found.group(1), key[1:])
    if verifier.text() != text.strip():
        raise ReceiptInvalidError("the key's own check does not fit: it was not copied whole")
    return verifier


def verified_text(verifier: Verifier, note: str) -> str:
    """Return the text of a note that this verifier's key signed; raises ReceiptInvalidError for any other."""
    text, separator, signature_line = note.rpartition("\n\n")
    found = _SIGNATURE_LINE.fullmatch(signature_line)
    if not separator or found is None:
        raise ReceiptInvalidError("no signature line at its end")
    try:
        signed = base64.b64decode(found.group(2), validate=True)
    except binascii.Error:
        raise ReceiptInvalidError("the signature line is damaged") from None
    if found.group(1) != verifier.name or signed[:_ID_BYTES] != verifier.key_id:
        raise ReceiptInvalidError("it names another key")
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(signed[_ID_BYTES:], f"{text}\n".encode())
    except InvalidSignature:
        raise ReceiptInvalidError("the signature does not fit the text") from None
    return f"{text}\n"
