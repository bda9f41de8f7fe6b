# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: how long the log is and what its root is, signed, as the text that other transparency tools read too.

The form is C2SP's signed note and tlog-checkpoint with one Ed25519 signature. Reading is exact: what is not byte for byte
such a text is refused, because two texts for one checkpoint would make comparing them worthless.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stillmine.ledger.errors import CheckpointMalformedError, CheckpointSignatureError, VerifierKeyMalformedError
from stillmine.ledger.tree import HASH_BYTES

MAXIMUM_NOTE_BYTES = 16 * 1024
MAXIMUM_SIGNATURES = 16

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_SIGNATURE_MARK = "— "
_MAXIMUM_SIZE_DIGITS = 18


@dataclass(frozen=True)
class Checkpoint:
    """The first `size` entries of the log `origin` have this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class VerifierKey:
    """The public side of a log's key; its name is the log's origin."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that say which key a signature is of."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_ID_BYTES]

    def text(self) -> str:
        """Return the form in which the key is handed on."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public_key).decode()}"

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint in a signed note; raises CheckpointMalformedError or CheckpointSignatureError."""
        checkpoint, signatures = _read_note(note)
        if checkpoint.origin != self.name:
            raise CheckpointSignatureError("another ledger's name")
        for name, signature in signatures:
            if name == self.name and signature[:_KEY_ID_BYTES] == self.key_id:
                self._require_signed(checkpoint, signature[_KEY_ID_BYTES:])
                return checkpoint
        raise CheckpointSignatureError("no signature of this key")

    def _require_signed(self, checkpoint: Checkpoint, signature: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, checkpoint.body().encode())
        except InvalidSignature:
            raise CheckpointSignatureError from None


def read_verifier_key(text: str) -> VerifierKey:
    """Return the key of its text form; raises VerifierKeyMalformedError."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        marked = _strict_base64(encoded)
    except CheckpointMalformedError:
        raise VerifierKeyMalformedError from None
    key = VerifierKey(name, marked[1:])
    if not _is_name(name) or marked[:1] != _ED25519 or len(key.public_key) != HASH_BYTES or key.key_id.hex() != key_id:
        raise VerifierKeyMalformedError
    return key


class SigningKey:
    """The secret side. It never shows itself."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is the 32 bytes of an Ed25519 private key."""
        self._private = Ed25519PrivateKey.from_private_bytes(bytes(seed))
        public_key = self._private.public_key().public_bytes_raw()
        self.verifier = VerifierKey(f"stillmine/{sha256(public_key).hexdigest()[:16]}", public_key)

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed note for a tree; the same tree gives the same text."""
        checkpoint = Checkpoint(self.verifier.name, size, root)
        signature = self.verifier.key_id + self._private.sign(checkpoint.body().encode())
        return f"{checkpoint.body()}\n{_SIGNATURE_MARK}{self.verifier.name} {base64.b64encode(signature).decode()}\n"


def _read_note(note: str) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    body, gap, signed = note.rpartition("\n\n")
    lines, signature_lines = body.split("\n"), signed.split("\n")
    is_whole = len(note.encode(errors="replace")) <= MAXIMUM_NOTE_BYTES and gap and len(lines) == 3 and signature_lines.pop() == ""
    if not is_whole or not 1 <= len(signature_lines) <= MAXIMUM_SIGNATURES:
        raise CheckpointMalformedError
    origin, size, root = lines
    is_number = size.isascii() and size.isdigit() and len(size) <= _MAXIMUM_SIZE_DIGITS and str(int(size)) == size
    if not _is_name(origin) or not is_number:
        raise CheckpointMalformedError
    checkpoint = Checkpoint(origin, int(size), _strict_base64(root))
    if len(checkpoint.root) != HASH_BYTES:
        raise CheckpointMalformedError
    return checkpoint, [_read_signature(line) for line in signature_lines]


def _read_signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = line.removeprefix(_SIGNATURE_MARK).partition(" ")
    if not line.startswith(_SIGNATURE_MARK) or not space or not _is_name(name):
        raise CheckpointMalformedError
    signature = _strict_base64(encoded)
    if len(signature) <= _KEY_ID_BYTES:
        raise CheckpointMalformedError
    return name, signature


def _strict_base64(text: str) -> bytes:
    """Read base64 in its one canonical form; raises CheckpointMalformedError."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise CheckpointMalformedError from None
    if base64.b64encode(data).decode() != text:
        raise CheckpointMalformedError
    return data


def _is_name(name: str) -> bool:
    return bool(name) and name.isprintable() and not any(sign.isspace() or sign == "+" for sign in name)
