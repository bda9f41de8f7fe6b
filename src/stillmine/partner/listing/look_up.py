# SPDX-License-Identifier: Apache-2.0
"""Look an upload up in the list that was synced, under a deadline.

What is not found in half a list says nothing: until the first sync is whole, only what matches is answered.
"""

from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import datetime
from typing import Protocol, assert_never

from stillmine.partner.fingerprinting.worker_messages import Digest, Picture, Sound
from stillmine.partner.ground.errors import DeadlineError, ListTooOldError, NeverSyncedError
from stillmine.partner.listing.index import ListIndex
from stillmine.partner.screening.made import Film, Made
from stillmine.partner.screening.way import Candidate, LookedUp
from stillmine.wire.door_errors import BusyError

VALUES_AT_ONCE = 8
"""So many values of pictures, one in eight turns, are looked up while nothing else is answered: some ten microseconds each."""

SEARCH_SECONDS = 5.0
"""For the search alone, after the fingerprints are made."""

FEW_VALUES = 64
"""So many values of pictures, eight pictures in eight turns, are looked up where they are: to hand them to another thread and wait for it
takes longer than to find them, and no list makes that long enough to need a deadline."""


class KnowsWhenSynced(Protocol):
    """Where a list is kept."""

    def synced_at(self) -> datetime | None: ...


class ListWay:
    """The list of one store, searched through one index over it. Safe to use from several threads."""

    def __init__(
        self,
        store: KnowsWhenSynced,
        index: ListIndex,
        *,
        threads: int,
        search_seconds: float = SEARCH_SECONDS,
        is_too_old: Callable[[], bool] = lambda: False,
        fresh_at_once: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """`threads` is how many searches run at once; while `is_too_old` says so, nothing is found.

        `fresh_at_once` returns when the list was synced, None where it is too old or anybody has to be waited for.
        """
        self._store = store
        self._index = index
        self._search_seconds = search_seconds
        self._is_too_old = is_too_old
        self._fresh_at_once = fresh_at_once
        self._searches = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="search")
        self._is_closed = False

    def close(self) -> None:
        """Take no more uploads; a search at work is left to end by itself."""
        self._is_closed = True
        self._searches.shutdown(wait=False, cancel_futures=True)

    def require_use(self) -> None:
        """Raise NeverSyncedError where nothing was synced at all, ListTooOldError where that was too long ago."""
        if not len(self._index) and self.as_of() is None:
            raise NeverSyncedError
        if self._is_too_old():
            raise ListTooOldError

    def as_of(self) -> datetime | None:
        """Return when the list was synced to its end, None if never."""
        return self._store.synced_at()

    def look_up(self, made: Made, _token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Look up what was made of one upload, but for what is known to be withdrawn; raises BusyError at a stop."""
        if self._is_closed:
            raise BusyError
        as_of = self.as_of()  # before the search: what it says was true then
        if self._is_too_old():
            return LookedUp([], [ListTooOldError.code], as_of)
        same = self._index.same_file(made.of(Digest))
        near, left_out = self._looked_near(made)
        if as_of is None:
            # The first sync is still under way: what is not found yet may be in the rest.
            left_out = [*left_out, NeverSyncedError.code]
        return LookedUp([candidate for candidate in (*same, *near) if candidate.id not in withdrawn], left_out, as_of)

    def look_up_at_once(self, made: Made) -> LookedUp | None:
        """Return what `look_up` would of a few pictures and digests, None where anything has to be waited for."""
        values = made.values_of_pictures
        if self._is_closed or values is None or values > VALUES_AT_ONCE:
            return None
        as_of = self._fresh_at_once()
        if as_of is None:
            return None
        near = self._near(made) if values else []
        return LookedUp([*self._index.same_file(made.of(Digest)), *near], [], as_of)

    def _looked_near(self, made: Made) -> tuple[list[Candidate], list[str]]:
        """Return what is near, and the codes of why something was not compared."""
        if not made.has_more_than_digests:
            return [], []
        if made.values_of_pictures is None or made.values_of_pictures > FEW_VALUES:
            return self._before_deadline(lambda: self._near(made))
        return self._near(made), []

    def _near(self, made: Made) -> list[Candidate]:
        """Search for all that is not found by its digest; the frames of films are looked up as pictures, too, together with these."""
        shown = [*(picture for film in made.of(Film) for picture in film.pictures()), *made.of(Picture)]
        found = self._index.near_pictures(shown) if shown else []
        for one in made.fingerprints:
            match one:
                case Picture() | Digest():
                    continue
                case Film():
                    found += self._index.near_videos(one.turned, one.frames_per_second)
                case Sound():
                    found += self._index.near_sounds(one.values)
                case _:
                    assert_never(one)
        return found

    def _before_deadline(self, search: Callable[[], list[Candidate]]) -> tuple[list[Candidate], list[str]]:
        """Search in the pool; waiting for a free thread counts, and what comes too late is dropped unrecorded.

        Raises BusyError at a stop.
        """
        try:
            future = self._searches.submit(search)
        except RuntimeError:  # closed: what the pool says of it
            raise BusyError from None
        try:
            return future.result(timeout=self._search_seconds), []
        except CancelledError:
            raise BusyError from None
        except TimeoutError:
            future.cancel()
            return [], [DeadlineError.code]
