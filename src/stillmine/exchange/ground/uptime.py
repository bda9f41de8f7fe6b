# SPDX-License-Identifier: Apache-2.0
"""How long this machine has been running, which nobody sets: what its clock is compared with.

Must never be taken for a time of day. On a system that can't say which boot this is, `boot` is empty and uptimes are not compared.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Uptime(NamedTuple):
    """`boot` names one run of the machine, and `since_boot` counts the time in it, sleep included."""

    boot: str
    since_boot: timedelta


UptimeReader = Callable[[], Uptime]


def system_uptime() -> Uptime:
    """Return this machine's uptime."""
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
        seconds = time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError, UnicodeDecodeError):
        return Uptime("", timedelta())
    return Uptime(boot, timedelta(seconds=seconds))
