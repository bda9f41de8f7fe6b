# SPDX-License-Identifier: Apache-2.0
"""Inclusion and consistency proofs of RFC 6962, made from stored subtrees and checked without any.

Making one asks once for the hashes that it needs, at most two for each level, however long the log is. A check says no
to everything that is not exactly a proof: too short, too long, of other sizes, with a hash of another length.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hmac import compare_digest

from stillmine.ledger.tree import EMPTY_ROOT, HASH_BYTES, Place, joined, node_hash

Reader = Callable[[Sequence[Place]], Mapping[Place, bytes]]
"""Returns the hashes of complete subtrees."""

_Range = tuple[int, int]
"""The leaves from the first number up to, but without, the second."""


def inclusion_path(index: int, size: int, read: Reader) -> list[bytes]:
    """Return the path of leaf `index` in the tree of the first `size` leaves; raises ValueError where it is not in it."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in this tree")
    ranges: list[_Range] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _left_part(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return _hashes(ranges[::-1], read)


def consistency_proof(old: int, new: int, read: Reader) -> list[bytes]:
    """Return the proof that the tree of `new` leaves continues that of `old`; raises ValueError where `old` is larger."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is not the smaller")
    if old in {0, new}:
        return []
    ranges: list[_Range] = []
    begin, end = 0, new
    while old != end:
        middle = begin + _left_part(end - begin)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    if begin:  # otherwise the subtree is the whole old tree, whose root the reader has
        ranges.append((begin, end))
    return _hashes(ranges[::-1], read)


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """True where `path` leads from the leaf hash at `index` to the root of a tree of `size` leaves."""
    if not 0 <= index < size or not _are_hashes(path):
        return False
    place, last, joint = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            joint = node_hash(sibling, joint)
            place, last = _up_to_a_right_child(place, last)
        else:
            joint = node_hash(joint, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and compare_digest(joint, root)


def continues(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """True where `proof` shows that the tree of `new_size` leaves begins with all of the tree of `old_size`."""
    if not 0 <= old_size <= new_size or not _are_hashes(proof):
        return False
    if old_size == new_size:
        return not proof and compare_digest(old_root, new_root)
    if old_size == 0:
        return not proof and compare_digest(old_root, EMPTY_ROOT)
    hashes = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not hashes:
        return False
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_joint = new_joint = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_joint, new_joint = node_hash(sibling, old_joint), node_hash(sibling, new_joint)
            place, last = _up_to_a_right_child(place, last)
        else:
            new_joint = node_hash(new_joint, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and compare_digest(old_joint, old_root) and compare_digest(new_joint, new_root)


def _up_to_a_right_child(place: int, last: int) -> _Range:
    """Skip the levels on which the last node of the tree stands alone and is carried up as it is."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _left_part(leaves: int) -> int:
    """Return how many of these leaves, at least two, the left subtree holds: the largest power of two below their number."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _complete_places(begin: int, end: int) -> Iterable[Place]:
    """Divide a subtree's range into complete subtrees, the largest first."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield Place(level, begin >> level)
        begin += 1 << level


def _hashes(ranges: Sequence[_Range], read: Reader) -> list[bytes]:
    places = [list(_complete_places(begin, end)) for begin, end in ranges]
    found = read([place for group in places for place in group])
    return [joined(found[place] for place in group) for group in places]


def _are_hashes(hashes: Sequence[bytes]) -> bool:
    return all(len(one) == HASH_BYTES for one in hashes)
