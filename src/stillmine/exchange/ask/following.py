# SPDX-License-Identifier: Apache-2.0
"""Keep an index in memory in step with the sequence of changes, from nothing to the newest and then on.

The same order that partners fetch in: a change that was read is never needed again, and what is withdrawn later comes later. Values stay
in this process and are never logged.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from stillmine.exchange.protection.given import head_sequence
from stillmine.exchange.protection.sequence import ChangedFingerprint, next_batch
from stillmine.exchange.protection.values import try_values_with_keys
from stillmine.exchange.transaction.context import Context
from stillmine.matching.kinds import FingerprintIndex
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind, value_bytes

LEAST_PICTURES_AT_ONCE = 65_536
"""Pictures are added in numbers that grow with the index: each such addition makes its tables again."""

LOAD_THREADS = os.cpu_count() or 1

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
        with nullcontext() if self.is_loaded else self.index.regions.loading(LOAD_THREADS):
            self._follow_to(head)
        self.sequence, self.is_loaded, self._in_step_at = head, True, started

    def _follow_to(self, head: int) -> None:
        pictures, reached = _Collected(), self.sequence
        while reached < head:
            regions = _Collected()
            reached, changed = next_batch(reached, head)
            self._apply(changed, {Kind.PDQ: pictures, Kind.REGIONS: regions})
            if regions.ids:
                self.index.regions.add_many(regions.ids, regions.values, LOAD_THREADS)
            if reached == head or len(pictures.ids) >= max(LEAST_PICTURES_AT_ONCE, len(self.index.pictures)):
                self.index.pictures.add_many(b"".join(pictures.ids), b"".join(pictures.values))
                pictures = _Collected()

    def _apply(self, changed: Sequence[ChangedFingerprint], collected: Mapping[Kind, "_Collected"]) -> None:
        """Remove what is not active, add what is; what is added in large numbers is only collected."""
        active = [row for row in changed if row.state == FingerprintState.ACTIVE]
        for row in changed:
            if row.state != FingerprintState.ACTIVE:
                self.index.remove(bytes.fromhex(row.id))
        clear, failed = try_values_with_keys(self.exchange, active)
        if failed:  # the others are still asked about; `fsck` names the rows
            _log.error("%d value(s) do not open and can't be matched", len(failed))
        for fingerprint in active:
            text = clear.get(fingerprint.id)
            if text is None:  # withdrawn since: its tombstone has a later number
                continue
            kind = Kind(fingerprint.kind)
            fingerprint_id, value = bytes.fromhex(fingerprint.id), value_bytes(kind, text)
            if kind in collected:
                collected[kind].ids.append(fingerprint_id)
                collected[kind].values.append(value)
            else:
                self.index.add(fingerprint_id, kind, value)


@dataclass
class _Collected:
    """Fingerprints of one kind that are added together."""

    ids: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
