# SPDX-License-Identifier: Apache-2.0
"""Regions are found exactly: by comparing with everything, while pictures come and go, on hostile values; and what the stop list counts."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from stillmine.matching.region_index import COMMON_PICTURES, MOST_REGIONS, RegionIndex, SharedPictures
from stillmine.matching.region_values import Hashes, distances_between
from stillmine.matching.turned import TURNS, overturned, turned
from tests.matching.hamming_oracle import flipped, numbered_ids, random_values

Stored = dict[bytes, Hashes]
Found = dict[bytes, list[tuple[int, int, int]]]


def value_of(hashes: Hashes, geometry: NDArray[np.uint8]) -> bytes:
    head = bytes([1, len(hashes)]) + (256).to_bytes(2, "little") * 2 + bytes(32)
    return head + np.concatenate([hashes, geometry], axis=1).tobytes()


def random_value(rng: np.random.Generator, hashes: Hashes) -> bytes:
    return value_of(hashes, rng.integers(0, 256, (len(hashes), 5), dtype=np.uint8))


def ids_of(count: int) -> list[bytes]:
    return [id_.tobytes() for id_ in numbered_ids(count)]


def filled(rng: np.random.Generator, pictures: int) -> tuple[RegionIndex, Stored]:
    """Pictures of which some share regions, all added at once."""
    common = random_values(rng, 40)
    stored: Stored = {}
    for id_ in ids_of(pictures):
        hashes = random_values(rng, int(rng.integers(6, MOST_REGIONS + 1)))
        for place in range(int(rng.integers(0, 4))):
            hashes[place] = flipped(rng, common[rng.integers(0, len(common))], int(rng.integers(0, 20)))
        stored[id_] = hashes
    index = RegionIndex()
    index.add_many(list(stored), [random_value(rng, hashes) for hashes in stored.values()], threads=2)
    return index, stored


def expected(stored: Stored, queries: Hashes, limit: int) -> Found:
    found: Found = {}
    for id_, hashes in stored.items():
        distances = distances_between(hashes, queries)
        regions, asked = np.nonzero(distances <= limit)
        if len(set(regions.tolist())) > 1 and len(set(asked.tolist())) > 1:
            rows = zip(asked.tolist(), regions.tolist(), distances[regions, asked].tolist(), strict=True)
            found[id_] = sorted((query, region, bits) for query, region, bits in rows)
    return found


def as_found(shared: SharedPictures) -> Found:
    return {
        picture.id: [
            (query, region, bits) for (region, query), bits in zip(picture.pairs.tolist(), picture.distances.tolist(), strict=True)
        ]
        for picture in shared.pictures[: shared.shared]
    }


def queries_near(rng: np.random.Generator, stored: Stored, count: int) -> Hashes:
    """Of a few pictures each some regions, altered; and strangers."""
    every = list(stored.values())
    near = [flipped(rng, hashes[rng.integers(0, len(hashes))], int(rng.integers(0, 36))) for hashes in every[: count // 4] * 3]
    return np.stack([*near[:count], *random_values(rng, 20)])


@pytest.mark.parametrize("pictures", [1, 30, 700])
@pytest.mark.parametrize("limit", [0, 20, 31, 45])
def test_it_is_exact(pictures: int, limit: int) -> None:
    rng = np.random.default_rng(pictures)
    index, stored = filled(rng, pictures)
    queries = queries_near(rng, stored, 120)
    for threads in (1, 3):
        shared = index.search(queries, limit, 4096, threads=threads)
        assert as_found(shared) == expected(stored, queries, limit)
        assert not shared.is_cut
    for picture in shared.pictures:
        assert (picture.stored.hashes == stored[picture.id]).all()


def test_it_is_exact_while_pictures_come_change_and_go() -> None:
    rng = np.random.default_rng(5)
    index, stored = filled(rng, 200)
    ids = ids_of(500)
    for round_number in range(8):
        for id_ in rng.choice(500, 60, replace=False).tolist():
            assert index.remove(ids[id_]) == (stored.pop(ids[id_], None) is not None)
        for id_ in rng.choice(500, 60, replace=False).tolist():
            hashes = np.concatenate([random_values(rng, int(rng.integers(4, 20))), random_values(np.random.default_rng(9), 3)])
            index.add(ids[id_], random_value(rng, hashes))
            stored[ids[id_]] = hashes
        queries = np.concatenate([queries_near(rng, stored, 60), random_values(np.random.default_rng(9), 3)])
        assert len(index) == len(stored)
        assert as_found(index.search(queries, 31, 4096, threads=1 + round_number % 2)) == expected(stored, queries, 31)


def test_while_it_is_loaded_and_after_it_is_exact() -> None:
    rng = np.random.default_rng(6)
    _, stored = filled(rng, 300)
    queries = queries_near(rng, stored, 100)
    index = RegionIndex()
    with index.loading():
        for start in range(0, 300, 70):
            page = list(stored.items())[start : start + 70]
            index.add_many([id_ for id_, _ in page], [random_value(rng, hashes) for _, hashes in page])
        assert as_found(index.search(queries, 31, 4096)) == expected(stored, queries, 31)
    assert as_found(index.search(queries, 31, 4096)) == expected(stored, queries, 31)


def test_one_region_twice_is_not_two_that_are_shared() -> None:
    rng = np.random.default_rng(7)
    index, hashes = RegionIndex(), random_values(rng, 6)
    index.add(b"a" * 16, random_value(rng, hashes))
    assert index.search(hashes[[0, 0, 0]]).shared == 0  # three queries, one stored region
    index.add(b"a" * 16, random_value(rng, hashes[[0, 0, 0, 1, 2, 3]]))
    assert index.search(hashes[[0]]).shared == 0  # three stored regions, one query
    assert index.search(hashes[[0, 1]]).shared == 1


def test_pictures_with_most_regions_come_first_and_it_says_that_there_are_more() -> None:
    rng = np.random.default_rng(8)
    index, hashes, ids = RegionIndex(), random_values(rng, MOST_REGIONS), ids_of(200)
    for place, id_ in enumerate(ids):
        index.add(id_, random_value(rng, np.concatenate([hashes[: 2 + place % 30], random_values(rng, 4)])))
    shared = index.search(hashes, maximum=6)
    assert [len(picture.pairs) for picture in shared.pictures[: shared.shared]] == [31] * 6
    assert shared.is_cut
    assert not index.search(hashes, maximum=200).is_cut


def test_a_region_that_many_pictures_bear_is_on_the_stop_list_and_hides_nothing() -> None:
    rng = np.random.default_rng(9)
    index, own, mark = RegionIndex(), random_values(rng, 10), random_values(rng, 1)
    for id_ in ids_of(3 * COMMON_PICTURES):
        index.add(id_, random_value(rng, np.concatenate([random_values(rng, 8), [flipped(rng, mark[0], 9)]])))
    index.add(b"own" * 5 + b"!", random_value(rng, np.concatenate([own, mark])))
    shared = index.search(np.concatenate([own[:2], mark, random_values(rng, 1)]))
    assert [picture.id for picture in shared.pictures[: shared.shared]] == [b"own" * 5 + b"!"]
    assert shared.elsewhere.tolist() == [0, 0, 3 * COMMON_PICTURES, 0]
    assert shared.is_common.tolist() == [False, False, True, False]
    assert {query for _, query in shared.pictures[0].pairs.tolist()} == {0, 1, 2}


def test_pictures_that_share_one_region_come_after_the_others_nearest_first() -> None:
    rng = np.random.default_rng(16)
    index, hashes, mark = RegionIndex(), random_values(rng, 9), random_values(rng, 1)
    for place in range(7):
        index.add(
            bytes([place]) * 16, random_value(rng, np.concatenate([random_values(rng, 6), [flipped(rng, hashes[place], 20 - place)]]))
        )
    index.add(b"two".ljust(16), random_value(rng, np.concatenate([random_values(rng, 6), hashes[7:]])))
    for id_ in ids_of(2 * COMMON_PICTURES):
        index.add(id_, random_value(rng, np.concatenate([random_values(rng, 6), mark])))
    asked = np.concatenate([hashes, mark])
    found = index.search(asked, maximum_single=9)
    wanted = [b"two".ljust(16), *(bytes([place]) * 16 for place in range(6, -1, -1))]
    assert (found.shared, [picture.id for picture in found.pictures[:8]]) == (1, wanted)
    assert len(found.pictures) == 10  # and two of those that bear the mark alone
    assert found.pictures[1].pairs.tolist() == [[6, 6]]
    assert found.pictures[1].distances.tolist() == [14]
    assert [picture.id for picture in index.search(asked, maximum_single=0).pictures] == [b"two".ljust(16)]


def test_hostile_pictures_of_one_region_don_t_hide_another() -> None:
    """Thousands of pictures of the very same regions: buckets of one value, chains, and more hits than are kept."""
    rng = np.random.default_rng(10)
    flood, own = random_values(rng, 6), random_values(rng, 6)
    index, ids = RegionIndex(), ids_of(6001)
    value = random_value(rng, flood)
    index.add_many(ids[:3000], [value] * 3000)
    index.add(ids[6000], random_value(rng, np.concatenate([flood[:3], own])))
    index.add_many(ids[3000:6000], [value] * 3000)
    queries = np.concatenate([flood[:3], own[:2]])
    shared = index.search(queries, maximum=3)
    assert (shared.pictures[0].id, shared.is_cut) == (ids[6000], True)
    assert shared.pictures[0].pairs.tolist() == [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]]
    for id_ in ids[:6000]:
        assert index.remove(id_)
    assert as_found(index.search(queries)) == {ids[6000]: [(place, place, 0) for place in range(5)]}


def test_removed_is_never_returned_while_others_change_and_search() -> None:
    rng = np.random.default_rng(11)
    hashes, ids = random_values(rng, 8), ids_of(1500)
    index = RegionIndex()
    index.add(b"steady".ljust(16), random_value(rng, hashes))
    values = [random_value(rng, np.stack([flipped(rng, one, 4) for one in hashes])) for _ in range(20)]
    removed: set[bytes] = set()
    failures: list[str] = []
    is_over = threading.Event()

    def change() -> None:
        for place in range(1500):
            index.add(ids[place], values[place % 20])
            if place >= 200:
                index.remove(ids[place - 200])
                removed.add(ids[place - 200])
        is_over.set()

    def search() -> None:
        while not is_over.is_set():
            before = set(removed)
            found = {picture.id for picture in index.search(hashes, maximum=4096).pictures}
            if found & before:
                failures.append("a removed picture was returned")
            if b"steady".ljust(16) not in found:
                failures.append("the picture that stays was missed")

    threads = [threading.Thread(target=change), *(threading.Thread(target=search) for _ in range(2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_search_finds_all_of_what_is_added_at_once_or_nothing() -> None:
    """Tables take each other's place while searches run: an answer is that of the index before or after, never of a part of both."""
    rng = np.random.default_rng(17)
    shared, ids = random_values(rng, 2), ids_of(1500)
    values = [random_value(rng, np.concatenate([random_values(rng, 28), shared])) for _ in ids]
    index = RegionIndex()
    answers: list[list[frozenset[bytes]]] = [[], []]
    is_over = threading.Event()

    def search(seen: list[frozenset[bytes]], threads: int) -> None:
        while not is_over.is_set():
            seen.append(frozenset(picture.id for picture in index.search(shared, maximum=4096, threads=threads).pictures))

    searches = [threading.Thread(target=search, args=(seen, threads)) for threads, seen in enumerate(answers, 1)]
    for thread in searches:
        thread.start()
    for first in range(0, 750, 150):
        index.add_many(ids[first : first + 150], values[first : first + 150], threads=2)
    with index.loading():  # tables go, and come back
        for first in range(750, 1500, 150):
            index.add_many(ids[first : first + 150], values[first : first + 150])
    is_over.set()
    for thread in searches:
        thread.join()
    states = [frozenset(ids[:count]) for count in range(0, 1501, 150)]
    for seen in answers:
        assert set(seen) <= set(states)
        assert [states.index(one) for one in seen] == sorted(states.index(one) for one in seen)
    assert frozenset(picture.id for picture in index.search(shared, maximum=4096).pictures) == states[-1]


