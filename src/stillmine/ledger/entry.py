# SPDX-License-Identifier: Apache-2.0
"""One entry of the log as the exact text that is hashed, and the commitments that stand for fingerprints in it.

An entry never holds a fingerprint, its id or anything of a case. Its salt keeps its hash from being guessed, so an entry
without 32 random bytes of its own must not exist.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal

import msgspec

from stillmine.ledger.errors import EntryMalformedError
from stillmine.ledger.tree import HASH_BYTES, Tree, leaf_hash, tree_hash

SALT_BYTES = 32
_SALT_LABEL = b"stillmine/case-ledger/v1"
_COMMITMENT_LABEL = b"stillmine/ledger/fingerprint/v1"

_HashText = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]


class EventName(StrEnum):
    """What an entry is about; spec/ledger.md says when each is written."""

    DISCLOSED = "disclosed"
    RETRACTED = "retracted"
    MATCHED = "matched"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    PARTNER_ADDED = "partner_added"
    PARTNER_CHANGED = "partner_changed"
    PARTNER_REVOKED = "partner_revoked"
    KEY_ADDED = "key_added"
    KEY_REVOKED = "key_revoked"
    OPERATOR_ACTED = "operator_acted"
    BANK_CHANGED = "bank_changed"
    KEYS_ROTATED = "keys_rotated"
    SETTINGS_CHANGED = "settings_changed"
    PORTAL_CHANGED = "portal_changed"
    PADDING = "padding"


@dataclass(frozen=True)
class Entry:
    """`items` is how many fingerprints it names and `root` the tree hash over their commitments: both or neither."""

    event: EventName
    day: date
    salt: bytes
    partner: str | None = None
    items: int | None = None
    root: bytes | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES or (self.items is None) != (self.root is None):
            raise EntryMalformedError("salt, items or root")

    def text(self) -> str:
        """Return the leaf data, as text: the only form that is hashed."""
        fields: dict[str, object] = {"version": 1, "event": self.event.value, "day": self.day.isoformat(), "salt": self.salt.hex()}
        if self.partner is not None:
            fields["partner"] = self.partner
        if self.items is not None and self.root is not None:
            fields |= {"items": self.items, "root": self.root.hex()}
        if self.details:
            fields["details"] = dict(self.details)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    event: EventName
    day: date
    salt: _HashText
    partner: str | None = None
    items: Annotated[int, msgspec.Meta(ge=1)] | None = None
    root: _HashText | None = None
    details: dict[str, str] = {}


_FIELDS = msgspec.json.Decoder(_Fields)
"""Made here, before there are threads: `stillmine.wire.codec` says why."""


def read_entry(text: str) -> Entry:
    """Return the entry of a leaf's text; raises EntryMalformedError for any text that `Entry.text` would not have made."""
    try:
        fields = _FIELDS.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        raise EntryMalformedError from None
    root = None if fields.root is None else bytes.fromhex(fields.root)
    entry = Entry(fields.event, fields.day, bytes.fromhex(fields.salt), fields.partner, fields.items, root, fields.details)
    if entry.text() != text:
        raise EntryMalformedError
    return entry


def entry_hash(text: str) -> bytes:
    """Return the leaf hash of an entry's text."""
    return leaf_hash(text.encode())


def ledger_salt(token: bytes) -> bytes:
    """Return the ledger salt of the case that this token opens: one block of HKDF-SHA256 without a salt."""
    pseudo_random_key = hmac.digest(bytes(HASH_BYTES), token, "sha256")
    return hmac.digest(pseudo_random_key, _SALT_LABEL + b"\x01", "sha256")


def commitment(salt: bytes, fingerprint_id: str) -> bytes:
    """Return what stands for a fingerprint in the log; `fingerprint_id` is 32 hex digits."""
    return sha256(_COMMITMENT_LABEL + salt + bytes.fromhex(fingerprint_id)).digest()


def items_root(commitments: Sequence[bytes]) -> bytes:
    """Return the root over the commitments of one entry, in the order in which they are kept."""
    return tree_hash(commitments)


def items_tree(commitments: Sequence[bytes]) -> Tree:
    """Return the same with all that paths need."""
    return Tree(commitments)
