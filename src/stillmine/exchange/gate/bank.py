# SPDX-License-Identifier: Apache-2.0
"""Which fingerprints are of a well-known lawful picture, video or sound. The index stays in memory until the bank changes.

Banks are never changed, only added and removed, so their ids together say whether the index in memory is the present one. Comparing may
take seconds for long videos and a large bank, so it is done ahead of a transaction and never inside of one.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from stillmine.exchange.rows.intake import Bank, BankPart
from stillmine.exchange.transaction.context import Context
from stillmine.matching.kinds import FingerprintIndex
from stillmine.matching.turned import TURNS, turned, turned_frames
from stillmine.matching.video_alignment import Frames, comparable, spread
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import KIND_RULES, MAXIMUM_DISTANCE_BITS, PDQ_BYTES, Kind, value_bytes
from stillmine.wire.regions import read_regions
from stillmine.wire.vpdq import parse_vpdq

PART_VALUES = 8192
"""Values of one length in a part; of kinds without a fixed length each has a part of its own."""

BANKED_SHARE = 0.2
"""A video is held that shows pictures of the bank for so much of its time."""

InBank = frozenset[tuple[Kind, str]]
"""Kinds and values that are in the bank."""

SECONDS_TRIED = 32
"""Of a long video so many are looked at first, picked at random; what shows the bank for a fifth of its time passes once in a thousand."""

NOTHING_BANKED: InBank = frozenset()
_ID_BYTES = 8

_one_at_a_time = threading.Lock()
"""After a change every thread wants the new index, and one is enough to build it."""


@dataclass(frozen=True)
class Banked:
    """Whose list; for a picture also how many bits away its nearest is."""

    bank: str
    distance_bits: int | None = None


@dataclass(frozen=True)
class _Index:
    """Everything of all banks. What a search returns begins with the bank's id in 8 bytes.

    Files are known by their digest alone, without an id of their own, because a bank may hold millions of them.
    """

    alike: FingerprintIndex = field(default_factory=FingerprintIndex)
    digests: dict[tuple[Kind, bytes], bytes] = field(default_factory=dict)

    def find(self, kind: Kind, value: bytes, chance: np.random.Generator) -> tuple[bytes, int | None] | None:
        """Return the id of the bank that holds this, or one like it, and of a picture the distance; of regions that of their `pdq`."""
        if KIND_RULES[kind].is_whole_file:
            bank = self.digests.get((kind, value))
            return None if bank is None else (bank, None)
        if kind is Kind.VPDQ:
            shows = self._video(value.decode("ascii"), chance)
            return None if shows is None else (shows, None)
        if kind is Kind.REGIONS:
            return self.find(Kind.PDQ, read_regions(value).pdq, chance)
        found = self.alike.ask(kind, value, 1)
        return (found[0].id, found[0].distance_bits) if found else None

    def _video(self, text: str, chance: np.random.Generator) -> bytes | None:
        """A video that shows the bank's pictures for long enough, or is one of its videos, however either is turned."""
        frames = parse_vpdq(text)
        shown = spread(comparable(frames))
        if not len(shown):
            return None
        own = self._shown_for_long(shown, chance)
        if own is not None:
            return own
        if not len(self.alike.videos):
            return None
        videos = [match for turn in turned_frames(frames) for match in self.alike.videos.near(turn)]
        return videos[0].id if videos else None

    def _shown_for_long(self, shown: Frames, chance: np.random.Generator) -> bytes | None:
        """Return one of the pictures that fill a fifth of a video. Eight searches for each frame are slow, so few are made first."""
        values, which = shown.different()
        weights = np.bincount(which)
        if len(weights) > SECONDS_TRIED:
            tried = np.unique(chance.choice(which, SECONDS_TRIED))
            some = b"".join(values[place * PDQ_BYTES : (place + 1) * PDQ_BYTES] for place in tried.tolist())
            if not len(self.alike.pictures.search_many(turned(some), MAXIMUM_DISTANCE_BITS).queries):
                return None
        found = self.alike.pictures.search_many(turned(values), MAXIMUM_DISTANCE_BITS)
        if weights[np.unique(found.queries // TURNS)].sum() < BANKED_SHARE * weights.sum():
            return None
        own: bytes = found.ids[:1].tobytes()
        return own


def find_in_bank(exchange: Context, values: Sequence[tuple[Kind, str]]) -> list[Banked | None]:
    """Return for each value the bank that holds it, or something like it; None where none does."""
    names = dict(Bank.objects.order_by("id").values_list("id", "name"))
    if not names or not values:
        return [None] * len(values)
    with _one_at_a_time:
        index = _index_of(tuple(names))
    chance = np.random.default_rng(int.from_bytes(exchange.random_bytes(_ID_BYTES)))
    found = [index.find(kind, value_bytes(kind, value), chance) for kind, value in values]
    return [Banked(names[int.from_bytes(one[0][:_ID_BYTES])], one[1]) if one else None for one in found]


def in_bank(exchange: Context, fingerprints: Iterable[Fingerprint]) -> InBank:
    """Return which of these are in the bank, each as kind and value. Not for use inside of a transaction."""
    values = list(dict.fromkeys((fingerprint.kind, fingerprint.value) for fingerprint in fingerprints))
    return frozenset(value for value, banked in zip(values, find_in_bank(exchange, values), strict=True) if banked)


@lru_cache(maxsize=1)
def _index_of(bank_ids: tuple[int, ...]) -> _Index:
    """An id in the index is bank and number: 8 bytes each."""
    index = _Index()
    parts = BankPart.objects.filter(bank_id__in=bank_ids).order_by("bank_id", "kind", "place")
    for bank_id, kind, place, packed in parts.values_list("bank_id", "kind", "place", "values").iterator(chunk_size=16):
        _take(index, bank_id.to_bytes(_ID_BYTES), Kind(kind), place, bytes(packed))
    return index


def _take(index: _Index, bank: bytes, kind: Kind, place: int, packed: bytes) -> None:
    length = KIND_RULES[kind].fixed_bytes
    if length is None:
        index.alike.add(bank + place.to_bytes(_ID_BYTES), kind, packed)
    elif KIND_RULES[kind].is_whole_file:
        index.digests.update(((kind, packed[start : start + length]), bank) for start in range(0, len(packed), length))
    else:
        numbers = range(place * PART_VALUES, place * PART_VALUES + len(packed) // length)
        index.alike.add_many(kind, b"".join(bank + number.to_bytes(_ID_BYTES) for number in numbers), packed)
