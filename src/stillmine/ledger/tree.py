# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962, section 2.1, kept as its compact range: what has to be known to go on and to say the root.

A compact range holds the hashes of the complete subtrees that a tree is made of, the largest first; of a million
leaves that is at most 20 hashes. A leaf and an inner node are hashed with different first bytes, and must be: else an
inner node could be shown as a leaf.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class Place(NamedTuple):
    """A complete subtree: the leaves from `number << level`, `1 << level` of them."""

    level: int
    number: int


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf's data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its two children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class CompactRange:
    """A tree of `size` leaves; `hashes` has one for each bit that is set in `size`."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError("a compact range has one hash for each bit of its size")

    def with_leaf(self, leaf: bytes) -> tuple["CompactRange", list[tuple[Place, bytes]]]:
        """Return the tree with one more leaf hash, and the hashes of all subtrees that it completed, the leaf first."""
        hashes, place = list(self.hashes), Place(0, self.size)
        completed = [(place, leaf)]
        while place.number & 1:
            leaf = node_hash(hashes.pop(), leaf)
            place = Place(place.level + 1, place.number >> 1)
            completed.append((place, leaf))
        return CompactRange(self.size + 1, (*hashes, leaf)), completed

    def root(self) -> bytes:
        """Return the tree hash of all leaves."""
        return joined(self.hashes) if self.hashes else EMPTY_ROOT


def joined(hashes: Iterable[bytes]) -> bytes:
    """Return the hash over complete subtrees that stand side by side, the largest first; at least one."""
    from_the_right = iter(tuple(hashes)[::-1])
    joint = next(from_the_right)
    for left in from_the_right:
        joint = node_hash(left, joint)
    return joint


def tree_hash(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the data of some leaves, without what proofs need: level by level, a last one alone is carried up."""
    level = [leaf_hash(data) for data in leaves]
    while len(level) > 1:
        pairs = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = [*pairs, *level[2 * len(pairs) :]]
    return level[0] if level else EMPTY_ROOT


class Tree:
    """A whole small tree in memory: the items of one entry, or a test's leaves."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        """`leaves` is the data of each leaf, not its hash."""
        self._levels = [[leaf_hash(data) for data in leaves]]
        while len(level := self._levels[-1]) > 1:
            self._levels.append([node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)])

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def root(self) -> bytes:
        """Return the tree hash."""
        standing = [level[-1] for number, level in enumerate(self._levels) if self.size >> number & 1]
        return joined(standing[::-1]) if standing else EMPTY_ROOT

    def read(self, places: Iterable[Place]) -> dict[Place, bytes]:
        """Return the hashes of complete subtrees, as `proofs` asks for them; raises KeyError for what is not in this tree."""
        found: dict[Place, bytes] = {}
        for place in places:
            if place.level >= len(self._levels) or place.number >= len(self._levels[place.level]):
                raise KeyError(place)
            found[place] = self._levels[place.level][place.number]
        return found
