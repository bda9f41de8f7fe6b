# SPDX-License-Identifier: Apache-2.0
"""The audit itself: all leaves make the signed root, and the log still begins with what was signed before.

It holds one page of hashes, one compact range and the leaves that it was asked to look for, however long the log is. Which entry was
changed it can't say, because it sees hashes only.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from stillmine.auditor.errors import Finding, LogWrongError
from stillmine.ledger.checkpoint import Checkpoint, VerifierKey
from stillmine.ledger.errors import LedgerError
from stillmine.ledger.tree import CompactRange
from stillmine.wire.ledger import MAXIMUM_LEAVES


class Log(Protocol):
    """What is asked of a log."""

    def checkpoint(self) -> str: ...
    def leaves(self, start: int, limit: int) -> list[bytes]: ...


@dataclass(frozen=True)
class Earlier:
    """A checkpoint that somebody was shown before; `called` names it in a sentence."""

    called: str
    note: str


def open_checkpoint(key: VerifierKey, note: str, called: str) -> Checkpoint:
    """Return what a signed checkpoint says; raises LogWrongError where the key did not sign it."""
    try:
        return key.open(note)
    except LedgerError:
        raise LogWrongError(Finding.SIGNATURE, f"{called} is not signed by this ledger's key.") from None


@dataclass(frozen=True)
class Audited:
    """A log that holds: its newest checkpoint, and which of the leaves that were looked for are in it."""

    newest: Checkpoint
    found: AbstractSet[bytes]


def audit(log: Log, key: VerifierKey, note: str, earlier: Sequence[Earlier], looked_for: AbstractSet[bytes] = frozenset()) -> Audited:
    """Check the whole log under the checkpoint `note` and return what that says; raises LogWrongError, or what `log` raises.

    `note` has to be fetched after each of `earlier` was seen. `looked_for` are leaf hashes.
    """
    newest = open_checkpoint(key, note, "the newest checkpoint")
    known = [(one.called, open_checkpoint(key, one.note, one.called)) for one in earlier]
    for called, before in known:
        if before.size > newest.size:
            raise LogWrongError(Finding.SHRUNK, f"the log has {newest.size} entries, but {called} has {before.size}.")
        if before.size == newest.size and before.root != newest.root:
            raise LogWrongError(Finding.FORK, f"two different logs of {newest.size} entries were signed, this one and {called}.")
    roots, found = _read(log, newest.size, {before.size for _, before in known}, looked_for)
    if roots[newest.size] != newest.root:
        raise LogWrongError(Finding.ROOT, "the entries' hashes do not make the root that was signed.")
    for called, before in known:
        if roots[before.size] != before.root:
            raise LogWrongError(Finding.REWRITE, f"the log of {newest.size} entries does not begin with the {before.size} of {called}.")
    return Audited(newest, found)


def _read(log: Log, size: int, wanted: set[int], looked_for: AbstractSet[bytes]) -> tuple[dict[int, bytes], set[bytes]]:
    """Read all leaves and return the roots at these sizes and at `size`, and the leaves that were looked for and are there."""
    tree = CompactRange()
    roots, found = {0: tree.root()}, set[bytes]()
    while tree.size < size:
        page = log.leaves(tree.size, min(MAXIMUM_LEAVES, size - tree.size))
        if not page:
            raise LogWrongError(Finding.ROOT, f"{size} entries were signed, but only {tree.size} are shown.")
        found |= looked_for & set(page)
        for leaf in page:
            tree, _ = tree.with_leaf(leaf)
            if tree.size in wanted:
                roots[tree.size] = tree.root()
    roots[size] = tree.root()
    return roots, found
