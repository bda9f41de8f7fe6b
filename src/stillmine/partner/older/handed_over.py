# SPDX-License-Identifier: Apache-2.0
"""What followers screened and hand over to be remembered here.

Their uploads were looked up in the list as it was then. Where it has changed since, what is handed over is looked up once more, after it is
remembered: a fingerprint that arrived in between finds it one way or the other. Must never take what its platform deleted meanwhile.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.older.block import Row
from stillmine.partner.older.looking import MOST_TRIES, SAYS_NOTHING, Kept, Ways
from stillmine.partner.older.remembering import Remembering
from stillmine.partner.older.waiting import MAXIMUM_SECONDS, Opened
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.upload_tokens import UploadIdentity
from stillmine.wire.door_errors import BusyError

ROUNDED_SECONDS = 2
"""By which an upload is taken to be older than it is: both clocks round."""

log = logging.getLogger("stillmine.partner")


class Taken(NamedTuple):
    """How many uploads are remembered now, and how many can't be."""

    remembered: int
    not_remembered: int


class HandedOver:
    """Takes what followers hand over. One thread at a time uses it."""

    def __init__(self, kept: Kept, remembering: Remembering, screening: Screening, ways: Ways, clock: Callable[[], datetime]) -> None:
        """`clock` returns UTC."""
        self._deletions, self._tokens = kept.deletions, kept.tokens
        self._remembering = remembering
        self._screening = screening
        self._ways = ways
        self._clock = clock
        self._tries: dict[bytes, int] = {}

    def take(self, handed: Opened, followers_second: int, is_list_as_at: Callable[[str], bool]) -> Taken:
        """Remember these uploads; `followers_second` is what the follower's clock says now, in Unix seconds.

        `is_list_as_at` says whether the list is still what it was at a position. Raises StoreUnreadableError, BusyError and OSError: then
        the same has to be handed over again, and what was remembered of it already is remembered once.
        """
        ahead = followers_second - int(self._clock().timestamp())
        late: list[tuple[Row, UploadIdentity]] = []
        taken = lost = 0
        for row in handed.rows:
            one = row.remembered()
            age = max(0, followers_second - one.second) + ROUNDED_SECONDS
            if age > MAXIMUM_SECONDS:
                lost += 1
                continue
            one = msgspec.structs.replace(one, second=followers_second - ahead - age)
            taken += 1
            if self._deletions.is_deleted(one):
                continue
            identity = self._tokens.identify(one.upload, None, one.content_id)
            row_here = Row(msgspec.msgpack.encode(one), row.hashes)
            self._remembering.take(one, row_here, identity.upload_id)
            late.append((row_here, identity))
        if self._ways.use().lists and not is_list_as_at(handed.position):
            for row_here, identity in late:
                self._look_up(row_here, identity)
        return Taken(taken, lost + handed.damaged)

    def _look_up(self, row: Row, identity: UploadIdentity) -> None:
        one = row.remembered()
        found = self._ways.listing.look_up(one.made(row.hashes), identity, self._tokens)
        is_reported = bool(found.candidates) and not self._deletions.is_deleted(one)
        if is_reported and self._screening.keep_older(identity, found.candidates).not_recorded is not None:
            raise StoreUnreadableError("older")
        if set(found.left_out) - SAYS_NOTHING:
            self._tries[identity.upload_id] = self._tries.get(identity.upload_id, 0) + 1
            if self._tries[identity.upload_id] < MOST_TRIES:
                raise BusyError
            log.error("a remembered upload of a follower could not be looked up in the list, and is passed over")
        self._tries.pop(identity.upload_id, None)
