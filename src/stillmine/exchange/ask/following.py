# SPDX-License-Identifier: Apache-2.0
"""Keep an index in memory in step with the sequence of changes, from nothing to the newest and then on.

The same order that partners fetch in: a change that was read is never needed again, and what is withdrawn later comes later. Values stay
in this process and are never logged.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stillmine.exchange.protection.given import head_sequence
from stillmine.exchange.protection.sequence import ChangedFingerprint, batch_end, newest_changed
from stillmine.exchange.protection.values import try_values_of
from stillmine.exchange.transaction.context import Context
from stillmine.matching.kinds import FingerprintIndex
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind, value_bytes

LEAST_PICTURES_AT_ONCE = 65_536
"""Pictures are added in numbers that grow with the index: each such addition makes its tables again."""


_log = logging.getLogger(__name__)


class SequenceWentBackError(Exception):
    """The database was exchanged for an older one: what is in memory can't be believed."""


@dataclass
class Follower:
    """One index and how far it has come; one thread calls `follow`, any may read the rest."""

    exchange: Context
    index: FingerprintIndex = field(default_factory=FingerprintIndex)
    monotonic: Callable[[], float] = time.monotonic
    sequence: int = 0
    is_loaded: bool = False
    _in_step_at: float = 0.0

    def behind_seconds(self) -> float | None:
        """Return how long ago the index was known to have everything; None while it is loaded for the first time."""
        return self.monotonic() - self._in_step_at if self.is_loaded else None

    def follow(self) -> None:
        """Apply every change up to the newest; raises SequenceWentBackError, or the database's errors."""
        started = self.monotonic()
        head = head_sequence()
        if head < self.sequence:
            raise SequenceWentBackError
        ids: list[bytes] = []
        values: list[bytes] = []
        reached = self.sequence
        while reached < head:
            end = batch_end(reached, head)
            self._apply(list(newest_changed(reached, end)), ids, values)
            reached = end
            if reached == head or len(ids) >= max(LEAST_PICTURES_AT_ONCE, len(self.index.pictures)):
                self.index.pictures.add_many(b"".join(ids), b"".join(values))
                ids.clear()
                values.clear()
        self.sequence, self.is_loaded, self._in_step_at = reached, True, started

    def _apply(self, changed: Sequence[ChangedFingerprint], ids: list[bytes], values: list[bytes]) -> None:
        """Remove what is not active, add what is; pictures are only collected."""
        active = [row for row in changed if row.state == FingerprintState.ACTIVE]
        for row in changed:
            if row.state != FingerprintState.ACTIVE:
                self.index.remove(bytes.fromhex(row.id))
        clear, failed = try_values_of(self.exchange, active)
        if failed:  # the others are still asked about; `fsck` names the rows
            _log.error("%d value(s) do not open and can't be matched", len(failed))
        for fingerprint in active:
            text = clear.get(fingerprint.id)
            if text is None:  # withdrawn since: its tombstone has a later number
                continue
            kind = Kind(fingerprint.kind)
            value = value_bytes(kind, text)
            if kind is Kind.PDQ:
                ids.append(bytes.fromhex(fingerprint.id))
                values.append(value)
            else:
                self.index.add(bytes.fromhex(fingerprint.id), kind, value)
