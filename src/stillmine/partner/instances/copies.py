# SPDX-License-Identifier: Apache-2.0
"""Every copy of the list beside the store: those of the instances that follow, and the one on disk for the next start.

The exchange is told of a withdrawal only when none of them holds it any more.
"""

import logging
import time
from collections.abc import Callable

from stillmine.partner.instances.change_log import ChangeLog
from stillmine.partner.instances.followers import Followers
from stillmine.partner.listing.list_copy import ListCopy
from stillmine.partner.store.place import PageChanges
from stillmine.partner.store.store import Store

WAIT_SECONDS = 2.0
"""For all to let go; then a later sync acknowledges."""

_LOOK_SECONDS = 0.02

log = logging.getLogger("stillmine.partner")


class Copies:
    """The copies of one store's list. One thread changes them, the one that changes the list; any may read the log."""

    def __init__(
        self,
        store: Store,
        on_disk: ListCopy,
        followers: Followers,
        *,
        is_leading: bool,
        must_stop: Callable[[], bool] = lambda: False,
        sleep: Callable[[float], None] = time.sleep,
        is_checked: bool = True,
    ) -> None:
        """`is_leading`: whether instances may follow now; those of before are waited for in any case.

        `is_checked`: whether the rows of the store were looked through at this start.
        """
        self.is_checked = is_checked
        self._store = store
        self._is_leading = is_leading
        self._must_stop = must_stop
        self._sleep = sleep
        self.on_disk = on_disk
        self.followers = followers
        self.log = ChangeLog(store.list_mark())

    def follow(self, changes: PageChanges) -> None:
        """Let go of what the store has just erased, and take what it has taken."""
        if not changes.active and not changes.erased:
            return
        self.on_disk.remove()
        if self._is_leading:
            self.log.add(self._store.list_mark(), changes)
        else:
            self.log.begin_again(self._store.list_mark())

    def are_as_at(self, position: str) -> bool:
        """Whether the list is what it was at this position, in the store too, from which the log hears a moment later."""
        return position == self.log.position and self._store.list_mark() == self.log.mark

    def have_let_go(self) -> bool:
        """Whether none of them holds anything that the store has erased; waits a moment for those that may still say so."""
        mark = self._store.list_mark()
        self.on_disk.remove_others(mark)
        if self.log.mark != mark:  # changed in another way than by a page: erased as a whole, or mended
            self.log.begin_again(mark)
        for _ in range(int(WAIT_SECONDS / _LOOK_SECONDS)):
            if self.followers.are_all_at(self.log.position):
                return True
            if self._must_stop():
                break
            self._sleep(_LOOK_SECONDS)
        log.info("%d instances follow, and not all are in step: the exchange is told at a later sync", len(self.followers))
        return False
