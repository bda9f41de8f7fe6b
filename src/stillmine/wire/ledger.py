# SPDX-License-Identifier: Apache-2.0
"""The exchange's public log as messages: hashes and proofs for anybody, entries for the person they concern.

Hashes are 64 hex digits. An entry's text is handed on exactly as it was hashed and must not be rewritten. Contract:
spec/ledger.md.
"""

from typing import Annotated, Literal

import msgspec

from stillmine.wire.case import FingerprintId

MAXIMUM_LEAVES = 4096
"""Leaf hashes in one answer."""

MAXIMUM_LEAVES_BYTES = 512 * 1024
"""No LedgerLeaves is larger than this as JSON; an auditor reads no more."""

MAXIMUM_PORTAL_ENTRIES = 32
"""Entries about the portal's files in one answer: the newest."""

MAXIMUM_PORTAL_BYTES = 256 * 1024
"""No LedgerPortal is larger than this as JSON."""

MAXIMUM_TREE_SIZE = 10**15
"""Larger numbers are refused: JavaScript holds them exactly up to here."""

TreeHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
TreeSize = Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_TREE_SIZE)]


class LedgerKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key that checks checkpoints, as `<name>+<key id>+<base64>`."""

    version: Literal[1]
    key: str


class LedgerLeaves(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Leaf hashes from number `start` on, in order; none where the newest checkpoint ends before."""

    version: Literal[1]
    start: TreeSize
    leaves: list[TreeHash]


class LedgerConsistency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proof that the log of `to_size` entries begins with the log of `from_size`."""

    version: Literal[1]
    from_size: TreeSize
    to_size: TreeSize
    proof: list[TreeHash]


class LedgerItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fingerprint of the case that an entry names: its place among the entry's items, and the path to their root."""

    fingerprint_id: FingerprintId
    place: TreeSize
    path: list[TreeHash]


class LedgerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry: its exact text, its place in the log, and the path from its hash to the checkpoint's root."""

    text: str
    place: TreeSize
    path: list[TreeHash]
    items: list[LedgerItem]


class LedgerPromised(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry that is recorded and not published yet: its exact text, and the signed promise of when it will be at the latest."""

    text: str
    promise: str
    items: list[LedgerItem]


class PortalEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry about the portal's files: its exact text, its place in the log, and the path from its hash to the checkpoint's root."""

    text: str
    place: TreeSize
    path: list[TreeHash]


class PortalPromised(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One that is recorded and not published yet: its exact text, and the signed promise of when it will be at the latest."""

    text: str
    promise: str


class LedgerPortal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest entries about the portal's files, in the order of recording; each path leads to the root of this `checkpoint`."""

    version: Literal[1]
    key: str
    checkpoint: str
    entries: list[PortalEntry]
    promised: list[PortalPromised]


class CaseLedger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the log says of one case, each list in the order of recording; each path leads to the root of this `checkpoint`."""

    version: Literal[1]
    key: str
    checkpoint: str
    entries: list[LedgerEntry]
    promised: list[LedgerPromised]
