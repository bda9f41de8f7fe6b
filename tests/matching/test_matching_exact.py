# SPDX-License-Identifier: Apache-2.0
"""Exact search: several ids for one value, replacing and removing, against a plain dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching.exact import ExactSet

IDS, VALUES = st.sampled_from([b"a", b"b", b"c"]), st.sampled_from([b"1", b"2"])


@given(st.lists(st.one_of(st.tuples(st.just("add"), IDS, VALUES), st.tuples(st.just("remove"), IDS, VALUES)), max_size=30))
def test_it_is_a_dictionary_read_backwards(steps: list[tuple[str, bytes, bytes]]) -> None:
    index, known = ExactSet(), dict[bytes, bytes]()
    for step, id_, value in steps:
        if step == "add":
            index.add(id_, value)
            known[id_] = value
        else:
            assert index.remove(id_) == (known.pop(id_, None) is not None)
        assert len(index) == len(known)
        for each in (b"1", b"2", b""):
            assert index.search(each) == sorted(id_ for id_, value in known.items() if value == each)
        assert all((id_ in index) == (id_ in known) for id_ in (b"a", b"b", b"c"))
