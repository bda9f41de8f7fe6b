# SPDX-License-Identifier: Apache-2.0
"""Where each subtree's hash is stored: a number for each place of the tree, so that proofs are one query.

Read from left to right, a tree's leaves and nodes have the numbers 0, 1, 2 …: leaves the even ones, a node the number
between those of the leaves that it joins. A place never changes its number, however long the log gets.
"""

from collections.abc import Iterable, Sequence

from stillmine.exchange.rows.log import Node
from stillmine.ledger.tree import HASH_BYTES, CompactRange, Place

READ_AT_ONCE = 500


def node_id(place: Place) -> int:
    """Return the number of a complete subtree."""
    return (place.number << (place.level + 1)) | ((1 << place.level) - 1)


def read_nodes(places: Sequence[Place]) -> dict[Place, bytes]:
    """Return the stored hashes of complete subtrees; raises KeyError where one is not there."""
    found = dict(Node.objects.filter(id__in=[node_id(place) for place in places]).values_list("id", "hash"))
    return {place: bytes(found[node_id(place)]) for place in places}


def leaf_hashes(start: int, end: int) -> list[bytes]:
    """Return the hashes of the leaves from `start` up to, but without, `end`."""
    rows = Node.objects.filter(id__gte=2 * start, id__lt=2 * end).order_by("id").values_list("id", "hash")
    return [bytes(stored) for number, stored in rows if number % 2 == 0]


def stored_range(size: int, hashes: bytes | memoryview) -> CompactRange:
    """Return the tree that the head holds; raises ValueError where it does not fit its size."""
    return CompactRange(size, tuple(split_hashes(hashes)))


def joined_hashes(hashes: Iterable[bytes]) -> bytes:
    """Return hashes as one value, as head and items are stored."""
    return b"".join(hashes)


def split_hashes(stored: bytes | memoryview) -> list[bytes]:
    """Return the hashes in a value that `joined_hashes` made."""
    whole = bytes(stored)
    return [whole[start : start + HASH_BYTES] for start in range(0, len(whole), HASH_BYTES)]
