# SPDX-License-Identifier: Apache-2.0
"""Which fingerprints are near a well-known lawful picture. The index stays in memory until the bank changes.

Banks are never changed, only added and removed, so their ids together say whether the index in memory is the present one.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from stillmine.exchange.intake.models import Bank, BankPart
from stillmine.matching.hamming import FINGERPRINT_BYTES, HammingIndex
from stillmine.matching.turned import orientations

PART_VALUES = 8192

_one_at_a_time = threading.Lock()
"""After a change every thread wants the new index, and one is enough to build it."""


@dataclass(frozen=True)
class NearBank:
    """The nearest of the bank: whose list, and how many bits away."""

    bank: str
    distance_bits: int


def load_bank() -> None:
    """Bring the index up to date ahead of a transaction: a large bank takes seconds, and others would wait for the database meanwhile."""
    near_bank(())


def near_bank(values: Sequence[bytes]) -> list[NearBank | None]:
    """Return for each fingerprint of 32 bytes, in any orientation, the nearest of the bank within 31 bits."""
    names = dict(Bank.objects.order_by("id").values_list("id", "name"))
    if not names:
        return [None] * len(values)
    with _one_at_a_time:
        index = _index_of(tuple(names))
    found = [index.search_variants(orientations(value)) for value in values]
    return [NearBank(names[int.from_bytes(near[0].id[:8])], near[0].distance_bits) if near else None for near in found]


@lru_cache(maxsize=1)
def _index_of(bank_ids: tuple[int, ...]) -> HammingIndex:
    """An id in the index is bank and number: 8 bytes each."""
    index = HammingIndex()
    parts = BankPart.objects.filter(bank_id__in=bank_ids).order_by("bank_id", "place")
    for bank_id, place, packed in parts.values_list("bank_id", "place", "values").iterator(chunk_size=16):
        values = bytes(packed)
        first = place * PART_VALUES
        numbers = range(first, first + len(values) // FINGERPRINT_BYTES)
        index.add_many(b"".join(bank_id.to_bytes(8) + number.to_bytes(8) for number in numbers), values)
    return index
