# SPDX-License-Identifier: Apache-2.0
"""What queries weigh against the limits of one request (spec/ask.md), and how they are packed into as few requests as these allow.

Counted, not checked: what breaks its form is the exchange's to refuse, as it is of a single query.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from stillmine.wire.ask import EMPTY_ASK_BYTES, MAXIMUM_ASK_BYTES, MAXIMUM_ASK_FRAMES, MAXIMUM_QUERIES, QUERY_HEAD_BYTES
from stillmine.wire.ask_regions import RegionsAsk
from stillmine.wire.kinds import KIND_RULES, Kind

Part = TypeVar("Part")


class Weight(NamedTuple):
    """Of one query or of many: their number, their bytes in the binary form, and their frames of `vpdq`."""

    queries: int = 0
    size_bytes: int = 0
    frames: int = 0

    def plus(self, other: "Weight") -> "Weight":
        """Return both together."""
        return Weight(self.queries + other.queries, self.size_bytes + other.size_bytes, self.frames + other.frames)

    @property
    def fits(self) -> bool:
        """Whether one request holds it."""
        is_short = EMPTY_ASK_BYTES + self.size_bytes <= MAXIMUM_ASK_BYTES
        return is_short and self.queries <= MAXIMUM_QUERIES and self.frames <= MAXIMUM_ASK_FRAMES


def weight_of(kind: Kind, value: str) -> Weight:
    """Return what a query with an upload token weighs; without one it weighs less."""
    frames = value.count('"') // 2 if kind is Kind.VPDQ else 0
    return Weight(1, QUERY_HEAD_BYTES + (KIND_RULES[kind].fixed_bytes or len(value)), frames)


def queries_of_regions(ask: RegionsAsk) -> int:
    """Return how many queries of a day's quota an ask about regions counts: one for each view; each look counts one more."""
    return len(ask.views)


def packed(parts: Iterable[tuple[Part, Weight]]) -> Iterator[tuple[list[Part], Weight]]:
    """Yield the parts of each request and their weight together, in their order; a part that no request holds goes alone."""
    taken: list[Part] = []
    weight = Weight()
    for part, own in parts:
        if taken and not weight.plus(own).fits:
            yield taken, weight
            taken, weight = [], Weight()
        taken.append(part)
        weight = weight.plus(own)
    if taken:
        yield taken, weight
