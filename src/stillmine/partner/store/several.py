# SPDX-License-Identifier: Apache-2.0
"""One store of matches over the lists of several sources, each in a file of its own.

What a list holds no more at the moment of recording is not answered: every list that matched is held still meanwhile. Lists are always
taken before the store of matches, in the order of their names, so that no two threads wait for each other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol

from stillmine.partner.store.matches import FoundMatch, FoundUpload, among_active
from stillmine.partner.store.store import Store

ActiveOf = Callable[[Sequence[bytes]], Mapping[bytes, bool]]
"""Returns which of some ids are active, and whether they are flagged."""


class HeldList(Protocol):
    """A list that can be held as it is."""

    def held_still(self) -> AbstractContextManager[ActiveOf]: ...


class SeveralStores:
    """Keeps what uploads matched in any source. Safe to use from several threads."""

    def __init__(self, store: Store, lists: Mapping[str, HeldList]) -> None:
        """`store` keeps all matches, and the list of the first source; `lists` are those of the others by their names."""
        self._store = store
        self._lists = dict(sorted(lists.items()))

    def record_upload(self, upload: FoundUpload, kept: int, minute: int) -> list[FoundMatch]:
        """Keep what an upload matched, as `Store.record_upload` does."""
        with self._listed_now(upload) as now:
            return self._store.record_upload(now, kept, minute)

    def still_active(self, upload: FoundUpload) -> list[FoundMatch]:
        """Return what `record_upload` would, and keep nothing."""
        with self._listed_now(upload) as now:
            return self._store.still_active(now)

    def note_no_match(self, upload_id: bytes) -> None:
        """Note that an upload was looked up whole and matches nothing."""
        self._store.note_no_match(upload_id)

    def note_no_match_at_once(self, upload_id: bytes) -> bool:
        """Return whether there is nothing to note, as `Store.note_no_match_at_once` does."""
        return self._store.note_no_match_at_once(upload_id)

    def note_not_listed(self, source: str) -> int:
        """Note which matches of a further source its list holds no more; return how many are noted anew."""
        with self._lists[source].held_still() as active_of:
            return self._store.note_not_listed(source, active_of)

    @contextmanager
    def _listed_now(self, upload: FoundUpload) -> Iterator[FoundUpload]:
        sources = {match.source for match in upload.matches if match.is_listed}
        matches = list(upload.matches)
        with ExitStack() as stack:
            for name, listed in self._lists.items():
                if name in sources:
                    matches = among_active(matches, name, stack.enter_context(listed.held_still()))
            yield replace(upload, matches=matches)
