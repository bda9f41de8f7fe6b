# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: how long the log is and what its root is, signed, as the text that other transparency tools read too.

The form is C2SP's tlog-checkpoint in a signed note. Reading is exact: what is not byte for byte such a text is refused, because
two texts for one checkpoint would make comparing them worthless.
"""

import base64
from dataclasses import dataclass
from datetime import datetime

from stillmine.ledger.errors import CheckpointMalformedError, CheckpointSignatureError, VerifierKeyMalformedError
from stillmine.ledger.promise import Promise
from stillmine.ledger.signed_note import Note, NoteKey, NoteSigner, is_key_name, read_note, read_note_key, strict_base64
from stillmine.ledger.tree import HASH_BYTES

MAXIMUM_NOTE_BYTES = 16 * 1024
MAXIMUM_SIGNATURES = 16

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


class VerifierKey(NoteKey):
    """The public side of a log's key; its name is the log's origin."""

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint in a signed note; raises CheckpointMalformedError or CheckpointSignatureError."""
        is_small = len(note.encode(errors="replace")) <= MAXIMUM_NOTE_BYTES
        read = read_note(note, MAXIMUM_SIGNATURES) if is_small else None
        if read is None:
            raise CheckpointMalformedError
        checkpoint = _checkpoint_in(read)
        if checkpoint.origin != self.name:
            raise CheckpointSignatureError("another ledger's name")
        if self.signature_on(read) is None:
            raise CheckpointSignatureError("no signature of this key")
        if not self.is_signed(read):
            raise CheckpointSignatureError
        return checkpoint


def read_verifier_key(text: str) -> VerifierKey:
    """Return the key of its text form; raises VerifierKeyMalformedError."""
    key = read_note_key(text)
    if key is None:
        raise VerifierKeyMalformedError
    return VerifierKey(key.name, key.public_key)


class SigningKey:
    """The secret side of a log's key. It never shows itself."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is the 32 bytes of an Ed25519 private key."""
        self._signer = NoteSigner(seed)
        self.verifier = VerifierKey(self._signer.public.name, self._signer.public.public_key)

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed note for a tree; the same tree gives the same text."""
        return self._signer.note(Checkpoint(self.verifier.name, size, root).body())

    def promise(self, leaf: bytes, publish_by: datetime) -> str:
        """Return the signed promise that a leaf is published by this time; the same gives the same text."""
        return self._signer.note(Promise(self.verifier.name, leaf, publish_by).body())


def _checkpoint_in(note: Note) -> Checkpoint:
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) != 3:
        raise CheckpointMalformedError
    origin, size, encoded = lines
    is_number = size.isascii() and size.isdigit() and len(size) <= _MAXIMUM_SIZE_DIGITS and str(int(size)) == size
    root = strict_base64(encoded)
    if not is_key_name(origin) or not is_number or root is None or len(root) != HASH_BYTES:
        raise CheckpointMalformedError
    return Checkpoint(origin, int(size), root)
