# SPDX-License-Identifier: Apache-2.0
"""Regions that recur in unrelated uploads lower a match to a part, for a reviewer, and never to nothing; what is counted stays small."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stillmine.client.regions import RegionsFound
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.regions import RegionsAsking
from stillmine.partner.fingerprinting.worker_messages import PictureRegions, View
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.recurring import COMMON_COUNT, MEAN_COUNT, TABLE_BYTES, RecurringRegions
from stillmine.partner.service.upkeep import Upkeep
from stillmine.partner.store.store import Store
from stillmine.wire.ask_regions import RegionsAsk, RegionsMap, RegionsOutcome, RegionsRow, map_text
from stillmine.wire.screen import MatchClass, RegionsChoice
from tests.partner.partner_parts import Clock, Partner

KEY = b"k" * 32
RANDOM = np.random.default_rng(20261201)
WHOLE = RegionsMap((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 256, 256)
LEFT_HALF = RegionsMap((0.5, 0.0, 0.0, 0.0, 1.0, 0.0), 256, 256)
OFTEN = 3 * COMMON_COUNT

Regions = NDArray[np.uint8]


def some(count: int, *, left: int = 0, right: int = 255) -> Regions:
    """Regions (n, 69) that nobody has seen, whose places across lie between these, in 256ths."""
    rows = RANDOM.integers(0, 256, (count, 69), np.uint8)
    rows[:, 64] = RANDOM.integers(left, right + 1, count)
    return rows


def saved_again(rows: Regions, bits: int = 6) -> bytes:
    """The same regions as they are in a copy that was saved again: so many bits of each hash differ."""
    flips = np.zeros((len(rows), 256), np.uint8)
    for row in flips:
        row[RANDOM.choice(256, bits, replace=False)] = 1
    copied = rows.copy()
    copied[:, :32] ^= np.packbits(flips, axis=1)
    return copied.tobytes()


def counted(rows: Regions, times: int = OFTEN, others: int = 0) -> RecurringRegions:
    recurring = RecurringRegions(KEY)
    for _ in range(times):
        recurring.count(saved_again(rows))
    for _ in range(others):
        recurring.count(some(36).tobytes())
    return recurring


def test_what_is_in_many_uploads_recurs_and_nothing_else() -> None:
    interface = some(12)
    recurring = counted(interface, others=2000)
    assert recurring.are_common(interface[:, :32]).all()
    assert not recurring.are_common(some(2000)[:, :32]).any()
    assert recurring.is_common_where(saved_again(interface), WHOLE)


def test_what_is_in_few_uploads_does_not_recur() -> None:
    rows = some(12)
    assert not counted(rows, COMMON_COUNT - 1).are_common(rows[:, :32]).any()


def test_one_region_that_is_new_there_keeps_a_match() -> None:
    interface, new = some(12, right=100), some(1, right=100)
    recurring = counted(interface)
    assert recurring.is_common_where(interface.tobytes(), LEFT_HALF)
    assert not recurring.is_common_where(np.concatenate([interface, new]).tobytes(), LEFT_HALF)


def test_regions_beside_the_picture_say_nothing_of_it() -> None:
    interface, beside = some(12, right=100), some(9, left=140)
    recurring = counted(interface)
    assert recurring.is_common_where(np.concatenate([interface, beside]).tobytes(), LEFT_HALF)
    assert not recurring.is_common_where(beside.tobytes(), LEFT_HALF), "none lies there"


@pytest.mark.parametrize("affine", [(0.0,) * 6, (-1.0, 0.0, 5.0, 0.0, -1.0, 5.0)])
def test_a_map_that_makes_no_sense_lowers_nothing(affine: tuple[float, float, float, float, float, float]) -> None:
    interface = some(12, left=1)
    assert not counted(interface).is_common_where(interface.tobytes(), RegionsMap(affine, 256, 256))


def test_no_region_recurs_in_a_picture_without_any() -> None:
    recurring = RecurringRegions(KEY)
    recurring.count(b"")
    assert not recurring.is_common_where(b"", WHOLE)


def test_the_table_stays_small_forgets_and_is_told_by_no_other_key() -> None:
    interface = some(12)
    recurring = counted(interface)
    table = recurring.table()
    assert table is not None
    assert len(table) == TABLE_BYTES
    assert recurring.table() is None, "nothing new"
    assert RecurringRegions(KEY, table).are_common(interface[:, :32]).all()
    assert not RecurringRegions(b"other" * 8, table).are_common(interface[:, :32]).any()
    assert not RecurringRegions(KEY, table[1:]).are_common(interface[:, :32]).any()
    full = RecurringRegions(KEY, bytes([MEAN_COUNT]) * TABLE_BYTES)
    full.count(some(36).tobytes())
    halved = full.table()
    assert halved is not None
    assert max(halved) == MEAN_COUNT // 2


def test_a_counter_that_is_full_stays_so() -> None:
    rows = some(1)
    recurring = RecurringRegions(KEY)
    for _ in range(300):
        recurring.count(rows.tobytes())
    table = recurring.table()
    assert table is not None
    assert sorted(set(table)) == [0, 255]


class Finds:
    """An exchange that finds one picture, or none."""

    def __init__(self, outcome: RegionsOutcome | None) -> None:
        self.outcome = outcome

    def ask_regions(self, _ask: RegionsAsk, _hashes_at: Callable[[bytes], bytes], _seconds: float | None = None) -> RegionsFound:
        return RegionsFound([], [] if self.outcome is None else [RegionsRow(self.outcome, "01" * 16, map=map_text(WHOLE))])

    def close(self) -> None: ...


def looked(recurring: RecurringRegions, outcome: RegionsOutcome | None, rows: bytes, clock: Clock) -> list[MatchClass]:
    asking = RegionsAsking(Finds(outcome), RegionsChoice.SMALL, ClearMemory(KEY), clock, monotonic=clock.seconds, recurring=recurring)
    made = Made(b"u" * 32, [], regions=[PictureRegions(0, 256, 256, [View(256, 256, rows)])])
    seen = asking.look(made, [], b"t" * 16, lambda _wanted, _seconds: b"")
    return [candidate.match_class for candidate in seen.candidates]


def test_a_match_of_what_recurs_is_a_part_and_never_nothing(clock: Clock) -> None:
    interface = some(12)
    recurring = counted(interface)
    assert looked(recurring, RegionsOutcome.MATCH, saved_again(interface), clock) == [MatchClass.PART]
    assert looked(recurring, RegionsOutcome.PART, saved_again(interface), clock) == [MatchClass.PART]
    assert looked(recurring, RegionsOutcome.MATCH, some(12).tobytes(), clock) == [MatchClass.NEAR]


def test_only_uploads_that_match_nothing_are_counted(clock: Clock) -> None:
    recurring, going_around = RecurringRegions(KEY), some(12)
    for _ in range(OFTEN):
        looked(recurring, RegionsOutcome.MATCH, saved_again(going_around), clock)
    assert recurring.table() is None
    looked(recurring, None, going_around.tobytes(), clock)
    assert recurring.table() is not None


def test_what_is_counted_is_kept_in_the_store(partner: Partner, clock: Clock) -> None:
    interface = some(12)
    assert partner.store.recurring() is None
    upkeep = Upkeep(partner.store, clock, recurring=counted(interface))
    for _ in range(2):
        upkeep.keep_recurring()
    partner.close()
    store = Store(partner.home)
    assert RecurringRegions(KEY, store.recurring()).are_common(interface[:, :32]).all()
    store.close()
