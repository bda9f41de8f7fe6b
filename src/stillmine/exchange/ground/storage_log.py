# SPDX-License-Identifier: Apache-2.0
"""Say once a minute that the disk, the database or a key gives way: one line for each kind of refusal and process, never a value."""

import logging

from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.errors import StillmineError

_WORDS = {
    "storage_full": "the disk is full: nothing new is stored; withdrawals go through while the reserve in the home folder lasts",
    "database_unavailable": "the database does not answer: requests are told to come again",
    "keys_missing": "nothing that is stored opens, and only withdrawals work",
    "database_busy": "the database is too slow for so many writers: some are told to come again",
}

SAID = SparingLog(logging.getLogger(__name__))
"""One for the process."""


def say_storage(refusal: StillmineError, said: SparingLog = SAID) -> bool:
    """Write the line of this refusal unless that was done in the last minute; returns whether it has one at all."""
    words = _WORDS.get(refusal.code)
    if words is None:
        return False
    said.say(f"{words}{f': {refusal.detail}' if refusal.detail else ''} [{refusal.code}]", refusal.code)
    return True
