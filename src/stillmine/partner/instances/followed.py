# SPDX-License-Identifier: Apache-2.0
"""What a follower has instead of a store: its copy of the list, what the leader said of itself, and the leader for all that is kept.

Must never answer from the copy without a lease, nor hold more in memory for the leader than is said here.
"""

import threading
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

import msgspec

from stillmine.partner.instances.leader import Leader
from stillmine.partner.instances.lease import Lease
from stillmine.partner.instances.messages import MAXIMUM_NOTES, LeaderStanding, ListChange
from stillmine.partner.listing.index import ListIndex
from stillmine.partner.listing.list_stream import ReadList
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.screening import error_of
from stillmine.partner.screening.way import LookAtOnce, LookedUp, Way
from stillmine.partner.screening.way_in_use import Use
from stillmine.partner.store.matches import FoundMatch, FoundUpload, rules_first
from stillmine.partner.store.place import PageChanges
from stillmine.wire.case_key import Secret

_NEVER = LeaderStanding(synced_at=None, is_list_too_old=False, way=None, refused=["never_synced"])


class Followed:
    """What one follower knows of its leader's store. Safe to use from several threads."""

    def __init__(self, leader: Leader, lease: Lease) -> None:
        self._leader = leader
        self.lease = lease
        self._lock = threading.Lock()
        self.index = ListIndex()
        self.standing = _NEVER
        self.position: str | None = None
        """Where the list stands here at least, None before it was fetched."""
        # Guarded by the lock.
        self._flagged: set[bytes] = set()
        self._notes: dict[bytes, None] = {}

    @property
    def use(self) -> Use:
        """How uploads are looked up."""
        return Use(self.standing.way, tuple(error_of(code) for code in self.standing.refused))

    @property
    def is_told(self) -> bool:
        """Whether the leader has said how it stands."""
        return self.standing is not _NEVER

    def waiting_key(self) -> Secret | None:
        """Return under what uploads are sealed that the leader is to remember, None where it remembers none."""
        return None if self.standing.waiting_key is None else Secret(self.standing.waiting_key)

    def synced_at(self) -> datetime | None:
        """Return when the leader's list was synced to its end, None if never."""
        return self.standing.synced_at

    def is_too_old(self) -> bool:
        """Whether the leader says that nothing may be looked up in the list."""
        return self.standing.is_list_too_old

    def fresh_at_once(self) -> datetime | None:
        """Return when the leader's list was synced, None where it is too old."""
        standing = self.standing
        return None if standing.is_list_too_old else standing.synced_at

    def hear(self, standing: LeaderStanding, *, is_whole: bool) -> None:
        """Take what the leader says of itself; while more changes are to come the list is that of the sync before."""
        self.standing = standing if is_whole else msgspec.structs.replace(standing, synced_at=self.standing.synced_at)

    def become(self, read: ReadList) -> None:
        """Take a list that was fetched whole in place of what is here."""
        with self._lock:
            self.index.become(read.index)
            self._flagged = read.flagged

    def follow(self, change: ListChange) -> None:
        """Do what a page did to the leader's list."""
        active = [(one.id, one.kind, one.value) for one in change.active]
        with self._lock:
            self.index.follow(PageChanges(active, change.erased, len(active)))
            self._flagged.difference_update(change.erased, (one.id for one in change.active))
            self._flagged.update(change.flagged)

    def record_upload(self, upload: FoundUpload, kept: int, minute: int) -> list[FoundMatch]:  # noqa: ARG002 (the leader knows how many)
        """Have recorded what an upload matched; return what of it counts now. Raises what `Leader` does."""
        of = {match.match_id: match for match in upload.matches}
        said = self._leader.record(upload, minute)
        with self._lock:
            self._notes.pop(upload.upload_id, None)
        return [replace(of[one.match_id], is_flagged=one.is_flagged, decision=one.decision) for one in said.matches if one.match_id in of]

    def still_active(self, upload: FoundUpload) -> list[FoundMatch]:
        """Return what of an upload's matches counts by this copy; raises NotInStepError."""
        self.lease.require()
        with self._lock:
            return rules_first(
                replace(match, is_flagged=match.fingerprint_id in self._flagged if match.is_listed else match.is_flagged)
                for match in upload.matches
                if not match.is_listed or match.fingerprint_id in self.index
            )

    def note_no_match(self, upload_id: bytes) -> None:
        """Remember for the next step that this upload matches nothing; of too many the newest."""
        with self._lock:
            self._note(upload_id)

    def note_no_match_at_once(self, upload_id: bytes) -> bool:
        """Remember it; False where another thread would have to be waited for."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._note(upload_id)
        finally:
            self._lock.release()
        return True

    def _note(self, upload_id: bytes) -> None:
        self._notes[upload_id] = None
        while len(self._notes) > MAXIMUM_NOTES:
            del self._notes[next(iter(self._notes))]

    def notes(self) -> list[bytes]:
        """Return what the leader was not told yet."""
        with self._lock:
            return list(self._notes)

    def told(self, notes: Iterable[bytes]) -> None:
        """Forget what the leader was told."""
        with self._lock:
            for upload_id in notes:
                self._notes.pop(upload_id, None)


def leased_at_once(look: LookAtOnce, lease: Lease) -> LookAtOnce:
    """Return what looks up while there is a lease, as `LeasedWay` does."""

    def look_with_lease(made: Made) -> LookedUp | None:
        found = look(made)
        return found if lease.is_live else None

    return look_with_lease


class LeasedWay:
    """A way that is used only while there is a lease, before and after."""

    def __init__(self, way: Way, lease: Lease) -> None:
        self._way = way
        self._lease = lease

    def require_use(self) -> None:
        """Raise NotInStepError without a lease, else the error of why nothing can be looked up at all."""
        self._lease.require()
        self._way.require_use()

    def as_of(self) -> datetime | None:
        """Return up to when what was withdrawn or added is known."""
        return self._way.as_of()

    def look_up(self, made: Made, token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Look an upload up; raises NotInStepError where the lease ended meanwhile, as for a process that was paused."""
        found = self._way.look_up(made, token, withdrawn)
        self._lease.require()
        return found

    def close(self) -> None:
        """Take no more uploads."""
        self._way.close()
