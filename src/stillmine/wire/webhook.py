# SPDX-License-Identifier: Apache-2.0
"""What a partner service tells its platform without being asked. Contract: spec/webhooks.md.

Must never carry a fingerprint, its id or a distance: it leaves the service for wherever the platform points it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from stillmine.wire.screen import KeptMatch, KeptScreening


class WebhookType(StrEnum):
    """What happened to a match."""

    FOUND = "match.found"
    DECIDED = "match.decided"
    WITHDRAWN = "match.withdrawn"


SCREEN_FINISHED: Literal["screen.finished"] = "screen.finished"
"""An upload that is answered later has its answer."""


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that happened to a match: `timestamp` is its minute, `data` the match as it is when this is sent."""

    type: WebhookType
    timestamp: datetime
    data: KeptMatch


class ScreeningWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An upload was answered: `timestamp` is the minute, `data` has the answer."""

    type: Literal["screen.finished"]
    timestamp: datetime
    data: KeptScreening
