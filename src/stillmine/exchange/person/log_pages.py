# SPDX-License-Identifier: Apache-2.0
"""Which entries name a case's fingerprints because of pages handed out: found through the pages' own records.

A record says which numbers its page covered and which entries it has; whether an entry names a fingerprint is then looked
up in the entry itself, because a shape may leave kinds and tombstones out.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping

from stillmine.exchange.log.nodes import split_hashes
from stillmine.exchange.protection.given import overlapping
from stillmine.exchange.rows.feed import Change, Disclosure
from stillmine.exchange.rows.log import Leaf
from stillmine.wire.case import FingerprintState


class Named(defaultdict[int, set[str]]):
    """Number of an entry -> the fingerprints that it names."""

    def __init__(self) -> None:
        super().__init__(set)

    def __or__(self, other: "Named") -> "Named":  # type: ignore[override]
        """Return both together."""
        joint = Named()
        for named in (self, other):
            for number, fingerprint_ids in named.items():
                joint[number] |= fingerprint_ids
        return joint


def named_by_pages(commitments: Mapping[str, bytes]) -> Named:
    """Return the first entry of each partner for each change of these fingerprints that a page showed it."""
    changes = list(Change.objects.filter(fingerprint_id__in=list(commitments), is_shown=True).order_by("sequence"))
    named, told = Named(), set[tuple[int, int]]()
    if not changes:
        return named
    numbers = [change.sequence for change in changes]
    items = _Items()
    rows = Disclosure.objects.filter(overlapping(numbers)).order_by("id")
    for partner_id, after, to, head, disclosed, retracted in rows.values_list(
        "partner_id", "from_sequence", "to_sequence", "head_sequence", "disclosed_entry_id", "retracted_entry_id"
    ).iterator():
        for change in changes[bisect_right(numbers, after) : bisect_right(numbers, to)]:
            entry = disclosed if change.state == FingerprintState.ACTIVE else retracted
            was_newest = change.superseded_by is None or head < change.superseded_by
            key = (change.sequence, partner_id)
            if entry is None or not was_newest or key in told:
                continue
            if commitments[change.fingerprint_id] in items.of(entry):
                told.add(key)
                named[entry].add(change.fingerprint_id)
    return named


class _Items:
    """The commitments of the entry that was asked for last: pages come in order, so one is enough."""

    def __init__(self) -> None:
        self._number, self._items = -1, frozenset[bytes]()

    def of(self, number: int) -> frozenset[bytes]:
        if number != self._number:
            self._number = number
            self._items = frozenset(split_hashes(Leaf.objects.values_list("items", flat=True).get(id=number)))
        return self._items
