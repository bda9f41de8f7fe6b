# SPDX-License-Identifier: Apache-2.0
"""A bank as a way to look uploads up, and the platform's own negative bank.

The index in memory follows the file: before each upload it is asked whether anything changed. Must never send anything anywhere.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from stillmine.matching.kinds import FingerprintIndex
from stillmine.partner.fingerprinting.worker_messages import Digest
from stillmine.partner.listing.index import ListIndex
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import LookedUp
from stillmine.partner.sources.bank_store import BankStore
from stillmine.wire.kinds import Kind


class _Always:
    """What is in a bank is known up to now."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def synced_at(self) -> datetime:
        return self._clock().replace(microsecond=0)


class _Followed:
    """What is to be added to an index over a bank and removed from it. Whoever uses it holds a lock."""

    def __init__(self, bank: BankStore) -> None:
        self._bank = bank
        self._mark: tuple[int, int] | None = None
        self._ids: set[bytes] = set()

    def changes(self) -> tuple[list[tuple[bytes, Kind, bytes]], set[bytes]]:
        """Return entries that are new and ids that are gone since the last time."""
        mark = self._bank.mark()
        if mark == self._mark:
            return [], set()
        ids = self._bank.ids()
        added, gone = self._bank.with_ids(sorted(ids - self._ids)), self._ids - ids
        self._mark, self._ids = mark, (self._ids - gone) | {id for id, _, _ in added}
        return added, gone


class BankWay:
    """Looks uploads up in a bank. Safe to use from several threads."""

    def __init__(self, bank: BankStore, clock: Callable[[], datetime], threads: int) -> None:
        """`threads` is how many searches run at once."""
        self._followed = _Followed(bank)
        self._index = ListIndex()
        self._lock = threading.Lock()
        self._listing = ListWay(_Always(clock), self._index, threads=threads)

    def require_use(self) -> None:
        """A bank is always there."""

    def as_of(self) -> datetime | None:
        """Return now."""
        return self._listing.as_of()

    def look_up(self, made: Made, token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Look up what was made of one upload; raises StoreUnreadableError."""
        with self._lock:
            added, gone = self._followed.changes()
            for id in gone:
                self._index.remove(id)
            for id, kind, value in added:
                self._index.add(id, kind, value)
        return self._listing.look_up(made, token, withdrawn)

    def close(self) -> None:
        """Take no more uploads."""
        self._listing.close()


class BankOfNo:
    """The platform's own negative bank. Safe to use from several threads; each method raises StoreUnreadableError."""

    def __init__(self, bank: BankStore) -> None:
        self._followed = _Followed(bank)
        self._index = FingerprintIndex()
        self._lock = threading.Lock()

    def holds_file(self, digests: Sequence[Digest]) -> bool:
        """Return whether it holds the very file that these are digests of."""
        self._follow()
        return any(self._index.same_file(digest.kind, digest.value) for digest in digests)

    def holds_picture(self, value: bytes) -> bool:
        """Return whether it holds a picture near this one, in whatever orientation."""
        self._follow()
        return bool(self._index.ask(Kind.PDQ, value, 1))

    def _follow(self) -> None:
        with self._lock:
            added, gone = self._followed.changes()
            for id in gone:
                self._index.remove(id)
            for id, kind, value in added:
                self._index.add(id, kind, value)
