# SPDX-License-Identifier: Apache-2.0
"""What both clients tell the HTTP library. It must never follow a redirect or unpack an answer."""

import httpx

from stillmine.client.settings import ExchangeSettings
from stillmine.client.time_limits import TimeLimits

BROKEN_CONNECTION = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""A connection was there and broke, as a kept one does when the other side closed it at that moment."""


def request_headers(settings: ExchangeSettings) -> dict[str, str]:
    """Return what every request carries, the key included."""
    return {
        "Authorization": f"Bearer {bytes(settings.partner_key).decode('ascii')}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "stillmine",
    }


def timeout_of(limits: TimeLimits) -> httpx.Timeout:
    """Return the limits that hold for each step of a request."""
    return httpx.Timeout(limits.silence_seconds, connect=limits.connect_seconds)
