# SPDX-License-Identifier: Apache-2.0
"""What is known of alerts: what is wrong since when, who was told, what waits to be sent. A file in the home, not the database.

It has to be there while the database is gone. It holds names of parts, times and the operator's own mail addresses; nothing of a case.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stillmine.exchange.ground.durable import sync_folder
from stillmine.exchange.health.findings import Finding, fine, warned, wrong
from stillmine.exchange.transaction.context import Context

STATE_FILE = "alerts.json"
LOCK_FILE = "alerts.lock"

FAILING_SECONDS = 15 * 60
"""After so long of failing a target is no passing trouble."""


class Alert(msgspec.Struct):
    """One part that is not well. Times are Unix seconds; `told`: whom, and when; `calm_since`: well again, but not for long yet."""

    part: str
    since: float
    is_urgent: bool
    told: dict[str, float] = {}
    acknowledged_at: float | None = None
    calm_since: float | None = None


class Letter(msgspec.Struct):
    """What waits to be sent to one target: a mail address, or `webhook`."""

    id: str
    target: str
    kind: str
    subject: str
    text: str
    parts: list[str]
    made_at: float
    tries: int = 0
    next_at: float = 0.0


class Failing(msgspec.Struct):
    """A target that takes nothing, since when, and why in a word or two."""

    since: float
    why: str


class AlertState(msgspec.Struct):
    """All of it; `looked_at` is when this was last looked through, `digest_day` the day of the last digest."""

    alerts: dict[str, Alert] = {}
    letters: list[Letter] = []
    failing: dict[str, Failing] = {}
    digest_day: str = ""
    looked_at: float = 0.0


_STATE = msgspec.json.Decoder(AlertState)


def read_state(home: Path) -> AlertState:
    """Return what is known; nothing where the file is missing or damaged: then what is wrong is told once more."""
    try:
        return _STATE.decode((home / STATE_FILE).read_bytes())
    except (OSError, msgspec.DecodeError):
        return AlertState()


@contextmanager
def changing_state(home: Path) -> Iterator[AlertState]:
    """Read it, let it be changed, and write it; one process at a time. Raises OSError where it can't be written."""
    with (home / LOCK_FILE).open("a") as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = read_state(home)
        yield state
        aside = home / f".{STATE_FILE}"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(home / STATE_FILE)
        sync_folder(home)


def acknowledge(exchange: Context, parts: list[str]) -> list[str]:
    """Note that somebody takes care of these, or of all where none is named; returns which. One that is over is passed over."""
    with changing_state(exchange.home) as state:
        chosen = [part for part in parts or state.alerts if part in state.alerts]
        for part in chosen:
            state.alerts[part].acknowledged_at = exchange.clock().timestamp()
    return chosen


def of_alerts(exchange: Context) -> Finding:
    """Look whether somebody is told."""
    state, now = read_state(exchange.home), exchange.clock().timestamp()
    failing = [one.why for one in state.failing.values() if now - one.since >= FAILING_SECONDS]
    if failing:
        words = f"a target takes nothing ({failing[0]}), so somebody hears nothing. `stillmine exchange alerts test` tries all of them"
        return wrong("alerts", words)
    if now - state.looked_at > FAILING_SECONDS:
        return warned("alerts", "nobody looks now: `serve` does, while it runs")
    return fine("alerts", "sent as they should be")
