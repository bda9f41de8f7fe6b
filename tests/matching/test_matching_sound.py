# SPDX-License-Identifier: Apache-2.0
"""Sounds: copies, cuts and longer ones that hold a copy match, with their seconds; strangers, silence and short agreement do not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching.results import AlignedSpan
from stillmine.matching.sound import SoundIndex
from stillmine.matching.sound_alignment import MINIMUM_MATCHED_VALUES, VALUES_PER_SECOND

ID, OTHER = b"i" * 16, b"o" * 16
NO_PLACE = 2**32 - 1


def sound(seed: int, seconds: float) -> list[int]:
    """Values that change by a few bits from one to the next, as real ones do."""
    source = random.Random(seed)
    value, values = source.getrandbits(32), []
    for _ in range(round(seconds * VALUES_PER_SECOND)):
        for _ in range(source.randrange(6)):
            value ^= 1 << source.randrange(32)
        values.append(value)
    return values


def worn(values: list[int], bits: int) -> list[int]:
    source = random.Random(5)
    return [value ^ sum(1 << place for place in source.sample(range(32), source.randint(0, 2 * bits))) for value in values]


def spans(stored: list[int], query: list[int]) -> tuple[AlignedSpan, ...]:
    index = SoundIndex()
    index.add(ID, stored)
    index.add(OTHER, sound(999, 60))
    found = index.search(query)
    assert all(match.id == ID for match in found)
    return found[0].spans if found else ()


SONG = sound(1, 60)


def seconds(span: AlignedSpan) -> list[int]:
    return [round(part) for part in (span.query_start, span.query_end, span.stored_start, span.stored_end)]


def test_the_same_is_exact() -> None:
    index = SoundIndex()
    index.add(ID, SONG)
    (match,) = index.search(SONG)
    assert (match.is_exact, [seconds(span) for span in match.spans]) == (True, [[0, 60, 0, 60]])


def test_a_worn_copy_matches() -> None:
    assert [seconds(span) for span in spans(SONG, worn(SONG, 4))] == [[0, 60, 0, 60]]


def test_a_cut_says_from_where() -> None:
    cut = SONG[round(20 * VALUES_PER_SECOND) : round(30 * VALUES_PER_SECOND)]
    assert [seconds(span) for span in spans(SONG, worn(cut, 3))] == [[0, 10, 20, 30]]
    assert [seconds(span) for span in spans(cut, worn(SONG, 3))] == [[20, 30, 0, 10]]


def test_a_longer_sound_that_holds_all_of_it_says_where() -> None:
    (span,) = spans(SONG, [*sound(2, 30), *SONG, *sound(3, 30)])
    assert all(abs(part - expected) <= 2 for part, expected in zip(seconds(span), [30, 90, 0, 60], strict=True))


@pytest.mark.parametrize("seed", range(30))
def test_strangers_do_not_match(seed: int) -> None:
    assert spans(SONG, sound(100 + seed, 60)) == ()


def test_half_of_it_with_another_half_does_not_match() -> None:
    assert spans(SONG, [*SONG[: len(SONG) // 2], *sound(4, 30)]) == ()


def test_short_agreement_does_not_match() -> None:
    assert spans(SONG, SONG[:MINIMUM_MATCHED_VALUES]) != ()
    assert spans(SONG, SONG[: MINIMUM_MATCHED_VALUES - 1]) == ()


def test_silence_and_held_notes_match_nothing() -> None:
    silence = [627964279] * 500
    assert spans(silence, silence) == ()
    assert spans([*silence, *SONG], silence) == ()
    assert spans([*sound(7, 5), *silence], [*sound(8, 5), *silence]) == ()


def test_removed_sounds_are_not_found_and_are_overwritten() -> None:
    index = SoundIndex()
    index.add(ID, SONG)
    (table,) = index._tables
    held, places = table.values_of(0), table._places
    assert index.remove(ID)
    assert not index.remove(ID)
    assert (index.search(SONG), len(index), ID in index) == ([], 0, False)
    assert not held.any()
    assert (places == NO_PLACE).all()


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60), st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_any_values_are_taken(query: list[int], stored: list[int]) -> None:
    index = SoundIndex()
    index.add(ID, stored)
    for match in index.search(query):
        for span in match.spans:
            assert 0 <= span.query_start < span.query_end <= len(query)
