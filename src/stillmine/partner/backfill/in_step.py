# SPDX-License-Identifier: Apache-2.0
"""Whether the list in memory is still the store's, which a living service goes on syncing beside a backfill.

Must never let an answer claim to know of a change that came after its list was read.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from stillmine.partner.store.place import Place
from stillmine.wire.screen import ScreenResult

READ_AGAIN_SECONDS = 300.0


class InStep:
    """One list that was read from a store. One thread uses it."""

    def __init__(self, place: Callable[[], Place], synced_at: Callable[[], datetime | None], monotonic: Callable[[], float]) -> None:
        """Make it before the list is read; `place` and `synced_at` are the store's."""
        self._place = place
        self._synced_at = synced_at
        self._monotonic = monotonic
        self._read_at = monotonic()
        self._cursor = place().cursor
        self._known_until = synced_at()
        self._is_behind = False

    @property
    def is_to_be_read(self) -> bool:
        """Whether the store's list changed, and this one was read a while ago."""
        return self._is_behind and self._monotonic() - self._read_at >= READ_AGAIN_SECONDS

    def as_of_list(self, results: list[ScreenResult]) -> list[ScreenResult]:
        """Return answers that were made before this call, none as of a later moment than is known of the list in memory."""
        synced_at = self._synced_at()
        if not self._is_behind and self._place().cursor == self._cursor:
            self._known_until = synced_at
            return results
        self._is_behind = True
        return [_no_later(result, self._known_until) for result in results]


def _no_later(result: ScreenResult, moment: datetime | None) -> ScreenResult:
    if moment is None or result.synced_at is None or result.synced_at <= moment:
        return result
    return msgspec.structs.replace(result, synced_at=moment)