def test_a_picture_is_read_again_as_it_was_stored() -> None:
    rng = np.random.default_rng(12)
    index, hashes = RegionIndex(), random_values(rng, 7)
    index.add(b"a" * 16, random_value(rng, hashes))
    stored = index.stored(b"a" * 16)
    assert stored is not None
    assert (stored.width, stored.height, stored.hashes.tolist(), stored.frames.shape) == (256, 256, hashes.tolist(), (7, 6))
    assert index.remove(b"a" * 16)
    assert (index.stored(b"a" * 16), index.remove(b"a" * 16), len(index), b"a" * 16 in index) == (None, False, 0, False)


def test_pictures_in_one_geometry_are_candidates_also_mirrored() -> None:
    rng = np.random.default_rng(13)
    index, hashes = RegionIndex(), random_values(rng, 8)
    value = random_value(rng, hashes)
    index.add(b"same".ljust(16), value)
    index.add(b"elsewhere".ljust(16), random_value(rng, hashes))  # the same regions, strewn about
    assert [found.id for found in index.ask(value, 10, is_turned=False)] == [b"same".ljust(16)]
    assert [found.id for found in index.ask(value, 10, is_turned=True)] == [b"same".ljust(16)]


def test_turning_rows_over_is_one_of_the_eight_orientations() -> None:
    hashes = random_values(np.random.default_rng(14), 5)
    eight = np.frombuffer(turned(hashes.tobytes()), np.uint8).reshape(5, TURNS, 32)
    assert (overturned(hashes) == eight[:, 5]).all()


