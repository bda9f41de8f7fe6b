# SPDX-License-Identifier: Apache-2.0
"""The one Python client of an exchange: docs/client.md."""

from stillmine.client.async_exchange import AsyncExchange
from stillmine.client.calls import DatedStatus
from stillmine.client.errors import ExchangeAnswerError
from stillmine.client.exchange import Exchange
from stillmine.client.regions import RegionsFound
from stillmine.client.settings import ExchangeSettings, exchange_settings
from stillmine.client.time_limits import TimeLimits
from stillmine.client.upload_token import upload_token

__all__ = [
    "AsyncExchange",
    "DatedStatus",
    "Exchange",
    "ExchangeAnswerError",
    "ExchangeSettings",
    "RegionsFound",
    "TimeLimits",
    "exchange_settings",
    "upload_token",
]
