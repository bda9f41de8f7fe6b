# SPDX-License-Identifier: Apache-2.0
"""A text with signature lines below it, as transparency logs write them (C2SP signed-note), and the Ed25519 keys of such notes.

Reading is exact: two texts for one note would make comparing them worthless. Each kind of note has a key of its own, so that no
signature on one can pass for one on another. Whoever reads says in its own words what is wrong.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_KEY_BYTES = 32

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_NAME_DIGITS = 32
_SIGNATURE_MARK = "— "


@dataclass(frozen=True)
class Note:
    """What is signed, ending with its line's end, and who signed it: names, and key ids with signatures."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class NoteKey:
    """The public side of a key; its name stands in each signature line."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that say which key a signature is of."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_ID_BYTES]

    def text(self) -> str:
        """Return the form in which the key is handed on."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public_key).decode()}"

    def signature_on(self, note: Note) -> bytes | None:
        """Return what stands on a note in this key's name, right or wrong; None where nothing does."""
        for name, signature in note.signatures:
            if name == self.name and signature[:_KEY_ID_BYTES] == self.key_id:
                return signature[_KEY_ID_BYTES:]
        return None

    def is_signed(self, note: Note) -> bool:
        """True where this key signed the note's text."""
        signature = self.signature_on(note)
        if signature is None:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, note.text.encode())
        except InvalidSignature:
            return False
        return True


class NoteSigner:
    """The secret side. It never shows itself."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is the 32 bytes of an Ed25519 private key; the key's name is made from its public side."""
        self._private = Ed25519PrivateKey.from_private_bytes(bytes(seed))
        public_key = self._private.public_key().public_bytes_raw()
        self.public = NoteKey(own_name(public_key), public_key)

    def note(self, text: str) -> str:
        """Return the signed note of a text, which ends with a line's end; the same text gives the same note."""
        signature = self.public.key_id + self._private.sign(text.encode())
        return f"{text}\n{_SIGNATURE_MARK}{self.public.name} {base64.b64encode(signature).decode()}\n"


def own_name(public_key: bytes) -> str:
    """Return the one name that a key may have. It has 128 bits: with 64, two keys of one name cost some 2^32 tries."""
    return f"stillmine/{sha256(public_key).hexdigest()[:_NAME_DIGITS]}"


def read_note_key(text: str) -> NoteKey | None:
    """Return the key of its text form, None for any other text and for a key under a name that is not made from it."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    marked = strict_base64(encoded)
    if marked is None or marked[:1] != _ED25519 or len(marked) != 1 + PUBLIC_KEY_BYTES or name != own_name(marked[1:]):
        return None
    key = NoteKey(name, marked[1:])
    return key if key.key_id.hex() == key_id else None


def read_note(note: str, maximum_signatures: int) -> Note | None:
    """Return a note that has 1 to `maximum_signatures` whole signature lines at its end, None for any other text."""
    text, gap, signed = note.rpartition("\n\n")
    lines = signed.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= maximum_signatures:
        return None
    signatures = [signature for line in lines if (signature := _read_signature(line))]
    return Note(f"{text}\n", tuple(signatures)) if len(signatures) == len(lines) else None


def strict_base64(text: str) -> bytes | None:
    """Return the bytes of base64 in its one canonical form, None for any other text."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return data if base64.b64encode(data).decode() == text else None


def is_key_name(name: str) -> bool:
    """True for a name that a key may have."""
    return bool(name) and name.isprintable() and not any(sign.isspace() or sign == "+" for sign in name)


def _read_signature(line: str) -> tuple[str, bytes] | None:
    name, space, encoded = line.removeprefix(_SIGNATURE_MARK).partition(" ")
    signature = strict_base64(encoded)
    if not line.startswith(_SIGNATURE_MARK) or not space or not is_key_name(name):
        return None
    return (name, signature) if signature is not None and len(signature) > _KEY_ID_BYTES else None
