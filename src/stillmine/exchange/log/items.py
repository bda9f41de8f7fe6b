# SPDX-License-Identifier: Apache-2.0
"""The items of an entry: the commitments of what it names among others that stand for nothing: spec/ledger.md.

Each person can read how many items an entry has that names theirs. So that number must not tell how many fingerprints of others a page,
an ask or a sweep was about. Padding is not stored: it follows from the exchange's secret and the entry's salt.
"""

from collections.abc import Collection
from hashlib import shake_256

from stillmine.exchange.ground.secret import derive
from stillmine.exchange.log.nodes import split_hashes
from stillmine.exchange.rows.log import Leaf
from stillmine.ledger.entry import read_entry
from stillmine.ledger.tree import HASH_BYTES
from stillmine.wire.case_key import Secret

LEAST_ITEMS = 256
"""Somebody who makes this many of their own at once sees whether there was any other: spec/threat-model.md."""


def padded_count(named: int) -> int:
    """Return how many items an entry has that names so many fingerprints: none, 256, or the next power of two."""
    return max(LEAST_ITEMS, 1 << (named - 1).bit_length()) if named else 0


def padded_items(secret: Secret, salt: bytes, named: Collection[bytes], count: int) -> list[bytes]:
    """Return `count` items in ascending order: commitments and, in the room that is left, padding. None where `count` is less."""
    missing = count - len(named)
    if missing <= 0:
        return sorted(named)
    key = derive(secret, "stillmine/ledger-items-padding-key/v1", salt)
    return sorted([*named, *split_hashes(shake_256(bytes(key)).digest(HASH_BYTES * missing))])


def items_of(secret: Secret, leaf: Leaf) -> list[bytes]:
    """Return all items of a stored entry; raises EntryMalformedError. Entries of before have no padding."""
    entry = read_entry(leaf.text)
    return padded_items(secret, entry.salt, split_hashes(leaf.items), entry.items or 0)
