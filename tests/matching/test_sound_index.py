# SPDX-License-Identifier: Apache-2.0
"""Many sounds: the index finds what comparing with each of them at every shift finds, through any order of changes, and nothing removed."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching import _sound
from stillmine.matching.sound import SoundIndex
from stillmine.matching.sound_alignment import Values, aligned_sound_spans, as_values
from stillmine.matching.sound_table import MAXIMUM_VOTES, SoundTable
from tests.matching.coming_and_going import what_went_wrong


def walk(source: random.Random, length: int) -> list[int]:
    """Values that change by a few bits from one to the next."""
    value, values = source.getrandbits(32), []
    for _ in range(length):
        for _ in range(source.randrange(6)):
            value ^= 1 << source.randrange(32)
        values.append(value)
    return values


def worn(source: random.Random, values: list[int], most_bits: int) -> list[int]:
    return [value ^ sum(1 << place for place in source.sample(range(32), source.randint(0, most_bits))) for value in values]


def matches_at_any_shift(query: Values, stored: Values) -> bool:
    shifts = range(-len(query), len(stored) + 1)
    return any(aligned_sound_spans(query, stored, [shift]) for shift in shifts)


def altered(source: random.Random, original: list[int]) -> list[int]:
    start = source.randrange(len(original) // 2)
    part = worn(source, original[start : start + source.randint(30, len(original))], 8)
    return [*walk(source, source.choice([0, 10, 60])), *part, *walk(source, source.choice([0, 10, 60]))]


@pytest.mark.parametrize("seed", range(12))
def test_what_every_shift_of_every_sound_finds_is_found(seed: int) -> None:
    source = random.Random(seed)
    sounds = {bytes([number]) * 16: walk(source, source.randint(40, 200)) for number in range(25)}
    index = SoundIndex()
    for id_, values in sounds.items():
        index.add(id_, values)
    for original in list(sounds.values())[:8]:
        query = altered(source, original)
        expected = {id_ for id_, values in sounds.items() if matches_at_any_shift(as_values(query), as_values(values))}
        assert {match.id for match in index.search(query)} == expected


@given(st.lists(st.tuples(st.sampled_from("ard"), st.integers(0, 9), st.integers(0, 5)), max_size=60))
def test_any_order_of_changes_leaves_what_a_dictionary_would_hold(steps: list[tuple[str, int, int]]) -> None:
    sounds = [walk(random.Random(seed), 40) for seed in range(6)]
    index, model = SoundIndex(), dict[bytes, list[int]]()
    for what, number, seed in steps:
        id_ = bytes([number]) * 16
        if what == "d":
            assert index.remove(id_) == (model.pop(id_, None) is not None)
        else:
            index.add(id_, sounds[seed])
            model[id_] = sounds[seed]
    assert len(index) == len(model)
    for values in sounds:
        assert {match.id for match in index.search(values)} == {id_ for id_, held in model.items() if held == values}


def test_tables_stay_few_and_hold_nothing_of_what_was_removed() -> None:
    source = random.Random(3)
    index = SoundIndex()
    sounds = {number.to_bytes(16): walk(source, 40) for number in range(300)}
    for id_, values in sounds.items():
        index.add(id_, values)
    assert len(index._tables) <= 9
    for id_ in list(sounds)[:290]:
        assert index.remove(id_)
    assert sum(len(table) for table in index._tables) <= 3 * 10 * 40
    assert all({match.id for match in index.search(sounds[id_])} == {id_} for id_ in list(sounds)[290:])


def test_a_removed_sound_is_never_found_while_others_come_and_go() -> None:
    source = random.Random(4)
    assert what_went_wrong(SoundIndex(), walk(source, 300), [walk(source, 100) for _ in range(20)]) == []


def test_a_table_of_one_code_votes_with_rare_codes() -> None:
    """Somebody fills the index with one code; a sound that has rare codes too is found all the same."""
    source = random.Random(5)
    index = SoundIndex()
    for number in range(60):
        index.add(number.to_bytes(16), [1 << source.randrange(18) for _ in range(2_000)])
    song = walk(source, 200)
    index.add(b"s" * 16, song)
    flood = [0x3FFFF ^ (1 << source.randrange(18)) for _ in range(2_000)]
    assert MAXIMUM_VOTES < 60 * 2_000 * 2_000
    assert [match.id for match in index.search([*flood, *song])] == [b"s" * 16]


def test_tables_that_do_not_belong_together_are_refused() -> None:
    table = SoundTable([b"a" * 16], [as_values(range(40))])
    parts: list[Any] = [table._values, table._offsets, table._starts, table._places, as_values([1])]
    rules: dict[str, Any] = {
        "maximum_error_bits": 10,
        "smoothed_values": 16,
        "minimum_run": 16,
        "minimum_matched": 24,
        "shifts": 4,
        "votes": 100,
    }
    assert _sound.align(*parts, matched_share=0.8, **rules) == []
    for place in range(4):
        wrong = [part[:-1] if number == place else part for number, part in enumerate(parts)]
        with pytest.raises(ValueError, match="belong together"):
            _sound.align(*wrong, matched_share=0.8, **rules)
    bad_rules: list[dict[str, Any]] = [{"matched_share": 1.5, **rules}, {"matched_share": 0.8, **rules, "votes": -1}]
    for bad in bad_rules:
        with pytest.raises(ValueError, match="between 0 and 1"):
            _sound.align(*parts, **bad)


def test_an_empty_index_and_an_empty_query_find_nothing() -> None:
    index = SoundIndex()
    assert index.search([1, 2, 3]) == []
    index.add(b"e" * 16, [])
    assert (index.search([]), index.search([1] * 50), len(index)) == ([], [], 1)
    assert np.array_equal(as_values([]), np.empty(0, dtype=np.uint32))
