# SPDX-License-Identifier: Apache-2.0
"""Every kind that a case may hold can be matched: added it is found by its own value, removed by none."""

import pytest

from stillmine.matching.kinds import KINDS, FingerprintIndex
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import ACCEPTED_KINDS, KIND_RULES, Kind, value_bytes
from tests.kind_samples import SAMPLES

IDS = [bytes([number]) * 16 for number in range(3)]


@pytest.mark.parametrize("kind", sorted(ACCEPTED_KINDS))
def test_every_kind_that_a_case_may_hold_has_an_index(kind: Kind) -> None:
    assert kind in KINDS, f"matching/kinds.py: KINDS has no index for {kind.value}"


def test_no_kind_is_matched_that_no_case_may_hold() -> None:
    assert set(KINDS) <= ACCEPTED_KINDS


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("is_turned", [True, False])
def test_a_kind_is_found_by_its_own_value_until_it_is_removed(sample: Fingerprint, is_turned: bool) -> None:
    index, value = FingerprintIndex(), value_bytes(sample.kind, sample.value)
    index.add(IDS[0], sample.kind, value)
    index.add_many(sample.kind, IDS[1] + IDS[2], value + value)
    assert len(index) == 3
    assert sorted(found.id for found in index.ask(sample.kind, value, 10, is_turned)) == IDS
    assert len(index.ask(sample.kind, value, 2, is_turned)) == 2
    index.remove(IDS[1])
    assert sorted(found.id for found in index.ask(sample.kind, value, 10, is_turned)) == [IDS[0], IDS[2]]
    for other in IDS:
        index.remove(other)
    assert (len(index), index.ask(sample.kind, value, 10, is_turned)) == (0, [])


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_kind_is_not_found_by_the_value_of_another(sample: Fingerprint) -> None:
    index = FingerprintIndex()
    index.add(IDS[0], sample.kind, value_bytes(sample.kind, sample.value))
    for other in SAMPLES.values():
        if other.kind is not sample.kind:
            assert index.ask(other.kind, value_bytes(other.kind, other.value), 10) == []


@pytest.mark.parametrize("kind", sorted(kind for kind in ACCEPTED_KINDS if KIND_RULES[kind].is_whole_file))
def test_the_same_file_is_found_by_its_digest(kind: Kind) -> None:
    index, value = FingerprintIndex(), value_bytes(kind, SAMPLES[kind].value)
    index.add(IDS[0], kind, value)
    assert (index.same_file(kind, value), index.same_file(kind, bytes(len(value)))) == ([IDS[0]], [])
