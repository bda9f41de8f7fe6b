# SPDX-License-Identifier: Apache-2.0
"""What has to happen every minute though nobody asks: cases end, counts and kept values are forgotten.

One place for all of it. Each step stands alone, so that one that fails does not keep the others from running.
"""

import logging
import threading
from collections.abc import Callable

from django.db import connection

from stillmine.exchange.cases.actions import expire_cases
from stillmine.exchange.console.sessions import forget_ended_sessions
from stillmine.exchange.context import Context
from stillmine.exchange.feed.actions import forget_old_values
from stillmine.exchange.intake.quarantine import forget_old_match_counts
from stillmine.exchange.limits.actions import forget_old_counts
from stillmine.exchange.statistics.actions import count_yesterday

INTERVAL_SECONDS = 60

_log = logging.getLogger(__name__)


def run_upkeep(exchange: Context) -> dict[str, int]:
    """Do everything that is due; returns how many rows each step changed. A step that fails is logged and left out."""
    steps: dict[str, Callable[[Context], int]] = {
        "cases expired": expire_cases,
        "old counts deleted": forget_old_counts,
        "old match counts deleted": forget_old_match_counts,
        "old values deleted": forget_old_values,
        "days counted": count_yesterday,
        "old sessions deleted": forget_ended_sessions,
        "log checkpoints": _fold_log_into_database,
    }
    done = {}
    for name, step in steps.items():
        try:
            done[name] = step(exchange)
        except Exception as error:
            _log.error("upkeep failed: %s (%s)", name, type(error).__name__)
    return done


def keep_up(exchange: Context, stopped: threading.Event) -> None:
    """Run upkeep now and every minute until `stopped` is set."""
    while True:
        run_upkeep(exchange)
        connection.close()
        if stopped.wait(INTERVAL_SECONDS):
            return


def _fold_log_into_database(_exchange: Context) -> int:
    """Move SQLite's log into the file and empty it: until then erased values can stand in the log."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return 1
