# SPDX-License-Identifier: Apache-2.0
"""What the index service names arrives at the web worker as it was, where most queries or all have nothing."""

import pytest

from stillmine.exchange.ask.protocol import NO_DISTANCE, Candidates, ProtocolError, decode_candidates, encode_candidates
from stillmine.matching.results import Candidate

FIRST, SECOND = bytes(15) + b"\1", bytes(15) + b"\2"
NOTHING = Candidates([], b"", is_cut=False)


def test_lists_come_back_as_they_were_whether_empty_or_not() -> None:
    named = [[], [Candidate(FIRST, 3), Candidate(SECOND, None)], []]
    found = decode_candidates(encode_candidates(named), 3)
    assert found == [NOTHING, Candidates([FIRST.hex(), SECOND.hex()], bytes([3, NO_DISTANCE]), is_cut=False), NOTHING]


def test_nothing_at_all_is_nothing_for_each_query_and_for_no_other_number() -> None:
    body = encode_candidates([[], []])
    assert decode_candidates(body, 2) == [NOTHING, NOTHING]
    for queries in (1, 3):
        with pytest.raises(ProtocolError):
            decode_candidates(body, queries)
    with pytest.raises(ProtocolError):
        decode_candidates(body[:-1], 2)