def test_what_is_no_picture_or_no_query_is_refused() -> None:
    rng = np.random.default_rng(15)
    index, value = RegionIndex(), random_value(rng, random_values(rng, 6))
    for wrong in (b"", value[:-1], value + b"\0", bytes([1, 0]) + value[2:38], bytes([1, 37]) + bytes(36 + 37 * 37)):
        with pytest.raises(ValueError, match="36 regions"):
            index.add(b"a" * 16, wrong)
    with pytest.raises(ValueError, match="16 bytes"):
        index.add(b"a", value)
    for hashes in (np.zeros((2, 31), np.uint8), np.zeros(32, np.uint8), np.zeros((2, 32), np.int64)):
        with pytest.raises(ValueError, match="shape"):
            index.search(hashes)  # type: ignore[arg-type]
    good = np.zeros((1, 32), np.uint8)
    for limit, maximum, threads in ((257, 1, 1), (-1, 1, 1), (31, 0, 1), (31, 4097, 1), (31, 1, 0), (31, 1, 257)):
        with pytest.raises(ValueError, match="between"):
            index.search(good, limit, maximum, threads=threads)
    with pytest.raises(ValueError, match="between"):
        index.search(good, maximum_single=4097)
    assert (len(index), index.search(good[:0]).pictures) == (0, [])
