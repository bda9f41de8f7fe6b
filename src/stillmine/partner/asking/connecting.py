# SPDX-License-Identifier: Apache-2.0
"""The connections over which one exchange is asked: some for pictures, others for what moves, with the times that each may take."""

import time
from collections.abc import Callable
from datetime import datetime

import httpx

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.client.time_limits import TimeLimits
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.lane import Lane
from stillmine.partner.asking.look_up import MOVING_SECONDS, PICTURE_SECONDS, AskWay, Route

PICTURE_CONNECTIONS = 4
"""Fewer let a picture wait for another's way there and back: at 50 ms of it four clients waited half as long again with two. More would
split what waits into more and smaller requests."""
MOVING_CONNECTIONS = 2

PICTURE_LIMITS = TimeLimits(connect_seconds=3.0, silence_seconds=4.0, answer_seconds=4.5)
MOVING_LIMITS = TimeLimits(connect_seconds=5.0, silence_seconds=28.0, answer_seconds=29.0)
"""Within the time of an upload, so that it is answered with why, not with a deadline."""

KEY_BYTES = 32


def asking(
    settings: ExchangeSettings,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
    transport: httpx.BaseTransport | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> AskWay:
    """Return the way to ask this exchange; start it before the first upload. `transport` replaces the network in tests."""
    pictures = Exchange(settings, transport, limits=PICTURE_LIMITS)
    moving = Exchange(settings, transport, limits=MOVING_LIMITS)
    return AskWay(
        Route(Lane("pictures", pictures, PICTURE_CONNECTIONS, clock, monotonic), PICTURE_SECONDS),
        Route(Lane("moving", moving, MOVING_CONNECTIONS, clock, monotonic), MOVING_SECONDS),
        ClearMemory(random_bytes(KEY_BYTES), monotonic),
    )
