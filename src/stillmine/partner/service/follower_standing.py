# SPDX-License-Identifier: Apache-2.0
"""How a follower stands: what its leader said of the list, and what it knows itself. Never a fingerprint.

It goes on as ready for as long as it may answer, so that a leader which starts again takes no instance out of use.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stillmine.partner.ground.errors import ListTooOldError, NotInStepError
from stillmine.partner.instances.followed import Followed
from stillmine.partner.instances.lease import Lease
from stillmine.partner.service.standing import FRESH_SECONDS, WORKING, disk_word
from stillmine.wire.readiness import OK
from stillmine.wire.screen import Health, RegionsChoice


class FollowerStanding:
    """Reads how one follower stands. Safe to use from several threads."""

    def __init__(
        self,
        followed: Followed,
        lease: Lease,
        home: Path,
        clock: Callable[[], datetime],
        *,
        last_problem: Callable[[], str | None],
        asking_problem: Callable[[], str | None],
        regions: Callable[[], RegionsChoice],
        waiting: Callable[[], int],
    ) -> None:
        """`last_problem` is the error code of the last step, `asking_problem` that of asking the exchange; `waiting` counts uploads."""
        self._followed = followed
        self._lease = lease
        self._home = home
        self._clock = clock
        self._last_problem = last_problem
        self._asking_problem = asking_problem
        self._regions = regions
        self._waiting = waiting

    def health(self) -> Health:
        """Return counts and ages; `waiting_feedback` are uploads that wait for the leader."""
        use, synced_at = self._followed.use, self._followed.synced_at()
        return Health(
            is_fresh=all(word == OK for name, word in self.parts().items() if name != "disk"),
            synced_at=synced_at,
            age_seconds=None if synced_at is None else self._age(synced_at),
            fingerprints=len(self._followed.index) if use.keeps_list else None,
            waiting_feedback=self._waiting(),
            problem=self._problem(),
            way=use.way,
            regions=self._regions(),
        )

    def parts(self) -> dict[str, str]:
        """Return a word for each part: spec/readiness.md."""
        use = self._followed.use
        words = {"leader": OK if self._lease.is_live else "late"}
        if use.lists:
            words["sync"] = "too_old" if self._followed.is_too_old() else self._word()
        if use.asks:
            words["exchange"] = OK if self._asking_problem() in WORKING else "failing"
        if use.refused or not (use.lists or use.asks):
            words["way"] = "refused"
        return {**words, "disk": disk_word(self._home)}

    def _problem(self) -> str | None:
        if not self._lease.is_live:
            return self._last_problem() or NotInStepError.code
        if self._followed.use.lists and self._followed.is_too_old():
            return ListTooOldError.code
        refused = self._followed.use.refused
        return refused[0].code if refused else self._last_problem() or self._asking_problem()

    def _word(self) -> str:
        synced_at = self._followed.synced_at()
        if synced_at is None:
            return "never"
        return OK if abs(self._age(synced_at)) <= FRESH_SECONDS else "late"

    def _age(self, moment: datetime) -> int:
        return int(self._clock().timestamp()) - int(moment.timestamp())
