# SPDX-License-Identifier: Apache-2.0
"""Room on the disk that is kept for withdrawals: a file in the home folder, given up when the disk is full.

Whoever is being hurt by a full disk must still be able to withdraw. While the file is empty nothing new is taken, so that nobody else
uses up what it gave. It helps the database that lies on the same disk as the home folder, and no other.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stillmine.wire.storage_errors import StorageFullError

RESERVE_FILE = "storage.reserve"
RESERVE_BYTES = 16 * 1024 * 1024
REMADE_FROM_BYTES = 2 * RESERVE_BYTES
"""Free before the reserve is made again: with no room beside it the next opening would fill the disk at once."""

WHEN_FULL = frozenset(
    {
        "ask.forget_old_beside",
        "ask.forget_old_unconfirmed",
        "ask.forget_old_variety",
        "backup.begin_folder",
        "backup.complain",
        "backup.forget_folder",
        "backup.note_folder",
        "cases.begin_anew",
        "cases.cancel_withdrawal",
        "cases.end_due_delays",
        "cases.erase_expired",
        "cases.find_due_withdrawals",
        "cases.find_kept",
        "cases.set_delay",
        "cases.withdraw",
        "cases.withdraw_due",
        "clock.complain",
        "clock.look",
        "console.forget_ended_sessions",
        "drills.finish",
        "drills.withdraw",
        "feed.acknowledge",
        "feed.acknowledge_erased",
        "feed.forget_old_values",
        "feed.forget_told_values",
        "feed.hand_out_newest",
        "intake.forget_old_match_counts",
        "limits.forget_old_counts",
        "submissions.withdraw",
        "submissions.withdraw_values",
    }
)
"""Transactions that withdraw or delete, ask for that or cancel it, tell partners in step of it, or note of which moment the data keys of a
backup are (they are replaced so that they don't open what was withdrawn), and nothing else: these go on while the reserve is given up."""

READY_FROM_BYTES = 1024 * 1024
"""With less nobody should be told that there is room: the next opening may not fit."""

Answer = TypeVar("Answer")


def keep_reserve(home: Path) -> bool:
    """Make the reserve, or make it again, where there is room; returns whether it is there."""
    path = home / RESERVE_FILE
    if path.exists() and path.stat().st_size == RESERVE_BYTES:
        return True
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if free_bytes(home) < REMADE_FROM_BYTES:
            os.ftruncate(descriptor, 0)
            return False
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)  # real blocks, not a hole
        return True
    except OSError:
        os.ftruncate(descriptor, 0)
        return False
    finally:
        os.close(descriptor)


def is_given_up(home: Path) -> bool:
    """True while the disk was found full and the reserve is not made again yet."""
    try:
        return (home / RESERVE_FILE).stat().st_size == 0
    except OSError:
        return False  # never made: this home was not served yet


def has_room(home: Path) -> bool:
    """True where something new can be taken."""
    return not is_given_up(home) and free_bytes(home) >= READY_FROM_BYTES


def require_room(home: Path, transaction: str) -> None:
    """Raise StorageFullError for a transaction that is not for withdrawing, while the reserve is given up."""
    if transaction not in WHEN_FULL and is_given_up(home):
        raise StorageFullError


def with_reserve(home: Path, withdraw: Callable[[], Answer]) -> Answer:
    """Withdraw; where the disk is full, give the reserve up and do it once more. Raises StorageFullError where that was not enough."""
    try:
        return withdraw()
    except StorageFullError:
        if not _give_up(home):
            raise
        return withdraw()


def _give_up(home: Path) -> bool:
    path = home / RESERVE_FILE
    try:
        had = path.stat().st_size
        os.truncate(path, 0)
    except OSError:
        return False
    return had > 0


def free_bytes(home: Path) -> int:
    """Return what this user may still write where the home folder is."""
    found = os.statvfs(home)
    return found.f_bavail * found.f_frsize
