# SPDX-License-Identifier: Apache-2.0
"""What a request needs and must not find for itself: the secret, the clock, randomness, who is believed.

`web/app.py` makes one Context per process; views hand it to actions. Nothing else may read a clock or make randomness.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from django.conf import settings

from stillmine.exchange.ground.secret import RandomBytes
from stillmine.exchange.ground.uptime import UptimeReader, system_uptime
from stillmine.exchange.keys.day_keys import DayKeys
from stillmine.exchange.keys.ring import KeyEncryptionKeys
from stillmine.exchange.settings.address import PublicAddress
from stillmine.exchange.settings.alerts import USUAL_ALERTS, AlertSettings
from stillmine.exchange.settings.ask import USUAL_ASK, AskSettings
from stillmine.exchange.settings.backup import USUAL_BACKUP, BackupSettings
from stillmine.exchange.settings.feed import USUAL_FEED, FeedSettings
from stillmine.exchange.settings.intake import USUAL_INTAKE, IntakeSettings
from stillmine.exchange.settings.ledger import USUAL_PUBLISH_EVERY
from stillmine.serving.doors import USUAL_DOORS, USUAL_ROOM, Doors, Room
from stillmine.serving.log_lines import LogFormat
from stillmine.wire.case_key import Secret

Clock = Callable[[], datetime]
"""Returns the time in UTC, as fine as it likes; `tx` rounds it."""

SETTING = "EXCHANGE_CONTEXT"


@dataclass(frozen=True)
class Context:
    """One per process."""

    secret: Secret
    clock: Clock
    random_bytes: RandomBytes
    trusted_proxies: int
    portal: Path | None
    keys: KeyEncryptionKeys
    day_keys: DayKeys
    home: Path
    intake: IntakeSettings = USUAL_INTAKE
    console: bool = False
    uptime: UptimeReader = system_uptime
    publish_every: timedelta = USUAL_PUBLISH_EVERY
    """Between two publications of the ledger."""
    feed: FeedSettings = USUAL_FEED
    ask: AskSettings = USUAL_ASK
    doors: Doors = USUAL_DOORS
    room: Room = USUAL_ROOM
    public_address: PublicAddress | None = None
    backup: BackupSettings = USUAL_BACKUP
    alerts: AlertSettings = USUAL_ALERTS
    log_format: LogFormat = LogFormat.TEXT


def context() -> Context:
    """Return this process's context, set once by `web.app.configure`."""
    return cast(Context, getattr(settings, SETTING))


def to_minute(at: datetime) -> datetime:
    """Round down to the whole minute; finer times are not kept anywhere."""
    return at.replace(second=0, microsecond=0)
