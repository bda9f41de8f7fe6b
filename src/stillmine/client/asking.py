# SPDX-License-Identifier: Apache-2.0
"""One ask as one or more requests, each within the limits of spec/ask.md.

The queries of one upload token stay in one request where they fit, because an exchange counts them as one upload only there.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stillmine.client import calls
from stillmine.client.calls import Call
from stillmine.wire.ask import MAXIMUM_ASK_BYTES, MAXIMUM_ASK_FRAMES, MAXIMUM_QUERIES, Answer, AskQuery
from stillmine.wire.fingerprint import FIXED_BYTES, Kind

_MAGIC_BYTES = 4
_HEAD_AND_TOKEN_BYTES = 5 + 16


class Plan:
    """The requests of one ask, and how their answers come together."""

    def __init__(self, queries: Sequence[AskQuery]) -> None:
        self._count = len(queries)
        self._requests = list(_requests(queries))
        self.calls: list[Call[list[Answer]]]
        if len(self._requests) == 1:  # in their own order
            self.calls = [calls.ask(queries)]
        else:
            self.calls = [calls.ask([queries[place] for place in places], places) for places in self._requests]

    def answers(self, answered: Sequence[list[Answer]]) -> list[Answer]:
        """Return one answer for each query, in the order of the queries."""
        if len(answered) == 1:
            return answered[0]
        of_place: dict[int, Answer] = {}
        for places, own in zip(self._requests, answered, strict=True):
            of_place.update(zip(places, own, strict=True))
        return [of_place[place] for place in range(self._count)]


class _Size(NamedTuple):
    """What the limits are about."""

    queries: int = 0
    size_bytes: int = 0
    frames: int = 0

    def and_of(self, more: "_Size") -> "_Size":
        return _Size(self.queries + more.queries, self.size_bytes + more.size_bytes, self.frames + more.frames)

    @property
    def fits(self) -> bool:
        return self.queries <= MAXIMUM_QUERIES and self.size_bytes <= MAXIMUM_ASK_BYTES - _MAGIC_BYTES and self.frames <= MAXIMUM_ASK_FRAMES


def _requests(queries: Sequence[AskQuery]) -> Iterator[list[int]]:
    """Yield the places of the queries of each request; what belongs together and doesn't fit one begins where there is room."""
    sizes = [_size(query) for query in queries]
    places: list[int] = []
    taken = _Size()
    for part in _parts(queries, sizes):
        size = _whole(sizes, part)
        if places and not taken.and_of(size).fits:
            yield places
            places, taken = [], _Size()
        places += part
        taken = taken.and_of(size)
    if places:
        yield places


def _parts(queries: Sequence[AskQuery], sizes: Sequence[_Size]) -> Iterator[list[int]]:
    """Yield what must not be divided: the places of one upload token where they fit one request, else each by itself."""
    of_token: dict[str | int, list[int]] = {}
    for place, query in enumerate(queries):
        of_token.setdefault(query.upload_token or place, []).append(place)
    for places in of_token.values():
        if _whole(sizes, places).fits:
            yield places
        else:
            yield from ([place] for place in places)


def _whole(sizes: Sequence[_Size], places: Sequence[int]) -> _Size:
    whole = _Size()
    for place in places:
        whole = whole.and_of(sizes[place])
    return whole


def _size(query: AskQuery) -> _Size:
    """Counted, not checked: what breaks its form is the exchange's to refuse, as it is of a single query."""
    frames = query.value.count('"') // 2 if query.kind is Kind.VPDQ else 0
    return _Size(1, _HEAD_AND_TOKEN_BYTES + FIXED_BYTES.get(query.kind, len(query.value)), frames)
