# SPDX-License-Identifier: Apache-2.0
"""Until when copies of what was erased could be opened: what a receipt says, and what an operator has to look at.

A copy of the database, of its log or of a replica opens with the key of the day that wrapped it then, a file of data keys by itself. Must
never say that something is unreadable while either is there.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Max, Min

from stillmine.exchange.clock.actions import is_doubted
from stillmine.exchange.erasure.letting_go import HELD_UP, is_held_up
from stillmine.exchange.rows.backups import BackupFolder
from stillmine.exchange.rows.keys import DayKey
from stillmine.exchange.transaction.context import Context
from stillmine.wire.receipt import UNREADABLE_AFTER

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

MARGIN = timedelta(minutes=5)
"""Longer than any transaction: what was erased in the minute in which a key was made may have been wrapped under it."""


def unreadable_before(exchange: Context) -> datetime:
    """Return before when something has to be erased to be unreadable now in everything that this exchange has written."""
    found = [model._default_manager.aggregate(Min("made_at"), Max("made_at")) for model in (DayKey, BackupFolder)]
    times = [at for each in found for at in each.values() if at is not None]
    if not times or max(times) > exchange.clock():  # by a clock that was ahead: it says nothing of what was erased before
        return NEVER
    oldest: datetime = min(times)
    return oldest - MARGIN


def is_late(exchange: Context) -> bool:
    """True where the database's own files hold erased things for longer than they should; backups are not asked about here."""
    return is_held_up(exchange) or (DayKey.objects.filter(made_at__lte=exchange.clock() - UNREADABLE_AFTER).exists() and not is_doubted())


def late(exchange: Context) -> list[str]:
    """Return one line for each thing that should have made erased things unreadable by now and did not; by a clock that is believed."""
    due = exchange.clock() - UNREADABLE_AFTER
    lines = [f"{HELD_UP}, for an hour or longer"] if is_held_up(exchange) else []
    if is_doubted():
        return lines
    if DayKey.objects.filter(made_at__lte=due).exists():
        lines.append("a key of the day is older than 48 hours: `serve` should have destroyed it; look at the clock, the disk and the log")
    for folder in BackupFolder.objects.filter(made_at__lte=due).order_by("folder").values_list("folder", flat=True):
        lines.append(
            f"the data keys in {folder} are older than 48 hours and open what was erased since: back up there again, or, where no copy of "
            "them is left, run `stillmine exchange backup --forget` with that folder"
        )
    return lines
