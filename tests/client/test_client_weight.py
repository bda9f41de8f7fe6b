# SPDX-License-Identifier: Apache-2.0
"""What queries weigh against the limits of one request: exactly what the request holds."""

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.client.weight import Weight, packed, weight_of
from stillmine.wire.ask import EMPTY_ASK_BYTES, MAXIMUM_ASK_BYTES, MAXIMUM_ASK_FRAMES, MAXIMUM_QUERIES, AskQuery, encode_ask
from stillmine.wire.chromaprint import format_chromaprint
from stillmine.wire.kinds import Kind
from stillmine.wire.vpdq import VideoFrame, format_vpdq

TOKEN = "ab" * 16
VALUES = {
    Kind.PDQ: "0f" * 32,
    Kind.VPDQ: format_vpdq([VideoFrame(bytes([place]) * 32, 90, place) for place in range(7)]),
    Kind.CHROMAPRINT: format_chromaprint([place * 1_000_003 for place in range(200)]),
    Kind.SHA256: "1f" * 32,
    Kind.MD5: "2f" * 16,
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_query_weighs_what_it_adds_to_a_request(kind: Kind) -> None:
    weight = weight_of(kind, VALUES[kind])
    assert EMPTY_ASK_BYTES + weight.size_bytes == len(encode_ask([AskQuery(kind, VALUES[kind], TOKEN)]))
    assert (weight.queries, weight.frames) == (1, 7 if kind is Kind.VPDQ else 0)


@pytest.mark.parametrize(
    ("weight", "fits"),
    [
        (Weight(MAXIMUM_QUERIES, 0, 0), True),
        (Weight(MAXIMUM_QUERIES + 1, 0, 0), False),
        (Weight(1, MAXIMUM_ASK_BYTES - EMPTY_ASK_BYTES, 0), True),
        (Weight(1, MAXIMUM_ASK_BYTES - EMPTY_ASK_BYTES + 1, 0), False),
        (Weight(1, 0, MAXIMUM_ASK_FRAMES), True),
        (Weight(1, 0, MAXIMUM_ASK_FRAMES + 1), False),
    ],
)
def test_the_limits_of_a_request(weight: Weight, fits: bool) -> None:
    assert weight.fits is fits


@given(st.lists(st.builds(Weight, st.integers(1, 700), st.integers(1, MAXIMUM_ASK_BYTES // 2), st.integers(0, MAXIMUM_ASK_FRAMES + 1))))
def test_parts_are_packed_in_their_order_as_many_as_fit(weights: list[Weight]) -> None:
    requests = list(packed(enumerate(weights)))
    assert list(chain.from_iterable(parts for parts, _ in requests)) == list(range(len(weights)))
    for parts, whole in requests:
        assert whole.queries == sum(weights[place].queries for place in parts)
        assert whole.fits or len(parts) == 1
    for (_, whole), (after, _) in pairwise(requests):
        assert not whole.plus(weights[after[0]]).fits, "the next one would have fitted"
