# SPDX-License-Identifier: Apache-2.0
"""Where data keys were backed up to, so that they are replaced there once a day and what was erased goes from backups by itself.

A folder is forgotten by an operator's word alone: a disk that is away comes back, with keys that open what was erased since.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.db.models import Max

from stillmine.exchange.backup.files import clear_left
from stillmine.exchange.rows.backups import BackupFolder
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx

COMPLAINT_INTERVAL = timedelta(hours=6)


class BackupTest(NamedTuple):
    """When a backup was restored to try it, and whether that went well."""

    at: datetime
    is_passed: bool


_log = logging.getLogger(__name__)


def note_folder(exchange: Context, folder: Path, made_at: datetime, *, has_data: bool) -> None:
    """Remember that the data keys in this folder are of this moment, and where it `has_data`, that data of it were written too."""
    written = {"backed_up_at": made_at} if has_data else {}
    with tx("backup.note_folder", exchange.clock):
        BackupFolder.objects.update_or_create(folder=str(folder.resolve()), defaults={"made_at": made_at, "complained_at": None, **written})


def last_backup() -> datetime | None:
    """Return when data were last written into a folder, None where that is not known."""
    newest: datetime | None = BackupFolder.objects.aggregate(newest=Max("backed_up_at"))["newest"]
    return newest


def last_test() -> BackupTest | None:
    """Return how the newest try to restore a backup went, None where none is known."""
    row = BackupFolder.objects.filter(tested_at__isnull=False).order_by("-tested_at").first()
    return None if row is None or row.tested_at is None else BackupTest(row.tested_at, bool(row.is_test_passed))


def note_test(exchange: Context, folder: Path, *, is_passed: bool) -> None:
    """Remember that what is in a folder was restored to try it; of one that nothing was backed up into, nothing is remembered."""
    with tx("backup.note_test", exchange.clock) as transaction:
        known = BackupFolder.objects.filter(folder=str(folder.resolve()))
        known.update(tested_at=transaction.now, is_test_passed=is_passed)


def begin_folder(exchange: Context, folder: Path, now: datetime) -> bool:
    """Remember a folder before data keys are written into it, so that a sudden end can't leave any unknown; returns whether it is new."""
    name = str(folder.resolve())
    if BackupFolder.objects.filter(folder=name).exists():
        return False
    with tx("backup.begin_folder", exchange.clock):
        BackupFolder.objects.get_or_create(folder=name, defaults={"made_at": now})
    return True


def forget_folder(exchange: Context, folder: Path) -> bool:
    """Forget a folder of which no file of data keys is left, and remove what half of one is; returns whether it was known."""
    clear_left(folder)
    with tx("backup.forget_folder", exchange.clock):
        return BackupFolder.objects.filter(folder=str(folder.resolve())).delete()[0] > 0


def of_another_day(exchange: Context) -> list[BackupFolder]:
    """Return the folders whose data keys are not of today, or of a time to come."""
    now = exchange.clock()
    return [row for row in BackupFolder.objects.order_by("id") if row.made_at.date() != now.date() or row.made_at > now]


def complain(exchange: Context, row: BackupFolder, why: str | None) -> None:
    """Say, not too often, that a folder's data keys are as they were."""
    with tx("backup.complain", exchange.clock) as transaction:
        if row.complained_at is not None and abs(transaction.now - row.complained_at) < COMPLAINT_INTERVAL:
            return
        BackupFolder.objects.filter(id=row.id).update(complained_at=transaction.now)
    _log.error(
        "the data keys in %s can't be replaced, and open what was erased since (%s). Back up there again; where no copy of them is left, "
        "run `stillmine exchange backup --forget` with that folder",
        row.folder,
        why,
    )
