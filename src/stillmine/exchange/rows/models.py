# SPDX-License-Identifier: Apache-2.0
"""Every table, where Django looks for them."""

from stillmine.exchange.rows import (
    asks,
    backups,
    cases,
    clock,
    console,
    drills,
    erasure,
    feed,
    feedback,
    intake,
    keys,
    limits,
    log,
    partners,
    secret_check,
    statistics,
    submissions,
)

__all__ = [
    "asks",
    "backups",
    "cases",
    "clock",
    "console",
    "drills",
    "erasure",
    "feed",
    "feedback",
    "intake",
    "keys",
    "limits",
    "log",
    "partners",
    "secret_check",
    "statistics",
    "submissions",
]
