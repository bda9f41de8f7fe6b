# SPDX-License-Identifier: Apache-2.0
"""Remember an upload before it is looked up, so that what arrives at that moment finds it one way or the other.

Whatever goes wrong here must never change or delay the answer to the upload: what could not be remembered is counted.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

import msgspec

from stillmine.partner.older.block import Row
from stillmine.partner.older.remembered import Remembered, remembered
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.upload_tokens import UploadIdentity
from stillmine.serving.sparing_log import SparingLog

MAXIMUM_RECORD_BYTES = 1024 * 1024
"""A film of about an hour."""

MOST_RECENT = 10_000
"""Uploads that come again meanwhile are not remembered twice."""

log = logging.getLogger("stillmine.partner")


class Remembering:
    """Remembers uploads of one service. Safe to use from several threads."""

    def __init__(
        self,
        append: Callable[[Remembered, Row], None],
        second_after: Callable[[str, int], int],
        clock: Callable[[], datetime],
        most_recent: int = MOST_RECENT,
    ) -> None:
        """`append` keeps an upload, and raises OSError where it can't; `clock` returns UTC.

        `second_after` returns the second of an upload of this word that comes now. `most_recent`: how many are known when they come again.
        """
        self._append = append
        self._second_after = second_after
        self._clock = clock
        self._most_recent = most_recent
        self._guard = threading.Lock()
        self._recent: OrderedDict[tuple[bytes, int], None] = OrderedDict()
        self._not_remembered = 0
        self._log = SparingLog(log)

    @property
    def not_remembered(self) -> int:
        """How many uploads could not be remembered since the start."""
        return self._not_remembered

    def remember(self, made: Made, identity: UploadIdentity) -> None:
        """Remember an upload that the platform has a word for."""
        if identity.content_id is None or made.is_empty:
            return
        second = self._second_after(identity.content_id, int(self._clock().timestamp()))
        key = (identity.upload_id, len(made.fingerprints))
        if self._is_known(key):
            return
        try:
            one, hashes = remembered(made, identity.content_id, second)
            row = Row(msgspec.msgpack.encode(one), hashes)
            if len(row.row) + len(row.hashes) > MAXIMUM_RECORD_BYTES:
                raise ValueError("larger than is remembered")
            self._append(one, row)
        except Exception as error:  # whatever it is: the upload is answered all the same
            with self._guard:
                self._not_remembered += 1
                self._recent.pop(key, None)
            # No message: it could hold what was made of the upload.
            self._log.say(f"an upload was screened and is not remembered: {type(error).__name__}")

    def take(self, one: Remembered, row: Row, upload_id: bytes) -> None:
        """Remember what another instance remembered, once however often it comes; raises OSError."""
        key = (upload_id, len(one.forms))
        if self._is_known(key):
            return
        try:
            self._append(one, row)
        except OSError:
            with self._guard:
                self._recent.pop(key, None)
            raise

    def lost(self, uploads: int) -> None:
        """Count uploads that are remembered no more before they could be handed over."""
        with self._guard:
            self._not_remembered += uploads

    def forget_recent(self) -> None:
        """Say that something was deleted: an upload that comes again is another one."""
        with self._guard:
            self._recent.clear()

    def _is_known(self, key: tuple[bytes, int]) -> bool:
        """Whether an upload was remembered a moment ago, with as much of it."""
        with self._guard:
            if key in self._recent:
                return True
            self._recent[key] = None
            if len(self._recent) > self._most_recent:
                self._recent.popitem(last=False)
            return False
