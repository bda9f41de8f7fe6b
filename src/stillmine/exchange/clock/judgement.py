# SPDX-License-Identifier: Apache-2.0
"""Whether a clock that says `now` can be right, given what was known of it before. Pure. Contract: spec/case.md, "A clock that is wrong".

Must never believe a time for its own sake: 800 days ahead stays unbelieved however long it runs.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stillmine.exchange.ground.uptime import Uptime

TOLERANCE = timedelta(hours=1)
"""How far clock and uptime may part since they were first compared, and how long a restart may take."""

LONGEST_PAUSE = timedelta(days=14)
"""A machine may have been off so long, and nobody has to say so."""

STEADY = timedelta(hours=3)
"""After a jump or a pause the clock has to run so long without another."""


@dataclass(frozen=True)
class Known:
    """What is known of the clock.

    `believed_at` is the newest time at which it was believed, `seen_at` what it said last. `anchor_at` and `anchor` are clock and
    uptime of one moment, with which later ones are compared; `broken_at` is what it said right after it jumped, None while it is believed.
    """

    believed_at: datetime
    seen_at: datetime
    anchor_at: datetime
    anchor: Uptime
    broken_at: datetime | None = None

    @property
    def needs_confirmation(self) -> bool:
        """Whether only an operator can say that this clock is right."""
        return self.broken_at is not None and self.broken_at - self.believed_at > LONGEST_PAUSE


def first_known(now: datetime, uptime: Uptime, newest: datetime | None) -> Known:
    """Return what is known of a clock that was never looked at, but for the newest time that is stored, where anything is."""
    if newest is None:
        return confirmed(now, uptime)
    return judged(Known(newest, newest, newest, Uptime("", uptime.since_boot)), now, uptime)


def confirmed(now: datetime, uptime: Uptime) -> Known:
    """Return what is known after an operator said that the clock is right."""
    return Known(now, now, now, uptime)


def judged(known: Known, now: datetime, uptime: Uptime) -> Known:
    """Return what is known after another look at the clock."""
    is_same_boot = uptime.boot != "" and uptime.boot == known.anchor.boot
    passed = uptime.since_boot - known.anchor.since_boot
    expected = known.anchor_at + passed if is_same_boot else known.seen_at
    if abs(now - expected) > TOLERANCE:
        return replace(known, seen_at=now, anchor_at=now, anchor=uptime, broken_at=now)
    if not is_same_boot:  # it restarted quickly, or another machine has its turn
        known = replace(known, anchor_at=now, anchor=uptime)
    if known.broken_at is not None and (known.needs_confirmation or now - known.broken_at < STEADY):
        return replace(known, seen_at=now)
    return replace(known, believed_at=max(known.believed_at, now), seen_at=now, broken_at=None)
