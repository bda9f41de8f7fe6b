# SPDX-License-Identifier: Apache-2.0
"""One ask as one or more requests, each within the limits of spec/ask.md.

The queries of one upload token stay in one request where they fit, because an exchange counts them as one upload only there.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

from stillmine.client import calls
from stillmine.client.calls import Call
from stillmine.client.weight import Weight, packed, weight_of
from stillmine.wire.ask import Answer, AskQuery


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


def _requests(queries: Sequence[AskQuery]) -> Iterator[list[int]]:
    """Yield the places of the queries of each request; what belongs together and doesn't fit one begins where there is room."""
    weights = [weight_of(query.kind, query.value) for query in queries]
    for parts, _ in packed((part, _whole(weights, part)) for part in _parts(queries, weights)):
        yield [place for part in parts for place in part]


def _parts(queries: Sequence[AskQuery], weights: Sequence[Weight]) -> Iterator[list[int]]:
    """Yield what must not be divided: the places of one upload token where they fit one request, else each by itself."""
    of_token: dict[str | int, list[int]] = {}
    for place, query in enumerate(queries):
        of_token.setdefault(query.upload_token or place, []).append(place)
    for places in of_token.values():
        if _whole(weights, places).fits:
            yield places
        else:
            yield from ([place] for place in places)


def _whole(weights: Sequence[Weight], places: Sequence[int]) -> Weight:
    return reduce(Weight.plus, (weights[place] for place in places), Weight())
